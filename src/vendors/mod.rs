//! The vendors: a folder each, with its streams as values. A further vendor is its folder and its line here.

mod convoso;
mod items;
mod lenient;

#[cfg(test)]
mod conformance;

use std::time::Duration;

use chrono_tz::Tz;

use crate::stream::{Account, Auth, Endpoint};

/// Every vendor.
pub const VENDORS: &[&Vendor] = &[&convoso::VENDOR];

/// A company whose API we read: its defaults, and its streams.
#[derive(Debug)]
pub struct Vendor {
    /// The vendor's name in settings.
    pub name: &'static str,
    /// The base URL, where all customers share one.
    pub base_url: Option<&'static str>,
    /// Where the credential goes.
    pub auth: Auth,
    /// The settings keys of its secrets; the first is the credential.
    pub secrets: &'static [&'static str],
    /// The names of its streams.
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
    /// Its streams for one account.
    pub streams: fn(Account) -> Vec<Endpoint>,
}

/// The vendor of this name.
pub fn vendor(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name).copied()
}
