//! Reading lists that show the latest activity first and have neither a filter nor a total.
//!
//! Rows change places while they are read. Activity moves a row to the first page, which was read already: a second pass
//! reads the beginning of each list again. A row that leaves a list, by deletion or because the chat became a lead, moves the
//! rows below it up, and one of them from the page that comes next to the page just read: so each page is looked back at
//! after the next one was read. A row is met for certain unless, within four requests, two rows above it leave the list and
//! others come in between.
//!
//! A list ends with an empty page. That page is looked back at too: when it has rows now, the list goes on.

use chrono::{DateTime, TimeDelta, Utc};
use xxhash_rust::xxh3::Xxh3;

use crate::source::{Context, Envelope, Evidence, Next, Paging, ReadError, Request, Scope};

use super::visitor::{Sighting, see_value};

/// The second pass goes so far behind the start of the slice.
const REACH: TimeDelta = TimeDelta::minutes(5);
/// How much more recent a later row may be: last activity is not told to the second.
const SLACK: TimeDelta = TimeDelta::minutes(1);
/// So many pages in a row with the same rows are a circle. One may repeat where as many rows came in above as a page holds.
const MOST_REPEATS: u8 = 4;

const DISORDER: &str = "The list is not sorted by last activity; it is read to its end in every slice";

/// What of a request the mapping has to know: the time before which a row was brought by the first pass already.
pub(super) const MET_BEFORE: &str = "met_before";

/// Lists that are read one after the other.
pub(super) struct Feed<L: 'static> {
    /// The lists, in their order.
    pub(super) lists: &'static [L],
    /// The request for a page of a list, from 1.
    pub(super) request: fn(L, u32, &Scope<'_>) -> Request,
    /// What of it the mapping has to know.
    pub(super) context: fn(L, &Scope<'_>) -> Context,
}

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FeedPosition {
    /// Which of the lists.
    list: usize,
    pass: Pass,
    page: u32,
    step: Step,
    trail: Trail,
}

/// How often the lists were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Pass {
    First,
    /// Their beginnings once more, for rows that were active meanwhile.
    Second,
}

/// Why a page is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    /// It is the next one of its list.
    Forward,
    /// It was read before, and a row may have moved up to it since.
    LookBack,
    /// It was read before, and was empty: the end of its list.
    LookBackAtEnd,
    /// It lies behind a page that was empty and is not any more.
    BehindEnd,
}

/// What the pages before have shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Trail {
    /// The latest activity, of those before the slice, on the page before.
    latest: Option<DateTime<Utc>>,
    is_in_disorder: bool,
    /// The rows of the page before, and how often they came.
    rows: Option<u64>,
    repeat_count: u8,
}

impl<L: Copy + Send + Sync + 'static> Paging for Feed<L> {
    type Position = FeedPosition;

    fn first_positions(&self, _: &Scope<'_>) -> Vec<FeedPosition> {
        vec![FeedPosition {
            list: 0,
            pass: Pass::First,
            page: 1,
            step: Step::Forward,
            trail: Trail::default(),
        }]
    }

    fn request_for(&self, at: &FeedPosition, scope: &Scope<'_>) -> Request {
        (self.request)(self.lists[at.list], at.page, scope)
    }

    fn position_after(
        &self,
        at: &FeedPosition,
        got: &Envelope<'_>,
        scope: &Scope<'_>,
    ) -> Result<Next<FeedPosition>, ReadError> {
        match at.step {
            Step::LookBackAtEnd if !got.records.is_empty() => Ok(Next::page(FeedPosition {
                page: at.page + 1,
                step: Step::BehindEnd,
                ..*at
            })),
            Step::LookBack | Step::LookBackAtEnd => Ok(Next::end(Evidence::Single)),
            Step::Forward | Step::BehindEnd => self.follow(at, got, scope),
        }
    }

    fn warning_about(
        &self,
        at: &FeedPosition,
        got: &Envelope<'_>,
        scope: &Scope<'_>,
    ) -> Option<&'static str> {
        if matches!(at.step, Step::LookBack | Step::LookBackAtEnd) {
            return None;
        }
        let times = got
            .records
            .iter()
            .map(|record| see_value(record, scope.account).last_activity);
        is_out_of_order(&times.collect::<Vec<_>>(), at.trail, scope).then_some(DISORDER)
    }

    fn context_of(&self, at: &FeedPosition, scope: &Scope<'_>) -> Context {
        let context = (self.context)(self.lists[at.list], scope);
        match at.pass {
            Pass::First => context,
            Pass::Second => context.with(MET_BEFORE, quiet_before(scope).to_rfc3339()),
        }
    }
}

