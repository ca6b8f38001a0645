//! How long a vendor asks to be left alone, in every form in which vendors say it.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// Where vendors say when their limit starts anew. It stands on good answers too, where it says nothing about a wait.
const RESETS: [&str; 5] = [
    "x-ratelimit-reset",
    "x-rate-limit-reset",
    "ratelimit-reset",
    "x-ratelimit-reset-after",
    "x-ratelimit-retry-after",
];
/// The status that says that a limit is spent.
const TOO_MANY: u16 = 429;
/// Numbers from here on are no wait but an instant, in seconds since 1970 (this one lies in 2001).
const FIRST_EPOCH: f64 = 1e9;
/// Numbers from here on are such an instant in milliseconds.
const FIRST_EPOCH_MS: f64 = 1e12;
/// No limit lasts longer than a month; a longer wait is a mistake, and would shut the source for good.
const LONGEST_HINT: Duration = Duration::from_hours(31 * 24);
/// Limits start anew at some time within the second that a header names.
const REST_OF_SECOND: Duration = Duration::from_secs(1);

/// The wait that the vendor asks for, the longest where it asks in several ways. An instant is compared with the vendor's own
/// clock where the answer tells it, since that may differ from ours.
pub(super) fn read_hint(status: u16, headers: &HeaderMap) -> Option<Duration> {
    let vendors_now = header_values(headers, &DATE).find_map(parse_date);
    let now = vendors_now.unwrap_or_else(read_clock);
    let after = header_values(headers, &RETRY_AFTER)
        .filter_map(|value| parse_wait(value, now))
        .max();
    let reset = RESETS
        .iter()
        .filter(|_| status == TOO_MANY)
        .flat_map(|name| header_values(headers, &HeaderName::from_static(name)))
        .filter_map(|value| parse_wait(value, now))
        .map(|wait| wait + REST_OF_SECOND)
        .max();
    after.max(reset)
}

#[expect(
    clippy::disallowed_methods,
    reason = "only for vendors that send an instant to wait for and no date of their own"
)]
fn read_clock() -> DateTime<Utc> {
    Utc::now()
}

fn header_values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
}

/// The wait in a header: a date, or numbers, of which a proxy may have joined several; the greatest counts.
fn parse_wait(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Some(at) = parse_date(header) {
        return Some(wait_until(at, now)).filter(|wait| *wait <= LONGEST_HINT);
    }
    // `50;w=60` is fifty seconds with the width of the window behind it.
    header
        .split(',')
        .filter_map(|part| part.split(';').next())
        .filter_map(|part| parse_number(part, now))
        .filter(|wait| *wait <= LONGEST_HINT)
        .max()
}

/// The wait in a number: of seconds, or an instant in seconds or milliseconds since 1970.
fn parse_number(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim().trim_matches('"');
    let digits = text.strip_suffix(['s', 'S']).unwrap_or(text).trim_end();
    let number: f64 = digits.parse().ok()?;
    if number < FIRST_EPOCH {
        return Duration::try_from_secs_f64(number).ok();
    }
    let seconds = if number < FIRST_EPOCH_MS {
        number
    } else {
        number / 1e3
    };
    let since_1970 = Duration::try_from_secs_f64(seconds).ok()?;
    let at = SystemTime::UNIX_EPOCH.checked_add(since_1970)?;
    Some(wait_until(at.into(), now))
}

/// A date as HTTP writes it, in any of its three ways, or as JSON does.
fn parse_date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(at) = httpdate::parse_http_date(text) {
        return Some(at.into());
    }
    let at = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text));
    Some(at.ok()?.to_utc())
}

/// From now until then; nothing where that has passed.
fn wait_until(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (at - now).to_std().unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Headers of an answer that was sent at 14:00.
    fn headers(own: &[(&'static str, &str)]) -> HeaderMap {
        let date = ("date", "Tue, 03 Feb 2026 14:00:00 GMT");
        own.iter()
            .copied()
            .chain([date])
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_wait_is_understood_in_every_form() {
        for (header, wanted_ms) in [
            ("7", Some(7_000)),
            (" 0 ", Some(0)),
            ("20.5", Some(20_500)),
            (".5", Some(500)),
            ("\"20\"", Some(20_000)),
            ("20s", Some(20_000)),
            ("50, 53", Some(53_000)),
            ("53,50", Some(53_000)),
            ("soon, 9", Some(9_000)),
            ("50;w=60", Some(50_000)),
            ("Tue, 03 Feb 2026 14:00:30 GMT", Some(30_000)),
            ("Tue, 03 Feb 2026 14:00:30 +0000", Some(30_000)),
            ("Tuesday, 03-Feb-26 14:00:30 GMT", Some(30_000)),
            ("Tue Feb  3 14:00:30 2026", Some(30_000)),
            ("2026-02-03T14:00:30Z", Some(30_000)),
            ("Tue, 03 Feb 2026 13:00:00 GMT", Some(0)),
            ("1770127230", Some(30_000)),
            ("1770127230.5", Some(30_500)),
            ("1770127230000", Some(30_000)),
            ("1770120000", Some(0)),
            ("2678400", Some(2_678_400_000)),
            ("2678401", None),
            ("1e300", None),
            ("inf", None),
            ("NaN", None),
            ("soon", None),
            ("", None),
            ("-3", None),
        ] {
            let hint = read_hint(503, &headers(&[("retry-after", header)]));
            assert_eq!(hint, wanted_ms.map(Duration::from_millis), "{header}");
        }
    }

    #[test]
    fn the_longest_wait_that_the_vendor_asks_for_counts() {
        for (status, own, wanted) in [
            (429, &[][..], None),
            (429, &[("x-ratelimit-reset", "7")], Some(8)),
            (429, &[("ratelimit-reset", "7")], Some(8)),
            (429, &[("x-rate-limit-reset", " 0 ")], Some(1)),
            (429, &[("x-ratelimit-reset", "1770127230")], Some(31)),
            (429, &[("x-ratelimit-reset", "soon")], None),
            (
                429,
                &[("retry-after", "30"), ("x-ratelimit-reset", "7")],
                Some(30),
            ),
            (429, &[("retry-after", "3"), ("x-ratelimit-reset", "7")], Some(8)),
            (429, &[("retry-after", "3"), ("retry-after", "5")], Some(5)),
            (503, &[("x-ratelimit-reset", "7")], None),
            (200, &[("x-ratelimit-reset", "7")], None),
        ] {
            let mut map = headers(&[]);
            for (name, value) in own {
                map.append(*name, value.parse().unwrap());
            }
            let hint = read_hint(status, &map);
            assert_eq!(hint, wanted.map(Duration::from_secs), "{status} {own:?}");
        }
    }
}
