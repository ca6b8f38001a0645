//! Phone numbers in E.164, read with the source's region in mind.

use std::cell::RefCell;
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::OnceLock;

use phonenumber::{Mode, country::Id, metadata::DATABASE};

/// The country whose national numbers a source writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region(Id);

impl Region {
    /// The United States, where the North American vendors' customers are.
    pub const US: Self = Self(Id::US);

    /// The two-letter code.
    pub fn code(&self) -> &str {
        self.0.as_ref()
    }

    /// Reads a two-letter country code such as `US`.
    pub fn parse(code: &str) -> Option<Self> {
        Id::from_str(&code.to_ascii_uppercase())
            .ok()
            .filter(|id| DATABASE.by_id(id.as_ref()).is_some())
            .map(Self)
    }
}

/// How many digits a number in E.164 has, its country's included.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The number in E.164, or nothing where the numbering plan has no such number: short codes, numbers that are cut, words.
///
/// North American numbers, which most sources write in plain digits, are read without the library: its general path costs
/// more than all the rest of a row. What it said of other texts is remembered for a while: the same numbers come in many rows, and
/// again whenever a page is read again.
pub fn e164(text: &str, region: Region) -> Option<String> {
    if text.is_empty() || text.len() > 40 {
        return None;
    }
    north_american(text, region).or_else(|| read_remembered(text, region))
}

/// What is remembered in one thread, about 300 KB.
const MOST_REMEMBERED: usize = 2_000;

fn read_remembered(text: &str, region: Region) -> Option<String> {
    thread_local! {
        static REMEMBERED: RefCell<HashMap<String, (Region, Option<String>)>> = RefCell::default();
    }
    REMEMBERED.with_borrow_mut(|remembered| {
        if let Some((of, number)) = remembered.get(text)
            && *of == region
        {
            return number.clone();
        }
        let number = read_generally(text, region);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(text.to_owned(), (region, number.clone()));
        number
    })
}

/// Ten plain digits, or eleven that begin with 1, of an area all of whose numbers are valid.
fn north_american(text: &str, region: Region) -> Option<String> {
    let digits = text.strip_prefix("+").unwrap_or(text).as_bytes();
    let national = match (region.0, digits) {
        (_, [b'1', rest @ ..]) if rest.len() == 10 && text.starts_with('+') => rest,
        (Id::US | Id::CA, [b'1', rest @ ..]) if rest.len() == 10 => rest,
        (Id::US | Id::CA, all) if all.len() == 10 && !text.starts_with('+') => all,
        _ => return None,
    };
    let fits = national.iter().all(u8::is_ascii_digit) && national[0] >= b'2' && national[3] >= b'2';
    (fits && is_open_area(&national[..3])).then(|| format!("+1{}", &text[text.len() - 10..]))
}

/// True where every number of a North American area is valid whose exchange begins with 2 to 9. Most areas are so; of the others,
/// and of codes that are no area, the library knows each number.
///
/// The library is asked once for an area, about the first and the last exchange of each hundred.
fn is_open_area(area: &[u8]) -> bool {
    static OPEN: [OnceLock<bool>; 1000] = [const { OnceLock::new() }; 1000];
    let number = area
        .iter()
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    let Some(known) = usize::try_from(number).ok().and_then(|place| OPEN.get(place)) else {
        return false;
    };
    *known.get_or_init(|| {
        let mut exchanges = (200..1000)
            .step_by(100)
            .flat_map(|hundred| [hundred, hundred + 99]);
        exchanges.all(|exchange| is_valid_national(number * 10_000_000 + exchange * 10_000))
    })
}

fn is_valid_national(number: u64) -> bool {
    let number = phonenumber::parse(Some(Id::US), number.to_string());
    number.is_ok_and(|number| phonenumber::is_valid(&number))
}

