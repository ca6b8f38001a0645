//! One person's contacts with the company, written in each vendor's way, agree in the common schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::find_vendor;
use crate::reader::SliceLimits;
use crate::schema::{Batch, Region, Values};
use crate::source::{Account, Extent, Options, Request, Response, Slice, SyncMode, Window};

/// The zone of the accounts, but for vendors whose times are in another one whatever the account.
const ZONE: Tz = chrono_tz::America::Los_Angeles;

/// Local times of Los Angeles and what instants they are: in winter and summer, around the hour that is skipped, and in and
/// around the hour that happens twice.
const TIMES: [(&str, &str); 7] = [
    ("2026-02-03 14:05:00", "2026-02-03T22:05:00Z"),
    ("2026-07-03 14:05:00", "2026-07-03T21:05:00Z"),
    ("2026-03-08 01:59:00", "2026-03-08T09:59:00Z"),
    ("2026-03-08 03:00:00", "2026-03-08T10:00:00Z"),
    ("2026-11-01 00:59:00", "2026-11-01T07:59:00Z"),
    ("2026-11-01 01:30:00", "2026-11-01T08:30:00Z"),
    ("2026-11-01 02:00:00", "2026-11-01T10:00:00Z"),
];

fn account(name: &str) -> Account {
    let one = |text: &str| vec![text.to_owned()];
    let vendor = find_vendor(name).unwrap();
    let hosts = vendor.hosts.iter();
    let options = Options {
        values: BTreeMap::from([("customer_id", one("c1")), ("bot_ids", one("b1"))]),
        hosts: hosts
            .map(|host| (host.name, "https://api.vendor.example".to_owned()))
            .collect(),
        ..Options::default()
    };
    Account {
        options: Arc::new(options),
        ..Account::new(vendor.fixed_time_zone.unwrap_or(ZONE), Region::US)
    }
}

/// A stream, and which of its requests is answered.
struct Question {
    vendor: &'static str,
    stream: &'static str,
    is_meant: fn(&Request) -> bool,
    /// The answer to every other request.
    none: &'static str,
}

impl Question {
    /// The first request of a stream.
    const fn first(vendor: &'static str, stream: &'static str) -> Self {
        Self {
            vendor,
            stream,
            is_meant: |_| true,
            none: "",
        }
    }

    /// What the stream makes of an answer about the day around an instant.
    fn read(&self, at: DateTime<Utc>, body: String) -> Batch {
        let name = self.vendor;
        let account = account(name);
        let stream = find_vendor(name)
            .and_then(|vendor| vendor.stream(self.stream))
            .unwrap();
        let day = TimeDelta::hours(12);
        let window = Window::new(at - day, at + day).unwrap();
        let slice = Slice {
            partition: (stream.partitions)(&account).remove(0),
            extent: match stream.mode {
                SyncMode::NewestFirst(_) => Extent::List,
                _ => Extent::Window {
                    window,
                    is_open: false,
                },
            },
            started_at: window.until,
        };
        let mut reader = stream.open(Arc::new(account), slice, SliceLimits::default());
        loop {
            let request = reader
                .request()
                .unwrap_or_else(|| panic!("{name}: nobody asks for it"));
            let is_meant = (self.is_meant)(&request);
            let body = if is_meant {
                body.clone()
            } else {
                self.none.to_owned()
            };
            let page = reader.accept(&Response { status: 200, body }).unwrap();
            if is_meant {
                assert!(page.rejects.is_empty(), "{name}: {:?}", page.rejects);
                assert!(page.faults.is_empty(), "{name}: {:?}", page.faults);
                return page.batch;
            }
        }
    }
}

/// A listing of the chats.
const fn chats(is_meant: fn(&Request) -> bool) -> Question {
    Question {
        is_meant,
        none: r#"{"success": true, "message": "ok", "code": 200, "data": []}"#,
        ..Question::first("convertalk", "chats")
    }
}

/// The value of a column of the first row of a table, as text.
fn value(batch: &Batch, table: &str, column: &str) -> String {
    let rows = batch
        .rows()
        .iter()
        .find(|rows| rows.table().name == table)
        .unwrap();
    let place = rows.table().columns.iter().position(|known| known.name == column);
    match &rows.columns()[place.unwrap()] {
        Values::Text(values) => values[0].clone().unwrap_or_default(),
        Values::Instant(values) => values[0].map(|at| at.to_rfc3339()).unwrap_or_default(),
        Values::Integer(values) => values[0].map(|number| number.to_string()).unwrap_or_default(),
        Values::Boolean(values) => values[0].map(|yes| yes.to_string()).unwrap_or_default(),
        Values::Day(values) => values[0].map(|day| day.to_string()).unwrap_or_default(),
    }
}

fn convoso_call(local: &str, at: DateTime<Utc>, kind: &str) -> Batch {
    let body = format!(
        r#"{{"success": true, "data": {{"total_found": "1", "entries": 1, "results": [{{"id": "90010001",
           "call_date": "{local}", "call_length": "187", "call_type": "{kind}", "phone_number": "2135550142",
           "number_dialed": "2135550142"}}]}}}}"#
    );
    Question::first("convoso", "calls").read(at, body)
}

