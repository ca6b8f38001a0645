//! Calls that were promised, as a stream.

use chrono::{NaiveDate, TimeDelta};

use crate::schema::{self, Batch, Entity as _};
use crate::source::{
    Absence, Envelope, History, Item, MapError, Next, Paging, ReadError, Request, Reread, Scope, StreamDef,
    SyncMode, WindowPolicy, next_offset,
};
use crate::vendors::convoso::values::local_second;
use crate::vendors::convoso::{STREAM, ask_newer_endpoint, envelope};
use crate::wire::wire_record;

/// The default is 20. Two SDKs know of 5000 as the most; what arrives decides the next offset.
const PAGE_SIZE: u64 = 1_000;
/// The largest offset (documented).
const REACHABLE: u64 = 50_000;
/// How far each run steps back behind the present.
const LOOKBACK: TimeDelta = TimeDelta::days(30);
/// How much wider the request is that confirms an answer which means "none" only perhaps.
const WIDER: TimeDelta = TimeDelta::days(7);

/// Callbacks by the day they are due. Open ones lie in the future, their stage changes by itself as time goes on, and there
/// is no filter for what changed: each run reads from a month back to the end of time. Once a week all of them are read
/// without the filter: those without a due time come too, and those that do not come are gone.
pub(in crate::vendors::convoso) const CALLBACKS: StreamDef = StreamDef {
    name: "callbacks",
    fills: &[schema::Callback::TABLE],
    completes: &[schema::Callback::TABLE],
    mode: SyncMode::Windowed(WindowPolicy {
        max_span: TimeDelta::days(365),
        lookback: LOOKBACK,
        settle: TimeDelta::days(29),
        rereads: &[Reread {
            span: TimeDelta::days(180),
            every: TimeDelta::days(7),
        }],
        history: History::Everything,
        open_end: true,
        unfiltered_every: Some(TimeDelta::days(7)),
        absence: Absence::Gone {
            tables: &[schema::Callback::TABLE],
            times: 1,
            only: None,
        },
        ..WindowPolicy::PLAIN
    }),
    schedule: Some("10 2/15 * * * *"),
    paging: &DayPages,
    envelope: envelope::open_callbacks,
    map: map_callback,
    ..STREAM
};

/// By offset, in halves of the days above what can be reached. The filter takes days and not times (documented); that it
/// means the day on which the call is due is assumed.
struct DayPages;

/// Local days from the first to the last, both among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct DaySpan {
    first: NaiveDate,
    last: NaiveDate,
}

/// A page of the callbacks of a span of days, or of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct DayPosition {
    days: Option<DaySpan>,
    offset: u64,
}

impl Paging for DayPages {
    type Position = DayPosition;

    fn first_positions(&self, scope: &Scope<'_>) -> Vec<DayPosition> {
        let days = scope.slice.has_filter().then(|| slice_days(scope));
        vec![DayPosition { days, offset: 0 }]
    }

    fn request_for(&self, at: &DayPosition, scope: &Scope<'_>) -> Request {
        let request = ask_newer_endpoint("callbacks/search", scope.account);
        let request = match at.days {
            Some(days) => request.with("start_date", days.first).with("end_date", days.last),
            None => request,
        };
        request.with("limit", PAGE_SIZE).with("offset", at.offset)
    }

    fn position_after(
        &self,
        at: &DayPosition,
        got: &Envelope<'_>,
        scope: &Scope<'_>,
    ) -> Result<Next<DayPosition>, ReadError> {
        match got.total.filter(|total| at.offset == 0 && *total > REACHABLE) {
            Some(total) => {
                // Beyond reach, those without a due time are missed; the total then says so.
                let days = at.days.unwrap_or_else(|| all_days(scope));
                split_days(days, total).map(Next::instead)
            }
            None => Ok(next_offset(at.offset, PAGE_SIZE, got, |offset| DayPosition {
                offset,
                ..*at
            })),
        }
    }

    fn confirmation_of(&self, at: &DayPosition, _: &Scope<'_>) -> DayPosition {
        let wider = |days: DaySpan| DaySpan {
            first: days.first - WIDER,
            ..days
        };
        match at.offset {
            0 => DayPosition {
                days: at.days.map(wider),
                ..*at
            },
            _ => *at,
        }
    }
}

/// The days that a slice asks for.
fn slice_days(scope: &Scope<'_>) -> DaySpan {
    let Scope { slice, account } = scope;
    let last = slice.requested_until() - TimeDelta::nanoseconds(1);
    DaySpan {
        first: local_second(slice.window().since, account).date(),
        last: local_second(last, account).date(),
    }
}

/// Every day on which a callback can be due.
fn all_days(scope: &Scope<'_>) -> DaySpan {
    let ahead = scope.slice.started_at + TimeDelta::days(20 * 366);
    DaySpan {
        first: History::BEGINNING.date_naive(),
        last: local_second(ahead, scope.account).date(),
    }
}

fn split_days(days: DaySpan, total: u64) -> Result<Vec<DayPosition>, ReadError> {
    let DaySpan { first, last } = days;
    if first >= last {
        return Err(ReadError::Unreachable {
            total,
            reachable: REACHABLE,
        });
    }
    let middle = first + TimeDelta::days((last - first).num_days() / 2);
    let half = |first, last| DayPosition {
        days: Some(DaySpan { first, last }),
        offset: 0,
    };
    Ok(vec![half(middle + TimeDelta::days(1), last), half(first, middle)])
}

wire_record! {
    /// A callback. All values are texts (documented).
    struct Callback {
        id,
        created_at,
        modified_at,
        callback_time,
        stage,
        lead_id,
        list_id,
        campaign_id,
        campaign_name,
        /// The agent's id, where the call log has the name.
        user,
        user_name,
        recipient,
        status,
        phone_number,
        comments,
    }
}

/// A callback, in column order.
fn map_callback(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = Callback::read(item.record)?;
    let Item { account, faults, .. } = *item;
    let phone_number = wire.phone_number.owned(faults);
    let callback = schema::Callback {
        id: wire.id.key()?,
        created_at: wire.created_at.instant(faults, account),
        updated_at: wire.modified_at.instant(faults, account),
        // That the time is the account's and not the callback's own is assumed.
        due_at: wire.callback_time.instant(faults, account),
        stage: wire.stage.text(faults).map(|stage| fold_word(&stage)),
        lead_id: wire.lead_id.id(faults),
        list_id: wire.list_id.id(faults),
        campaign_id: wire.campaign_id.id(faults),
        campaign_name: wire.campaign_name.owned(faults),
        agent_id: wire.user.id(faults),
        agent_name: wire.user_name.owned(faults),
        recipient: wire.recipient.text(faults).map(|word| read_recipient(&word)),
        disposition_code: wire.status.owned(faults),
        phone_e164: phone_number.as_deref().and_then(|number| account.e164(number)),
        phone_number,
        comment: wire.comments.owned(faults),
    };
    batch.push(callback, item.record);
    Ok(())
}

/// Answers spell a stage otherwise than filters do, with and without `_` (documented).
fn fold_word(stage: &str) -> String {
    stage.to_lowercase().replace(['_', ' '], "")
}

/// Answers say `USERONLY` where the filter says `Personal` (documented).
fn read_recipient(word: &str) -> String {
    match fold_word(word).as_str() {
        "useronly" | "personal" => "personal".to_owned(),
        "system" => "system".to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests;
