//! Convertalk's values: telephone numbers in two parts, and names that the settings give to ids.

use crate::source::{Account, Faults};
use crate::wire::wire_record;

/// Countries whose numbers keep their leading zero behind the prefix: Italy, Côte d'Ivoire, Congo, San Marino, the Vatican.
const ZERO_STAYS: [&str; 5] = ["39", "225", "242", "378", "379"];

wire_record! {
    /// A telephone number in two parts, a prefix and a number.
    pub(super) struct Phone { prefix, number }
}

impl Phone<'_> {
    /// The number as the vendor writes it, prefix before number.
    pub(super) fn written_number(&self, faults: &Faults) -> Option<String> {
        let number = self.number.text(faults)?;
        let prefix = self.prefix.text(faults).filter(|_| !number.starts_with('+'));
        Some(format!("{}{number}", prefix.unwrap_or_default()))
    }

    /// The number in E.164. The prefix comes with and without its plus, and the number may keep the zero that is dialled within
    /// the country only (client programs).
    pub(super) fn e164(&self, faults: &Faults, account: &Account) -> Option<String> {
        let number = self.number.text(faults)?;
        let prefix = count_digits(&self.prefix.text(faults).unwrap_or_default());
        let prefix = prefix.trim_start_matches('0');
        if number.starts_with('+') || prefix.is_empty() {
            return account.e164(&number);
        }
        let mut national = count_digits(&number);
        // No North American number begins with a 1: it is the prefix once more.
        let is_doubled = prefix == "1" && national.len() == 11 && national.starts_with('1');
        let is_trunk_zero = national.starts_with('0') && !ZERO_STAYS.contains(&prefix);
        if is_doubled || is_trunk_zero {
            national.remove(0);
        }
        account.e164(&format!("+{prefix}{national}"))
    }
}

fn count_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// What a name of an id is, in the words of the settings.
const NAME_FORM: &str = "must be an id, a colon and a name, such as \"65a0000000000000000000b1: Website\"";

/// Says what is wrong with a name of an id.
pub(super) fn check_name(text: &str) -> Result<(), &'static str> {
    split_name(text).map(|_| ()).ok_or(NAME_FORM)
}

/// The name that the settings give to an id.
pub(super) fn name_of<'a>(id: &str, names: &'a [String]) -> Option<&'a str> {
    let names = names.iter().filter_map(|text| split_name(text));
    names.into_iter().find(|name| name.id == id).map(|name| name.name)
}

struct Named<'a> {
    id: &'a str,
    name: &'a str,
}

fn split_name(text: &str) -> Option<Named<'_>> {
    let (id, name) = text.split_once(':')?;
    let named = Named {
        id: id.trim(),
        name: name.trim(),
    };
    (!named.id.is_empty() && !named.name.is_empty()).then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Region;

    #[test]
    fn prefix_and_number_make_one_number() {
        let account = Account::new(chrono_tz::UTC, Region::US);
        for (prefix, number, text, wanted) in [
            ("+1", "2135550142", Some("+12135550142"), Some("+12135550142")),
            ("1", "2135550142", Some("12135550142"), Some("+12135550142")),
            ("+1", "12135550142", Some("+112135550142"), Some("+12135550142")),
            ("+1", "+12135550142", Some("+12135550142"), Some("+12135550142")),
            ("", "2135550142", Some("2135550142"), Some("+12135550142")),
            (
                "+1",
                "(213) 555-0142",
                Some("+1(213) 555-0142"),
                Some("+12135550142"),
            ),
            (
                "+44",
                "02079460018",
                Some("+4402079460018"),
                Some("+442079460018"),
            ),
            (
                "0044",
                "2079460018",
                Some("00442079460018"),
                Some("+442079460018"),
            ),
            ("91", "9123456789", Some("919123456789"), Some("+919123456789")),
            ("+39", "0612345678", Some("+390612345678"), Some("+390612345678")),
            ("+1", "", None, None),
            ("", "", None, None),
            ("+1", "none", Some("+1none"), None),
        ] {
            let json = serde_json::json!({"prefix": prefix, "number": number}).to_string();
            let phone = Phone::read(&json).unwrap();
            let faults = Faults::new();
            assert_eq!(
                phone.written_number(&faults).as_deref(),
                text,
                "{prefix} {number}"
            );
            assert_eq!(
                phone.e164(&faults, &account).as_deref(),
                wanted,
                "{prefix} {number}"
            );
        }
    }

    #[test]
    fn settings_give_names_to_ids() {
        let names = ["b1: Website", "b2 : Shop: Berlin", "b1: Another"].map(str::to_owned);
        for (id, wanted) in [
            ("b1", Some("Website")),
            ("b2", Some("Shop: Berlin")),
            ("b3", None),
        ] {
            assert_eq!(name_of(id, &names), wanted, "{id}");
        }
        for (text, is_good) in [
            ("b1: Website", true),
            ("b1", false),
            (": Website", false),
            ("b1: ", false),
        ] {
            assert_eq!(check_name(text).is_ok(), is_good, "{text}");
        }
    }
}
