//! Numbers, spans and instants as people read them.

use chrono::{DateTime, Utc};

/// An instant to the minute, in UTC.
pub(super) fn format_minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

/// An instant to the second, in UTC.
pub(super) fn format_second(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A span in its two largest units: `3 h 20 min`.
pub(super) fn describe_span(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds.unsigned_abs();
    let mut parts = Vec::new();
    for (length, unit) in UNITS {
        let length = length.unsigned_abs();
        let count = left / length;
        left %= length;
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() {
        return "0 s".to_owned();
    }
    let sign = if seconds < 0 { "-" } else { "" };
    format!("{sign}{}", parts.join(" "))
}

/// A number with groups of thousands.
pub(super) fn format_count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many things: `1 request`, `2,000 requests`.
pub(super) fn count_things(number: i64, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {thing}{ending}", format_count(number))
}

/// Bytes in their largest unit.
pub(super) fn format_bytes(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut left = bytes.max(0);
    let mut rest = 0;
    let mut unit = 0;
    while left >= 1_024 && unit + 1 < UNITS.len() {
        rest = (left % 1_024) * 10 / 1_024;
        left /= 1_024;
        unit += 1;
    }
    if unit == 0 {
        format!("{left} B")
    } else {
        format!("{left}.{rest} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_their_two_largest_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (3_600, "1 h"),
            (3_661, "1 h 1 min"),
            (90_061, "1 d 1 h"),
            (-90, "-1 min 30 s"),
        ] {
            assert_eq!(describe_span(seconds), text);
        }
    }

    #[test]
    fn numbers_and_bytes_are_read_at_a_glance() {
        assert_eq!(format_count(1_234_567), "1,234,567");
        assert_eq!(count_things(1, "request"), "1 request");
        assert_eq!(count_things(2_000, "request"), "2,000 requests");
        assert_eq!(format_bytes(512), "512 B");
        assert_eq!(format_bytes(1_572_864), "1.5 MiB");
    }
}
