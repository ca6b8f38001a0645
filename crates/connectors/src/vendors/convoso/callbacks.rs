//! Calls that were promised, as a stream.

use chrono::{NaiveDate, TimeDelta};
use serde::Deserialize;

use crate::schema::{self, Batch, Entity as _};
use crate::source::{
    Account, Ask, Cursor, Endpoint, Item, MapError, Next, Opened, Paginator, ReadError, Request, Trailing,
    Window, Windowing,
};
use crate::vendors::lenient::{Scalar, record};

use super::envelope;

/// The largest offset (documented).
const REACHABLE: u64 = 50_000;
/// How far ahead callbacks are promised.
const AHEAD: TimeDelta = TimeDelta::days(365);
/// How far each run steps back behind the present.
const BACK: TimeDelta = TimeDelta::days(30);

/// Callbacks by the day they are due. Open ones lie in the future, their stage changes by itself as time goes on, and there
/// is no filter for what changed: each run reads from a month back to a year ahead.
pub(super) fn callbacks(account: &Account) -> Endpoint {
    Endpoint {
        name: "callbacks",
        tables: &[schema::Callback::TABLE],
        cursor: Cursor::Window(Windowing {
            widest: TimeDelta::days(200),
            overlap: BACK,
            delay: TimeDelta::zero(),
            settle: BACK - TimeDelta::days(1),
            ahead: AHEAD,
            trailing: vec![Trailing {
                span: TimeDelta::days(180),
                every: TimeDelta::days(7),
            }],
        }),
        account: account.clone(),
        first: question,
        open: envelope::callbacks,
        paginator: Paginator::By(next),
        map: callback,
    }
}

/// The first question of a window. The filter takes days and not times (documented); that it means the day on which the call
/// is due is assumed.
fn question(window: &Window, account: &Account) -> Request {
    let last = account.local(window.until - TimeDelta::nanoseconds(1));
    Request::post_form("callbacks/search")
        .with("start_date", account.local(window.since).date())
        .with("end_date", last.date())
        // The default is 20. Two SDKs know of 5000 as the most; what arrives decides the next offset.
        .with("limit", 1_000)
        .with("offset", 0)
}

/// By offset, in halves of the days above what can be reached.
fn next(asked: &Ask, got: &Opened<'_>, account: &Account) -> Result<Next, ReadError> {
    let is_first = asked.request.param("offset") == Some("0");
    match got.total.filter(|total| is_first && *total > REACHABLE) {
        Some(total) => halves(asked, total).map(Next::ask),
        None => Paginator::Offset { param: "offset" }.next(asked, got, account),
    }
}

fn halves(asked: &Ask, total: u64) -> Result<Vec<Ask>, ReadError> {
    let day = |name: &str| asked.request.param(name)?.parse::<NaiveDate>().ok();
    let bounds = day("start_date").zip(day("end_date"));
    let Some((first, last)) = bounds.filter(|(first, last)| first < last) else {
        return Err(ReadError::Unreachable {
            total,
            reachable: REACHABLE,
        });
    };
    let middle = first + TimeDelta::days((last - first).num_days() / 2);
    let half = |first: NaiveDate, last: NaiveDate| {
        let request = asked.request.clone();
        asked.narrowed_to(request.with("start_date", first).with("end_date", last))
    };
    Ok(vec![half(middle + TimeDelta::days(1), last), half(first, middle)])
}

/// A callback. All values are texts (documented).
#[derive(Deserialize, Default)]
#[serde(default)]
struct Callback<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    created_at: Scalar<'a>,
    #[serde(borrow)]
    modified_at: Scalar<'a>,
    #[serde(borrow)]
    callback_time: Scalar<'a>,
    #[serde(borrow)]
    stage: Scalar<'a>,
    #[serde(borrow)]
    lead_id: Scalar<'a>,
    #[serde(borrow)]
    list_id: Scalar<'a>,
    #[serde(borrow)]
    campaign_id: Scalar<'a>,
    #[serde(borrow)]
    campaign_name: Scalar<'a>,
    /// The agent's id, where the call log has the name.
    #[serde(borrow)]
    user: Scalar<'a>,
    #[serde(borrow)]
    user_name: Scalar<'a>,
    #[serde(borrow)]
    recipient: Scalar<'a>,
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    phone_number: Scalar<'a>,
    #[serde(borrow)]
    comments: Scalar<'a>,
}

