//! Lengths of time as the vendor writes them.

use crate::source::MapError;
use crate::vendors::lenient::Scalar;

/// Seconds of `HH:MM:SS` or `MM:SS` (both documented), or of a plain number; hours may pass 24 (assumed).
pub(super) fn seconds(length: &Scalar<'_>, field: &'static str) -> Result<Option<i64>, MapError> {
    let Some(text) = length.text() else {
        return Ok(None);
    };
    if !text.contains(':') {
        return length.integer(field);
    }
    read(text).map(Some).ok_or(MapError::Unknown(field))
}

fn read(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.split(':').collect();
    let is_plain =
        |part: &&str| !part.is_empty() && part.len() < 8 && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(is_plain) {
        return None;
    }
    let numbers: Vec<i64> = parts.iter().map_while(|part| part.parse().ok()).collect();
    // Only the first part may be large.
    let fits = numbers[1..].iter().all(|number| *number < 60);
    fits.then(|| numbers.iter().fold(0, |sum, number| sum * 60 + number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_come_with_and_without_hours_and_beyond_a_day() {
        for (text, wanted) in [
            ("\"02:41:07\"", Ok(Some(9_667))),
            ("\"131:00:01\"", Ok(Some(471_601))),
            ("\"04:10\"", Ok(Some(250))),
            ("\"90:00\"", Ok(Some(5_400))),
            ("\"00:00:00\"", Ok(Some(0))),
            ("187", Ok(Some(187))),
            ("\"\"", Ok(None)),
            ("null", Ok(None)),
            ("\"1:60\"", Err(MapError::Unknown("n"))),
            ("\"1:2:3:4\"", Err(MapError::Unknown("n"))),
            ("\"-1:00\"", Err(MapError::Unknown("n"))),
            ("\":30\"", Err(MapError::Unknown("n"))),
            ("\"soon\"", Err(MapError::Unknown("n"))),
        ] {
            let scalar: Scalar<'_> = serde_json::from_str(text).unwrap();
            assert_eq!(seconds(&scalar, "n"), wanted, "{text}");
        }
    }
}
