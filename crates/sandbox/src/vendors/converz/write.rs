//! POST calls and POST reps: what other programs of the tenant may do to its rows.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::api::{Refused, refuse_invalid};
use super::{Account, EVER, Row};
use crate::request::{Request, Response};

/// The most rows of one request (documented).
const MOST: usize = 100_000;

pub(super) fn write_calls(account: &Account, request: &Request) -> Result<Response, Refused> {
    let rows = rows(&request.body, "call_id")?;
    let known: BTreeSet<u64> =
        account.look(|tenant| tenant.calls(EVER.0, EVER.1).iter().map(|call| call.id).collect());
    let mut updated = 0;
    for (key, row) in rows {
        let read = |text: &str| text.parse().ok();
        let id = key.as_u64().or_else(|| key.as_str().and_then(read));
        if let Some(id) = id.filter(|id| known.contains(id)) {
            account.with(|state, _| state.edits.entry(id).or_default().extend(row));
            updated += 1;
        }
    }
    Ok(Response::json(&json!({ "updated": updated })))
}

pub(super) fn write_reps(account: &Account, request: &Request) -> Result<Response, Refused> {
    let rows = rows(&request.body, "rep_id")?;
    let updated = account.with(|state, now| {
        let mut set = |(key, row): &(Value, Row)| {
            let id = key.as_str().unwrap_or_default();
            state.reps.change(id, now, |rep| rep.edit.extend(row.clone()))
        };
        rows.iter().filter(|row| set(row)).count()
    });
    Ok(Response::json(&json!({ "updated": updated })))
}

/// For each row its key and what is set.
fn rows(body: &str, key: &str) -> Result<Vec<(Value, Row)>, Refused> {
    let rows = match serde_json::from_str(body) {
        Ok(Value::Object(columns)) => from_columns(&columns)?,
        Ok(Value::Array(rows)) => from_rows(rows)?,
        _ => return Err(refuse_invalid("rows or columns are needed")),
    };
    if rows.len() > MOST {
        return Err(refuse_invalid("too many rows"));
    }
    let keyed = |mut row: Row| {
        let key = row.remove(key).filter(|key| !key.is_null());
        Ok((key.ok_or(refuse_invalid("a row has no key"))?, row))
    };
    rows.into_iter().map(keyed).collect()
}

/// By columns, `null` means "as it was" (documented).
fn from_columns(columns: &Row) -> Result<Vec<Row>, Refused> {
    let mut rows: Vec<Row> = Vec::new();
    for (place, (name, cells)) in columns.iter().enumerate() {
        let cells = cells.as_array().ok_or(refuse_invalid("a column is a list"))?;
        if place == 0 {
            rows.resize_with(cells.len(), Row::new);
        }
        if cells.len() != rows.len() {
            return Err(refuse_invalid("columns are not equally long"));
        }
        for (row, cell) in rows.iter_mut().zip(cells).filter(|(_, cell)| !cell.is_null()) {
            row.insert(name.clone(), cell.clone());
        }
    }
    Ok(rows)
}

/// By rows, what one row of the request names is set to `null` on all the others (documented).
fn from_rows(rows: Vec<Value>) -> Result<Vec<Row>, Refused> {
    let rows = rows.into_iter().map(|row| match row {
        Value::Object(row) => Ok(row),
        _ => Err(refuse_invalid("a row is an object")),
    });
    let mut rows = rows.collect::<Result<Vec<Row>, _>>()?;
    let names: BTreeSet<String> = rows.iter().flat_map(|row| row.keys().cloned()).collect();
    for row in &mut rows {
        for name in &names {
            row.entry(name.clone()).or_insert(Value::Null);
        }
    }
    Ok(rows)
}
