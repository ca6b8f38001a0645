//! Paging by the last time seen instead of by offset, for lists that are sorted and filtered by a local time.

use chrono::{NaiveDateTime, TimeDelta};

#[cfg(test)]
use super::super::Evidence;
use super::super::{Account, Envelope, ReadError, Request, Scope};
use super::{Next, Paging, Whereabouts, distance_outside};

/// How much wider the request is that confirms an answer which means "none" only perhaps.
const WIDER: TimeDelta = TimeDelta::days(7);

/// How a list is asked for by time. Both ends of the filter are inclusive, at the precision of a second.
///
/// An offset counts rows that may change places between two requests: rows of one second come in any order. Asking anew from
/// the last second seen cannot skip any of them, and needs no offset, so that the vendor's limit on offsets is never met.
/// The list must then begin with its earliest row. Where it does not, or where local times repeat, offsets are used within
/// the limit, in halves of the span above it; the slice machine compares the distinct rows with the vendor's total in every case.
#[derive(Debug, Clone, Copy)]
pub struct Seek {
    /// The request without bounds and offset.
    pub request: fn(&Scope<'_>) -> Request,
    /// The span of a slice.
    pub span: fn(&Scope<'_>) -> LocalSpan,
    /// Parameter of the first second.
    pub since: &'static str,
    /// Parameter of the last second.
    pub until: &'static str,
    /// Parameter of the offset.
    pub offset: &'static str,
    /// Format of both times.
    pub format: &'static str,
    /// How many rows a page may have.
    pub page_size: u64,
    /// How many rows of one list the vendor lets anyone reach.
    pub reachable: u64,
    /// Reads the time of a record, by which the list is sorted.
    pub time: fn(&str, &Account) -> Option<NaiveDateTime>,
}

/// A span of local time at the precision of a second; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LocalSpan {
    /// The first second.
    pub first: NaiveDateTime,
    /// The last second.
    pub last: NaiveDateTime,
}

/// A page of a list that is asked for by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeekPosition {
    /// The span; none where the list is read without its filter.
    pub span: Option<LocalSpan>,
    /// Rows before the page.
    pub offset: u64,
}

impl Paging for Seek {
    type Position = SeekPosition;

    fn first_positions(&self, scope: &Scope<'_>) -> Vec<SeekPosition> {
        let span = scope.slice.has_filter().then(|| (self.span)(scope));
        vec![SeekPosition { span, offset: 0 }]
    }

    fn request_for(&self, at: &SeekPosition, scope: &Scope<'_>) -> Request {
        let request = (self.request)(scope);
        let request = match at.span {
            Some(span) => request
                .with(self.since, span.first.format(self.format))
                .with(self.until, span.last.format(self.format)),
            None => request,
        };
        request.with(self.offset, at.offset)
    }

    fn position_after(
        &self,
        at: &SeekPosition,
        got: &Envelope<'_>,
        scope: &Scope<'_>,
    ) -> Result<Next<SeekPosition>, ReadError> {
        self.next_of(at, got, scope.account)
    }

    /// The filter and the rows speak of the same clock, so that no row of an honest answer lies outside by a second. Mostly one look at
    /// the first row is enough. A list without a row may be the answer for another span.
    fn whereabouts_of(&self, at: &SeekPosition, got: &Envelope<'_>, scope: &Scope<'_>) -> Whereabouts {
        if got.records.is_empty() && at.offset == 0 {
            return Whereabouts::Unsaid;
        }
        let Some(span) = at.span else {
            return Whereabouts::Asked;
        };
        let distance = |record: &std::borrow::Cow<'_, str>| {
            let time = (self.time)(record, scope.account)?;
            Some(distance_outside(time, span.first, Some(span.last)))
        };
        Whereabouts::of_distances(got.records.iter().map(distance))
    }

    fn confirmation_of(&self, at: &SeekPosition, _: &Scope<'_>) -> SeekPosition {
        let wider = |span: LocalSpan| LocalSpan {
            first: span.first - WIDER,
            ..span
        };
        match at.offset {
            0 => SeekPosition {
                span: at.span.map(wider),
                ..*at
            },
            _ => *at,
        }
    }
}

impl Seek {
    /// What follows a page.
    pub fn next_of(
        &self,
        at: &SeekPosition,
        got: &Envelope<'_>,
        account: &Account,
    ) -> Result<Next<SeekPosition>, ReadError> {
        let by_offset = super::next_offset(at.offset, self.page_size, got, |offset| SeekPosition {
            offset,
            ..*at
        });
        let (Some(span), Next::Page { .. }, 0) = (at.span, &by_offset, at.offset) else {
            return Ok(by_offset);
        };
        if let Some(lists) = self.after_last_second(span, got, account) {
            return Ok(Next::instead(lists));
        }
        match got.total.filter(|total| *total > self.reachable) {
            Some(total) => self.split_halves(span, total).map(Next::instead),
            None => Ok(by_offset),
        }
    }

