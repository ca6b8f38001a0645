//! Decimal numbers as vendors write them, read without losing a digit.

use std::borrow::Cow;

/// What stands between thousands; a number keeps to one of them.
const SEPARATORS: [char; 8] = [',', ' ', '\'', '_', '\u{2019}', '\u{a0}', '\u{2009}', '\u{202f}'];

/// More digits than this are no number of anybody's.
const LONGEST: usize = 400;

/// A number: its digits, and how many of them stand behind the point.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Number {
    is_negative: bool,
    /// The digits before the point, without leading zeros.
    whole: String,
    /// The digits behind the point, without trailing zeros.
    fraction: String,
}

impl Number {
    /// Reads a number: with a sign, with thousands separators, with an exponent.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let whole = drop_groups(whole, &SEPARATORS)?;
        let is_number = whole.len() + fraction.len() > 0 && fraction.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| Self::shift_point(text.starts_with('-'), &whole, fraction, exponent))?
    }

    /// The number whose point stands `exponent` places further to the right.
    fn shift_point(is_negative: bool, whole: &str, fraction: &str, exponent: i64) -> Option<Self> {
        let digits = format!("{whole}{fraction}");
        let zeros = usize::try_from(exponent.unsigned_abs())
            .ok()
            .filter(|zeros| *zeros <= LONGEST)?;
        let padded = format!("{:0>zeros$}{digits}{:0>zeros$}", "", "");
        let point = if exponent < 0 {
            whole.len()
        } else {
            zeros + whole.len() + zeros
        };
        let (whole, fraction) = padded.split_at(point);
        Some(Self {
            is_negative,
            whole: whole.trim_start_matches('0').to_owned(),
            fraction: fraction.trim_end_matches('0').to_owned(),
        })
    }

    /// The nearest whole number, halves away from zero; nothing where an integer does not hold it.
    pub(super) fn round_text(&self) -> Option<i64> {
        let whole: i128 = match self.whole.as_str() {
            "" => 0,
            digits => digits.parse().ok()?,
        };
        let size = whole + i128::from(self.fraction.as_bytes().first() >= Some(&b'5'));
        i64::try_from(if self.is_negative { -size } else { size }).ok()
    }

    /// The number, where it is whole and not negative.
    pub(super) fn whole_count(&self) -> Option<u64> {
        let size = self.round_text().filter(|_| self.fraction.is_empty())?;
        u64::try_from(size).ok()
    }

    /// The number in plain digits, its fraction cut after `places`.
    pub(super) fn is_plain(&self, places: usize) -> String {
        let sign = if self.is_negative { "-" } else { "" };
        let whole = if self.whole.is_empty() { "0" } else { &self.whole };
        match self.fraction.get(..places).unwrap_or(&self.fraction) {
            "" => format!("{sign}{whole}"),
            fraction => format!("{sign}{whole}.{fraction}"),
        }
    }
}

/// The digits without what stands between thousands; nothing where anything else stands there.
pub(super) fn drop_groups<'a>(text: &'a str, separators: &[char]) -> Option<Cow<'a, str>> {
    let is_plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if is_plain(text) {
        return Some(Cow::Borrowed(text));
    }
    let separator = text.chars().find(|c| separators.contains(c))?;
    let mut groups = text.split(separator);
    let is_first = |group: &str| (1..=3).contains(&group.len()) && is_plain(group);
    let fits = is_first(groups.next()?) && groups.all(|group| group.len() == 3 && is_plain(group));
    fits.then(|| Cow::Owned(text.replace(separator, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_exactly() {
        for (text, plain, rounded) in [
            ("187", "187", Some(187)),
            ("+187", "187", Some(187)),
            ("-3.2", "-3.2", Some(-3)),
            ("12.5", "12.5", Some(13)),
            ("-12.5", "-12.5", Some(-13)),
            (".5", "0.5", Some(1)),
            ("5.", "5", Some(5)),
            ("007", "7", Some(7)),
            ("1,234", "1234", Some(1_234)),
            ("1 234 567,", "", None),
            ("1,234,567.25", "1234567.25", Some(1_234_567)),
            ("1\u{202f}234", "1234", Some(1_234)),
            ("1'234", "1234", Some(1_234)),
            ("1,5", "", None),
            ("1,2345", "", None),
            ("1,234 567", "", None),
            (",234", "", None),
            ("1.2e2", "120", Some(120)),
            ("1.25e-1", "0.125", Some(0)),
            ("5E+3", "5000", Some(5_000)),
            ("12e401", "", None),
            ("1e99999999999999999999", "", None),
            ("9223372036854775807", "9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", "-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", "9223372036854775808", None),
            (
                "9007199254740993.0",
                "9007199254740993",
                Some(9_007_199_254_740_993),
            ),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
                None,
            ),
            ("inf", "", None),
            ("NaN", "", None),
            ("0x10", "", None),
            ("--1", "", None),
            ("1.2.3", "", None),
            ("1e", "", None),
            (".", "", None),
            ("-", "", None),
            ("", "", None),
        ] {
            let number = Number::parse(text);
            let told = number
                .as_ref()
                .map(|number| number.is_plain(30))
                .unwrap_or_default();
            assert_eq!(told, plain, "{text}");
            assert_eq!(number.and_then(|number| number.round_text()), rounded, "{text}");
        }
    }

    #[test]
    fn a_count_is_whole_and_not_negative() {
        for (text, wanted) in [("12", Some(12)), ("12.0", Some(12)), ("12.5", None), ("-1", None)] {
            let count = Number::parse(text).and_then(|number| number.whole_count());
            assert_eq!(count, wanted, "{text}");
        }
    }
}
