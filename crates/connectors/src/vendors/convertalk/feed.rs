//! Walking lists that show the latest activity first and have neither a filter nor a total.
//!
//! Rows change places while they are read. Activity moves a row to the first page, which was read already: a second stage
//! reads the beginning of each list again. A row that leaves a list, by deletion or because the chat became a lead, moves the
//! rows below it up, and one of them from the page that comes next to the page just read: so each page is looked back at
//! after the next one was read. A row is met for certain unless, within four questions, two rows above it leave the list and
//! others come in between.

use chrono::{DateTime, TimeDelta, Utc};

use crate::source::{Account, Ask, Next, Opened, ReadError, Request, Window};

use super::wire;

/// Pages of one list after which it is taken for endless.
const MOST_PAGES: u32 = 10_000;
/// The second stage goes so far behind the start of the walk.
const REACH: TimeDelta = TimeDelta::minutes(5);
/// How much more recent a later row may be: last activity is not told to the second.
const SLACK: TimeDelta = TimeDelta::minutes(1);

/// The stage that reads the beginnings of the lists again.
const AGAIN: u8 = 1;
/// Stages from here on look back at a page of the stage that is so much lower.
const LOOKING_BACK: u8 = 2;

/// The mark of a walk whose lists are not in the order of activity.
const IN_DISORDER: DateTime<Utc> = DateTime::<Utc>::MIN_UTC;

const DISORDER: &str = "The list is not sorted by last activity; it is read to its end in every walk";

/// Lists that are read one after the other.
pub(super) struct Lists {
    /// The page that a question asks for, from 1.
    pub(super) page: fn(&Request) -> Option<u32>,
    /// The question about another page of the same list.
    pub(super) turned: fn(&Request, u32) -> Request,
    /// The first list.
    pub(super) first: fn(&Account) -> Request,
    /// The list after that of a question.
    pub(super) after: fn(&Request, &Account) -> Option<Request>,
}

/// What follows a page.
pub(super) fn next(
    lists: &Lists,
    asked: &Ask,
    got: &Opened<'_>,
    account: &Account,
) -> Result<Next, ReadError> {
    if asked.stage >= LOOKING_BACK {
        return Ok(Next::default());
    }
    let page = (lists.page)(&asked.request).unwrap_or(1);
    let times: Vec<_> = got
        .items
        .iter()
        .map(|item| wire::last_activity(item, account))
        .collect();
    let was_in_disorder = asked.mark == Some(IN_DISORDER);
    let is_in_disorder = was_in_disorder || is_out_of_order(&times, asked);
    let is_end = times.is_empty() || (!is_in_disorder && is_old(&times, asked));
    if !is_end && page >= MOST_PAGES {
        return Err(ReadError::Endless { pages: page });
    }
    let onward = if is_end {
        next_list(lists, asked, account)
    } else {
        let further = (lists.turned)(&asked.request, page + 1);
        Some(match asked.stage {
            0 => asked.followed_by(further),
            // These pages came before, which is no circle. A list that runs in circles fails in the first stage.
            stage => asked.again(further, stage),
        })
    };
    let mark = if is_in_disorder {
        Some(IN_DISORDER)
    } else {
        // A list of its own has an order of its own.
        latest_quiet(&times, asked.window)
            .or(asked.mark)
            .filter(|_| !is_end)
    };
    let onward = onward.map(|ask| Ask { mark, ..ask });
    // The last page is looked at again too: a row may have moved up from it and down again behind the look back.
    let last_back = if is_end { page } else { page - 1 };
    let back = (page.max(2) - 1..=last_back).rev().filter(|_| page > 1);
    let back = back.map(|page| {
        let again = (lists.turned)(&asked.request, page);
        asked.again(again, asked.stage + LOOKING_BACK)
    });
    Ok(Next {
        then: onward.into_iter().chain(back).collect(),
        warning: (is_in_disorder && !was_in_disorder).then_some(DISORDER),
        ..Next::default()
    })
}

/// True for a row of the second stage which the first has brought already: it has not been active since.
pub(super) fn is_met_before(asked: &Ask, last_activity: Option<DateTime<Utc>>) -> bool {
    asked.stage % LOOKING_BACK == AGAIN && last_activity.is_none_or(|at| at < quiet_before(asked.window))
}

/// The first page of the next list, or of the first one in the second stage.
fn next_list(lists: &Lists, asked: &Ask, account: &Account) -> Option<Ask> {
    match (lists.after)(&asked.request, account) {
        Some(request) => Some(asked.narrowed_to(request)),
        None if asked.stage == 0 => Some(asked.again((lists.first)(account), AGAIN)),
        None => None,
    }
}

/// True where no row of the page was active within the reach of the stage. A row that does not tell may have been.
fn is_old(times: &[Option<DateTime<Utc>>], asked: &Ask) -> bool {
    let reach = if asked.stage == AGAIN {
        quiet_before(asked.window)
    } else {
        asked.window.since
    };
    times.iter().all(|time| time.is_some_and(|at| at < reach))
}

