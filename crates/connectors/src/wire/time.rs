//! Times as vendors write them: with an offset or local to the account, and fillers that mean no time at all.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use crate::source::{Account, FaultKind};

/// The years that an instant of a contact centre can lie in.
const YEARS: std::ops::RangeInclusive<i32> = 1971..=2200;

/// The years that a day can lie in; people were born before there were contact centres.
const DAY_YEARS: std::ops::RangeInclusive<i32> = 1901..=2200;

/// Local date and time with a space or a `T` between them, with or without seconds, with or without a fraction.
///
/// The plain form is read by place: there are several such times in every record, and the general parser costs more than the
/// rest of a field.
pub fn local(text: &str) -> Option<NaiveDateTime> {
    if is_plain(text.as_bytes()) {
        return plain(text.as_bytes());
    }
    let text = with_seconds(text);
    let form = if text.as_bytes().get(10) == Some(&b'T') {
        "%Y-%m-%dT%H:%M:%S%.f"
    } else {
        "%Y-%m-%d %H:%M:%S%.f"
    };
    NaiveDateTime::parse_from_str(&text, form).ok()
}

/// An instant: with an offset, or local to the account.
pub fn instant(text: &str, account: &Account) -> Option<DateTime<Utc>> {
    match local(text) {
        Some(local) => account.instant(local),
        None => with_offset(text),
    }
}

/// The local time of a text: as written, or that of an instant where an offset is given.
pub fn wall_clock(text: &str, account: &Account) -> Option<NaiveDateTime> {
    local(text).or_else(|| with_offset(text).map(|at| account.local(at)))
}

/// An instant that may stand in a column; nothing for a filler.
pub(super) fn plausible_instant(text: &str, account: &Account) -> Result<Option<DateTime<Utc>>, FaultKind> {
    if is_filler(text) || is_epoch(text) {
        return Ok(None);
    }
    // The year is looked at as it is written: an account cannot place a time of the year 1.
    let at = wall_clock(text, account).ok_or(FaultKind::Unreadable)?;
    if !YEARS.contains(&at.year()) {
        return Err(FaultKind::OutOfRange);
    }
    instant(text, account).map(Some).ok_or(FaultKind::Unreadable)
}

/// The same where a day may stand for its beginning.
pub(super) fn plausible_beginning(text: &str, account: &Account) -> Result<Option<DateTime<Utc>>, FaultKind> {
    match ymd(text) {
        Some(day) => plausible_instant(&day.and_time(NaiveTime::MIN).to_string(), account),
        None => plausible_instant(text, account),
    }
}

/// The day of a date, or of a local time; nothing for a filler.
pub(super) fn plausible_day(text: &str) -> Result<Option<NaiveDate>, FaultKind> {
    if is_filler(text) {
        return Ok(None);
    }
    let day = ymd(text)
        .or_else(|| local(text).map(|at| at.date()))
        .or_else(|| offset_time(text).map(|at| at.date_naive()));
    let day = day.ok_or(FaultKind::Unreadable)?;
    let fits = DAY_YEARS.contains(&day.year());
    fits.then_some(Some(day)).ok_or(FaultKind::OutOfRange)
}

/// True for the dates that databases and their clients write where there is no date: the beginning or the end of their
/// calendars (0000, 0001, 1601, 1753, 1899, 1900; 2999, 3000, 9999 and later), and infinity.
fn is_filler(text: &str) -> bool {
    if matches!(text, "infinity" | "-infinity") {
        return true;
    }
    // PHP writes a zero date back as a day of the year -1.
    let digits = text.trim_start_matches(['-', '+']);
    let Some((year, rest)) = digits.split_once(['-', '/']) else {
        return false;
    };
    let is_date = rest
        .as_bytes()
        .get(2)
        .is_some_and(|mark| matches!(mark, b'-' | b'/'));
    if year == "00" {
        return is_date && rest[3..].starts_with("0000");
    }
    let is_year = year.len() >= 4 && year.bytes().all(|b| b.is_ascii_digit());
    let is_far = |year: u64| matches!(year, 0..=1900 | 2999 | 3000 | 9998..);
    // A year that no number holds is later than any.
    is_date && is_year && (digits.len() < text.len() || is_far(year.parse().unwrap_or(u64::MAX)))
}

