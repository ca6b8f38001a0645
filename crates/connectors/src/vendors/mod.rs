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
pub fn find_vendor(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name).copied()
}

/// A fingerprint of everything that a vendor's mappings are made of. Rows that were made under another one may be stale.
pub fn mapping_of(vendor: &str) -> &'static str {
    include!(concat!(env!("OUT_DIR"), "/mappings.rs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendor_has_a_mapping_of_its_own() {
        let mut mappings: Vec<&str> = VENDORS.iter().map(|vendor| mapping_of(vendor.name)).collect();
        assert!(mappings.iter().all(|mapping| mapping.len() == 16), "{mappings:?}");
        mappings.sort_unstable();
        mappings.dedup();
        assert_eq!(mappings.len(), VENDORS.len());
    }
}
