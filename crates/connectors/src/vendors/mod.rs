//! The vendors: a folder each, with its streams as values. A further vendor is its folder and its line here.

mod conversocial;
mod convertalk;
mod converz;
mod convoso;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod conformance;

use crate::source::Vendor;

/// Every vendor.
pub const VENDORS: &[&Vendor] = &[
    &conversocial::VENDOR,
    &convertalk::VENDOR,
    &converz::VENDOR,
    &convoso::VENDOR,
];

/// The vendor of this name.
pub fn vendor(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name).copied()
}
