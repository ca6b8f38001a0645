//! Outcomes of calls as a stream.

use crate::schema::{self, Batch, Entity as _};
use crate::source::{Absence, Item, MapError, Single, StreamDef, SyncMode};
use crate::vendors::convoso::{STREAM, ask_newer_endpoint, envelope};
use crate::wire::wire_record;

/// Outcomes. Calls may still carry codes that were renamed or removed since.
pub(in crate::vendors::convoso) const DISPOSITIONS: StreamDef = StreamDef {
    name: "dispositions",
    fills: &[schema::Disposition::TABLE],
    completes: &[schema::Disposition::TABLE],
    mode: SyncMode::FullRefresh(Absence::Gone {
        tables: &[schema::Disposition::TABLE],
        times: 1,
        only: None,
    }),
    schedule: Some("30 3 * * * *"),
    paging: &Single {
        // The text to look for is required, and may be empty for all (documented).
        request: |scope| ask_newer_endpoint("status/search", scope.account).with("query", ""),
    },
    envelope: envelope::open_dispositions,
    map: map_disposition,
    ..STREAM
};

wire_record! {
    /// An outcome of status/search.
    struct Disposition {
        /// The code that calls and leads carry; there is no other id.
        status,
        name,
        is_final = "final",
        reached,
        success,
        dnc,
        callback,
        contact,
        voicemail,
        custom_status,
    }
}

fn map_disposition(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = Disposition::read(item.record)?;
    let faults = item.faults;
    let disposition = schema::Disposition {
        id: wire.status.key()?,
        name: wire.name.owned(faults),
        is_final: wire.is_final.flag(faults),
        is_reached: wire.reached.flag(faults),
        is_success: wire.success.flag(faults),
        is_do_not_call: wire.dnc.flag(faults),
        is_callback: wire.callback.flag(faults),
        is_contact: wire.contact.flag(faults),
        is_voicemail: wire.voicemail.flag(faults),
        is_custom: wire.custom_status.flag(faults),
    };
    batch.push(disposition, item.record);
    Ok(())
}
