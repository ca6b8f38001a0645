//! Leads that go and come back, filters that are not heeded, and what a lead that is gone becomes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use fastrand::Rng;
use serde_json::{Value, json};

use super::*;
use crate::reader::Verdict;
use crate::schema::{Ownership, Values};
use crate::source::{Extent, Window};
use crate::vendors::convoso::TIME;
use crate::vendors::convoso::drive::{Drive, Told, map_in_context, read_slice};

/// Rows on a page of the model.
const PAGE: usize = 3;
/// Interleavings tried.
const SEEDS: u64 = 2_000;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn drive(since: &str, until: &str) -> Drive {
    let window = Window {
        since: at(since),
        until: at(until),
    };
    Drive::of(
        &ARCHIVED_LEADS,
        Extent::Window {
            window,
            is_open: false,
        },
    )
}

fn one_day() -> Drive {
    drive("2026-11-01T09:00:00Z", "2026-11-01T12:00:00Z")
}

fn second(request: &Request, name: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(request.param(name).unwrap(), TIME).unwrap()
}

/// The vendor in memory: when each lead was archived.
struct Model {
    rows: BTreeMap<u32, NaiveDateTime>,
    heeds: bool,
    has_total: bool,
    page: usize,
    asked: Vec<String>,
}

impl Model {
    fn of(rows: impl IntoIterator<Item = (u32, &'static str)>) -> Self {
        Self {
            rows: rows
                .into_iter()
                .map(|(id, at)| (id, at.parse().unwrap()))
                .collect(),
            heeds: true,
            has_total: true,
            page: PAGE,
            asked: Vec::new(),
        }
    }

    /// So many leads, archived one a second of one day.
    fn many(count: u32) -> Self {
        let day: NaiveDateTime = "2026-11-01T00:00:00".parse().unwrap();
        let mut model = Self::of([]);
        model.rows = (0..count)
            .map(|id| (id, day + TimeDelta::seconds(id.into())))
            .collect();
        model.page = 2_000;
        model
    }

    fn answer(&mut self, request: &Request) -> String {
        let (first, last) = (
            second(request, "archived_at_start"),
            second(request, "archived_at_end"),
        );
        let offset: usize = request.param("offset").unwrap().parse().unwrap();
        self.asked.push(format!("{first} {last} {offset}"));
        let heeds = self.heeds;
        let found = self.rows.iter();
        let found: Vec<&u32> = found
            .filter(|(_, at)| !heeds || (first..=last).contains(*at))
            .map(|(id, _)| id)
            .collect();
        let page = found.iter().skip(offset).take(self.page);
        let rows: Vec<Value> = page.map(|id| json!({"id": id.to_string()})).collect();
        let data = if self.has_total {
            json!({"total": found.len(), "entries": rows})
        } else {
            json!(rows)
        };
        json!({"success": true, "data": data}).to_string()
    }

    fn read(&mut self, drive: Drive) -> Told {
        read_slice(drive, |request| self.answer(request))
    }
}

#[test]
fn a_slice_begins_with_a_day_that_cannot_have_any() {
    let mut model = Model::of([(1, "2026-11-01T00:10:00")]);
    let told = model.read(one_day());
    assert_eq!(told.reading.verdict, Verdict::Complete);
    assert_eq!(
        model.asked,
        [
            "2031-11-06 00:00:00 2031-11-06 23:00:00 0",
            "2026-11-01 00:00:00 2026-11-01 11:59:59 0"
        ]
    );
    assert_eq!((told.ids("leads"), told.gone().len()), (vec!["1".to_owned()], 1));
}

#[test]
fn a_filter_that_is_not_heeded_deletes_nothing() {
    let mut model = Model::of([(1, "2026-11-01T00:10:00"), (2, "2020-01-01T00:00:00")]);
    model.heeds = false;
    let told = model.read(one_day());
    assert_eq!(told.reading.verdict, Verdict::Failed(ReadError::FilterIgnored));
    assert!(told.batches.is_empty());
}

#[test]
fn thousands_that_went_in_one_day_come_over_many_pages() {
    for has_total in [true, false] {
        let mut model = Model::many(4_500);
        model.has_total = has_total;
        let told = model.read(one_day());
        assert_eq!(told.reading.verdict, Verdict::Complete, "{has_total}");
        assert_eq!(told.gone().len(), 4_500);
        assert_eq!(told.ids("leads").len(), 4_500);
    }
}

#[test]
fn more_than_can_be_reached_by_offset_are_read_in_halves() {
    let mut model = Model::many(43_000);
    let told = model.read(one_day());
    assert_eq!(told.reading.verdict, Verdict::Complete);
    assert_eq!(told.gone().len(), 43_000);
}

#[test]
fn few_days_are_read_apart_and_many_at_once_from_their_first_midnight_on() {
    for (since, until, wanted) in [
        (
            "2026-10-31T23:30:00Z",
            "2026-11-01T00:30:00Z",
            &[
                "2026-10-31 00:00:00 2026-10-31 23:59:59 0",
                "2026-11-01 00:00:00 2026-11-01 00:29:59 0",
            ][..],
        ),
        (
            "2026-10-02T10:00:00Z",
            "2026-11-01T10:00:00Z",
            &["2026-10-02 00:00:00 2026-11-01 09:59:59 0"],
        ),
    ] {
        let mut model = Model::of([]);
        let told = model.read(drive(since, until));
        assert_eq!(told.reading.verdict, Verdict::Complete);
        let twice: Vec<&str> = wanted.iter().flat_map(|asked| [*asked; 2]).collect();
        assert_eq!(model.asked[1..], twice, "a list without a row is asked for again");
    }
}

#[test]
fn a_code_for_none_is_confirmed_by_a_wider_request_and_a_second_control() {
    let mut asked = Vec::new();
    let told = read_slice(one_day(), |request| {
        asked.push(request.param("archived_at_start").unwrap().to_owned());
        r#"{"success": false, "code": 6000, "text": "missing lists"}"#.to_owned()
    });
    assert_eq!(
        asked,
        [
            "2031-11-06 00:00:00",
            "2031-11-06 00:00:00",
            "2026-11-01 00:00:00",
            "2026-10-25 00:00:00"
        ]
    );
    assert_eq!(told.reading.verdict, Verdict::Complete);
}

#[test]
fn no_tombstone_is_lost_when_others_come_back_between_the_pages() {
    let (mut lost_count, mut incomplete_count) = (0, 0);
    for seed in 0..SEEDS {
        let mut dice = Rng::with_seed(seed);
        let mut model = Model::of((1..=14).map(|id| (id, "2026-11-01T00:10:00")));
        model.has_total = dice.bool();
        let mut left = 1;
        let told = read_slice(one_day(), |request| {
            // One lead comes back from the archive, at any moment.
            if left > 0 && dice.u32(..4) == 0 {
                left -= 1;
                let back = dice.u32(1..=14);
                model.rows.remove(&back);
            }
            model.answer(request)
        });
        if told.reading.verdict != Verdict::Complete {
            incomplete_count += 1;
            continue;
        }
        let gone: BTreeSet<String> = told.gone();
        lost_count += u64::from(!model.rows.keys().all(|id| gone.contains(&id.to_string())));
    }
    assert_eq!((lost_count, incomplete_count), (0, 0));
}

/// The instant in a column of the one lead that a record becomes.
fn instant_of(stream: &StreamDef, record: &str, column: &str) -> Option<DateTime<Utc>> {
    let context = Context::default()
        .with(FIRST_DAY, "2026-11-01")
        .with(LAST_DAY, "2026-11-01");
    let (batch, _) = map_in_context(stream, record, &context).unwrap();
    let rows = &batch.rows()[0];
    let columns = rows.table().columns.iter();
    let place = columns
        .into_iter()
        .position(|known| known.name == column)
        .unwrap();
    match &rows.columns()[place] {
        Values::Instant(values) => values[0],
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lead_that_is_gone_is_a_row_that_tells_what_became_of_it_and_when() {
    // Midnight in Los Angeles is 07:00 UTC on that day.
    for (members, wanted) in [
        ("", "2026-11-01T07:00:00Z"),
        (
            r#", "modified_at": "2026-10-01T10:00:00Z""#,
            "2026-11-01T07:00:00Z",
        ),
        (
            r#", "modified_at": "2026-11-01T10:00:00Z""#,
            "2026-11-01T10:00:00Z",
        ),
        (
            r#", "modified_at": "2026-12-01T10:00:00Z""#,
            "2026-11-01T07:00:00Z",
        ),
        (
            r#", "archived_at": "2026-11-01 05:00:00", "deleted_at": "2026-11-01 05:00:00""#,
            "2026-11-01T13:00:00Z",
        ),
    ] {
        let record = format!(r#"{{"id": 7, "first_name": "Rowan"{members}}}"#);
        let wanted = Some(at(wanted));
        for (stream, own, other) in [
            (&ARCHIVED_LEADS, "archived_at", "removed_at"),
            (&DELETED_LEADS, "removed_at", "archived_at"),
        ] {
            assert_eq!(instant_of(stream, &record, own), wanted, "{record}");
            assert_eq!(instant_of(stream, &record, other), None, "{record}");
        }
    }
}

#[test]
fn a_span_that_only_confirms_another_takes_no_day_away() {
    let record = r#"{"id": 7, "modified_at": "2026-10-01T10:00:00Z"}"#;
    let (batch, _) = map_in_context(&ARCHIVED_LEADS, record, &Context::default()).unwrap();
    assert_eq!(batch.rows()[0].ownership(), Ownership::Columns(&[]));
    assert_eq!(batch.tombstones().len(), 1);
}
