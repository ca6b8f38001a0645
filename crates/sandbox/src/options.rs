//! What the simulated accounts are made of.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// The seed, the clock and the sizes of the simulated accounts.
#[derive(Debug, Clone)]
pub struct Options {
    /// Everything random follows from it.
    pub seed: u64,
    /// The anchor of the clock; history lies before it.
    pub now: DateTime<Utc>,
    /// Whether the clock runs in real time from the anchor; otherwise only `advance` moves it.
    pub running: bool,
    /// Whole local days of history before the anchor's day.
    pub days: u32,
    /// Calls on every local day, spread over the hours by a day curve.
    pub calls_per_day: u32,
    /// Customers who are leads, at most as many as there are customers.
    pub leads: u32,
    /// Chats of every day, spread evenly.
    pub chats_per_day: u32,
    /// Conversations that begin on every day at Conversocial.
    pub conversations_per_day: u32,
    /// Agents with a login.
    pub agents: u32,
    /// Length of every finished call's `agent_comment`; 0 means short natural comments.
    pub comment_bytes: usize,
    /// The token that the accounts accept.
    pub token: String,
    /// The key that Convertalk accepts for contacts and segments.
    pub api_key: String,
    /// The time zone of Convoso.
    pub time_zone: Tz,
    /// Calls on every local day of the Converz tenant, besides those that Convoso has too.
    pub converz_calls_per_day: u32,
    /// The Converz tenant's time zone.
    pub converz_time_zone: Tz,
}

impl Options {
    /// Small accounts with a month of history and a clock that stands still.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            seed: 7,
            now,
            running: false,
            days: 30,
            calls_per_day: 400,
            leads: u32::MAX,
            chats_per_day: 25,
            conversations_per_day: 12,
            agents: 12,
            comment_bytes: 0,
            token: "sandbox-token".to_owned(),
            api_key: "sandbox-key".to_owned(),
            time_zone: Tz::America__Los_Angeles,
            converz_calls_per_day: 100,
            converz_time_zone: Tz::UTC,
        }
    }
}
