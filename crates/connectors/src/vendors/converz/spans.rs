//! Reading calls by spans of minutes: an answer that is full gives way to a shorter span, one that is not is the whole span.
//!
//! A slice moves through its window from the earliest minute to the last. The first page request is the whole window, which is
//! enough for most tenants. Where it is too full, a span is a sixteenth as long, and from then on as long as the
//! density of the last answer says. So nearly every answer is two thirds full and only the first ones are thrown away: a day of
//! a million calls costs about 1,000 requests and a hundredth of its rows more than once. Halving would cost all of them.

use chrono::{NaiveDateTime, TimeDelta};

use crate::source::{
    ASTRAY, Context, Envelope, Evidence, Next, PageRows, Paging, ReadError, Request, Response, Scope,
    Whereabouts, distance_outside,
};
use crate::wire::wire_record;

use super::envelope::{is_no_content, is_not_found_in_words};
use super::page_size::{Fill, PageSize};
use super::values::{LocalMinutes, MINUTE, first_minute, minute_of};

/// A full span gives way to one that is so many times shorter.
const SHRINK: i64 = 16;
/// A span is at most so many times longer than the one before it.
const GROW: i64 = 8;
/// Percent of an answer that the next span shall fill, so that busier minutes still fit.
const AIM: i64 = 70;

const OUTSIDE: &str =
    "Some calls start outside the time that was asked for; check whether `time_zone` is the tenant's";

/// Calls by spans of minutes.
pub(super) struct Spans {
    /// The request without span and size.
    pub(super) request: fn(&Scope<'_>) -> Request,
    /// What of it the mapping has to know.
    pub(super) context: fn(&Scope<'_>) -> Context,
}

/// A page request for calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SpanPosition {
    filter: Filter,
    size: PageSize,
}

/// Which calls are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Filter {
    /// Those of a span.
    Span(Span),
    /// The same once more: the vendor said "none" of the span, and then showed that it has calls.
    SpanAgain(Span),
    /// Every call, also those without a start.
    None,
    /// Every call, because the vendor said "none" of this span.
    NoneToConfirm(Span),
}

/// A span of minutes; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Span {
    after: NaiveDateTime,
    /// None where the future belongs to it.
    before: Option<NaiveDateTime>,
}

/// How many rows a span held.
#[derive(Debug, Clone, Copy)]
struct Density {
    minutes: i64,
    row_count: i64,
}

impl Paging for Spans {
    type Position = SpanPosition;

    fn first_positions(&self, scope: &Scope<'_>) -> Vec<SpanPosition> {
        let filter = if scope.slice.has_filter() {
            let minutes = span_minutes(scope);
            Filter::Span(Span {
                after: minutes.first,
                before: (!scope.slice.is_open()).then(|| minute_beyond(minutes.last)),
            })
        } else {
            Filter::None
        };
        let size = PageSize::usual_size(scope.account);
        vec![SpanPosition { filter, size }]
    }

    fn request_for(&self, at: &SpanPosition, scope: &Scope<'_>) -> Request {
        let request = (self.request)(scope);
        let request = match at.filter {
            Filter::Span(span) | Filter::SpanAgain(span) => span.put_into(request),
            Filter::None | Filter::NoneToConfirm(_) => request,
        };
        at.size.put_into(request)
    }

