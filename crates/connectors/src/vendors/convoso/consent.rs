//! Numbers that must not be called, and numbers that must not be written to, as two streams of one table.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::schema::{Batch, DoNotContact, Entity as _};
use crate::source::{
    Absence, Account, Ask, Cursor, Endpoint, Item, MapError, Next, Opened, Paginator, ReadError, Request,
};
use crate::vendors::lenient::{Scalar, record};

use super::envelope;
use super::phone::e164;

/// The largest offset (documented; for SMS the documentation has ten times as much, two SDKs have this).
const REACHABLE: u64 = 100_000;

/// Numbers that must not be called.
pub(super) fn do_not_call(account: &Account) -> Endpoint {
    Endpoint {
        name: "do_not_call",
        tables: &[DoNotContact::TABLE],
        cursor: Cursor::Whole(gone("call")),
        account: account.clone(),
        first: |_, _| question("dnc/search"),
        open: envelope::entries,
        paginator: Paginator::By(next),
        map: |item, batch| entry(item, "call", batch),
    }
}

/// Numbers that must not be written to.
pub(super) fn sms_opt_outs(account: &Account) -> Endpoint {
    Endpoint {
        name: "sms_opt_outs",
        cursor: Cursor::Whole(gone("sms")),
        first: |_, _| question("sms-opt-out/search"),
        map: |item, batch| entry(item, "sms", batch),
        ..do_not_call(account)
    }
}

/// Each list says nothing about the entries of the other.
const fn gone(channel: &'static str) -> Absence {
    Absence::Gone {
        tables: &[DoNotContact::TABLE],
        walks: 1,
        only: Some(("channel", channel)),
    }
}

/// The first question. Whether the filter by date means that day or since then is not documented, so it is not used.
fn question(path: &'static str) -> Request {
    Request::post_form(path).with("limit", 1_000).with("offset", 0)
}

/// By offset. A list that is longer than can be reached is asked for campaign by campaign: those of its first page, the
/// entries that hold for all (0), and those that hold by purpose (-1, documented). Should there be more campaigns, fewer
/// rows come than the first answer promised, and the walk does not count as complete.
fn next(asked: &Ask, got: &Opened<'_>, account: &Account) -> Result<Next, ReadError> {
    let is_first = asked.request.param("offset") == Some("0");
    let Some(total) = got.total.filter(|total| is_first && *total > REACHABLE) else {
        return Paginator::Offset { param: "offset" }.next(asked, got, account);
    };
    if asked.request.param("campaign_id").is_some() {
        return Err(ReadError::Unreachable {
            total,
            reachable: REACHABLE,
        });
    }
    let met = got
        .items
        .iter()
        .filter_map(|item| record::<Entry<'_>>(item).ok()?.campaign_id.owned());
    let campaigns: BTreeSet<String> = ["0", "-1"].map(str::to_owned).into_iter().chain(met).collect();
    let narrowed = |id| asked.narrowed_to(asked.request.clone().with("campaign_id", id));
    Ok(Next::ask(campaigns.into_iter().map(narrowed).collect()))
}

/// An entry of either list. All values are texts (second SDK, which spells one member with a capital in one of them).
#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    phone_number: Scalar<'a>,
    #[serde(borrow)]
    phone_code: Scalar<'a>,
    #[serde(borrow)]
    campaign_id: Scalar<'a>,
    #[serde(borrow)]
    campaign_name: Scalar<'a>,
    #[serde(borrow, alias = "Purpose")]
    purpose: Scalar<'a>,
    #[serde(borrow, alias = "Reason")]
    reason: Scalar<'a>,
    #[serde(borrow)]
    insert_date: Scalar<'a>,
}

fn entry(item: &Item<'_>, channel: &'static str, batch: &mut Batch) -> Result<(), MapError> {
    let wire: Entry<'_> = record(item.record)?;
    let id = wire.id.id().ok_or(MapError::Missing("id"))?;
    let country_code = wire.phone_code.owned();
    let entry = DoNotContact {
        // The two lists number their entries separately.
        id: format!("{channel}:{id}"),
        channel: Some(channel.to_owned()),
        phone_e164: wire
            .phone_number
            .text()
            .and_then(|number| e164(number, country_code.as_deref(), item.account)),
        phone_number: wire.phone_number.owned(),
        country_code,
        campaign_id: wire.campaign_id.id(),
        campaign_name: wire.campaign_name.owned(),
        purpose: wire.purpose.owned(),
        reason: wire.reason.owned(),
        added_at: wire.insert_date.instant("insert_date", item.account)?,
    };
    batch.push(entry, item.record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Region;
    use crate::source::Window;

    fn then(request: Request, campaigns: &[&str], total: u64) -> Result<Vec<String>, ReadError> {
        let window = Window {
            since: chrono::DateTime::UNIX_EPOCH,
            until: chrono::DateTime::UNIX_EPOCH,
        };
        let item = |id: &&str| format!(r#"{{"id": "1", "campaign_id": "{id}"}}"#).into();
        let got = Opened {
            items: campaigns.iter().map(item).collect(),
            total: Some(total),
            ..Opened::default()
        };
        let account = Account::new(chrono_tz::UTC, Region::US);
        let text = |ask: &Ask| {
            let part = |name| ask.request.param(name).unwrap_or("all").to_owned();
            format!("{} +{}", part("campaign_id"), part("offset"))
        };
        let next = next(&Ask::first(request, window), &got, &account)?;
        Ok(next.then.iter().map(text).collect())
    }

    #[test]
    fn a_list_beyond_reach_is_asked_for_campaign_by_campaign() {
        let first = || question("dnc/search");
        let rows = ["410", "0", "411", "410"];
        let wanted = ["-1 +0", "0 +0", "410 +0", "411 +0"];
        assert_eq!(then(first(), &rows, 100_001).unwrap(), wanted);
        assert_eq!(then(first(), &rows, 100_000).unwrap(), ["all +4"]);
        assert_eq!(
            then(first().with("offset", 99_000), &rows, 100_001).unwrap(),
            ["all +99004"]
        );
        let one = first().with("campaign_id", 0);
        assert_eq!(then(one.clone(), &rows, 100_000).unwrap(), ["0 +4"]);
        assert!(matches!(
            then(one, &rows, 100_001),
            Err(ReadError::Unreachable { .. })
        ));
    }
}