    /// The rest of the list from its last second on, where the page is in order.
    fn after_last_second(
        &self,
        span: LocalSpan,
        got: &Envelope<'_>,
        account: &Account,
    ) -> Option<Vec<SeekPosition>> {
        let seen = self.times_in_order(got, account)?;
        if seen.first < span.first || seen.last > span.last || span.first == span.last {
            return None;
        }
        if seen.first < seen.last {
            return Some(vec![list_of(LocalSpan {
                first: seen.last,
                ..span
            })]);
        }
        // The page is full of one second, which does not tell in which order the list stands: that second goes by offset,
        // by itself, and what lies before and behind it for itself too.
        let second = TimeDelta::seconds(1);
        let parts = [
            LocalSpan {
                first: seen.last + second,
                ..span
            },
            LocalSpan {
                last: seen.last - second,
                ..span
            },
            seen,
        ];
        let parts = parts.into_iter().filter(|part| part.first <= part.last);
        Some(parts.map(list_of).collect())
    }

    /// The first and the last time of a page whose times never fall. Times that happen twice say nothing about order.
    fn times_in_order(&self, got: &Envelope<'_>, account: &Account) -> Option<LocalSpan> {
        let times: Option<Vec<NaiveDateTime>> = got
            .records
            .iter()
            .map(|record| (self.time)(record, account))
            .collect();
        let times = times.filter(|times| times.is_sorted())?;
        let seen = LocalSpan {
            first: *times.first()?,
            last: *times.last()?,
        };
        account.repeats(seen.last).is_none().then_some(seen)
    }

    /// The span in two halves, the earlier one to be read first.
    fn split_halves(&self, span: LocalSpan, total: u64) -> Result<Vec<SeekPosition>, ReadError> {
        if span.first >= span.last {
            return Err(ReadError::Unreachable {
                total,
                reachable: self.reachable,
            });
        }
        let middle = span.first + TimeDelta::seconds((span.last - span.first).num_seconds() / 2);
        let later = LocalSpan {
            first: middle + TimeDelta::seconds(1),
            ..span
        };
        Ok(vec![list_of(later), list_of(LocalSpan { last: middle, ..span })])
    }
}

fn list_of(span: LocalSpan) -> SeekPosition {
    SeekPosition {
        span: Some(span),
        offset: 0,
    }
}