    fn position_after(
        &self,
        at: &SpanPosition,
        got: &Envelope<'_>,
        scope: &Scope<'_>,
    ) -> Result<Next<SpanPosition>, ReadError> {
        let row_count = got.records.len();
        match at.filter {
            Filter::None => at
                .size
                .follow_page(row_count, |size| SpanPosition { size, ..*at }),
            Filter::NoneToConfirm(span) => Ok(match at.size.judge_fill(row_count)? {
                Fill::Whole(evidence) => span.end(evidence, Density::of(span, 0, scope), false, scope),
                // There are calls, so the vendor is well: what it says of the span now is worth more.
                Fill::Full | Fill::PerhapsCut => Next::Instead {
                    lists: vec![SpanPosition {
                        filter: Filter::SpanAgain(span),
                        ..*at
                    }],
                    rows: PageRows::Drop,
                },
            }),
            Filter::Span(span) | Filter::SpanAgain(span) => {
                let times = start_times(got, scope);
                match at.size.judge_fill(row_count)? {
                    Fill::Full => span.divide_span(at, scope),
                    Fill::PerhapsCut => Ok(Next::page(SpanPosition {
                        size: at.size.to_second(),
                        ..*at
                    })),
                    Fill::Whole(evidence) => {
                        // A second page does not say how many rows the first one had.
                        let usual = i64::from(PageSize::usual_size(scope.account).room_of()) * AIM / 100;
                        let row_count = i64::try_from(row_count).unwrap_or(i64::MAX);
                        let row_count = if at.size.is_second() { usual } else { row_count };
                        let density = Density::of(span, row_count, scope);
                        Ok(span.end(evidence, density, span.is_last_minute_whole(&times), scope))
                    }
                }
            }
        }
    }

    /// Whoever says "none" of a span is asked for any call at all, and then for the span again.
    fn confirmation_of(&self, at: &SpanPosition, _: &Scope<'_>) -> SpanPosition {
        match at.filter {
            Filter::Span(span) if !at.size.is_second() => SpanPosition {
                filter: Filter::NoneToConfirm(span),
                ..*at
            },
            _ => *at,
        }
    }

    /// An answer whose rows lie mostly far outside shows that the filter was not heeded, so that nothing tells which rows it holds.
    fn whereabouts_of(&self, at: &SpanPosition, got: &Envelope<'_>, scope: &Scope<'_>) -> Whereabouts {
        let (Filter::Span(span) | Filter::SpanAgain(span)) = at.filter else {
            return Whereabouts::Asked;
        };
        let times = start_times(got, scope);
        let distances: Vec<TimeDelta> = times.iter().map(|time| span.distance_to(*time)).collect();
        let far = distances.iter().filter(|distance| **distance > ASTRAY);
        if far.count() * 2 > times.len() {
            return Whereabouts::Elsewhere;
        }
        Whereabouts::of_distances(distances.into_iter().map(Some))
    }

    /// A 404 is only believed to mean "none" of a span: a wrong path has one for everything, and fails when no call at all is
    /// found.
    fn says_none(&self, at: &SpanPosition, got: &Response) -> bool {
        let has_filter = matches!(at.filter, Filter::Span(_) | Filter::SpanAgain(_));
        is_no_content(got) || (has_filter && is_not_found_in_words(got))
    }

    fn warning_about(
        &self,
        at: &SpanPosition,
        got: &Envelope<'_>,
        scope: &Scope<'_>,
    ) -> Option<&'static str> {
        let (Filter::Span(span) | Filter::SpanAgain(span)) = at.filter else {
            return None;
        };
        let times = start_times(got, scope);
        let is_outside = |time: &NaiveDateTime| !span.distance_to(*time).is_zero();
        times.iter().any(is_outside).then_some(OUTSIDE)
    }

    fn context_of(&self, _: &SpanPosition, scope: &Scope<'_>) -> Context {
        (self.context)(scope)
    }
}

impl Density {
    fn of(span: Span, row_count: i64, scope: &Scope<'_>) -> Self {
        Self {
            minutes: span.count_steps(scope) + 1,
            row_count,
        }
    }

    /// Minutes that would fill an answer as far as is wanted.
    fn minutes_to_fill(self, room: u32) -> i64 {
        let minutes = self.minutes * i64::from(room) * AIM / 100 / self.row_count.max(1);
        minutes.clamp(1, self.minutes * GROW)
    }
}

impl Span {
    fn put_into(self, request: Request) -> Request {
        let request = request.with("after", self.after.format(MINUTE));
        match self.before {
            Some(before) => request.with("before", before.format(MINUTE)),
            None => request,
        }
    }

    /// Minutes from its first to its last; to the end of the window where the future belongs to it.
    fn count_steps(self, scope: &Scope<'_>) -> i64 {
        let before = self
            .before
            .unwrap_or_else(|| minute_beyond(span_minutes(scope).last));
        (before - self.after).num_minutes()
    }

