//! The suite that every vendor's every stream passes: its facts, its recorded pages and their stories, and pages gone bad.
//!
//! A new stream needs recorded pages in `<vendor>/fixtures/<stream>/01.json`, `02.json` and so on, one of them odd, and no test
//! code. Run the suite with `CONVENE_BLESS=1`, and read `story.txt` as you would read code.

mod acme;
mod example;
mod facts;
mod fixtures;
mod fuzz;
mod mutation;
mod playback;
mod recorded;
mod sample;
mod story;
mod watch;

use super::VENDORS;
use crate::source::{StreamDef, Vendor};

/// Vendors that are laid out and tested like those of the register, and that no source can have.
const EXAMPLES: &[&Vendor] = &[&acme::VENDOR];

/// Every vendor, the example included.
fn vendors() -> impl Iterator<Item = &'static Vendor> {
    VENDORS.iter().chain(EXAMPLES).copied()
}

/// A stream, and whose it is.
#[derive(Clone, Copy)]
struct Subject {
    vendor: &'static Vendor,
    stream: &'static StreamDef,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.vendor.name, self.stream.name)
    }
}

/// Every stream of every vendor.
fn subjects() -> impl Iterator<Item = Subject> {
    vendors().flat_map(|vendor| {
        let streams = vendor.streams.iter().copied();
        streams.map(move |stream| Subject { vendor, stream })
    })
}
