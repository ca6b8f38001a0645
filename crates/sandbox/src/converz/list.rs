//! GET calls and GET reps: filters, pages and columns.

use serde_json::Value;

use super::calls::Call;
use super::knobs::{Ends, Knobs, Order};
use super::row::METRICS;
use super::world::{Row, State, World};
use super::{Refused, body, invalid};
use crate::local;
use crate::question::{Answer, Question};

/// Without a size (documented).
const DEFAULT_ROOM: u64 = 10;
/// The largest size (documented).
const MOST_ROOM: u64 = 1_000_000;
const MINUTE: i64 = 60;
const DAY: i64 = 86_400;
/// Local time and UTC differ by less than this.
const ZONES: i64 = 16 * 3_600;

const CALL_FILTERS: [&str; 6] = [
    "rep_id",
    "vendor",
    "campaign",
    "subcampaign",
    "department",
    "vendor_call_id",
];
const REP_FILTERS: [&str; 3] = ["department", "rep_id", "active"];
const CALL_PARAMETERS: [&str; 8] = [
    "n_per_page",
    "page",
    "start_date",
    "end_date",
    "after",
    "before",
    "metric",
    "columns",
];

pub(super) fn calls(world: &World, question: &Question) -> Result<Answer, Refused> {
    let knobs = world.manner();
    let known: Vec<&str> = CALL_PARAMETERS.into_iter().chain(CALL_FILTERS).collect();
    check_names(question, &knobs, &known)?;
    let span = Span::read(question, &knobs)?;
    let metrics = metrics(question, &knobs)?;
    let filters = filters(question, &knobs, &CALL_FILTERS);
    let columns = listed(question, "columns");
    let mut calls = world.calls(span.since.saturating_sub(ZONES), span.until.saturating_add(ZONES));
    calls.retain(|call| span.holds(local::wall_clock(world.zone, call.start), knobs.ends));
    calls.sort_unstable();
    let rows = world.read(|state| {
        let row = |call: Call| world.call_row(state, call, &knobs, &metrics);
        if !filters.is_empty() {
            calls.retain(|call| passes(&row(*call), &filters));
        }
        let page = Page::read(question, &knobs)?.cut(world, calls.len(), &knobs);
        Ok(page
            .into_iter()
            .map(|place| only(row(calls[place]), &columns))
            .collect())
    })?;
    Ok(body::answer(rows, knobs.form))
}

pub(super) fn reps(world: &World, question: &Question) -> Result<Answer, Refused> {
    let knobs = world.manner();
    let known: Vec<&str> = ["n_per_page", "page"].into_iter().chain(REP_FILTERS).collect();
    check_names(question, &knobs, &known)?;
    let filters = filters(question, &knobs, &REP_FILTERS);
    let mut rows = world.read(|state| world.rep_rows(state, &knobs));
    rows.retain(|row| passes(row, &filters));
    let page = Page::read(question, &knobs)?.cut(world, rows.len(), &knobs);
    let rows = page.into_iter().map(|place| rows[place].clone()).collect();
    Ok(body::answer(rows, knobs.form))
}

impl World {
    pub(super) fn rep_rows(&self, state: &State, knobs: &Knobs) -> Vec<Row> {
        let present = |place: &usize| !state.removed_reps.contains(&super::row::rep_id(*place));
        let places = (0..self.agents).filter(present);
        places
            .map(|place| super::row::rep_row(state, place, knobs))
            .collect()
    }
}

/// Local seconds; both ends belong to it.
struct Span {
    since: i64,
    until: i64,
}

impl Span {
    /// Both pairs of bounds hold together (assumed).
    fn read(question: &Question, knobs: &Knobs) -> Result<Self, Refused> {
        let bound = |name: &str, read: fn(&str) -> Option<i64>, words| {
            let text = question
                .get(name)
                .filter(|_| !knobs.ignored.iter().any(|own| own == name));
            text.map(|text| read(text).ok_or(invalid(words))).transpose()
        };
        let date = |name| bound(name, day, "a date is needed, YYYY-MM-DD");
        let minute = |name| bound(name, minute, "a time is needed, YYYY-MM-DD HH:MM");
        let since = date("start_date")?.max(minute("after")?);
        let until = [date("end_date")?.map(|day| day + DAY - 1), minute("before")?];
        Ok(Self {
            since: since.unwrap_or(i64::MIN),
            until: until.into_iter().flatten().min().unwrap_or(i64::MAX - DAY),
        })
    }

