//! Leads that change between any two pages, in thousands of orders; and the mapping of leads.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use fastrand::Rng;
use serde_json::{Value, json};

use super::*;
use crate::reader::Verdict;
use crate::schema::{Region, Values};
use crate::source::{Extent, Window};
use crate::vendors::convoso::drive::{Drive, Told, map_record, read_slice};

/// Rows on a page of the model; small, so that slices have many pages.
const PAGE: usize = 3;
/// Seconds that the first window spans.
const SPAN: i64 = 12;
/// Where the model's time begins.
const EPOCH: i64 = 1_790_000_000;
/// Interleavings tried.
const SEEDS: u64 = 2_000;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(EPOCH + second, 0).unwrap()
}

fn window(since: i64, until: i64) -> Extent {
    Extent::Window {
        window: Window {
            since: at(since),
            until: at(until),
        },
        is_open: false,
    }
}

fn drive(stream: &'static StreamDef, extent: Extent) -> Drive {
    Drive {
        started_at: at(1_000),
        ..Drive::of(stream, extent)
    }
}

/// A lead of the model: when it last changed, and how often.
#[derive(Debug, Clone, Copy)]
struct Row {
    changed: i64,
    version: u32,
}

/// The vendor in memory.
struct Model {
    rows: BTreeMap<u32, Row>,
    now: i64,
    dice: Rng,
}

impl Model {
    /// Leads of which many share their second; time goes on behind the window.
    fn new(seed: u64) -> Self {
        let mut dice = Rng::with_seed(seed);
        let mut row = |_| Row {
            changed: dice.i64(0..SPAN),
            version: 0,
        };
        let rows = (1..=14).map(|id| (id, row(id))).collect();
        Self {
            rows,
            now: SPAN + 60,
            dice,
        }
    }

    fn answer(&mut self, request: &Request) -> String {
        let second = |name: &str| {
            let local = NaiveDateTime::parse_from_str(request.param(name)?, TIME).ok()?;
            Some(local.and_utc().timestamp() - EPOCH)
        };
        let changed = second("updated_at_start_date").zip(second("updated_at_end_date"));
        let mut found: Vec<(u32, Row)> = self.rows.iter().map(|(id, row)| (*id, *row)).collect();
        self.dice.shuffle(&mut found);
        if let Some((first, last)) = changed {
            found.retain(|(_, row)| (first..=last).contains(&row.changed));
            found.sort_by_key(|(_, row)| row.changed);
        }
        let offset: usize = request.param("offset").unwrap().parse().unwrap();
        let page = found.iter().skip(offset).take(PAGE);
        let rows: Vec<Value> = page.map(|(id, row)| record(*id, *row)).collect();
        json!({"success": true, "data": {"total": found.len().to_string(), "entries": rows}}).to_string()
    }

    /// Something happens between two requests, or nothing.
    fn live(&mut self) {
        self.now += self.dice.i64(0..2);
        let now = self.now;
        match self.dice.u32(..6) {
            0 | 1 => {
                let place = self.dice.usize(..self.rows.len());
                let row = self.rows.values_mut().nth(place).expect("a row");
                (row.changed, row.version) = (now, row.version + 1);
            }
            2 => {
                let id = u32::try_from(self.rows.len()).unwrap() + 1;
                let row = Row {
                    changed: now,
                    version: 0,
                };
                self.rows.insert(id, row);
            }
            _ => (),
        }
    }
}

fn record(id: u32, row: Row) -> Value {
    json!({"id": id.to_string(), "modified_at": at(row.changed).to_rfc3339(), "field_1": row.version})
}

/// The latest record of each lead that came.
fn latest(told: &[Told]) -> BTreeMap<String, Value> {
    let batches = told.iter().flat_map(|told| &told.batches);
    let rows = batches.flat_map(Batch::rows);
    let records = rows.flat_map(|rows| rows.ids().iter().zip(rows.raws()));
    records
        .map(|(id, raw)| (id.clone(), serde_json::from_str(raw).unwrap()))
        .collect()
}

