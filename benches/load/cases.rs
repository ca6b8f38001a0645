//! What is loaded: accounts of simulated vendors, each with the stream that is measured.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use sandbox::converz::Order;
use sandbox::{Options, Sandbox, conversocial};

use crate::leads::LeadServer;

/// One account and one stream.
pub(crate) struct Case {
    /// Its name.
    pub(crate) name: &'static str,
    /// The stream.
    pub(crate) stream: &'static str,
    kind: Kind,
}

/// Which account.
enum Kind {
    /// Calls of Convoso, about 1 KB each.
    Calls,
    /// Leads of Convoso, 1.25 KB each, in pages of 2,000.
    Leads,
    /// A Converz day whose order changes with every request.
    Day,
    /// Conversations of Conversocial with their messages.
    Conversations,
}

/// The cases.
pub(crate) const CASES: &[Case] = &[
    Case {
        name: "calls",
        stream: "calls",
        kind: Kind::Calls,
    },
    Case {
        name: "leads",
        stream: "leads",
        kind: Kind::Leads,
    },
    Case {
        name: "day",
        stream: "calls",
        kind: Kind::Day,
    },
    Case {
        name: "conversations",
        stream: "conversations",
        kind: Kind::Conversations,
    },
];

/// Days of history of the account with calls.
const CALL_DAYS: u32 = 20;
const CALLS_PER_DAY: u32 = 10_000;
const LEADS: u32 = 96_000;
const CALLS_OF_THE_DAY: u32 = 200_000;
const CONVERSATION_DAYS: u32 = 30;
const CONVERSATIONS_PER_DAY: u32 = 700;
/// Pads comments and summaries, so that a call is about 1 KB of JSON.
const COMMENT_BYTES: usize = 330;
const SUMMARY_BYTES: usize = 500;

/// A vendor that is being read.
pub(crate) enum Vendor {
    /// One of the simulated ones.
    Simulated(Sandbox),
    /// One that has leads and nothing else.
    Leads(LeadServer),
}

impl Case {
    /// Starts its vendor, with so many times as many rows.
    pub(crate) async fn start(&self, scale: u32) -> anyhow::Result<Vendor> {
        let sandbox = match self.kind {
            Kind::Leads => return Ok(Vendor::Leads(LeadServer::start(LEADS * scale).await?)),
            Kind::Calls => {
                Sandbox::start(Options {
                    days: CALL_DAYS * scale,
                    calls_per_day: CALLS_PER_DAY,
                    comment_bytes: COMMENT_BYTES,
                    ..quiet(now())
                })
                .await?
            }
            Kind::Day => {
                let today = now().date_naive().and_time(NaiveTime::MIN).and_utc();
                let sandbox = Sandbox::start(Options {
                    days: 1,
                    calls_per_day: 40,
                    comment_bytes: SUMMARY_BYTES,
                    converz_calls_per_day: CALLS_OF_THE_DAY * scale,
                    ..quiet(today)
                })
                .await?;
                sandbox.converz().quirks(|quirks| quirks.order = Order::Shuffled);
                sandbox
            }
            Kind::Conversations => {
                Sandbox::start(Options {
                    days: CONVERSATION_DAYS,
                    conversations_per_day: CONVERSATIONS_PER_DAY * scale,
                    ..quiet(now())
                })
                .await?
            }
        };
        Ok(Vendor::Simulated(sandbox))
    }

    /// The settings of a daemon that reads it without any pause.
    pub(crate) fn settings(&self, scale: u32, vendor: &Vendor) -> String {
        let (kind, url, more) = match vendor {
            Vendor::Leads(server) => (
                "convoso",
                server.url(),
                "token = \"bench\"\ntime_zone = \"UTC\"".to_owned(),
            ),
            Vendor::Simulated(sandbox) => match self.kind {
                Kind::Day => (
                    "converz",
                    sandbox.converz_url(),
                    "api_key = \"sandbox-token\"".to_owned(),
                ),
                Kind::Conversations => (
                    "conversocial",
                    sandbox.conversocial_url(),
                    format!(
                        "token_name = \"{}\"\ntoken_secret = \"sandbox-token\"",
                        conversocial::TOKEN_NAME
                    ),
                ),
                Kind::Calls | Kind::Leads => (
                    "convoso",
                    sandbox.convoso_url(),
                    "token = \"sandbox-token\"".to_owned(),
                ),
            },
        };
        // The account's own days and some before: windows without rows cost two waits for the disk each, and no row is in them.
        let days = match self.kind {
            Kind::Calls => i64::from(CALL_DAYS * scale) + 1,
            Kind::Day => 3,
            Kind::Conversations => i64::from(CONVERSATION_DAYS) + 2,
            Kind::Leads => 4_000,
        };
        format!(
            "[sources.bench]\nvendor = \"{kind}\"\nbase_url = \"{url}\"\n{more}\nsince = \"{}\"\nrequests_per_minute = 60000\n",
            (now() - TimeDelta::days(days)).to_rfc3339()
        )
    }
}

/// An account with nothing but what a case adds.
fn quiet(now: DateTime<Utc>) -> Options {
    Options {
        calls_per_day: 0,
        chats_per_day: 0,
        conversations_per_day: 0,
        converz_calls_per_day: 0,
        ..Options::new(now)
    }
}

/// Where the history of simulated accounts ends: an hour ago, since what is live would change between two readings.
pub(crate) fn now() -> DateTime<Utc> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the history of a simulated account ends lately"
    )]
    let now = Utc::now() - TimeDelta::hours(1);
    now
}
