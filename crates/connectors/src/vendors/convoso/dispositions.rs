//! Outcomes of calls as a stream.

use serde::Deserialize;

use crate::schema::{self, Batch, Entity as _};
use crate::source::{Absence, Account, Cursor, Endpoint, Item, MapError, Paginator, Request};
use crate::vendors::lenient::{Scalar, record};

use super::envelope;
use super::wire::flag;

/// Outcomes. Calls may still carry codes that were renamed or removed since.
pub(super) fn dispositions(account: &Account) -> Endpoint {
    Endpoint {
        name: "dispositions",
        tables: &[schema::Disposition::TABLE],
        cursor: Cursor::Whole(Absence::Gone {
            tables: &[schema::Disposition::TABLE],
            walks: 1,
            only: None,
        }),
        account: account.clone(),
        // The text to look for is required, and may be empty for all (documented).
        first: |_, _| Request::post_form("status/search").with("query", ""),
        open: envelope::everything,
        paginator: Paginator::Single,
        map: disposition,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Disposition<'a> {
    /// The code that calls and leads carry; there is no other id.
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow, rename = "final")]
    is_final: Scalar<'a>,
    #[serde(borrow)]
    reached: Scalar<'a>,
    #[serde(borrow)]
    success: Scalar<'a>,
    #[serde(borrow)]
    dnc: Scalar<'a>,
    #[serde(borrow)]
    callback: Scalar<'a>,
    #[serde(borrow)]
    contact: Scalar<'a>,
    #[serde(borrow)]
    voicemail: Scalar<'a>,
    #[serde(borrow)]
    custom_status: Scalar<'a>,
}

fn disposition(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: Disposition<'_> = record(item.record)?;
    let is = |word: &Scalar<'_>| word.text().and_then(flag);
    let disposition = schema::Disposition {
        id: wire.status.owned().ok_or(MapError::Missing("status"))?,
        name: wire.name.owned(),
        is_final: is(&wire.is_final),
        is_reached: is(&wire.reached),
        is_success: is(&wire.success),
        is_do_not_call: is(&wire.dnc),
        is_callback: is(&wire.callback),
        is_contact: is(&wire.contact),
        is_voicemail: is(&wire.voicemail),
        is_custom: is(&wire.custom_status),
    };
    batch.push(disposition, item.record);
    Ok(())
}
