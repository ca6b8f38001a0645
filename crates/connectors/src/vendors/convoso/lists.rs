//! Lists of leads as a stream.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::schema::{self, Batch, Entity as _};
use crate::source::{
    Absence, Account, Ask, Cursor, Endpoint, Item, MapError, Next, Opened, Paginator, ReadError, Request,
};
use crate::vendors::lenient::{Scalar, record};

use super::campaigns::zoned;
use super::envelope;
use super::wire::flag;

/// Lists. The filter by status is required (documented), though clients get lists without it, so that both are asked for.
///
/// Lists of the vendor's own, such as the one that duplicates are moved to, are not among them.
pub(super) fn lists(account: &Account) -> Endpoint {
    Endpoint {
        name: "lists",
        tables: &[schema::List::TABLE],
        cursor: Cursor::Whole(Absence::Gone {
            tables: &[schema::List::TABLE],
            walks: 1,
            only: None,
        }),
        account: account.clone(),
        first: |_, _| Request::post_form("lists/search").with("status", 1),
        open: envelope::everything,
        paginator: Paginator::By(next),
        map: list,
    }
}

/// Lists in use, then those that are not, then those in use again: a list that was switched on between the first two answers
/// is in neither.
#[expect(clippy::unnecessary_wraps, reason = "a paginator may fail")]
fn next(asked: &Ask, _: &Opened<'_>, _: &Account) -> Result<Next, ReadError> {
    let request = |status: u8| asked.request.clone().with("status", status);
    let then = match (asked.request.param("status"), asked.stage) {
        (Some("1"), 0) => vec![asked.narrowed_to(request(0))],
        (Some("0"), _) => vec![asked.again(request(1), 1)],
        _ => Vec::new(),
    };
    Ok(Next::ask(then))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct List<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    campaign_id: Scalar<'a>,
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    last_called_at: Option<&'a RawValue>,
}

fn list(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: List<'_> = record(item.record)?;
    let list = schema::List {
        id: wire.id.id().ok_or(MapError::Missing("id"))?,
        name: wire.name.owned(),
        campaign_id: wire.campaign_id.id(),
        is_active: wire.status.text().and_then(flag),
        last_called_at: zoned(wire.last_called_at, "last_called_at", item.account)?,
    };
    batch.push(list, item.record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::Region;
    use crate::source::Window;
    use crate::vendors::convoso::drive::drive;

    #[test]
    fn a_list_that_is_switched_between_two_answers_is_met() {
        let account = Account::new(chrono_tz::UTC, Region::US);
        let epoch = chrono::DateTime::UNIX_EPOCH;
        let window = Window {
            since: epoch,
            until: epoch,
        };
        // It may be switched once, before each of the three answers or after them.
        for (begins_used, switched_before) in [true, false]
            .into_iter()
            .flat_map(|used| (0..4).map(move |at| (used, at)))
        {
            let mut asked = 0;
            let batches = drive(&lists(&account), window, |ask| {
                let is_used = begins_used != (asked >= switched_before);
                asked += 1;
                let wanted = ask.request.param("status") == Some("1");
                let rows: Vec<_> = (is_used == wanted)
                    .then(|| json!({"id": 1850}))
                    .into_iter()
                    .collect();
                json!({"success": true, "data": rows}).to_string()
            });
            let is_met = batches.unwrap().iter().any(|batch| !batch.is_empty());
            assert!(is_met, "{begins_used} {switched_before}");
            assert_eq!(asked, 3);
        }
    }
}