    fn holds(&self, local: i64, ends: Ends) -> bool {
        let local = match ends {
            Ends::Minutes => local - local.rem_euclid(MINUTE),
            Ends::Seconds => local,
        };
        (self.since..=self.until).contains(&local)
    }
}

fn minute(text: &str) -> Option<i64> {
    // Seconds are not taken.
    (text.len() == 16 && text.as_bytes()[10] == b' ')
        .then(|| local::parse(&format!("{text}:00")))
        .flatten()
}

pub(super) fn day(text: &str) -> Option<i64> {
    (text.len() == 10)
        .then(|| local::parse(&format!("{text} 00:00:00")))
        .flatten()
}

/// Which rows of a list come.
struct Page {
    room: usize,
    from: usize,
}

impl Page {
    fn read(question: &Question, knobs: &Knobs) -> Result<Self, Refused> {
        let ignored = |name: &str| knobs.ignored.iter().any(|own| own == name);
        let number = |name: &str, default: u64| {
            let text = question.get(name).filter(|_| !ignored(name));
            text.map_or(Ok(default), |text| {
                text.parse().map_err(|_| invalid("a whole number is needed"))
            })
        };
        let (mut room, mut page) = (number("n_per_page", DEFAULT_ROOM)?, number("page", 1)?);
        if knobs.clamps {
            room = room.min(MOST_ROOM);
        }
        if knobs.page_zero {
            page = page.max(1);
        }
        if !(1..=MOST_ROOM).contains(&room) || page < 1 {
            return Err(invalid("n_per_page or page is out of bounds"));
        }
        let room = usize::try_from(room).expect("a million fits");
        let room = knobs.cap.map_or(room, |cap| cap.min(room));
        let page = usize::try_from(page - 1).expect("a page fits");
        Ok(Self {
            room,
            from: page.saturating_mul(room),
        })
    }

    fn cut(&self, world: &World, count: usize, knobs: &Knobs) -> Vec<usize> {
        let dice = (knobs.order == Order::Shuffled).then(|| world.dice());
        body::page(count, self.from, self.room, dice)
    }
}

fn check_names(question: &Question, knobs: &Knobs, known: &[&str]) -> Result<(), Refused> {
    let is_known = |(name, _): &(String, String)| known.contains(&name.as_str());
    if knobs.is_strict && !question.parameters.iter().all(is_known) {
        return Err(invalid("an unknown parameter"));
    }
    Ok(())
}

/// The names of a list with commas.
pub(super) fn listed<'a>(question: &'a Question, name: &'a str) -> Vec<&'a str> {
    let names = question.all(name).flat_map(|text| text.split(','));
    names.map(str::trim).filter(|name| !name.is_empty()).collect()
}

fn metrics<'a>(question: &'a Question, knobs: &Knobs) -> Result<Vec<&'a str>, Refused> {
    let names = listed(question, "metric");
    if !knobs.forgives_metrics && !names.iter().all(|name| METRICS.contains(name)) {
        return Err(invalid("an unknown metric"));
    }
    Ok(names)
}

type Filter<'a> = (&'static str, Vec<&'a str>);

/// The filters that are set; each takes several values.
pub(super) fn filters<'a>(question: &'a Question, knobs: &Knobs, names: &[&'static str]) -> Vec<Filter<'a>> {
    let heeded = names
        .iter()
        .filter(|name| !knobs.ignored.iter().any(|own| own == *name));
    let values = |name: &'static str| -> Filter<'a> {
        if knobs.repeated_only {
            (name, question.all(name).collect())
        } else {
            (name, listed(question, name))
        }
    };
    let set = heeded.map(|name| values(name));
    set.filter(|(_, values)| !values.is_empty()).collect()
}

pub(super) fn passes(row: &Row, filters: &[Filter<'_>]) -> bool {
    filters.iter().all(|(name, values)| {
        let own = match row.get(*name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(yes)) => u8::from(*yes).to_string(),
            Some(Value::Null) | None => return false,
            Some(other) => other.to_string(),
        };
        values.contains(&own.as_str())
    })
}

/// Only these columns; unknown ones are passed over (assumed).
fn only(mut row: Row, columns: &[&str]) -> Row {
    if !columns.is_empty() {
        row.retain(|name, _| columns.contains(&name.as_str()));
    }
    row
}
