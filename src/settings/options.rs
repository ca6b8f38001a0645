//! The settings that only one vendor has.

use std::collections::BTreeMap;

use super::reader::Reader;
use super::{OptionForm, VendorKeys, forms};

/// What a source's vendor asks for besides what every vendor does.
pub(super) fn options(
    table: &mut Reader<'_>,
    vendor: Option<&VendorKeys>,
    vendors: &[VendorKeys],
) -> BTreeMap<&'static str, Vec<String>> {
    let Some(vendor) = vendor else {
        // Whose settings they are is unknown, so none of them is called an unknown key.
        for (key, ..) in vendors.iter().flat_map(|vendor| &vendor.options) {
            table.value(key);
        }
        return BTreeMap::new();
    };
    let mut options = BTreeMap::new();
    for (key, form, is_required) in &vendor.options {
        if *is_required && !table.has(key) {
            table.missing(key, "is missing");
        }
        options.extend(option(table, key, *form).map(|values| (*key, values)));
    }
    options
}

fn option(table: &mut Reader<'_>, key: &str, form: OptionForm) -> Option<Vec<String>> {
    match form {
        OptionForm::Text => table.take(key, |kind| forms::text(kind).map(|text| vec![text.to_owned()])),
        OptionForm::List => table.take(key, forms::texts),
        OptionForm::Lines(check) => table.take(key, forms::lines(check)),
        OptionForm::Url => table.take(key, forms::base_url).map(|url| vec![url.to_string()]),
        OptionForm::Number(least, most) => {
            let number = table.take(key, forms::whole(least..=most))?;
            Some(vec![number.to_string()])
        }
    }
}