#[test]
fn no_lead_is_lost_however_leads_change_between_the_pages() {
    let mut incomplete_count = 0;
    for seed in 0..SEEDS {
        let mut model = Model::new(seed);
        let first = read_slice(drive(&LEADS, window(0, SPAN)), |request| {
            model.live();
            model.answer(request)
        });
        // What changed meanwhile is behind the first window.
        let end = model.now + 1;
        let second = read_slice(drive(&LEADS, window(SPAN, end)), |request| model.answer(request));
        assert_eq!(second.reading.verdict, Verdict::Complete, "seed {seed}");
        if first.reading.verdict != Verdict::Complete {
            incomplete_count += 1;
            continue;
        }
        let seen = latest(&[first, second]);
        for (id, row) in &model.rows {
            let got = seen.get(&id.to_string());
            assert_eq!(got, Some(&record(*id, *row)), "seed {seed}, lead {id}");
        }
    }
    assert!(
        incomplete_count * 20 < SEEDS,
        "{incomplete_count} slices did not end complete"
    );
}

#[test]
fn a_page_in_order_is_followed_by_its_last_second_and_not_by_an_offset() {
    let row = |id: u32, changed| record(id, Row { changed, version: 0 });
    let mut asked = Vec::new();
    let told = read_slice(drive(&LEADS, window(0, SPAN)), |request| {
        let since = request.param("updated_at_start_date").unwrap().to_owned();
        asked.push(format!("{since} +{}", request.param("offset").unwrap()));
        let rows = match asked.len() {
            1 => json!({"total": "3", "entries": [row(1, 2), row(2, 5)]}),
            _ => json!({"total": "2", "entries": [row(2, 5), row(3, 7)]}),
        };
        json!({"success": true, "data": rows}).to_string()
    });
    let at = |second| at(second).format(TIME).to_string();
    assert_eq!(asked, [format!("{} +0", at(0)), format!("{} +0", at(5))]);
    assert_eq!(told.ids("leads"), ["1", "2", "3"]);
    assert_eq!(told.reading.verdict, Verdict::Complete);
}

#[test]
fn leads_without_a_time_of_change_come_with_the_slice_without_that_filter() {
    let mut asked = Vec::new();
    let told = read_slice(drive(&LEADS, Extent::Unfiltered), |request| {
        let names = request.params().iter().map(|(name, _)| *name);
        asked.push(names.collect::<Vec<_>>().join(" "));
        let rows = [json!({"id": 1, "created_at": "2026-01-01T00:00:00Z"})];
        json!({"success": true, "data": {"total": 1, "entries": rows}}).to_string()
    });
    assert_eq!(asked, ["limit created_at_start_date created_at_end_date offset"]);
    assert_eq!(told.ids("leads"), ["1"]);
    assert!(told.reading.seen.is_empty(), "it proves nothing gone");
}

#[test]
fn a_code_after_rows_is_no_end_and_a_code_alone_is_asked_again_wider() {
    let none = r#"{"success": false, "code": 6000, "text": "missing lists"}"#;
    // More are promised than came, and then there is nothing.
    let told = read_slice(drive(&LEADS, window(0, SPAN)), |request| {
        let first = NaiveDateTime::parse_from_str(request.param("updated_at_start_date").unwrap(), TIME);
        if request.param("offset") == Some("0") && first.unwrap() == at(0).naive_utc() {
            let row = Row {
                changed: 2,
                version: 0,
            };
            return json!({"success": true, "data": {"total": "5900", "entries": [record(1, row)]}})
                .to_string();
        }
        none.to_owned()
    });
    assert!(matches!(told.reading.verdict, Verdict::Incomplete(_)));

    let mut asked = Vec::new();
    let told = read_slice(drive(&LEADS, window(0, SPAN)), |request| {
        asked.push(request.param("updated_at_start_date").unwrap().to_owned());
        none.to_owned()
    });
    assert_eq!(asked.len(), 2);
    assert!(asked[1] < asked[0], "{asked:?}");
    assert_eq!(told.reading.verdict, Verdict::Complete);
}

