//! What the tests of Conversocial's streams share: reading a slice from given answers.

use std::sync::Arc;

use crate::reader::{SliceLimits, Verdict};
use crate::schema::{Batch, Region, Values};
use crate::source::{Account, Extent, Request, Response, Slice, StreamDef, Window};

/// What a slice came to.
pub(super) struct Exchange {
    pub(super) requests: Vec<Request>,
    pub(super) batch: Batch,
    /// The reasons of the rejects.
    pub(super) rejects: Vec<String>,
    /// The names of the fields that could not be read.
    pub(super) faults: Vec<&'static str>,
    pub(super) verdict: Verdict,
}

/// An account, whose times are in UTC as all of this vendor's are.
pub(super) fn account() -> Account {
    Account::new(chrono_tz::UTC, Region::US)
}

/// A slice that begins on a day in February.
pub(super) fn slice_of(extent: Extent) -> Slice {
    Slice {
        partition: String::new(),
        extent,
        started_at: "2026-02-05T00:00:00Z".parse().unwrap(),
    }
}

/// A slice of one day.
pub(super) fn day() -> Slice {
    let window = Window {
        since: "2026-02-03T00:00:00Z".parse().unwrap(),
        until: "2026-02-04T00:00:00Z".parse().unwrap(),
    };
    slice_of(Extent::Window {
        window,
        is_open: false,
    })
}

/// A slice of a whole list.
pub(super) fn list() -> Slice {
    slice_of(Extent::List)
}

/// Reads a slice from these answers with a good status; it has to need as many.
pub(super) fn exchange(stream: &'static StreamDef, slice: Slice, bodies: &[&str]) -> Exchange {
    let answer = |body: &&str| Response {
        status: 200,
        body: (*body).to_owned(),
    };
    let answers: Vec<Response> = bodies.iter().map(answer).collect();
    exchange_of(stream, slice, &answers)
}

/// Reads a slice from these answers; it has to need as many.
pub(super) fn exchange_of(stream: &'static StreamDef, slice: Slice, answers: &[Response]) -> Exchange {
    let mut reader = stream.open(Arc::new(account()), slice, SliceLimits::default());
    let mut told = Exchange {
        requests: Vec::new(),
        batch: Batch::default(),
        rejects: Vec::new(),
        faults: Vec::new(),
        verdict: Verdict::Complete,
    };
    while let Some(request) = reader.request() {
        let answer = &answers[told.requests.len()];
        told.requests.push(request);
        let page = reader.accept(answer).unwrap();
        told.batch.append(page.batch);
        told.rejects
            .extend(page.rejects.into_iter().map(|reject| reject.reason));
        told.faults.extend(page.faults.iter().map(|fault| fault.field));
    }
    assert_eq!(told.requests.len(), answers.len(), "{:?}", told.requests);
    told.verdict = reader.finish().verdict;
    told
}

impl Exchange {
    /// The ids of the rows of a table.
    pub(super) fn ids(&self, table: &str) -> Vec<&str> {
        let of_table = self.batch.rows().iter().filter(|rows| rows.table().name == table);
        of_table
            .flat_map(|rows| rows.ids().iter().map(String::as_str))
            .collect()
    }

    /// The values of a column, as text.
    pub(super) fn column(&self, table: &str, column: &str) -> Vec<String> {
        read_column(&self.batch, table, column)
    }
}

/// The values of a column, as text.
pub(super) fn read_column(batch: &Batch, table: &str, column: &str) -> Vec<String> {
    let of_table = batch.rows().iter().filter(|rows| rows.table().name == table);
    of_table
        .flat_map(|rows| {
            let columns = rows.table().columns;
            let place = columns.iter().position(|own| own.name == column).unwrap();
            show(&rows.columns()[place])
        })
        .collect()
}

fn show(values: &Values) -> Vec<String> {
    match values {
        Values::Text(values) => values.iter().map(|value| format!("{value:?}")).collect(),
        Values::Instant(values) => values.iter().map(|value| format!("{value:?}")).collect(),
        Values::Integer(values) => values.iter().map(|value| format!("{value:?}")).collect(),
        Values::Boolean(values) => values.iter().map(|value| format!("{value:?}")).collect(),
        Values::Day(values) => values.iter().map(|value| format!("{value:?}")).collect(),
    }
}
