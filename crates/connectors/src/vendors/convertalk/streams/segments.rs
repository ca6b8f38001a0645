//! Groups of contacts. No paging is known. Who belongs to a group is only in the contact's own record.

use crate::schema::{Batch, Entity as _, Segment};
use crate::source::{Absence, Item, MapError, Request, Single, StreamDef, SyncMode};
use crate::vendors::convertalk::KEYED;
use crate::wire::wire_record;

use super::STREAM;

pub(in crate::vendors::convertalk) const SEGMENTS: StreamDef = StreamDef {
    name: "segments",
    fills: &[Segment::TABLE],
    completes: &[Segment::TABLE],
    mode: SyncMode::FullRefresh(Absence::Gone {
        tables: &[Segment::TABLE],
        times: 1,
        only: None,
    }),
    host: KEYED,
    schedule: Some("0 20 * * * *"),
    paging: &Single {
        request: |_| Request::get("inbox/segments").to_host(KEYED),
    },
    map: map_segment,
    ..STREAM
};

wire_record! {
    struct WireSegment { id = "_id", name = "segmentName", customer = "_customer" }
}

fn map_segment(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = WireSegment::read(item.record)?;
    let segment = Segment {
        id: wire.id.key()?,
        name: wire.name.owned(item.faults),
        account_id: wire.customer.id(item.faults),
    };
    batch.push(segment, item.record);
    Ok(())
}