fn callback(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: Callback<'_> = record(item.record)?;
    let account = item.account;
    let callback = schema::Callback {
        id: wire.id.id().ok_or(MapError::Missing("id"))?,
        created_at: wire.created_at.instant("created_at", account)?,
        updated_at: wire.modified_at.instant("modified_at", account)?,
        // That the time is the account's and not the callback's own is assumed.
        due_at: wire.callback_time.instant("callback_time", account)?,
        stage: wire.stage.text().map(folded),
        lead_id: wire.lead_id.id(),
        list_id: wire.list_id.id(),
        campaign_id: wire.campaign_id.id(),
        campaign_name: wire.campaign_name.owned(),
        agent_id: wire.user.id(),
        agent_name: wire.user_name.owned(),
        recipient: wire.recipient.text().map(recipient),
        disposition_code: wire.status.owned(),
        phone_e164: wire.phone_number.text().and_then(|number| account.e164(number)),
        phone_number: wire.phone_number.owned(),
        comment: wire.comments.owned(),
    };
    batch.push(callback, item.record);
    Ok(())
}

/// Answers spell a stage otherwise than filters do, with and without `_` (documented).
fn folded(stage: &str) -> String {
    stage.to_lowercase().replace(['_', ' '], "")
}

/// Answers say `USERONLY` where the filter says `Personal` (documented).
fn recipient(word: &str) -> String {
    match folded(word).as_str() {
        "useronly" | "personal" => "personal".to_owned(),
        "system" => "system".to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Region;

    fn then(days: (&str, &str), offset: u64, rows: usize, total: u64) -> Result<Vec<String>, ReadError> {
        let window = Window {
            since: chrono::DateTime::UNIX_EPOCH,
            until: chrono::DateTime::UNIX_EPOCH,
        };
        let request = Request::get("callbacks/search")
            .with("start_date", days.0)
            .with("end_date", days.1)
            .with("offset", offset);
        let got = Opened {
            items: vec!["{}".into(); rows],
            total: Some(total),
            ..Opened::default()
        };
        let account = Account::new(chrono_tz::UTC, Region::US);
        let text = |ask: &Ask| {
            let values: Vec<&str> = ask
                .request
                .params()
                .iter()
                .map(|(_, value)| value.as_str())
                .collect();
            values.join(" ")
        };
        let next = next(&Ask::first(request, window), &got, &account)?;
        Ok(next.then.iter().map(text).collect())
    }

    #[test]
    fn days_with_more_callbacks_than_can_be_reached_are_read_in_halves() {
        let week = ("2026-11-01", "2026-11-07");
        for (days, offset, rows, total, wanted) in [
            (week, 0, 2, 2, &[][..]),
            (week, 0, 2, 5, &["2026-11-01 2026-11-07 2"]),
            (
                week,
                0,
                2,
                50_001,
                &["2026-11-05 2026-11-07 0", "2026-11-01 2026-11-04 0"],
            ),
            (
                ("2026-11-01", "2026-11-02"),
                0,
                2,
                50_001,
                &["2026-11-02 2026-11-02 0", "2026-11-01 2026-11-01 0"],
            ),
            // New ones that came meanwhile do not turn an offset back.
            (week, 49_999, 2, 50_001, &[]),
        ] {
            assert_eq!(
                then(days, offset, rows, total).unwrap(),
                wanted,
                "{days:?} {offset} {total}"
            );
        }
        let error = then(("2026-11-01", "2026-11-01"), 0, 2, 50_001).unwrap_err();
        assert!(matches!(error, ReadError::Unreachable { total: 50_001, .. }));
    }

    #[test]
    fn stages_and_recipients_have_one_spelling() {
        for (word, wanted) in [
            ("Pending", "pending"),
            ("PAST_DUE", "pastdue"),
            ("PASTDUE", "pastdue"),
        ] {
            assert_eq!(folded(word), wanted);
        }
        for (word, wanted) in [
            ("USERONLY", "personal"),
            ("Personal", "personal"),
            ("System", "system"),
            ("QUEUE", "QUEUE"),
        ] {
            assert_eq!(recipient(word), wanted);
        }
    }
}