fn read_generally(text: &str, region: Region) -> Option<String> {
    // The library takes a dot for the end of the number.
    let text = text.replace('.', "-");
    let number = phonenumber::parse(Some(region.0), &text).ok()?;
    if !phonenumber::is_viable(&text) || !phonenumber::is_valid(&number) {
        return None;
    }
    // Extension and vanity forms of the library's answer never appear in E.164.
    let number = number.format().mode(Mode::E164).to_string();
    let is_e164 = number.bytes().skip(1).all(|b| b.is_ascii_digit()) && DIGITS.contains(&(number.len() - 1));
    (is_e164 && ends_as_written(&number, &text)).then_some(number)
}

/// True where the number ends as it was written, so that nothing cut it. With an extension, or with letters for digits, this
/// cannot be told.
fn ends_as_written(number: &str, text: &str) -> bool {
    let last = |text: &str| -> String {
        let digits = text.chars().rev().filter(char::is_ascii_digit);
        digits.take(6).collect()
    };
    text.contains(|c: char| c.is_alphabetic() || c == '#') || last(number) == last(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_the_region_in_mind() {
        let gb = Region::parse("gb").unwrap();
        for (text, region, wanted) in [
            ("2135550142", Region::US, Some("+12135550142")),
            ("12135550142", Region::US, Some("+12135550142")),
            ("+12135550142", Region::US, Some("+12135550142")),
            ("(213) 555-0142", Region::US, Some("+12135550142")),
            ("020 7946 0018", gb, Some("+442079460018")),
            ("+442079460018", Region::US, Some("+442079460018")),
            ("anonymous", Region::US, None),
            ("", Region::US, None),
        ] {
            assert_eq!(e164(text, region).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn only_what_the_numbering_plan_knows_is_in_e164() {
        let gb = Region::parse("GB").unwrap();
        for (text, region, wanted) in [
            ("911", Region::US, None),
            ("112", gb, None),
            ("5550142", Region::US, None),
            ("213555014", Region::US, None),
            ("1213555014299999", Region::US, None),
            ("+1213555014299999", Region::US, None),
            ("9995550142", Region::US, None),
            ("1115550142", Region::US, None),
            ("0000000000", Region::US, None),
            ("12135550142", gb, None),
            ("+12135550142", gb, Some("+12135550142")),
            ("+687 11.11.11", Region::US, None),
            ("+687 26.11.11", Region::US, Some("+687261111")),
            ("213.555.0142", Region::US, Some("+12135550142")),
            ("(213) 555-0142 ext. 12", Region::US, Some("+12135550142")),
            ("+1 213 555 0142 / 213 555 0143", Region::US, None),
            ("8005550142", Region::US, Some("+18005550142")),
            ("2684641234", Region::US, Some("+12684641234")),
            ("2682221234", Region::US, None),
        ] {
            assert_eq!(e164(text, region).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn the_short_way_agrees_with_the_library() {
        let mut rng = fastrand::Rng::with_seed(15);
        for _ in 0..5_000 {
            let text = rng.u64(2_000_000_000..10_000_000_000).to_string();
            assert_eq!(
                e164(&text, Region::US),
                read_generally(&text, Region::US),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_remembered_of_a_text_holds_for_its_region_alone() {
        let gb = Region::parse("GB").unwrap();
        for _ in 0..2 {
            assert_eq!(e164("020 7946 0018", Region::US), None);
            assert_eq!(e164("020 7946 0018", gb).as_deref(), Some("+442079460018"));
        }
        for number in 0..2 * MOST_REMEMBERED {
            let text = format!("020 7946 {number:04}");
            assert_eq!(
                e164(&text, gb).unwrap_or_default(),
                format!("+44207946{number:04}")
            );
        }
        assert_eq!(e164("020 7946 0018", Region::US), None);
    }

    #[test]
    fn an_unknown_region_is_refused() {
        assert_eq!(Region::parse("XX"), None);
        assert_eq!(Region::parse("usa"), None);
    }
}
