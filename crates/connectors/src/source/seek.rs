//! Paging by the last time seen instead of by offset, for lists that are sorted and filtered by a local time.

use chrono::{NaiveDateTime, TimeDelta};

use super::endpoint::Opened;
use super::paginator::{is_end, onward, skipped};
use super::{Account, Ask, ReadError};

/// The first and the last second that a question asks for; both belong to it.
type Bounds = (NaiveDateTime, NaiveDateTime);

/// How a list is asked by time. Both ends of the filter are inclusive, at the precision of a second.
///
/// An offset counts rows that may change places between two requests: rows of one second come in any order. Asking anew from
/// the last second seen cannot skip any of them, and needs no offset, so that the vendor's limit on offsets is never met.
/// The list must then begin with its earliest row. Where it does not, or where local times repeat, offsets are used within
/// the limit, in halves of the span above it; the engine compares the distinct rows with the vendor's total in every case.
#[derive(Debug, Clone, Copy)]
pub struct Seek {
    /// Parameter of the first second.
    pub since: &'static str,
    /// Parameter of the last second.
    pub until: &'static str,
    /// Parameter of the offset.
    pub offset: &'static str,
    /// Format of both times.
    pub format: &'static str,
    /// How many rows of one question the vendor lets anyone reach.
    pub reachable: u64,
    /// Reads the time of a record, by which the list is sorted.
    pub time: fn(&str, &Account) -> Option<NaiveDateTime>,
}

impl Seek {
    /// The questions that remain after an answer.
    pub(super) fn then(
        &self,
        asked: &Ask,
        got: &Opened<'_>,
        account: &Account,
    ) -> Result<Vec<Ask>, ReadError> {
        if is_end(asked, got, self.offset) {
            return Ok(Vec::new());
        }
        if skipped(asked, self.offset) == 0
            && let Some(bounds) = self.bounds(asked)
        {
            if let Some(then) = self.after_last_second(asked, (got, account), bounds) {
                return Ok(then);
            }
            if let Some(total) = got.total.filter(|total| *total > self.reachable) {
                return self.halves(asked, bounds, total);
            }
        }
        Ok(onward(asked, got, self.offset).into_iter().collect())
    }

    /// The rest of the list from its last second on, where the page is in order.
    fn after_last_second(
        &self,
        asked: &Ask,
        (got, account): (&Opened<'_>, &Account),
        (first, last): Bounds,
    ) -> Option<Vec<Ask>> {
        let (earliest, seen) = self.times_in_order(got, account)?;
        if earliest < first || seen > last || first == last {
            return None;
        }
        if earliest < seen {
            return Some(vec![self.ask(asked, (seen, last))]);
        }
        // The page is full of one second, which does not tell in which order the list stands: that second goes by offset,
        // by itself, and what lies before and behind it for itself too.
        let second = TimeDelta::seconds(1);
        let parts = [(seen + second, last), (first, seen - second), (seen, seen)];
        let parts = parts.into_iter().filter(|(since, until)| since <= until);
        Some(parts.map(|bounds| self.ask(asked, bounds)).collect())
    }

    /// The first and the last time of a page whose times never fall. Times that happen twice say nothing about order.
    fn times_in_order(&self, got: &Opened<'_>, account: &Account) -> Option<(NaiveDateTime, NaiveDateTime)> {
        let times: Option<Vec<NaiveDateTime>> =
            got.items.iter().map(|item| (self.time)(item, account)).collect();
        let times = times.filter(|times| times.is_sorted())?;
        let (earliest, last) = (*times.first()?, *times.last()?);
        account.repeats(last).is_none().then_some((earliest, last))
    }

    /// The span in two halves, the earlier one first.
    fn halves(&self, asked: &Ask, (first, last): Bounds, total: u64) -> Result<Vec<Ask>, ReadError> {
        if first >= last {
            return Err(ReadError::Unreachable {
                total,
                reachable: self.reachable,
            });
        }
        let middle = first + TimeDelta::seconds((last - first).num_seconds() / 2);
        let second = TimeDelta::seconds(1);
        Ok(vec![
            self.ask(asked, (middle + second, last)),
            self.ask(asked, (first, middle)),
        ])
    }

    fn ask(&self, asked: &Ask, (first, last): Bounds) -> Ask {
        let text = |time: NaiveDateTime| time.format(self.format).to_string();
        let request = asked
            .request
            .clone()
            .with(self.since, text(first))
            .with(self.until, text(last));
        asked.narrowed_to(request.with(self.offset, 0))
    }

    fn bounds(&self, asked: &Ask) -> Option<Bounds> {
        let time = |param: &str| NaiveDateTime::parse_from_str(asked.request.param(param)?, self.format).ok();
        Some((time(self.since)?, time(self.until)?))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::{Request, Window};
    use super::*;
    use crate::schema::Region;

    const SEEK: Seek = Seek {
        since: "from",
        until: "to",
        offset: "skip",
        format: "%Y-%m-%d %H:%M:%S",
        reachable: 1_000,
        time: |item, _| item.parse().ok(),
    };

    /// The questions after a page with these times of one day, written `from to +skip`, the next one last.
    fn then(
        day: &str,
        asked: (&str, &str, u64),
        times: &[&str],
        total: u64,
    ) -> Result<Vec<String>, ReadError> {
        let request = Request::get("/v2/tickets")
            .with("from", format!("{day} {}", asked.0))
            .with("to", format!("{day} {}", asked.1))
            .with("skip", asked.2);
        let epoch = chrono::DateTime::UNIX_EPOCH;
        let asked = Ask::first(
            request,
            Window {
                since: epoch,
                until: epoch,
            },
        );
        let items: Vec<String> = times.iter().map(|time| format!("{day}T{time}")).collect();
        let got = Opened {
            items: items.into_iter().map(Cow::from).collect(),
            total: Some(total),
            ..Opened::default()
        };
        let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
        let then = SEEK.then(&asked, &got, &account)?;
        let text = |ask: &Ask, name| ask.request.param(name).unwrap().replace(&format!("{day} "), "");
        let story = |ask: &Ask| format!("{} {} +{}", text(ask, "from"), text(ask, "to"), text(ask, "skip"));
        Ok(then.iter().map(story).collect())
    }

    #[test]
    fn each_kind_of_page_leads_to_the_right_questions() {
        let hour = ("10:00:00", "10:59:59", 0);
        let (winter, autumn) = ("2026-02-03", "2026-11-01");
        for (case, day, asked, times, total, wanted) in [
            (
                "all came",
                winter,
                hour,
                &["10:00:01", "10:00:02"][..],
                2,
                &[][..],
            ),
            ("empty although more were promised", winter, hour, &[], 2, &[]),
            (
                "in order",
                winter,
                hour,
                &["10:00:01", "10:00:02", "10:00:02"],
                9,
                &["10:00:02 10:59:59 +0"],
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
            assert_eq!(then(day, asked, times, total).unwrap(), wanted, "{case}");
        }
    }

    #[test]
    fn one_second_above_the_limit_is_said_aloud() {
        let error = then("2026-02-03", ("10:00:00", "10:00:00", 0), &["10:00:00"], 1_001).unwrap_err();
        assert!(matches!(
            error,
            ReadError::Unreachable {
                total: 1_001,
                reachable: 1_000
            }
        ));
    }
}
