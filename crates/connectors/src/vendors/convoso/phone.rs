//! Telephone numbers beside their country code.

use crate::schema::{self, Region};
use crate::source::Account;

/// The number in E.164. The country code is that of the number itself, where it is given; otherwise the account's country
/// decides.
pub(super) fn e164(number: &str, country_code: Option<&str>, account: &Account) -> Option<String> {
    match country_code.filter(|_| !number.starts_with('+')) {
        // Numbers of North America come with and without their prefix (seen in client programs).
        Some("1") => schema::e164(number, Region::US),
        Some(code) if code.bytes().all(|b| b.is_ascii_digit()) => {
            schema::e164(&format!("+{code}{number}"), Region::US)
        }
        _ => account.e164(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_with_its_own_country_code() {
        let gb = Account::new(chrono_tz::UTC, Region::parse("GB").unwrap());
        for (number, code, wanted) in [
            ("2135550142", Some("1"), Some("+12135550142")),
            ("12135550142", Some("1"), Some("+12135550142")),
            ("7946001801", Some("44"), Some("+447946001801")),
            ("+12135550142", Some("44"), Some("+12135550142")),
            ("02079460018", None, Some("+442079460018")),
            ("02079460018", Some("UK"), Some("+442079460018")),
            ("withheld", Some("1"), None),
        ] {
            assert_eq!(e164(number, code, &gb).as_deref(), wanted, "{number} {code:?}");
        }
    }
}
