//! Campaigns as a stream.

use crate::schema::{self, Batch, Entity as _};
use crate::source::{Absence, Item, MapError, Request, Single, StreamDef, SyncMode};
use crate::vendors::convoso::values::read_zoned;
use crate::vendors::convoso::{STREAM, envelope};
use crate::wire::wire_record;

/// Campaigns. There are neither pages nor parameters.
pub(in crate::vendors::convoso) const CAMPAIGNS: StreamDef = StreamDef {
    name: "campaigns",
    fills: &[schema::Campaign::TABLE],
    completes: &[schema::Campaign::TABLE],
    mode: SyncMode::FullRefresh(Absence::Gone {
        tables: &[schema::Campaign::TABLE],
        times: 1,
        only: None,
    }),
    schedule: Some("30 */15 * * * *"),
    paging: &Single {
        request: |_| Request::post_form("campaigns/search"),
    },
    envelope: envelope::open_campaigns,
    map: map_campaign,
    ..STREAM
};

wire_record! {
    /// A campaign of campaigns/search.
    struct Campaign { id, name, status, last_call_date }
}

fn map_campaign(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = Campaign::read(item.record)?;
    let Item { account, faults, .. } = *item;
    let campaign = schema::Campaign {
        id: wire.id.key()?,
        name: wire.name.owned(faults),
        is_active: wire.status.flag(faults),
        last_call_at: read_zoned(&wire.last_call_date, faults, account),
    };
    batch.push(campaign, item.record);
    Ok(())
}
