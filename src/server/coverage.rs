//! What of a stream is covered, all its partitions together, as spans on one line of time.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::warehouse::{CoveredSpan, FailingSlice, PartitionOverview, SliceRecord};

/// Most spans of one kind on a line; beyond them no eye tells them apart.
const MOST_SPANS: usize = 200;

/// A span of source time, half open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Span {
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

/// What of a stream is covered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Coverage {
    /// Where the line begins: the stream's history.
    pub since: DateTime<Utc>,
    /// Where it ends: now.
    pub until: DateTime<Utc>,
    /// What every partition has covered.
    pub covered: Vec<Span>,
    /// What every partition has read again after corrections had their time.
    pub settled: Vec<Span>,
    /// What is missing between them.
    pub gaps: Vec<Span>,
    /// Windows that fail.
    pub failing: Vec<Span>,
    /// Windows that are being read.
    pub running: Vec<Span>,
}

/// Puts the partitions of a stream together; nothing where it has no history to cover.
pub(super) fn cover_partitions(
    partitions: &[PartitionOverview],
    spans: &[CoveredSpan],
    failing: &[FailingSlice],
    running: &[SliceRecord],
    now: DateTime<Utc>,
) -> Option<Coverage> {
    let since = partitions
        .iter()
        .filter_map(|partition| partition.complete_since)
        .min()?;
    let line = Span { since, until: now };
    if line.until <= line.since {
        return None;
    }
    let of = |is_settled: bool| {
        let parts = partitions.iter().map(|partition| {
            let own = spans
                .iter()
                .filter(|span| span.partition == partition.partition && span.is_settled == is_settled);
            own.map(|span| Span {
                since: span.since,
                until: span.until,
            })
            .collect::<Vec<_>>()
        });
        let whole = parts.reduce(|one, other| intersect_spans(&one, &other));
        clip_spans(whole.unwrap_or_default(), line)
    };
    let covered = of(false);
    let windows = |ends: &mut dyn Iterator<Item = (Option<DateTime<Utc>>, Option<DateTime<Utc>>)>| {
        let spans = ends.filter_map(|(since, until)| {
            Some(Span {
                since: since?,
                until: until?,
            })
        });
        clip_spans(spans.collect(), line)
    };
    Some(Coverage {
        since: line.since,
        until: line.until,
        settled: of(true),
        gaps: find_gaps(&covered, line),
        covered,
        failing: windows(&mut failing.iter().map(|slice| (slice.since, slice.until))),
        running: windows(&mut running.iter().map(|slice| (slice.since, slice.until))),
    })
}

/// What both lists have; each is in order and without overlap.
fn intersect_spans(one: &[Span], other: &[Span]) -> Vec<Span> {
    let (mut left, mut right) = (one.iter().peekable(), other.iter().peekable());
    let mut both = Vec::new();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let (since, until) = (a.since.max(b.since), a.until.min(b.until));
        if since < until {
            both.push(Span { since, until });
        }
        if a.until < b.until {
            left.next();
        } else {
            right.next();
        }
    }
    both
}

/// The spans within the line, in order; neighbours that no eye tells apart become one.
fn clip_spans(mut spans: Vec<Span>, line: Span) -> Vec<Span> {
    spans.sort_by_key(|span| span.since);
    let nothing = (line.until - line.since) / 4_000;
    let mut kept: Vec<Span> = Vec::new();
    for span in spans {
        let span = Span {
            since: span.since.max(line.since),
            until: span.until.min(line.until),
        };
        if span.since >= span.until {
            continue;
        }
        match kept.last_mut() {
            Some(last)
                if span.since <= last.until
                    || span.since - last.until < nothing.min(TimeDelta::seconds(1)) =>
            {
                last.until = last.until.max(span.until);
            }
            _ => kept.push(span),
        }
    }
    let surplus = kept.len().saturating_sub(MOST_SPANS);
    kept.drain(..surplus);
    kept
}

fn find_gaps(covered: &[Span], line: Span) -> Vec<Span> {
    let mut gaps = Vec::new();
    let mut from = line.since;
    for span in covered {
        if span.since > from {
            gaps.push(Span {
                since: from,
                until: span.since,
            });
        }
        from = span.until;
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn span(since: i64, until: i64) -> Span {
        Span {
            since: at(since),
            until: at(until),
        }
    }

    fn partition(name: &str) -> PartitionOverview {
        PartitionOverview {
            source: "a".to_owned(),
            stream: "calls".to_owned(),
            partition: name.to_owned(),
            state: "complete".to_owned(),
            reason: None,
            complete_since: Some(at(0)),
            complete_through: None,
            settled_through: None,
            ids_left: 0,
            row_count: 0,
            request_count: 0,
        }
    }

    fn covered(partition: &str, since: i64, until: i64) -> CoveredSpan {
        CoveredSpan {
            source: "a".to_owned(),
            stream: "calls".to_owned(),
            partition: partition.to_owned(),
            is_settled: false,
            since: at(since),
            until: at(until),
        }
    }

    #[test]
    fn a_stream_is_covered_where_each_of_its_partitions_is() {
        let partitions = [partition("one"), partition("two")];
        let spans = [
            covered("one", 0, 50),
            covered("one", 60, 100),
            covered("two", 10, 70),
        ];
        let cover = cover_partitions(&partitions, &spans, &[], &[], at(100)).expect("it has a history");
        assert_eq!(cover.covered, [span(10, 50), span(60, 70)]);
        assert_eq!(cover.gaps, [span(0, 10), span(50, 60)]);
        assert_eq!(cover.settled, []);
        let one = cover_partitions(&partitions, &spans[..2], &[], &[], at(100)).expect("it has a history");
        assert_eq!(one.covered, [], "the other partition has nothing");
    }

    #[test]
    fn what_lies_beyond_the_line_is_cut_off() {
        let spans = [covered("one", -50, 20), covered("one", 90, 500)];
        let cover =
            cover_partitions(&[partition("one")], &spans, &[], &[], at(100)).expect("it has a history");
        assert_eq!(cover.covered, [span(0, 20), span(90, 100)]);
    }
}
