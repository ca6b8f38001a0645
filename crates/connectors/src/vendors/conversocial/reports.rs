//! Reports, which are orders for files: their list, and how an unfinished one is followed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDate;
use serde_json::value::{RawValue, to_raw_value};

use crate::schema::{Batch, ReportExport};
use crate::source::{Account, Ask, Item, MapError, Next, Opened, ReadError, Request};
use crate::vendors::lenient::{Scalar, record};

use super::envelope::Envelope;
use super::loose::{Loose, instant};
use super::{lists, paging, wire};

const FIELDS: &str = "id,url,account,name,generation_start_date,generated_date,generated_by,date_from,date_to,\
                      date_type,download,failure";
/// How long a report is left alone before it is looked at again (assumed: not more often than once a minute).
const PATIENCE: Duration = Duration::from_mins(1);
/// How often an unfinished report is looked at again within one walk; the next walk goes on.
const LOOKS: u8 = 3;
/// How many unfinished reports of a page are followed.
const FOLLOWED: usize = 5;

/// The list of reports.
pub(super) fn request() -> Request {
    lists::request("reports", FIELDS)
}

/// Opens the list, or an answer about one report. The link to the file expires, and who has it has the file: what makes it
/// work is taken off before the record is kept anywhere.
pub(super) fn open(body: &str) -> Result<Opened<'_>, ReadError> {
    let envelope = Envelope::read(body)?;
    let records = match envelope.member("report") {
        Some(_) => vec![envelope.one("report")?],
        None => envelope.list("reports")?,
    };
    Ok(Opened {
        items: records
            .into_iter()
            .map(|record| with_download(record, bare))
            .collect(),
        link: envelope.next_page()?,
        ..Opened::default()
    })
}

/// The vendor's link to more, and after a while those reports again that are not finished.
pub(super) fn next(asked: &Ask, got: &Opened<'_>, account: &Account) -> Result<Next, ReadError> {
    let mut next = paging::onward(asked, got, account)?;
    if asked.stage < LOOKS {
        let unfinished = got
            .items
            .iter()
            .filter_map(|item| unfinished(item))
            .take(FOLLOWED);
        let looks = unfinished.map(|id| {
            let request = Request::get(format!("reports/{}", paging::segment(&id))).with("fields", FIELDS);
            asked.again(request, asked.stage + 1).after(PATIENCE)
        });
        // The link is asked last to be asked first.
        next.then.splice(0..0, looks);
    }
    Ok(next)
}

fn unfinished(item: &str) -> Option<String> {
    let wire: wire::Report<'_> = serde_json::from_str(item).ok()?;
    let id = wire.id.id()?;
    matches!(state(&wire), "queued" | "generating").then_some(id)
}

/// The state, which only shows in the members that are there (documented).
fn state(wire: &wire::Report<'_>) -> &'static str {
    if wire.failure.text().is_some() {
        "failed"
    } else if wire.generated_date.text().is_some() {
        "ready"
    } else if wire.generation_start_date.text().is_some() {
        "generating"
    } else {
        "queued"
    }
}

/// A report.
pub(super) fn report(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Report<'_> = record(item.record)?;
    let report = ReportExport {
        id: wire.id.id().ok_or(MapError::Missing("id"))?,
        name: wire.name.owned(),
        account_id: wire.account.id("account")?,
        state: Some(state(&wire).to_owned()),
        failure: wire.failure.owned(),
        started_at: instant(&wire.generation_start_date, "generation_start_date", item.account)?,
        generated_at: instant(&wire.generated_date, "generated_date", item.account)?,
        agent_id: wire.generated_by.id("generated_by")?,
        since_day: day(&wire.date_from, "date_from")?,
        until_day: day(&wire.date_to, "date_to")?,
        date_type: wire.date_type.owned(),
    };
    batch.push_lasting(report, item.record, &with_download(item.record, |_| None));
    Ok(())
}

/// A day; a time behind it is passed over.
fn day(scalar: &Scalar<'_>, field: &'static str) -> Result<Option<NaiveDate>, MapError> {
    let Some(text) = scalar.text() else {
        return Ok(None);
    };
    let day = text.get(..10).and_then(|day| day.parse().ok());
    day.map(Some).ok_or(MapError::Unknown(field))
}

/// The record with another download, or without one.
fn with_download(record: &str, change: impl Fn(Loose<'_>) -> Option<String>) -> Cow<'_, str> {
    let Ok(mut members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(record) else {
        // Not a record of any kind; what could be a link in it is not to be kept.
        return if record.starts_with('"') {
            Cow::Borrowed("\"\"")
        } else {
            Cow::Borrowed(record)
        };
    };
    let Some(download) = members.remove("download") else {
        return Cow::Borrowed(record);
    };
    let wire = serde_json::from_str(download.get()).unwrap_or_default();
    let changed = change(wire).and_then(|link| to_raw_value(&link).ok());
    if let Some(changed) = &changed {
        members.insert("download".to_owned(), changed);
    } else if download.get() == "null" {
        members.insert("download".to_owned(), download);
    }
    serde_json::to_string(&members).map_or(Cow::Borrowed("{}"), Cow::Owned)
}

/// The address of a link, without the signature behind it.
fn bare(download: Loose<'_>) -> Option<String> {
    let scalar = download.scalar("download").ok()?;
    let link = scalar.text()?;
    let end = link.find(['?', '#']).unwrap_or(link.len());
    Some(link[..end].to_owned())
}

#[cfg(test)]
mod tests;
