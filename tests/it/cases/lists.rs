//! The usual lists: five records each, as their vendors write them.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};

use super::stub::{Heard, Reply};

/// How many records a usual list has.
pub(crate) const RECORDS: usize = 5;

/// A list of a vendor, and how to read it.
pub(crate) struct List {
    vendor: &'static str,
    stream: &'static str,
    /// The table that it fills.
    pub table: &'static str,
    path: &'static str,
    secrets: &'static str,
    /// The id of the record with this number.
    pub id: fn(usize) -> String,
    record: fn(usize) -> Vec<(&'static str, String)>,
    /// The answer around so many records.
    pub wrap: fn(&[String]) -> String,
    /// What is answered where the list is asked for something that it does not hold.
    is_none: fn(&Heard) -> bool,
}

/// The present, which the records are dated by: fixed once, so that two answers are the same.
#[expect(
    clippy::disallowed_methods,
    reason = "a stub's records are dated by the clock of the machine, as a vendor's are"
)]
static NOW: LazyLock<DateTime<Utc>> = LazyLock::new(|| {
    let now = std::time::SystemTime::now();
    now.into()
});

/// So many minutes ago, as most vendors write it.
pub(crate) fn ago(minutes: i64) -> String {
    (*NOW - TimeDelta::minutes(minutes))
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

fn ago_iso(minutes: i64) -> String {
    (*NOW - TimeDelta::minutes(minutes))
        .format("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}

fn minute(number: usize) -> i64 {
    30 + 7 * i64::try_from(number).expect("a small number")
}

/// A JSON text.
fn text(text: impl AsRef<str>) -> String {
    format!("\"{}\"", text.as_ref())
}

impl List {
    /// Its vendor and its stream.
    pub(crate) fn stream(&self) -> (&'static str, &'static str) {
        (self.vendor, self.stream)
    }

    /// The record with this number, with these members besides or instead.
    pub(crate) fn record(&self, number: usize, odd: &str) -> String {
        let named = |name: &str| odd.contains(&format!("\"{name}\":"));
        let own = (self.record)(number).into_iter().filter(|(name, _)| !named(name));
        let mut members: Vec<String> = own.map(|(name, value)| format!("\"{name}\":{value}")).collect();
        if !odd.is_empty() {
            members.push(odd.to_owned());
        }
        format!("{{{}}}", members.join(","))
    }

    /// The usual records, some of them odd.
    pub(crate) fn records(&self, odd: &[(usize, &str)]) -> Vec<String> {
        let members = |number| {
            odd.iter()
                .find(|(at, _)| *at == number)
                .map_or("", |(_, odd)| *odd)
        };
        (1..=RECORDS)
            .map(|number| self.record(number, members(number)))
            .collect()
    }

    /// The usual answer to a request.
    pub(crate) fn answer(&self, heard: &Heard, odd: &[(usize, &str)]) -> Reply {
        if heard.path != self.path {
            return Reply::json("{\"success\":false,\"code\":404}").status(404);
        }
        Reply::json(if (self.is_none)(heard) {
            (self.wrap)(&[])
        } else {
            (self.wrap)(&self.records(odd))
        })
    }

    /// True for a request to the list that its records are the answer to.
    pub(crate) fn is_asked(&self, heard: &Heard) -> bool {
        heard.path == self.path && !(self.is_none)(heard)
    }

    /// A source by which nothing but the list is read. Its credential is its own, and so is its budget.
    pub(crate) fn settings(&self, name: &str, url: &str, own: &str, since: DateTime<Utc>) -> String {
        let vendor = connectors::vendors::find_vendor(self.vendor).expect("a vendor");
        let zone = if vendor.fixed_time_zone.is_some() {
            ""
        } else {
            "time_zone = \"UTC\"\n"
        };
        let mut settings = format!(
            "[sources.{name}]\nvendor = \"{}\"\nbase_url = \"{url}\"\nrequests_per_minute = 60000\n{zone}since = \"{}\"\n{}\n{own}\n",
            self.vendor,
            since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            self.secrets.replace("= \"t\"", &format!("= \"t-{name}\"")),
        );
        let others = vendor
            .streams
            .iter()
            .filter(|stream| stream.name != self.stream && stream.host.is_empty());
        for stream in others {
            settings = format!(
                "{settings}[sources.{name}.streams.{}]\nenabled = false\n",
                stream.name
            );
        }
        settings
    }
}

/// Calls of Convoso: a page with a total.
pub(crate) static CALLS: List = List {
    vendor: "convoso",
    stream: "calls",
    table: "calls",
    path: "log/retrieve",
    secrets: "token = \"t\"",
    id: |number| format!("100{number}"),
    record: |number| {
        vec![
            ("id", text(format!("100{number}"))),
            ("user_id", text("9")),
            ("user", text("Dana Example")),
            ("phone_number", text(format!("213555014{number}"))),
            ("call_date", text(ago(minute(number)))),
            ("call_length", text("187")),
            ("call_type", text("OUTBOUND")),
            ("status_name", text("Sale")),
            ("agent_comment", text("ok")),
        ]
    },
    wrap: |records| {
        format!(
            "{{\"success\":true,\"data\":{{\"offset\":0,\"limit\":500,\"total_found\":{0},\"entries\":{0},\"results\":[{1}]}}}}",
            records.len(),
            records.join(",")
        )
    },
    is_none: |_| false,
};

/// Leads of Convoso: sorted by their last change.
pub(crate) static LEADS: List = List {
    vendor: "convoso",
    stream: "leads",
    table: "leads",
    path: "leads/search",
    secrets: "token = \"t\"",
    id: |number| format!("700{number}"),
    record: |number| {
        vec![
            ("id", text(format!("700{number}"))),
            ("created_at", text(ago(minute(number) + 900))),
            ("modified_at", text(ago(minute(number)))),
            ("first_name", text("Rowan")),
            ("last_name", text("Sample")),
            ("phone_number", text(format!("213555014{number}"))),
            ("phone_code", text("1")),
            ("last_called", text(ago(minute(number)))),
        ]
    },
    wrap: |records| {
        format!(
            "{{\"success\":true,\"data\":{{\"offset\":0,\"limit\":2000,\"total\":{},\"entries\":[{}]}}}}",
            records.len(),
            records.join(",")
        )
    },
    // The window that holds the present, and the list of everything.
    is_none: |heard| {
        let until = heard.parameter("updated_at_end_date");
        !until.is_empty() && until < ago(31).as_str()
    },
};

/// Users of Convoso: an object keyed by id, with a total.
pub(crate) static USERS: List = List {
    vendor: "convoso",
    stream: "agents",
    table: "agents",
    path: "users/search",
    secrets: "token = \"t\"",
    id: |number| format!("50{number}"),
    record: |number| {
        vec![
            ("id", text(format!("50{number}"))),
            ("name", text("Dana Example")),
            ("email", text(format!("dana{number}@sim.example"))),
            ("status", text("Y")),
        ]
    },
    wrap: |records| {
        let named: Vec<String> = records
            .iter()
            .enumerate()
            .map(|(place, record)| format!("\"k{place}\":{record}"))
            .collect();
        format!(
            "{{\"success\":true,\"data\":{{\"offset\":0,\"limit\":500,\"total\":{},\"results\":{{{}}}}}}}",
            records.len(),
            named.join(",")
        )
    },
    is_none: |_| false,
};

/// Tags of Conversocial: pages with links.
pub(crate) static TAGS: List = List {
    vendor: "conversocial",
    stream: "tags",
    table: "tags",
    path: "tags",
    secrets: "token_name = \"n\"\ntoken_secret = \"t\"",
    id: |number| format!("310{number}"),
    record: |number| {
        vec![
            ("id", text(format!("310{number}"))),
            (
                "url",
                text(format!("https://api.conversocial.com/v1.3/tags/310{number}")),
            ),
            ("name", text("Refund")),
            ("is_active", "true".to_owned()),
        ]
    },
    wrap: |records| {
        format!(
            "{{\"tags\":[{}],\"paging\":{{\"next_page\":null,\"prev_page\":null}}}}",
            records.join(",")
        )
    },
    is_none: |_| false,
};

/// Chats of Convertalk: pages by number, an empty one at the end.
pub(crate) static CHATS: List = List {
    vendor: "convertalk",
    stream: "chats",
    table: "conversations",
    path: "inbox/direct/chats",
    secrets: "bot_token = \"t\"\ncustomer_id = \"c\"\nbot_ids = [\"b\"]",
    id: |number| format!("6a{number}"),
    record: |number| {
        vec![
            ("_id", text(format!("6a{number}"))),
            ("uuid", text(format!("u{number}"))),
            ("createdAt", text(ago_iso(minute(number) + 60))),
            ("updatedAt", text(ago_iso(minute(number)))),
            ("lastSeenAt", text(ago_iso(minute(number)))),
            ("status", text("OPEN")),
            (
                "lastMessage",
                format!(
                    "{{\"text\":\"Hello\",\"by\":\"user\",\"at\":{}}}",
                    text(ago_iso(minute(number)))
                ),
            ),
            (
                "profile",
                "{\"userDetails\":{\"name\":\"Dana Example\",\"tags\":[]}}".to_owned(),
            ),
        ]
    },
    wrap: |records| {
        format!(
            "{{\"success\":true,\"message\":\"ok\",\"code\":200,\"data\":[{}]}}",
            records.join(",")
        )
    },
    is_none: |heard| heard.parameter("page") != "1" || heard.parameter("type") != "non-lead",
};

/// Users of Converz: all in one answer.
pub(crate) static REPS: List = List {
    vendor: "converz",
    stream: "agents",
    table: "agents",
    path: "reps",
    secrets: "api_key = \"t\"",
    id: |number| format!("a{number}"),
    record: |number| {
        vec![
            ("rep_id", text(format!("a{number}"))),
            ("name", text("Dana Example")),
        ]
    },
    wrap: |records| format!("[{}]", records.join(",")),
    is_none: |_| false,
};

/// Calls of Converz: spans of minutes.
pub(crate) static SCORED_CALLS: List = List {
    vendor: "converz",
    stream: "calls",
    table: "calls",
    path: "calls",
    secrets: "api_key = \"t\"",
    id: |number| format!("90{number}"),
    record: |number| {
        vec![
            ("call_id", format!("90{number}")),
            ("start_time", text(ago(minute(number)))),
            ("rep_id", text("a1")),
            ("duration", "187".to_owned()),
        ]
    },
    wrap: |records| format!("[{}]", records.join(",")),
    is_none: |heard| {
        let until = heard.parameter("before");
        !until.is_empty() && until < ago(31).as_str()
    },
};

/// One list of each way to wrap, page and date records.
pub(crate) static ALL: [&List; 7] = [&CALLS, &LEADS, &USERS, &TAGS, &CHATS, &REPS, &SCORED_CALLS];

/// The lists of one vendor that answers with totals.
pub(crate) static COUNTED: [&List; 3] = [&CALLS, &LEADS, &USERS];
