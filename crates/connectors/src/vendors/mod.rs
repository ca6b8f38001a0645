//! The vendors: a folder each, with its streams as values. A further vendor is its folder and its line here.

mod answer;
mod conversocial;
mod convertalk;
mod converz;
mod convoso;
mod items;
mod lenient;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod conformance;

use std::time::Duration;

use chrono_tz::Tz;

use crate::source::{Account, Door, Endpoint};

/// Every vendor.
pub const VENDORS: &[&Vendor] = &[
    &conversocial::VENDOR,
    &convertalk::VENDOR,
    &converz::VENDOR,
    &convoso::VENDOR,
];

/// A company whose API we read: its defaults, and its streams.
#[derive(Debug)]
pub struct Vendor {
    /// The vendor's name in settings.
    pub name: &'static str,
    /// Its addresses, each with the credential that it wants. The first is the main one, which every source has; streams of
    /// another are off where its address or its credential is missing.
    pub doors: &'static [Door],
    /// Its own settings.
    pub options: &'static [OptionKey],
    /// The names of its streams, those of every door.
    pub stream_names: &'static [&'static str],
    /// The zone of times without offset, unless settings say another.
    pub time_zone: Tz,
    /// How many requests a minute one credential may send.
    pub requests_per_minute: u32,
    /// How many requests of one credential may be under way at once.
    pub max_in_flight: usize,
    /// How long one request may take.
    pub timeout: Duration,
    /// When its streams run, unless settings say another; cron with seconds.
    pub schedule: &'static str,
    /// The streams that run at other times, each with its own.
    pub schedules: &'static [(&'static str, &'static str)],
    /// The streams that are off unless settings switch them on.
    pub off: &'static [&'static str],
    /// Its streams for one account, those of open doors.
    pub streams: fn(&Account) -> Vec<Endpoint>,
}

/// A setting that only one vendor has.
#[derive(Debug, Clone, Copy)]
pub struct OptionKey {
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
    /// A list of texts.
    List,
    /// A list of texts that may hold commas; the function says what is wrong with one, without quoting it.
    Lines(fn(&str) -> Result<(), &'static str>),
    /// A whole number within these bounds.
    Number(u32, u32),
    /// An address.
    Url,
}

impl Vendor {
    /// When a stream runs, unless settings say another.
    pub fn schedule_of(&self, stream: &str) -> &'static str {
        let own = self.schedules.iter().find(|(name, _)| *name == stream);
        own.map_or(self.schedule, |(_, schedule)| schedule)
    }

    /// True where a stream runs unless settings say another.
    pub fn is_on(&self, stream: &str) -> bool {
        !self.off.contains(&stream)
    }
}

/// The vendor of this name.
pub fn vendor(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name).copied()
}
