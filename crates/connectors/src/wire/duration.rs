//! Lengths of time as vendors write them, in whole seconds.

use crate::source::FaultKind;

use super::number::Number;

/// Nothing that is measured here lasts longer: ten years.
const LONGEST: i64 = 10 * 366 * 86_400;

/// Seconds of a plain number, or of `HH:MM:SS` or `MM:SS`; the first part may be large.
pub(super) fn seconds(text: &str) -> Result<i64, FaultKind> {
    let length = if text.contains(':') {
        read_clock(text)
    } else {
        read_number(text)
    }?;
    match length {
        0..=LONGEST => Ok(length),
        _ => Err(FaultKind::OutOfRange),
    }
}

fn read_number(text: &str) -> Result<i64, FaultKind> {
    let number = Number::parse(text).ok_or(FaultKind::Unreadable)?;
    number.round_text().ok_or(FaultKind::OutOfRange)
}

fn read_clock(text: &str) -> Result<i64, FaultKind> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let length = split_parts(unsigned).ok_or(FaultKind::Unreadable)?;
    // A time before nothing: it can be read, and cannot be true.
    if unsigned.len() < text.len() && length > 0 {
        return Err(FaultKind::OutOfRange);
    }
    Ok(length)
}

fn split_parts(text: &str) -> Option<i64> {
    let (text, fraction) = text.split_once('.').unwrap_or((text, ""));
    let parts: Vec<&str> = text.split(':').collect();
    let is_plain = |part: &&str| (1..8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(is_plain) || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let numbers: Vec<i64> = parts.iter().map_while(|part| part.parse().ok()).collect();
    // Only the first part may be large.
    let fits = numbers[1..].iter().all(|number| *number < 60);
    let is_half_over = fraction.as_bytes().first() >= Some(&b'5');
    fits.then(|| numbers.iter().fold(0, |sum, number| sum * 60 + number) + i64::from(is_half_over))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_come_as_numbers_and_as_clocks_and_beyond_a_day() {
        for (text, wanted) in [
            ("187", Ok(187)),
            ("187.4", Ok(187)),
            ("1,234", Ok(1_234)),
            ("1.2e2", Ok(120)),
            ("00:03:07", Ok(187)),
            ("1:02:03", Ok(3_723)),
            ("3:07", Ok(187)),
            ("00:03:07.6", Ok(188)),
            ("02:41:07", Ok(9_667)),
            ("131:00:01", Ok(471_601)),
            ("90:00", Ok(5_400)),
            ("00:00:00", Ok(0)),
            ("-00:00:00", Ok(0)),
            ("-5", Err(FaultKind::OutOfRange)),
            ("-0:05", Err(FaultKind::OutOfRange)),
            ("99999999999", Err(FaultKind::OutOfRange)),
            ("1e30", Err(FaultKind::OutOfRange)),
            ("9999999:00:00", Err(FaultKind::OutOfRange)),
            ("1:60", Err(FaultKind::Unreadable)),
            ("1:2:3:4", Err(FaultKind::Unreadable)),
            (":30", Err(FaultKind::Unreadable)),
            ("1:é", Err(FaultKind::Unreadable)),
            ("soon", Err(FaultKind::Unreadable)),
        ] {
            assert_eq!(seconds(text), wanted, "{text}");
        }
    }
}