fn converz_call(local: &str, at: DateTime<Utc>, direction: &str) -> Batch {
    let body = format!(
        r#"[{{"call_id": 700001, "start_time": "{local}", "duration": 187, "direction": "{direction}",
           "customer_phone": "(213) 555-0142"}}]"#
    );
    Question::first("converz", "calls").read(at, body)
}

#[test]
fn a_call_is_the_same_call_with_both_telephone_vendors() {
    for (local, instant) in TIMES {
        let at: DateTime<Utc> = instant.parse().unwrap();
        for (convoso, converz, number) in [
            ("OUTBOUND", "outbound", "to_e164"),
            ("INBOUND", "inbound", "from_e164"),
        ] {
            let calls = [convoso_call(local, at, convoso), converz_call(local, at, converz)];
            let told = calls.map(|call| {
                ["started_at", "ended_at", "duration_seconds", "direction", number]
                    .map(|column| value(&call, "calls", column))
            });
            let ended = at + TimeDelta::seconds(187);
            let wanted = [
                &at.to_rfc3339(),
                &ended.to_rfc3339(),
                "187",
                converz,
                "+12135550142",
            ];
            assert_eq!(told[0], wanted, "convoso, {local}");
            assert_eq!(told[1], wanted, "converz, {local}");
        }
    }
}

#[test]
fn a_message_is_the_same_message_with_both_written_vendors() {
    for (_, instant) in TIMES {
        let at: DateTime<Utc> = instant.parse().unwrap();
        let naive = at.format("%Y-%m-%dT%H:%M:%S");
        let body = format!(
            r#"{{"conversations": [{{"id": "64b1f09ac3d2a1000e5571aa", "url": "x", "status": "unread", "is_priority": true,
               "content_ids": ["64b1f09ac3d2a1000e5571ab"], "oldest_sort_date": "{naive}"}}],
               "content": [{{"id": "64b1f09ac3d2a1000e5571ab", "text": "Where is my order?", "created_date": "{naive}",
               "author": {{"id": "t:1"}}, "user": null, "is_by_source": false}}],
               "paging": {{"next_page": null, "prev_page": null}}}}"#
        );
        let social = Question::first("conversocial", "conversations").read(at, body);
        let zulu = at.format("%Y-%m-%dT%H:%M:%S.000Z");
        let body = format!(
            r#"{{"success": true, "message": "ok", "code": 200, "data": [{{"_id": "6a0000000000000000000001",
               "createdAt": "{zulu}", "updatedAt": "{zulu}", "lastSeenAt": "{zulu}", "status": "OPEN",
               "lastMessage": {{"text": "Where is my order?", "by": "user", "at": "{zulu}"}}}}]}}"#
        );
        let chat = chats(|_| true).read(at, body);
        for (name, batch) in [("conversocial", social), ("convertalk", chat)] {
            let message = ["sent_at", "direction", "text"].map(|column| value(&batch, "messages", column));
            assert_eq!(
                message,
                [&at.to_rfc3339(), "inbound", "Where is my order?"],
                "{name}, {instant}"
            );
            assert_eq!(
                value(&batch, "conversations", "started_at"),
                at.to_rfc3339(),
                "{name}, {instant}"
            );
        }
    }
}

#[test]
fn a_lead_is_the_same_person_with_both_vendors_of_leads() {
    for (local, instant) in TIMES {
        let at: DateTime<Utc> = instant.parse().unwrap();
        let offset = at.with_timezone(&ZONE).format("%Y-%m-%dT%H:%M:%S%z");
        let body = format!(
            r#"{{"success": true, "data": {{"offset": "0", "limit": "10", "total": 1, "entries": [{{"id": 7000123,
               "created_at": "{offset}", "modified_at": "{offset}", "first_name": "Rowan", "last_name": "Sample",
               "email": "Rowan@sim.example", "phone_number": "2135550142"}}]}}}}"#
        );
        let dialer = Question::first("convoso", "leads").read(at, body);
        let zulu = at.format("%Y-%m-%dT%H:%M:%S.000Z");
        let body = format!(
            r#"{{"success": true, "message": "ok", "code": 200, "data": [{{"_id": "6a0000000000000000000001",
               "createdAt": "{zulu}", "updatedAt": "{zulu}", "lastSeenAt": "{zulu}", "status": "OPEN",
               "profile": {{"userDetails": {{"name": "Rowan Sample ", "contact": {{"email": "rowan@sim.example",
               "phone": {{"number": "2135550142", "prefix": "+1"}}}}}}}}}}]}}"#
        );
        let chat = chats(|request| request.param("type") == Some("lead")).read(at, body);
        for (name, batch) in [("convoso", dialer), ("convertalk", chat)] {
            let lead =
                ["created_at", "name", "email", "phone_e164"].map(|column| value(&batch, "leads", column));
            let wanted = [
                &at.to_rfc3339(),
                "Rowan Sample",
                "rowan@sim.example",
                "+12135550142",
            ];
            assert_eq!(lead, wanted, "{name}, {local}");
        }
    }
}
