//! Phone numbers in E.164, read with the source's region in mind.

use std::str::FromStr;

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

/// The number in E.164, or nothing where the text is not a possible number of the region.
///
/// North American numbers, which most sources write in plain digits, are read without the library: its general path costs
/// more than all the rest of a row.
pub fn e164(text: &str, region: Region) -> Option<String> {
    if text.is_empty() || text.len() > 40 {
        return None;
    }
    north_american(text, region).or_else(|| general(text, region))
}

/// Ten plain digits, or eleven that begin with 1, whose area code and exchange begin with 2 to 9.
fn north_american(text: &str, region: Region) -> Option<String> {
    let bytes = text.as_bytes();
    let national = match (region.0, bytes) {
        (Id::US | Id::CA, [b'1', rest @ ..]) if rest.len() == 10 => rest,
        (Id::US | Id::CA, all) if all.len() == 10 => all,
        _ => return None,
    };
    let fits = national.iter().all(u8::is_ascii_digit) && national[0] >= b'2' && national[3] >= b'2';
    fits.then(|| format!("+1{}", &text[text.len() - 10..]))
}

fn general(text: &str, region: Region) -> Option<String> {
    let number = phonenumber::parse(Some(region.0), text).ok()?;
    // Extension and vanity forms of the library's answer never appear in E.164.
    phonenumber::is_viable(text).then(|| number.format().mode(Mode::E164).to_string())
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
    fn an_unknown_region_is_refused() {
        assert_eq!(Region::parse("XX"), None);
        assert_eq!(Region::parse("usa"), None);
    }
}
