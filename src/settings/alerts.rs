//! Of what a webhook hears, and when.

use std::ops::RangeInclusive;
use std::time::Duration;

use secrecy::SecretString;

use super::reader::Reader;
use super::{forms, secret, times};

const ANY_ATTEMPTS: RangeInclusive<i32> = 1..=1000;
const ANY_TIME: RangeInclusive<Duration> = Duration::from_secs(10)..=Duration::from_hours(7 * 24);

const DEFAULT_ATTEMPTS: i32 = 5;
const DEFAULT_REJECT_SHARE: f64 = 0.01;
const DEFAULT_DATABASE_AWAY: Duration = Duration::from_mins(5);

/// Of what a webhook hears, and when.
#[derive(Debug, Clone)]
pub struct Alerts {
    /// Where alerts are sent; nobody is told without it. It is a secret: whoever has it can write there.
    pub webhook_url: Option<SecretString>,
    /// After how many attempts in vain a slice is told of.
    pub attempts: i32,
    /// The share of unreadable records, 0 to 1, above which a stream is told of.
    pub reject_share: f64,
    /// How long the database may be away before that is told.
    pub database_away: Duration,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            webhook_url: None,
            attempts: DEFAULT_ATTEMPTS,
            reject_share: DEFAULT_REJECT_SHARE,
            database_away: DEFAULT_DATABASE_AWAY,
        }
    }
}

/// The table `[alerts]`.
pub(super) fn read_alerts(root: &mut Reader<'_>) -> Alerts {
    let usual = Alerts::default();
    let Some(mut table) = root.take_table("alerts") else {
        return usual;
    };
    let alerts = Alerts {
        webhook_url: secret::take_secret(&mut table, "webhook_url", secret::parse_webhook_url),
        attempts: table
            .take_value("attempts", forms::parse_number(ANY_ATTEMPTS))
            .unwrap_or(usual.attempts),
        reject_share: table
            .take_value("reject_share", forms::parse_share)
            .unwrap_or(usual.reject_share),
        database_away: table
            .take_value("database_away", times::parse_duration(ANY_TIME))
            .unwrap_or(usual.database_away),
    };
    table.close_table();
    alerts
}