impl<L> Feed<L> {
    /// What follows a page that is read for the first time in its pass.
    fn follow(
        &self,
        at: &FeedPosition,
        got: &Envelope<'_>,
        scope: &Scope<'_>,
    ) -> Result<Next<FeedPosition>, ReadError> {
        let sights: Vec<Sighting> = got
            .records
            .iter()
            .map(|record| see_value(record, scope.account))
            .collect();
        let times: Vec<_> = sights.iter().map(|sight| sight.last_activity).collect();
        let trail = at.trail.follow(fingerprint_ids(&sights), &times, scope)?;
        let evidence = if times.is_empty() {
            Some(Evidence::EmptyPage)
        } else if !trail.is_in_disorder && is_old(&times, at.pass, scope) {
            Some(Evidence::OldEnough)
        } else {
            None
        };
        let look_back = |page: u32, step: Step| FeedPosition {
            page,
            step,
            trail: Trail::default(),
            ..*at
        };
        // From the second page on; a row may have moved up from the last page and down again behind the look back.
        let before = (at.page > 1).then(|| look_back(at.page - 1, Step::LookBack));
        let Some(evidence) = evidence else {
            return Ok(Next::Page {
                page: FeedPosition {
                    page: at.page + 1,
                    trail,
                    ..*at
                },
                before: before.into_iter().collect(),
            });
        };
        let last = match evidence {
            Evidence::EmptyPage => Some(look_back(at.page, Step::LookBackAtEnd)),
            _ => before.map(|_| look_back(at.page, Step::LookBack)),
        };
        let onward = self.next_list(at, trail);
        Ok(Next::End {
            evidence,
            then: onward.into_iter().chain(last).chain(before).collect(),
        })
    }

    /// The first page of the next list, or of the first one in the second pass.
    fn next_list(&self, at: &FeedPosition, trail: Trail) -> Option<FeedPosition> {
        if at.step == Step::BehindEnd {
            // The next list has begun when this one ended for the first time.
            return None;
        }
        let is_last = at.list + 1 == self.lists.len();
        let pass = match (is_last, at.pass) {
            (false, pass) => pass,
            (true, Pass::First) => Pass::Second,
            (true, Pass::Second) => return None,
        };
        Some(FeedPosition {
            list: if is_last { 0 } else { at.list + 1 },
            pass,
            page: 1,
            step: Step::Forward,
            // A list of its own has an order of its own, but what was said of one holds for all.
            trail: Trail {
                is_in_disorder: trail.is_in_disorder,
                ..Trail::default()
            },
        })
    }
}

impl Trail {
    /// What the pages have shown with this one.
    fn follow(
        self,
        rows: Option<u64>,
        times: &[Option<DateTime<Utc>>],
        scope: &Scope<'_>,
    ) -> Result<Self, ReadError> {
        let repeat_count = if rows == self.rows {
            self.repeat_count + 1
        } else {
            0
        };
        if repeat_count >= MOST_REPEATS {
            return Err(ReadError::PagingLoop);
        }
        Ok(Self {
            latest: latest_quiet(times, scope).or(self.latest),
            is_in_disorder: self.is_in_disorder || is_out_of_order(times, self, scope),
            rows,
            repeat_count,
        })
    }
}

/// Tells pages apart by the ids on them; nothing for an empty page.
fn fingerprint_ids(sights: &[Sighting]) -> Option<u64> {
    let mut digest = Xxh3::new();
    for sight in sights {
        digest.update(sight.id.as_bytes());
        digest.update(&[0]);
    }
    (!sights.is_empty()).then(|| digest.digest())
}

/// True for a row of the second pass which the first has brought already: it has not been active since.
pub(super) fn is_met_before(context: &Context, last_activity: Option<DateTime<Utc>>) -> bool {
    let before = context.get(MET_BEFORE).and_then(|text| text.parse().ok());
    before.is_some_and(|before: DateTime<Utc>| last_activity.is_none_or(|at| at < before))
}

/// True where no row of the page was active within the reach of the pass. A row that does not tell may have been.
fn is_old(times: &[Option<DateTime<Utc>>], pass: Pass, scope: &Scope<'_>) -> bool {
    let reach = match pass {
        Pass::First => scope.slice.window().since,
        Pass::Second => quiet_before(scope),
    };
    times.iter().all(|time| time.is_some_and(|at| at < reach))
}

/// True where a row was active later than one above it, on this page or on the one before.
///
/// Between two pages only rows count that were quiet during the slice, and they are compared with the latest one of the page
/// before: others change places, and new ones above push rows of the page before onto this one.
fn is_out_of_order(times: &[Option<DateTime<Utc>>], trail: Trail, scope: &Scope<'_>) -> bool {
    if let (Some(latest), Some(before)) = (latest_quiet(times, scope), trail.latest)
        && latest - SLACK > before
    {
        return true;
    }
    let mut earliest = DateTime::<Utc>::MAX_UTC;
    times.iter().flatten().any(|time| {
        earliest = earliest.min(*time);
        *time - SLACK > earliest
    })
}

/// The latest activity on the page that was before the slice.
fn latest_quiet(times: &[Option<DateTime<Utc>>], scope: &Scope<'_>) -> Option<DateTime<Utc>> {
    let quiet = times.iter().flatten().filter(|at| **at < quiet_before(scope));
    quiet.max().copied()
}

/// Activity before this was before the slice, by any clock.
fn quiet_before(scope: &Scope<'_>) -> DateTime<Utc> {
    scope.slice.started_at - REACH
}

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod tests;
