//! Leads that change, go and come back between any two pages.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use fastrand::Rng;
use serde_json::{Value, json};

use super::*;
use crate::schema::Region;
use crate::vendors::convoso::drive::drive;

/// Rows on a page of the model; small, so that walks have many pages.
const PAGE: usize = 3;
/// Seconds that the first window spans.
const SPAN: i64 = 12;
/// Where the model's time begins.
const EPOCH: i64 = 1_790_000_000;
/// Interleavings tried.
const SEEDS: u64 = 2_000;

fn account() -> Account {
    Account::new(chrono_tz::UTC, Region::US)
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(EPOCH + second, 0).unwrap()
}

fn window(since: i64, until: i64) -> Window {
    Window {
        since: at(since),
        until: at(until),
    }
}

/// A lead of the model: when it last changed, how often, and since when it is gone.
#[derive(Debug, Clone, Copy)]
struct Row {
    changed: i64,
    version: u32,
    gone: Option<i64>,
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
            gone: None,
        };
        let rows = (1..=14).map(|id| (id, row(id))).collect();
        let now = SPAN + 60;
        Self { rows, now, dice }
    }

    fn answer(&mut self, ask: &Ask) -> String {
        let param = |name: &str| ask.request.param(name);
        let second = |name: &str| {
            let local = NaiveDateTime::parse_from_str(param(name)?, TIME).ok()?;
            Some(local.and_utc().timestamp() - EPOCH)
        };
        let gone = second("archived_at_start").zip(second("archived_at_end"));
        let changed = second("updated_at_start_date").zip(second("updated_at_end_date"));
        let within =
            |span: Option<(i64, i64)>, at: i64| span.is_none_or(|(first, last)| (first..=last).contains(&at));
        let mut found: Vec<(u32, Row)> = self.rows.iter().map(|(id, row)| (*id, *row)).collect();
        found.retain(|(_, row)| match row.gone {
            Some(at) => gone.is_some() && within(gone, at),
            None => gone.is_none() && within(changed, row.changed),
        });
        if changed.is_some() {
            self.dice.shuffle(&mut found);
            found.sort_by_key(|(_, row)| row.changed);
        }
        let offset: usize = param("offset").unwrap().parse().unwrap();
        let total = found.len();
        let rows: Vec<Value> = found
            .iter()
            .skip(offset)
            .take(PAGE)
            .map(|(id, row)| record(*id, *row))
            .collect();
        json!({"success": true, "data": {"total": total, "entries": rows}}).to_string()
    }

    fn any(&mut self) -> &mut Row {
        let place = self.dice.usize(..self.rows.len());
        self.rows.values_mut().nth(place).expect("a row")
    }

    /// Something happens between two requests, or nothing.
    fn live(&mut self) {
        self.now += self.dice.i64(0..2);
        let now = self.now;
        match self.dice.u32(..6) {
            0 | 1 => {
                let row = self.any();
                (row.changed, row.version) = (now, row.version + 1);
            }
            2 => {
                let id = u32::try_from(self.rows.len()).unwrap() + 1;
                let row = Row {
                    changed: now,
                    version: 0,
                    gone: None,
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

#[test]
fn no_lead_is_lost_however_leads_change_between_the_pages() {
    let stream = leads(&account());
    let mut incomplete = 0;
    for seed in 0..SEEDS {
        let mut model = Model::new(seed);
        let first = drive(&stream, window(0, SPAN), |ask| {
            model.live();
            model.answer(ask)
        });
        // What changed meanwhile is behind the first window.
        let end = model.now + 1;
        let second = drive(&stream, window(SPAN, end), |ask| model.answer(ask));
        let (Some(first), Some(second)) = (first, second) else {
            incomplete += 1;
            continue;
        };
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for batch in first.iter().chain(&second) {
            for rows in batch.rows() {
                seen.extend(rows.ids().iter().cloned().zip(rows.raws().iter().cloned()));
            }
        }
        for (id, row) in &model.rows {
            let raw = seen
                .get(&id.to_string())
                .unwrap_or_else(|| panic!("seed {seed}: lead {id} is lost"));
            assert_eq!(
                serde_json::from_str::<Value>(raw).unwrap(),
                record(*id, *row),
                "seed {seed}"
            );
        }
    }
    assert!(incomplete * 20 < SEEDS, "{incomplete} walks did not end");
}

#[test]
fn no_tombstone_is_lost_when_others_come_back_between_the_pages() {
    let stream = archived(&account());
    let mut lost = 0;
    for seed in 0..SEEDS {
        let mut model = Model::new(seed);
        for row in model.rows.values_mut() {
            row.gone = Some(row.changed);
        }
        let mut left = 1;
        let batches = drive(&stream, window(0, SPAN), |ask| {
            if left > 0 && model.dice.u32(..4) == 0 {
                model.any().gone = None;
                left -= 1;
            }
            model.answer(ask)
        });
        let batches = batches.expect("no total is told");
        let told: Vec<&String> = batches
            .iter()
            .flat_map(Batch::tombstones)
            .map(|(_, id)| id)
            .collect();
        let gone = model.rows.iter().filter(|(_, row)| row.gone.is_some());
        lost += gone.filter(|(id, _)| !told.contains(&&id.to_string())).count();
    }
    assert_eq!(lost, 0);
}

#[test]
fn a_lead_is_placed_by_the_local_second_of_its_last_change() {
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
        assert_eq!(
            changed_at(record, &account),
            wanted.map(|text| text.parse().unwrap()),
            "{record}"
        );
    }
}
