//! Reading calls by spans of minutes: an answer that is full gives way to a shorter span, one that is not is the whole span.
//!
//! The walk moves through its window from the earliest minute to the last. The first question is the whole window, which is
//! enough for most tenants. Where it is too full, a span is a sixteenth as long, and from then on as long as the
//! density of the last answer says. So nearly every answer is two thirds full and only the first ones are thrown away: a day of
//! a million calls costs about 1,000 questions and a hundredth of its rows more than once. Halving would cost all of them.

use chrono::{NaiveDateTime, TimeDelta};

use crate::source::{Account, Ask, Next, Opened, ReadError, Request, Window};

use super::size::{self, Fill};
use super::time::{MINUTE, minute, minutes};
use super::{METRICS, wire};

const AFTER: &str = "after";
const BEFORE: &str = "before";

/// A full span gives way to one that is so many times shorter.
const SHRINK: i64 = 16;
/// A span is at most so many times longer than the one before it.
const GROW: i64 = 8;
/// Percent of an answer that the next span shall fill, so that busier minutes still fit.
const AIM: i64 = 70;
/// Hours that a row may lie outside a span before it counts as astray: any mistake about the zone, and a change of clocks.
const ASTRAY_HOURS: i64 = 26;

const OUTSIDE: &str =
    "Some calls start outside the time that was asked for; check whether `time_zone` is the tenant's";

/// A span of minutes; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    after: NaiveDateTime,
    before: NaiveDateTime,
}

/// The first question: all of the window.
pub(super) fn first(window: &Window, account: &Account) -> Request {
    let (after, last) = minutes(window, account);
    let span = Span {
        after,
        before: beyond(last),
    };
    let request = size::page(span.put(Request::get("calls")), account);
    let metrics = account.list(METRICS);
    if metrics.is_empty() {
        return request;
    }
    // Several names in one text, with commas (assumed from `groupby`, of which it is documented).
    request.with("metric", metrics.join(","))
}

/// What follows an answer.
pub(super) fn then(asked: &Ask, got: &Opened<'_>, account: &Account) -> Result<Next, ReadError> {
    let span = Span::of(asked);
    let fill = size::fill(asked, got)?;
    let times: Vec<NaiveDateTime> = got
        .items
        .iter()
        .filter_map(|item| wire::start(item, account))
        .collect();
    let warning = span.check(&times)?;
    let on = |ask: Option<Ask>, replaces| Next {
        then: ask.into_iter().collect(),
        replaces,
        warning,
    };
    Ok(match fill {
        Fill::Full => on(Some(narrower(asked, span)?), true),
        Fill::Doubtful => on(Some(size::second(asked)), false),
        Fill::Short => {
            let density = Density {
                span,
                row_count: i64::try_from(got.items.len()).unwrap_or(i64::MAX),
            };
            on(
                onward(asked, account, density, span.is_last_minute_whole(&times)),
                false,
            )
        }
        Fill::Confirmed => {
            // The page before this one said how many rows there are; this one does not.
            let density = Density {
                span,
                row_count: i64::from(size::usual(account)) * AIM / 100,
            };
            on(onward(asked, account, density, false), false)
        }
    })
}

/// How many rows a span held.
#[derive(Debug, Clone, Copy)]
struct Density {
    span: Span,
    row_count: i64,
}

impl Density {
    /// Minutes that would fill an answer as far as is wanted.
    fn minutes(self, room: u32) -> i64 {
        let minutes = self.span.steps() + 1;
        (minutes * i64::from(room) * AIM / 100 / self.row_count.max(1)).clamp(1, minutes * GROW)
    }
}

/// The next span of the window, if any is left.
fn onward(asked: &Ask, account: &Account, density: Density, is_last_minute_whole: bool) -> Option<Ask> {
    let (_, last) = minutes(&asked.window, account);
    let before = density.span.before;
    let after = if is_last_minute_whole {
        beyond(before)
    } else {
        before
    };
    if after > last {
        return None;
    }
    let room = size::usual(account);
    let steps = (density.minutes(room) - 1).max(1);
    let span = Span {
        after,
        before: (after + TimeDelta::minutes(steps)).min(beyond(last)),
    };
    let request = size::page(span.put(asked.request.clone()), account);
    Some(asked.narrowed_to(request))
}

/// The beginning of a span that was too full; a minute that is too full by itself gets an answer with more room.
fn narrower(asked: &Ask, span: Span) -> Result<Ask, ReadError> {
    if span.steps() <= 1 {
        return size::raised(asked);
    }
    let steps = (span.steps() / SHRINK).max(1);
    let span = Span {
        before: span.after + TimeDelta::minutes(steps),
        ..span
    };
    Ok(asked.narrowed_to(span.put(asked.request.clone())))
}

fn beyond(minute: NaiveDateTime) -> NaiveDateTime {
    minute + TimeDelta::minutes(1)
}

impl Span {
    fn of(asked: &Ask) -> Self {
        let bound = |name| {
            let text = asked.request.param(name);
            text.and_then(|text| NaiveDateTime::parse_from_str(text, MINUTE).ok())
                .expect("every question names its span")
        };
        Self {
            after: bound(AFTER),
            before: bound(BEFORE),
        }
    }

    fn put(self, request: Request) -> Request {
        request
            .with(AFTER, self.after.format(MINUTE))
            .with(BEFORE, self.before.format(MINUTE))
    }

    /// Minutes from its first to its last.
    fn steps(self) -> i64 {
        (self.before - self.after).num_minutes()
    }

    /// True where the answer has rows from within the last minute.
    ///
    /// Both ends are said to be inclusive, but not whether seconds count. Where they do, the last minute is nothing but its first
    /// second, so it is asked for again, unless a row with seconds proves the contrary. No span is one minute alone for this reason.
    fn is_last_minute_whole(self, times: &[NaiveDateTime]) -> bool {
        times
            .iter()
            .any(|time| minute(*time) == self.before && *time > self.before)
    }

    /// An answer whose rows lie mostly elsewhere shows that the filter was not heeded, so that nothing tells which rows it
    /// holds. Single rows elsewhere are only worth a warning.
    fn check(self, times: &[NaiveDateTime]) -> Result<Option<&'static str>, ReadError> {
        let margin = TimeDelta::hours(ASTRAY_HOURS);
        let outside = |margin| {
            let within = self.after - margin..=self.before + margin;
            times
                .iter()
                .filter(|time| !within.contains(&minute(**time)))
                .count()
        };
        if outside(margin) * 2 > times.len() {
            return Err(ReadError::Astray);
        }
        Ok((outside(TimeDelta::zero()) > 0).then_some(OUTSIDE))
    }
}

#[cfg(test)]
mod tests;
