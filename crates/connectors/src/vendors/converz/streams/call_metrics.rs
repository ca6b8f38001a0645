//! Measures of single calls: the same list, asked for one measure at a time.
//!
//! Every measure is a partition of its own. So one that is added is read for all of history, and one that the vendor does not
//! know fails alone, by its name. That several names in one text are understood is only assumed, so that none are sent.

use crate::schema::{Batch, CallMetric, Entity as _};
use crate::source::{Account, Context, Envelope, Item, MapError, ReadError, Request, StreamDef, SyncMode};
use crate::vendors::converz::envelope;
use crate::vendors::converz::spans::Spans;
use crate::vendors::converz::values::{Members, read_measure};
use crate::wire::Field;

use super::STREAM;
use super::calls::WINDOWS;

/// The setting of the measures of single calls.
pub(in crate::vendors::converz) const OPTION: &str = "metrics";
/// What of the page request a row needs.
const METRIC: &str = "metric";
/// In so many calls a measure that the vendor knows should show.
const ENOUGH_CALLS: usize = 50;

const NOT_THERE: &str =
    "Calls have nothing of the name of a measure in `metrics`; check whether the tenant has it";

pub(in crate::vendors::converz) const CALL_METRICS: StreamDef = StreamDef {
    name: "call_metrics",
    fills: &[CallMetric::TABLE],
    completes: &[CallMetric::TABLE],
    mode: SyncMode::Windowed(WINDOWS),
    partitions: list_measures,
    paging: &Spans {
        request: |scope| Request::get("calls").with("metric", &scope.slice.partition),
        context: |scope| Context::default().with(METRIC, &scope.slice.partition),
    },
    has_unmarked_rows: true,
    envelope: open,
    map: map_measure,
    ..STREAM
};

/// The measures, each once.
fn list_measures(account: &Account) -> Vec<String> {
    let mut metrics: Vec<String> = Vec::new();
    for metric in account.list(OPTION) {
        if !metrics.contains(metric) {
            metrics.push(metric.clone());
        }
    }
    metrics
}

fn open<'a>(body: &'a str, context: &Context) -> Result<Envelope<'a>, ReadError> {
    let opened = envelope::CALLS(body, context)?;
    let name = serde_json::Value::from(context.get(METRIC)).to_string();
    let is_missing = opened.records.iter().all(|record| !record.contains(&name));
    let is_suspicious = is_missing && opened.records.len() >= ENOUGH_CALLS;
    Ok(Envelope {
        warning: is_suspicious.then_some(NOT_THERE),
        ..opened
    })
}

/// A row for each call, also where it has no value: one may be taken back. It keeps as its record the call's id and the value, so
/// that the call's other columns are not changes of the measure.
fn map_measure(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let members = Members::read(item.record)?;
    let call_id = members
        .get("call_id")
        .map_or(Field::missing("call_id"), |json| Field::new("call_id", json));
    let call_id = call_id.unwrap_list_of_one().key()?;
    let metric = item.context.get(METRIC).ok_or(MapError::Missing(METRIC))?;
    let json = members.get(metric);
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let record = format!(
        r#"{{"call_id":{},{}:{}}}"#,
        text(&call_id),
        text(metric),
        json.unwrap_or("null")
    );
    let row = CallMetric {
        id: format!("{call_id}:{metric}"),
        call_id: Some(call_id),
        metric: Some(metric.to_owned()),
        value: read_measure(json, item.faults),
    };
    batch.push(row, &record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Region, Values};
    use crate::source::Faults;

    fn context() -> Context {
        Context::default().with(METRIC, "mood")
    }

    fn read(record: &str) -> Batch {
        let item = Item {
            record,
            context: &context(),
            account: &Account::new(chrono_tz::UTC, Region::US),
            faults: &Faults::new(),
        };
        let mut batch = Batch::default();
        map_measure(&item, &mut batch).unwrap();
        batch
    }

    #[test]
    fn every_call_has_a_row_that_can_be_read_again_from_what_it_keeps() {
        for (record, value, raw) in [
            (
                r#"{"call_id": 1, "start_time": "x", "mood": 0.5}"#,
                Some("0.5"),
                r#"{"call_id":"1","mood":0.5}"#,
            ),
            (
                r#"{"call_id": 1, "mood": "NaN"}"#,
                None,
                r#"{"call_id":"1","mood":"NaN"}"#,
            ),
            (
                r#"{"call_id": [1], "mood": null}"#,
                None,
                r#"{"call_id":"1","mood":null}"#,
            ),
            (r#"{"call_id": "1"}"#, None, r#"{"call_id":"1","mood":null}"#),
        ] {
            let batch = read(record);
            let rows = &batch.rows()[0];
            assert_eq!((rows.ids()[0].as_str(), rows.raws()[0].as_str()), ("1:mood", raw));
            assert_eq!(
                rows.columns()[2],
                Values::Text(vec![value.map(str::to_owned)]),
                "{record}"
            );
            assert_eq!(read(raw), batch, "{raw}");
        }
    }

    #[test]
    fn a_measure_that_no_call_has_is_worth_a_warning() {
        for (count, member, warns) in [
            (60, r#""mod": 1"#, true),
            (60, r#""mood": null"#, false),
            (3, r#""mod": 1"#, false),
        ] {
            let rows = vec![format!(r#"{{"call_id": 1, {member}}}"#); count];
            let body = format!("[{}]", rows.join(","));
            let opened = open(&body, &context()).unwrap();
            assert_eq!(opened.warning.is_some(), warns, "{count} {member}");
        }
    }
}