/// The end of a list by offset, told apart from its pages in tests.
#[cfg(test)]
fn story(next: &Next<SeekPosition>, day: &str) -> Vec<String> {
    let text = |at: NaiveDateTime| {
        let text = at.format("%Y-%m-%d %H:%M:%S").to_string();
        text.replace(&format!("{day} "), "")
    };
    let position = |at: &SeekPosition| {
        let span = at.span.expect("the slice has a filter");
        format!("{} {} +{}", text(span.first), text(span.last), at.offset)
    };
    match next {
        Next::Page { page, .. } => vec![position(page)],
        Next::Instead { lists, .. } => lists.iter().map(position).collect(),
        Next::End {
            evidence: Evidence::Total(_),
            ..
        } => vec!["total".to_owned()],
        Next::End { evidence, .. } => vec![evidence.word().to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::schema::Region;
    use crate::source::{Extent, Slice};

    const SEEK: Seek = Seek {
        request: |_| Request::get("/v2/tickets"),
        span: |_| unreachable!("the tests give spans"),
        since: "from",
        until: "to",
        offset: "skip",
        format: "%Y-%m-%d %H:%M:%S",
        page_size: 3,
        reachable: 1_000,
        time: |record, _| record.parse().ok(),
    };

    /// What follows a page with these times of one day, written `from to +skip`, the next one last.
    fn next(
        day: &str,
        asked: (&str, &str, u64),
        times: &[&str],
        total: u64,
    ) -> Result<Vec<String>, ReadError> {
        let at = |time: &str| format!("{day}T{time}").parse().unwrap();
        let position = SeekPosition {
            span: Some(LocalSpan {
                first: at(asked.0),
                last: at(asked.1),
            }),
            offset: asked.2,
        };
        let records: Vec<String> = times.iter().map(|time| format!("{day}T{time}")).collect();
        let got = Envelope {
            records: records.into_iter().map(Into::into).collect(),
            total: Some(total),
            ..Envelope::default()
        };
        let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
        SEEK.next_of(&position, &got, &account)
            .map(|next| story(&next, day))
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn each_kind_of_page_leads_to_the_right_requests() {
        let hour = ("10:00:00", "10:59:59", 0);
        let (winter, autumn) = ("2026-02-03", "2026-11-01");
        for (case, day, asked, times, total, wanted) in [
            (
                "all came",
                winter,
                hour,
                &["10:00:01", "10:00:02"][..],
                2,
                &["total"][..],
            ),
            (
                "empty although more were promised",
                winter,
                hour,
                &[],
                2,
                &["empty page"],
            ),
            (
                "in order",
                winter,
                hour,
                &["10:00:01", "10:00:02", "10:00:02"],
                9,
                &["10:00:02 10:59:59 +0"],
            ),
            (
                "a full page is never the last",
                winter,
                hour,
                &["10:00:01", "10:00:02", "10:00:03"],
                3,
                &["10:00:03 10:59:59 +0"],
            ),
            (
                "far above the limit, in order",
                winter,
                hour,
                &["10:00:01", "10:00:02"],
                9_000,
                &["10:00:02 10:59:59 +0"],
            ),
            (
                "one second fills the page",
                winter,
                hour,
                &["10:00:00", "10:00:00"],
                9,
                &["10:00:01 10:59:59 +0", "10:00:00 10:00:00 +0"],
            ),
            (
                "another second fills the page",
                winter,
                hour,
                &["10:20:00", "10:20:00"],
                9,
                &[
                    "10:20:01 10:59:59 +0",
                    "10:00:00 10:19:59 +0",
                    "10:20:00 10:20:00 +0",
                ],
            ),
            (
                "the last second fills the page, as when the newest come first",
                winter,
                hour,
                &["10:59:59", "10:59:59"],
                9,
                &["10:00:00 10:59:58 +0", "10:59:59 10:59:59 +0"],
            ),
            (
                "one second by offset",
                winter,
                ("10:00:00", "10:00:00", 0),
                &["10:00:00"],
                9,
                &["10:00:00 10:00:00 +1"],
            ),
            (
                "not in order",
                winter,
                hour,
                &["10:00:02", "10:00:01"],
                9,
                &["10:00:00 10:59:59 +2"],
            ),
            (
                "not in order, above the limit",
                winter,
                hour,
                &["10:00:02", "10:00:01"],
                1_001,
                &["10:30:00 10:59:59 +0", "10:00:00 10:29:59 +0"],
            ),
            (
                "an hour that repeats",
                autumn,
                ("00:00:00", "03:00:00", 0),
                &["00:59:59", "01:10:00"],
                9,
                &["00:00:00 03:00:00 +2"],
            ),
            (
                "an offset is followed to its end",
                winter,
                ("10:00:00", "10:59:59", 2),
                &["10:00:03"],
                9,
                &["10:00:00 10:59:59 +3"],
            ),
        ] {
            assert_eq!(next(day, asked, times, total).unwrap(), wanted, "{case}");
        }
    }

    #[test]
    fn rows_of_another_span_are_seen() {
        for (times, wanted) in [
            (
                &["2026-02-03T10:00:00", "2026-02-03T12:00:00"][..],
                Whereabouts::Asked,
            ),
            // Where the filter is heeded for some rows, nothing else was asked.
            (
                &[
                    "2026-02-02T10:00:00",
                    "2026-02-03T12:00:00",
                    "2026-02-07T12:00:00",
                ],
                Whereabouts::Asked,
            ),
            (&["2026-02-03T00:00:00"], Whereabouts::Asked),
            (&["2026-02-03T23:59:59"], Whereabouts::Asked),
            (&["2026-02-02T23:59:59"], Whereabouts::Beside),
            (
                &["2026-02-04T00:00:00", "2026-02-04T05:10:00"],
                Whereabouts::Beside,
            ),
            (
                &["2026-02-01T10:00:00", "2026-02-06T12:00:00"],
                Whereabouts::Elsewhere,
            ),
            (&["2026-02-02T10:00:00", "soon"], Whereabouts::Asked),
            (&[], Whereabouts::Unsaid),
        ] {
            let day: NaiveDateTime = "2026-02-03T00:00:00".parse().unwrap();
            let at = list_of(LocalSpan {
                first: day,
                last: day + TimeDelta::seconds(86_399),
            });
            let got = Envelope {
                records: times.iter().map(|time| (*time).into()).collect(),
                ..Envelope::default()
            };
            let slice = Slice {
                partition: String::new(),
                extent: Extent::List,
                started_at: DateTime::UNIX_EPOCH,
            };
            let account = Account::new(chrono_tz::UTC, Region::US);
            let scope = Scope {
                slice: &slice,
                account: &account,
            };
            assert_eq!(SEEK.whereabouts_of(&at, &got, &scope), wanted, "{times:?}");
        }
    }

    #[test]
    fn one_second_above_the_limit_is_said_aloud() {
        let error = next("2026-02-03", ("10:00:00", "10:00:00", 0), &["10:00:00"], 1_001).unwrap_err();
        assert!(matches!(
            error,
            ReadError::Unreachable {
                total: 1_001,
                reachable: 1_000
            }
        ));
    }
}
