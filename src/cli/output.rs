//! The only place that prints: lines, tables, and numbers as people read them.

use std::io::{self, Write};
use std::time::Duration;

use comfy_table::{Table, presets};

/// Prints a line.
pub(super) fn print_line(line: &str) {
    // A reader that went away, as `head` does, is no reason to break off.
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints a line to standard error.
pub(super) fn print_error(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// How wide a terminal is at least.
const WIDTH: usize = 80;

/// Prints a text in lines of 80 characters, broken at blanks, each with these before it.
pub(super) fn print_wrapped(text: &str, indent: &str) {
    for line in wrap_text(text, WIDTH - indent.len()) {
        print_line(&format!("{indent}{line}"));
    }
}

/// Breaks a text at blanks; a word that is too long stays whole.
fn wrap_text(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Prints a table.
pub(super) fn print_table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    print_line(&table.to_string());
}

/// A number with thin groups of thousands: `1,234,567`.
pub(super) fn format_number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An instant to the second, in UTC.
pub(super) fn format_instant(at: Option<chrono::DateTime<chrono::Utc>>) -> String {
    at.map_or_else(
        || "-".to_owned(),
        |at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

/// A duration in its two largest units.
pub(super) fn format_duration(seconds: i64) -> String {
    let time = Duration::from_secs(seconds.unsigned_abs());
    let text = humantime::format_duration(time).to_string();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (plain, wanted) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-1_234_567, "-1,234,567"),
        ] {
            assert_eq!(format_number(plain), wanted);
        }
    }

    #[test]
    fn texts_are_broken_at_blanks() {
        assert_eq!(wrap_text("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap_text("one  incomprehensible", 7), ["one", "incomprehensible"]);
        assert!(wrap_text("", 7).is_empty());
    }

    #[test]
    fn durations_keep_their_two_largest_units() {
        assert_eq!(format_duration(59), "59s");
        assert_eq!(format_duration(90_061), "1day 1h");
    }
}
