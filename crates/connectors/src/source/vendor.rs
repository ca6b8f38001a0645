//! A vendor as a value: its hosts, its options, its defaults and its streams.

use std::fmt;
use std::time::Duration;

use chrono_tz::Tz;

use super::{Account, ApiHost, StreamDef};

/// A company whose API we read: its defaults, and its streams.
pub struct Vendor {
    /// The vendor's name in settings.
    pub name: &'static str,
    /// Its API hosts, each with the credential that it wants. The first is the main one, which every source has; a source does
    /// not have the streams of another whose address or credential is missing.
    pub hosts: &'static [ApiHost],
    /// Its own settings.
    pub options: &'static [OptionDef],
    /// The zone of times without offset, unless settings say another.
    pub time_zone: Tz,
    /// The zone that the vendor's times are in whatever zone the account is in.
    pub fixed_time_zone: Option<Tz>,
    /// How many requests a minute one credential may send.
    pub requests_per_minute: u32,
    /// How many requests of one credential may be under way at once.
    pub max_in_flight: usize,
    /// How long one request may take.
    pub timeout: Duration,
    /// When its streams run, unless they or the settings say another; cron with seconds.
    pub schedule: &'static str,
    /// The stream whose rows tell one account from another: an account that shares none of them is another one.
    pub identified_by: &'static str,
    /// The column of that stream's first table that says when a row came to be, where the stream shows the newest rows first and is
    /// not read to its end for the comparison: rows that were there at the reading before must be known.
    pub born_by: Option<&'static str>,
    /// Settings of its own that say whose account it is.
    pub account_options: &'static [&'static str],
    /// Ids of agents who are not people, but the vendor's own.
    pub system_agents: &'static [&'static str],
    /// Its streams.
    pub streams: &'static [&'static StreamDef],
}

/// A setting that only one vendor has.
#[derive(Debug, Clone, Copy)]
pub struct OptionDef {
    /// Its key.
    pub name: &'static str,
    /// What it may hold.
    pub form: OptionForm,
    /// True where a source cannot do without it.
    pub is_required: bool,
}

/// What a setting may hold.
#[derive(Debug, Clone, Copy)]
pub enum OptionForm {
    /// A text.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of texts.
    List,
    /// A list of names that become columns of a view: letters from a to z, digits and `_`.
    Names,
    /// A list of texts that may hold commas; the function says what is wrong with one, without quoting it.
    Lines(fn(&str) -> Result<(), &'static str>),
    /// A whole number within these bounds.
    Number(u32, u32),
    /// An address.
    Url,
}

impl Vendor {
    /// The stream of this name.
    pub fn stream(&self, name: &str) -> Option<&'static StreamDef> {
        self.streams.iter().find(|stream| stream.name == name).copied()
    }

    /// The streams that an account has: those of known hosts.
    pub fn streams_of(&self, account: &Account) -> impl Iterator<Item = &'static StreamDef> {
        let streams = self.streams.iter().copied();
        streams.filter(|stream| account.has_host(stream.host) && !(stream.partitions)(account).is_empty())
    }

    /// When a stream runs, unless settings say another.
    pub fn schedule_of(&self, stream: &StreamDef) -> &'static str {
        stream.schedule.unwrap_or(self.schedule)
    }
}

// A vendor is known by its name; all its facts would bury whatever it is shown with.
impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vendor")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
