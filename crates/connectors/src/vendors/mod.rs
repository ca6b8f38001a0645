//! The vendors: a folder each, with its streams as values. A further vendor is its folder and its line here.

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod conformance;
mod conversocial;
mod converz;
mod convoso;

use crate::source::Vendor;

/// Every vendor.
pub const VENDORS: &[&Vendor] = &[&conversocial::VENDOR, &converz::VENDOR, &convoso::VENDOR];

/// The vendor of this name.
pub fn vendor(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name).copied()
}
