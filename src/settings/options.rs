//! The settings that only one vendor has.

use std::collections::BTreeMap;

use connectors::source::{OptionDef, OptionForm, Vendor};

use super::forms;
use super::reader::Reader;

/// What a source's vendor asks for besides what every vendor does.
pub(super) fn take_options(
    table: &mut Reader<'_>,
    vendor: &Vendor,
    allow_plain_http: bool,
) -> BTreeMap<&'static str, Vec<String>> {
    let mut options = BTreeMap::new();
    for option in vendor.options {
        if option.is_required && !table.has_key(option.name) {
            table.report_missing(option.name, "is missing");
        }
        let values = take_option(table, option, allow_plain_http);
        options.extend(values.map(|values| (option.name, values)));
    }
    options
}

fn take_option(table: &mut Reader<'_>, option: &OptionDef, allow_plain_http: bool) -> Option<Vec<String>> {
    let key = option.name;
    match option.form {
        OptionForm::Text => table.take_value(key, |kind| {
            forms::parse_text(kind).map(|text| vec![text.to_owned()])
        }),
        OptionForm::Choice(words) => {
            let word = table.take_value(key, forms::parse_choice(words))?;
            Some(vec![word.to_owned()])
        }
        OptionForm::List => table.take_value(key, forms::parse_list),
        OptionForm::Names => table.take_value(key, forms::parse_names),
        OptionForm::Lines(check) => table.take_value(key, forms::parse_lines(check)),
        OptionForm::Url => {
            let url = table.take_value(key, forms::parse_base_url(allow_plain_http))?;
            Some(vec![url.to_string()])
        }
        OptionForm::Number(least, most) => {
            let number = table.take_value(key, forms::parse_number(least..=most))?;
            Some(vec![number.to_string()])
        }
    }
}