/// True for the beginning of Unix time, in any zone: a zero that was taken for a time.
fn is_epoch(text: &str) -> bool {
    text.starts_with("1970-01-01") || text.starts_with("1969-12-31")
}

/// A date alone.
fn ymd(text: &str) -> Option<NaiveDate> {
    (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())?
}

fn with_offset(text: &str) -> Option<DateTime<Utc>> {
    offset_time(text).map(|at| at.to_utc())
}

fn offset_time(text: &str) -> Option<DateTime<chrono::FixedOffset>> {
    let text = with_seconds(text);
    // Offsets come with and without a colon; `%#z` takes both.
    let text = match text.strip_suffix('Z') {
        Some(plain) => Cow::Owned(format!("{plain}+00:00")),
        None => text,
    };
    DateTime::parse_from_str(&text.replacen(' ', "T", 1), "%Y-%m-%dT%H:%M:%S%.f%#z").ok()
}

/// The same time with seconds.
fn with_seconds(text: &str) -> Cow<'_, str> {
    match (text.get(..16), text.get(16..)) {
        (Some(minute), Some(rest)) if minute.as_bytes()[13] == b':' && !rest.starts_with(':') => {
            Cow::Owned(format!("{minute}:00{rest}"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// True where the marks of `2026-02-03 14:05:09` stand in their places.
fn is_plain(text: &[u8]) -> bool {
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    text.len() == 19 && matches!(text[10], b' ' | b'T') && marks.iter().all(|(at, mark)| text[*at] == *mark)
}

fn plain(text: &[u8]) -> Option<NaiveDateTime> {
    let number = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0, |sum, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0'))
        })
    };
    let year = i32::try_from(number(0, 4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)?;
    date.and_hms_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Region;

    const LATE: Result<Option<&str>, FaultKind> = Err(FaultKind::OutOfRange);
    const ODD: Result<Option<&str>, FaultKind> = Err(FaultKind::Unreadable);

    #[test]
    fn times_come_in_several_forms() {
        let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
        for (text, wanted) in [
            ("2026-02-03 14:05:09", Ok(Some("2026-02-03T22:05:09Z"))),
            ("2026-02-03T14:05:09", Ok(Some("2026-02-03T22:05:09Z"))),
            ("2026-02-03 14:05:09.250000", Ok(Some("2026-02-03T22:05:09.25Z"))),
            ("2026-02-03 14:05", Ok(Some("2026-02-03T22:05:00Z"))),
            ("2026-02-03T14:05Z", Ok(Some("2026-02-03T14:05:00Z"))),
            ("2026-02-03T14:05:09-0800", Ok(Some("2026-02-03T22:05:09Z"))),
            ("2026-02-03T14:05:09-05:00", Ok(Some("2026-02-03T19:05:09Z"))),
            ("2026-02-03 14:05:09+02:00", Ok(Some("2026-02-03T12:05:09Z"))),
            ("2026-02-03T14:05:09Z", Ok(Some("2026-02-03T14:05:09Z"))),
            ("1971-01-01 00:00:00", Ok(Some("1971-01-01T08:00:00Z"))),
            ("2200-12-31 00:00:00", Ok(Some("2200-12-31T08:00:00Z"))),
            ("yesterday", ODD),
            ("2026-02-03", ODD),
            ("2026-02-30 00:00:00", ODD),
            ("2026-02-03 24:00:00", ODD),
            ("2026-02-03 1a:00:00", ODD),
            ("2026/02/03 14:05:09", ODD),
            ("2026-02-03 14:05:é", ODD),
            ("2026-02-03 14é05:09", ODD),
            ("1767225600", ODD),
            ("2026-", ODD),
            ("--", ODD),
        ] {
            let wanted = wanted.map(|at| at.map(|at| at.parse().unwrap()));
            assert_eq!(plausible_instant(text, &account), wanted, "{text}");
        }
    }

    #[test]
    fn a_filler_is_no_time_and_no_fault_and_a_far_date_is_a_fault() {
        let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
        for (text, wanted) in [
            ("0000-00-00 00:00:00", Ok(None)),
            ("0000-00-00", Ok(None)),
            ("00/00/0000", Ok(None)),
            ("0000-00-00T00:00:00Z", Ok(None)),
            ("-0001-11-30 00:00:00", Ok(None)),
            ("0001-01-01T00:00:00", Ok(None)),
            ("0001-01-01T00:00:00Z", Ok(None)),
            ("1601-01-01 00:00:00", Ok(None)),
            ("1753-01-01 00:00:00", Ok(None)),
            ("1899-12-30 00:00:00", Ok(None)),
            ("1900-01-01 00:00:00.000", Ok(None)),
            ("1900-01-01", Ok(None)),
            ("1969-12-31 16:00:00", Ok(None)),
            ("1970-01-01 00:00:00", Ok(None)),
            ("1970-01-01T00:00:00+00:00", Ok(None)),
            ("2999-12-31 00:00:00", Ok(None)),
            ("9999-12-31 23:59:59", Ok(None)),
            ("+275760-09-13T00:00:00Z", Ok(None)),
            ("292278994-08-17T07:12:55Z", Ok(None)),
            ("99999999999999999999999-01-01", Ok(None)),
            ("infinity", Ok(None)),
            ("1955-03-04 00:00:00", LATE),
            ("1970-06-01 00:00:00", LATE),
            ("2201-01-01 00:00:00", LATE),
            ("2555-01-01T00:00:00Z", LATE),
        ] {
            let wanted = wanted.map(|at| at.map(|at: &str| at.parse().unwrap()));
            assert_eq!(plausible_instant(text, &account), wanted, "{text}");
        }
    }

    #[test]
    fn a_day_may_stand_for_its_beginning_where_a_stream_says_so() {
        let account = Account::new(chrono_tz::UTC, Region::US);
        for (text, wanted) in [
            ("2026-02-03", Ok(Some("2026-02-03T00:00:00Z"))),
            ("2026-02-03T14:05:09", Ok(Some("2026-02-03T14:05:09Z"))),
            ("0000-00-00", Ok(None)),
            ("2026-02-31", ODD),
        ] {
            let wanted = wanted.map(|at| at.map(|at| at.parse().unwrap()));
            assert_eq!(plausible_beginning(text, &account), wanted, "{text}");
        }
    }

    #[test]
    fn days_go_back_to_before_there_were_calls() {
        for (text, wanted) in [
            ("1955-03-04", Ok(Some("1955-03-04"))),
            ("1970-01-01", Ok(Some("1970-01-01"))),
            ("1955-03-04 00:00:00", Ok(Some("1955-03-04"))),
            ("1955-03-04T23:00:00-0800", Ok(Some("1955-03-04"))),
            ("0000-00-00", Ok(None)),
            ("1900-01-01", Ok(None)),
            ("9999-12-31", Ok(None)),
            ("2300-01-01", LATE),
            ("03/04/1955", ODD),
            ("1955-02-30", ODD),
        ] {
            let wanted = wanted.map(|day| day.map(|day| day.parse().unwrap()));
            assert_eq!(plausible_day(text), wanted, "{text}");
        }
    }

    #[test]
    fn the_wall_clock_is_the_text_or_that_of_the_instant() {
        let account = Account::new(chrono_tz::America::New_York, Region::US);
        for (text, wanted) in [
            ("2026-02-03 14:05", Some("2026-02-03T14:05:00")),
            ("2026-02-03 14:05:09.5", Some("2026-02-03T14:05:09.5")),
            ("2026-02-03T14:05Z", Some("2026-02-03T09:05:00")),
            ("2026-02-03", None),
            ("14:05", None),
        ] {
            let wanted = wanted.map(|text| text.parse().unwrap());
            assert_eq!(wall_clock(text, &account), wanted, "{text}");
        }
    }
}
