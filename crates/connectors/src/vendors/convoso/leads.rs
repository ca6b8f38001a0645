//! Leads as three streams: those that are, those that were deleted, those that were archived.

mod record;

use chrono::{NaiveDateTime, TimeDelta, Timelike};

use crate::schema::{Batch, Entity as _, Lead};
use crate::source::{
    Account, Ask, Cursor, Endpoint, Item, MapError, Next, Opened, Paginator, ReadError, Request, Seek,
    Trailing, Window, Windowing,
};
use crate::vendors::lenient::record;

use super::{TIME, envelope, local_bounds};

/// The most rows of one question that are asked for. No limit on offsets is documented for leads; a second SDK stops at
/// 50000 by itself.
const REACHABLE: u64 = 40_000;

/// Leads by the time of their last change. The list is sorted by it, earliest first (documented).
///
/// A lead that changes while the list is read leaves the window, and all behind it move up by one: offsets would skip one
/// row each time. Stepping by the last second seen skips none, and the next window brings the lead that left.
pub(super) fn leads(account: &Account) -> Endpoint {
    Endpoint {
        name: "leads",
        tables: &[Lead::TABLE],
        cursor: Cursor::KeySet(change_windows()),
        account: account.clone(),
        first: |window, account| search(window, account, ["updated_at_start_date", "updated_at_end_date"]),
        open: envelope::leads,
        paginator: Paginator::Seek(Seek {
            since: "updated_at_start_date",
            until: "updated_at_end_date",
            offset: "offset",
            format: TIME,
            reachable: REACHABLE,
            time: changed_at,
        }),
        map: record::lead,
    }
}

/// A change is final once its second is over: the next change has a later one. The step back is for changes that are shown
/// late. Moving a list to another campaign changes its leads without a trace in their time (assumed), so that those of the
/// last month are read again.
fn change_windows() -> Windowing {
    Windowing {
        widest: TimeDelta::days(30),
        overlap: TimeDelta::minutes(15),
        delay: TimeDelta::seconds(60),
        settle: TimeDelta::minutes(15),
        ahead: TimeDelta::zero(),
        trailing: vec![Trailing {
            span: TimeDelta::days(30),
            every: TimeDelta::days(7),
        }],
    }
}

/// Deleted leads, which no other search shows (seen in client programs; the older documentation has no such filter).
pub(super) fn deleted(account: &Account) -> Endpoint {
    Endpoint {
        name: "deleted_leads",
        first: |window, account| search(window, account, ["deleted_at_start", "deleted_at_end"]),
        ..tombstones(account)
    }
}

/// Archived leads, which are gone from ordinary searches too.
pub(super) fn archived(account: &Account) -> Endpoint {
    Endpoint {
        name: "archived_leads",
        first: |window, account| search(window, account, ["archived_at_start", "archived_at_end"]),
        ..tombstones(account)
    }
}

fn tombstones(account: &Account) -> Endpoint {
    Endpoint {
        tables: &[Lead::TABLE],
        cursor: Cursor::Window(tombstone_windows()),
        open: envelope::tombstones,
        paginator: Paginator::By(twice),
        map: tombstone,
        ..leads(account)
    }
}

/// Short windows: their pages are cut by offset, and what comes back from the archive meanwhile moves the rest up.
fn tombstone_windows() -> Windowing {
    Windowing {
        widest: TimeDelta::days(1),
        overlap: TimeDelta::hours(1),
        delay: TimeDelta::seconds(60),
        settle: TimeDelta::minutes(45),
        ahead: TimeDelta::zero(),
        trailing: Vec::new(),
    }
}

/// By offset, up to an empty page, and then once more: a row that was skipped because one before it left the list is in its
/// new place the second time.
fn twice(asked: &Ask, got: &Opened<'_>, account: &Account) -> Result<Next, ReadError> {
    let next = Paginator::Offset { param: "offset" }.next(asked, got, account)?;
    let is_end = next.then.is_empty() && asked.request.param("offset") != Some("0");
    if is_end && asked.stage == 0 {
        let request = asked.request.clone().with("offset", 0);
        return Ok(Next::ask(vec![asked.again(request, 1)]));
    }
    Ok(next)
}

/// The first question of a window, by this filter.
fn search(window: &Window, account: &Account, [first, last]: [&'static str; 2]) -> Request {
    let (since, until) = local_bounds(window, account);
    Request::post_form("leads/search")
        .with(first, since.format(TIME))
        .with(last, until.format(TIME))
        // The default is 10; more than 2000 is refused (documented).
        .with("limit", 2_000)
        .with("offset", 0)
}

/// The local second of a lead's last change, by which the list is sorted.
fn changed_at(lead: &str, account: &Account) -> Option<NaiveDateTime> {
    let lead: record::Lead<'_> = record(lead).ok()?;
    let at = lead.modified_at.instant("modified_at", account).ok()??;
    account.local(at).with_nanosecond(0)
}

/// A lead that is gone. Whether the record tells since when is not known.
fn tombstone(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let lead: record::Lead<'_> = record(item.record)?;
    batch.delete(Lead::TABLE, lead.key()?);
    Ok(())
}

#[cfg(test)]
mod tests;