    /// The span is at its end; the next one of the window begins, if any is left.
    fn end(
        self,
        evidence: Evidence,
        density: Density,
        is_last_minute_whole: bool,
        scope: &Scope<'_>,
    ) -> Next<SpanPosition> {
        let next = self.next_in_window(density, is_last_minute_whole, scope);
        let size = PageSize::usual_size(scope.account);
        let then = next.map(|span| SpanPosition {
            filter: Filter::Span(span),
            size,
        });
        Next::End {
            evidence,
            then: then.into_iter().collect(),
        }
    }

    fn next_in_window(self, density: Density, is_last_minute_whole: bool, scope: &Scope<'_>) -> Option<Self> {
        let last = span_minutes(scope).last;
        let before = self.before?;
        let after = if is_last_minute_whole {
            minute_beyond(before)
        } else {
            before
        };
        if after > last {
            return None;
        }
        let room = PageSize::usual_size(scope.account).room_of();
        let steps = (density.minutes_to_fill(room) - 1).max(1);
        let before = (after + TimeDelta::minutes(steps)).min(minute_beyond(last));
        Some(Self {
            after,
            before: Some(before),
        })
    }

    /// The beginning of a span that was too full; a minute that is too full by itself gets an answer with more room. The future
    /// becomes a list of its own, in which nearly nothing is.
    fn divide_span(self, at: &SpanPosition, scope: &Scope<'_>) -> Result<Next<SpanPosition>, ReadError> {
        let steps = self.count_steps(scope);
        let is_open = self.before.is_none();
        if steps <= 1 && !(is_open && steps == 1) {
            return Ok(Next::Instead {
                lists: vec![SpanPosition {
                    size: at.size.raise_room()?,
                    ..*at
                }],
                rows: PageRows::Drop,
            });
        }
        let first_part = Self {
            before: Some(self.after + TimeDelta::minutes((steps / SHRINK).max(1))),
            ..self
        };
        let future = is_open.then(|| Self::future_span(scope));
        let lists = future.into_iter().chain([first_part]);
        let position = |span| SpanPosition {
            filter: Filter::Span(span),
            ..*at
        };
        Ok(Next::Instead {
            lists: lists.map(position).collect(),
            rows: PageRows::Drop,
        })
    }

    /// Everything from the start of the slice on. What lies between the window and the start is too young to be read.
    fn future_span(scope: &Scope<'_>) -> Self {
        let now = first_minute(scope.slice.started_at, scope.account);
        Self {
            after: now.max(minute_beyond(span_minutes(scope).last)),
            before: None,
        }
    }

    /// True where the answer has rows from within the last minute.
    ///
    /// Both ends are said to be inclusive, but not whether seconds count. Where they do, the last minute is nothing but its first
    /// second, so it is asked for again, unless a row with seconds proves the contrary. No span is one minute alone for this reason.
    fn is_last_minute_whole(self, times: &[NaiveDateTime]) -> bool {
        let is_within = |time: &NaiveDateTime| {
            let before = self.before;
            before.is_some_and(|before| minute_of(*time) == before && *time > before)
        };
        times.iter().any(is_within)
    }

    /// How far outside a time lies.
    fn distance_to(self, time: NaiveDateTime) -> TimeDelta {
        distance_outside(minute_of(time), self.after, self.before)
    }
}

fn span_minutes(scope: &Scope<'_>) -> LocalMinutes {
    LocalMinutes::of(&scope.slice.window(), scope.account)
}

fn minute_beyond(minute: NaiveDateTime) -> NaiveDateTime {
    minute + TimeDelta::minutes(1)
}

wire_record! {
    /// The time by which calls are filtered.
    struct Start { start_time }
}

/// The local times at which the calls of an answer started.
fn start_times(got: &Envelope<'_>, scope: &Scope<'_>) -> Vec<NaiveDateTime> {
    let start = |record: &str| {
        let start = Start::read(record).ok()?.start_time;
        start.unwrap_list_of_one().wall_clock(scope.account)
    };
    got.records.iter().filter_map(|record| start(record)).collect()
}

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod tests;