#[test]
fn called_leads_are_asked_for_by_their_last_call() {
    let told = read_slice(drive(&CALLED_LEADS, window(0, SPAN)), |request| {
        assert!(request.param("last_call_start_date").is_some());
        assert!(request.param("updated_at_start_date").is_none());
        r#"{"success": true, "data": {"total": 0, "entries": []}}"#.to_owned()
    });
    assert_eq!(told.reading.verdict, Verdict::Complete);
}

#[test]
fn the_list_is_sorted_by_the_local_second_of_the_last_change() {
    let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
    for (record, wanted) in [
        (
            r#"{"modified_at": "2026-02-03T14:09:40-0800"}"#,
            Some("2026-02-03T14:09:40"),
        ),
        (
            r#"{"modified_at": "2026-02-03T22:09:40.700Z"}"#,
            Some("2026-02-03T14:09:40"),
        ),
        (
            r#"{"modified_at": "2026-02-03 14:09:40"}"#,
            Some("2026-02-03T14:09:40"),
        ),
        (r#"{"modified_at": ""}"#, None),
        (r#"{"id": 7}"#, None),
        ("7", None),
    ] {
        let wanted = wanted.map(|text| text.parse().unwrap());
        assert_eq!(changed_at(record, &account), wanted, "{record}");
    }
}

/// The value of a text column of the one lead that a record becomes.
fn text_of(record: &str, column: &str) -> Option<String> {
    let (batch, _) = map_record(&LEADS, record).unwrap();
    let rows = &batch.rows()[0];
    let columns = rows.table().columns.iter();
    let place = columns
        .into_iter()
        .position(|known| known.name == column)
        .unwrap();
    match &rows.columns()[place] {
        Values::Text(values) => values[0].clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lead_tells_its_agent_its_notes_and_its_own_source() {
    let record = r#"{"lead_id": "7", "user_id": "1", "user_name": "Dana Example", "notes": "call late",
        "source_name": "API", "source": "Fair", "province": "Ontario", "address1": "1 Sample Street", "address2": "Floor 2",
        "campaign_id": "410", "email": "Rowan@Sim.Example"}"#;
    for (column, wanted) in [
        ("agent_name", Some("Dana Example")),
        ("notes", Some("call late")),
        ("origin_name", Some("API")),
        ("custom_source", Some("Fair")),
        ("state", Some("Ontario")),
        ("address", Some("1 Sample Street Floor 2")),
        ("campaign_id", Some("410")),
        ("email", Some("rowan@sim.example")),
        ("list_id", None),
    ] {
        assert_eq!(text_of(record, column).as_deref(), wanted, "{column}");
    }
}

#[test]
fn a_lead_lands_whatever_its_optional_fields_hold() {
    for (members, faults) in [
        (r#""date_of_birth": "1955-03-04""#, &[][..]),
        (
            r#""date_of_birth": "0000-00-00", "last_called": "0000-00-00 00:00:00""#,
            &[],
        ),
        (r#""date_of_birth": "04.03.1955""#, &["date_of_birth"]),
        (
            r#""last_called": "soon", "called_count": "many""#,
            &["called_count", "last_called"],
        ),
        (r#""first_name": "\ud83d", "email": {"a": 1}"#, &["email"]),
    ] {
        let (batch, read) = map_record(&LEADS, &format!(r#"{{"id": 7, {members}}}"#)).unwrap();
        let names: Vec<&str> = read.iter().map(|fault| fault.field).collect();
        assert_eq!((batch.len(), names.as_slice()), (1, faults), "{members}");
    }
    for record in ["{}", r#"{"id": null, "lead_id": ""}"#] {
        assert_eq!(map_record(&LEADS, record).unwrap_err(), MapError::Missing("id"));
    }
}
