//! Telephone numbers that come in two parts, a prefix and a number.

use crate::source::Account;

/// Countries whose numbers keep their leading zero behind the prefix: Italy, Côte d'Ivoire, Congo, San Marino, the Vatican.
const ZERO_STAYS: [&str; 5] = ["39", "225", "242", "378", "379"];

/// The number as the vendor writes it, prefix before number.
pub(super) fn written(prefix: Option<&str>, number: Option<&str>) -> Option<String> {
    let number = number?;
    let prefix = prefix.filter(|_| !number.starts_with('+')).unwrap_or_default();
    Some(format!("{prefix}{number}"))
}

/// The number in E.164. The prefix comes with and without its plus, and the number may keep the zero that is dialled within
/// the country only (client programs).
pub(super) fn e164(prefix: Option<&str>, number: Option<&str>, account: &Account) -> Option<String> {
    let number = number?;
    let prefix = digits(prefix.unwrap_or_default());
    let prefix = prefix.trim_start_matches('0');
    if number.starts_with('+') || prefix.is_empty() {
        return account.e164(number);
    }
    let mut national = digits(number);
    // No North American number begins with a 1: it is the prefix once more.
    let is_doubled = prefix == "1" && national.len() == 11 && national.starts_with('1');
    let is_trunk_zero = national.starts_with('0') && !ZERO_STAYS.contains(&prefix);
    if is_doubled || is_trunk_zero {
        national.remove(0);
    }
    account.e164(&format!("+{prefix}{national}"))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
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
            let part = |text: &'static str| Some(text).filter(|text| !text.is_empty());
            assert_eq!(
                written(part(prefix), part(number)).as_deref(),
                text,
                "{prefix} {number}"
            );
            let told = e164(part(prefix), part(number), &account);
            assert_eq!(told.as_deref(), wanted, "{prefix} {number}");
        }
    }
}