/// True where a row was active later than one above it, on this page or on the one before.
///
/// Between two pages only rows count that were quiet during the walk, and they are compared with the latest one of the page
/// before: others change places, and new ones above push rows of the page before onto this one.
fn is_out_of_order(times: &[Option<DateTime<Utc>>], asked: &Ask) -> bool {
    let latest = latest_quiet(times, asked.window);
    if let (Some(latest), Some(mark)) = (latest, asked.mark)
        && latest - SLACK > mark
    {
        return true;
    }
    let mut earliest = DateTime::<Utc>::MAX_UTC;
    times.iter().flatten().any(|time| {
        earliest = earliest.min(*time);
        *time - SLACK > earliest
    })
}

/// The latest activity on the page that was before the walk.
fn latest_quiet(times: &[Option<DateTime<Utc>>], window: Window) -> Option<DateTime<Utc>> {
    let quiet = times.iter().flatten().filter(|at| **at < quiet_before(window));
    quiet.max().copied()
}

/// Activity before this was before the walk, by any clock.
fn quiet_before(window: Window) -> DateTime<Utc> {
    window.until - REACH
}

#[cfg(test)]
mod tests {
    use super::super::lists::CHATS;
    use super::*;
    use crate::schema::Region;

    /// What follows a page of rows that were active at these times of a day: `kind page stage` for each question.
    fn then(
        page: u32,
        stage: u8,
        mark: Option<&str>,
        times: &[&str],
    ) -> Result<(Vec<String>, bool), ReadError> {
        let at = |time: &str| format!("2026-02-03T{time}:00Z");
        let window = Window {
            since: at("09:00").parse().unwrap(),
            until: at("10:00").parse().unwrap(),
        };
        let account = Account::new(chrono_tz::UTC, Region::US);
        let request = (CHATS.turned)(&(CHATS.first)(&account), page);
        let asked = Ask {
            mark: mark.map(|time| at(time).parse().unwrap()),
            ..Ask::first(request.clone(), window).again(request, stage)
        };
        let record = |time: &&str| match *time {
            "" => "{}".into(),
            time => format!(r#"{{"lastSeenAt":"{}"}}"#, at(time)).into(),
        };
        let got = Opened {
            items: times.iter().map(record).collect(),
            ..Opened::default()
        };
        let next = next(&CHATS, &asked, &got, &account)?;
        let story = |ask: &Ask| {
            let said = |name| ask.request.param(name).unwrap().to_owned();
            format!("{} {} {}", said("type"), said("page"), ask.stage)
        };
        Ok((next.then.iter().map(story).collect(), next.warning.is_some()))
    }

    #[test]
    fn each_kind_of_page_leads_to_the_right_questions() {
        let (onward, list) = ("non-lead 3 0", "lead 1 0");
        for (case, stage, mark, times, wanted, warns) in [
            (
                "recent rows",
                0,
                None,
                &["09:30", "09:20"][..],
                &[onward, "non-lead 1 2"][..],
                false,
            ),
            (
                "some are old",
                0,
                None,
                &["09:00", "08:59"],
                &[onward, "non-lead 1 2"],
                false,
            ),
            (
                "all are old",
                0,
                None,
                &["08:59", "08:00"],
                &[list, "non-lead 2 2", "non-lead 1 2"],
                false,
            ),
            (
                "one does not tell",
                0,
                None,
                &["08:59", ""],
                &[onward, "non-lead 1 2"],
                false,
            ),
            (
                "empty",
                0,
                None,
                &[],
                &[list, "non-lead 2 2", "non-lead 1 2"],
                false,
            ),
            (
                "old, but within reach",
                1,
                None,
                &["09:54", "09:50"],
                &["lead 1 1", "non-lead 2 3", "non-lead 1 3"],
                false,
            ),
            (
                "active during the walk",
                1,
                None,
                &["09:55"],
                &["non-lead 3 1", "non-lead 1 3"],
                false,
            ),
            ("looking back", 2, None, &["09:30"], &[], false),
            (
                "nearly in order",
                0,
                None,
                &["08:10", "08:11"],
                &[list, "non-lead 2 2", "non-lead 1 2"],
                false,
            ),
            (
                "not in order",
                0,
                None,
                &["08:10", "08:12"],
                &[onward, "non-lead 1 2"],
                true,
            ),
            (
                "after an older page",
                0,
                Some("08:00"),
                &["08:10"],
                &[onward, "non-lead 1 2"],
                true,
            ),
            (
                "jumped meanwhile",
                0,
                Some("08:00"),
                &["09:59", "07:00"],
                &[onward, "non-lead 1 2"],
                false,
            ),
        ] {
            let told = then(2, stage, mark, times).unwrap();
            assert_eq!(
                told,
                (wanted.iter().map(ToString::to_string).collect(), warns),
                "{case}"
            );
        }
    }

    #[test]
    fn a_list_without_end_is_an_error() {
        let error = then(MOST_PAGES, 0, None, &["09:30"]).unwrap_err();
        assert!(matches!(error, ReadError::Endless { pages: MOST_PAGES }));
    }
}
