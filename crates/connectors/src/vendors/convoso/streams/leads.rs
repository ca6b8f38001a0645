//! Leads as two streams of one table: all of them by their last change, and again by their last call.

use std::borrow::Cow;

use chrono::{NaiveDateTime, TimeDelta};

use crate::schema::{self, Batch, Entity as _};
use crate::source::{
    Account, Envelope, Faults, History, Item, LocalSpan, MapError, Next, Paging, ReadError, Request, Reread,
    Scope, Seek, SeekPosition, StreamDef, SyncMode, Whereabouts, WindowPolicy,
};
use crate::vendors::convoso::paging::map_positions;
use crate::vendors::convoso::values::{
    join_texts, local_second, local_span, read_e164, read_email, whole_second,
};
use crate::vendors::convoso::{LEAD_FIELDS, STREAM, TIME, envelope};
use crate::wire::{Field, wire_record};

/// The most that a page may have (documented). The default is 10.
const PAGE_SIZE: u64 = 2_000;

/// The most rows of one list that are asked for by offset. No limit on offsets is documented for leads; a second SDK stops at
/// 50000 by itself.
const REACHABLE: u64 = 40_000;

/// Leads by the time of their last change, whatever their age.
///
/// A change is final once its second is over: the next change has a later one. The step back is for changes that are shown
/// late, the open end for clocks that are ahead. Moving a list to another campaign changes its leads without a trace in their
/// time (assumed): those of the last month are read again each week, and all of them, by the time they were made, each month.
pub(in crate::vendors::convoso) const LEADS: StreamDef = StreamDef {
    name: "leads",
    fills: &[schema::Lead::TABLE],
    completes: &[schema::Lead::TABLE],
    mode: SyncMode::Incremental(WindowPolicy {
        max_span: TimeDelta::days(365),
        lookback: TimeDelta::minutes(15),
        delay: TimeDelta::seconds(60),
        settle: TimeDelta::minutes(15),
        rereads: &[Reread {
            span: TimeDelta::days(30),
            every: TimeDelta::days(7),
        }],
        history: History::Everything,
        open_end: true,
        unfiltered_every: Some(TimeDelta::days(30)),
        ..WindowPolicy::PLAIN
    }),
    promoted_by: Some(LEAD_FIELDS),
    paging: &LeadPages,
    envelope: envelope::open_leads,
    map: map_lead,
    ..STREAM
};

/// Leads by the time of their last call: whether each call counts as a change of its lead is not known. A safety net, which
/// completes nothing.
pub(in crate::vendors::convoso) const CALLED_LEADS: StreamDef = StreamDef {
    name: "called_leads",
    completes: &[],
    mode: SyncMode::Incremental(WindowPolicy {
        max_span: TimeDelta::days(365),
        lookback: TimeDelta::days(1),
        delay: TimeDelta::minutes(5),
        settle: TimeDelta::hours(1),
        history: History::Everything,
        open_end: true,
        ..WindowPolicy::PLAIN
    }),
    schedule: Some("20 50 8 * * *"),
    promoted_by: None,
    paging: &Seek {
        since: "last_call_start_date",
        until: "last_call_end_date",
        ..UNSORTED
    },
    ..LEADS
};

/// By the last change, earliest first (documented): a lead that changes while the list is read leaves the window, and all
/// behind it move up by one. Offsets would skip one row each time; stepping by the last second seen skips none, and a later
/// window brings the lead that left.
const BY_CHANGE: Seek = Seek {
    since: "updated_at_start_date",
    until: "updated_at_end_date",
    time: changed_at,
    ..UNSORTED
};

/// All leads, by the time they were made, which never moves.
const BY_CREATION: Seek = Seek {
    span: all_time,
    since: "created_at_start_date",
    until: "created_at_end_date",
    ..UNSORTED
};

/// Leads in an order that is not documented: by offset, in halves of the span above what can be reached.
pub(super) const UNSORTED: Seek = Seek {
    request: |_| Request::post_form("leads/search").with("limit", PAGE_SIZE),
    span: local_span,
    since: "",
    until: "",
    offset: "offset",
    format: TIME,
    page_size: PAGE_SIZE,
    reachable: REACHABLE,
    time: |_, _| None,
};

/// From before the first lead to beyond the present: a clock may be ahead.
fn all_time(scope: &Scope<'_>) -> LocalSpan {
    let Scope { slice, account } = scope;
    LocalSpan {
        first: local_second(History::BEGINNING, account),
        last: local_second(slice.started_at + TimeDelta::days(2), account),
    }
}

/// By change within windows; by creation for those whose change has no time.
struct LeadPages;

/// A page of leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct LeadPosition {
    by: Filter,
    at: SeekPosition,
}

/// Which time of leads is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Filter {
    Change,
    Creation,
}

impl Filter {
    fn seek(self) -> Seek {
        match self {
            Self::Change => BY_CHANGE,
            Self::Creation => BY_CREATION,
        }
    }
}

impl Paging for LeadPages {
    type Position = LeadPosition;

    fn first_positions(&self, scope: &Scope<'_>) -> Vec<LeadPosition> {
        let by = if scope.slice.has_filter() {
            Filter::Change
        } else {
            Filter::Creation
        };
        let span = Some((by.seek().span)(scope));
        vec![LeadPosition {
            by,
            at: SeekPosition { span, offset: 0 },
        }]
    }

    fn request_for(&self, at: &LeadPosition, scope: &Scope<'_>) -> Request {
        at.by.seek().request_for(&at.at, scope)
    }

    fn position_after(
        &self,
        at: &LeadPosition,
        got: &Envelope<'_>,
        scope: &Scope<'_>,
    ) -> Result<Next<LeadPosition>, ReadError> {
        let LeadPosition { by, at } = *at;
        let next = by.seek().next_of(&at, got, scope.account)?;
        Ok(map_positions(next, |at| LeadPosition { by, at }))
    }

    /// That the filter compares the times that leads show is assumed: all of them outside are only asked for again.
    fn whereabouts_of(&self, at: &LeadPosition, got: &Envelope<'_>, scope: &Scope<'_>) -> Whereabouts {
        match at.by.seek().whereabouts_of(&at.at, got, scope) {
            Whereabouts::Elsewhere => Whereabouts::Beside,
            near => near,
        }
    }

    fn confirmation_of(&self, at: &LeadPosition, scope: &Scope<'_>) -> LeadPosition {
        LeadPosition {
            at: at.by.seek().confirmation_of(&at.at, scope),
            ..*at
        }
    }
}

/// The local second of a lead's last change, by which the list is sorted.
fn changed_at(record: &str, account: &Account) -> Option<NaiveDateTime> {
    let lead = Lead::read(record).ok()?;
    lead.modified_at.wall_clock(account).map(whole_second)
}

wire_record! {
    /// A lead of leads/search. Custom fields, which differ from account to account, stay in the raw record.
    pub(super) struct Lead {
        /// A number in the documentation, a text in what client programs saw.
        id,
        lead_id,
        created_at,
        modified_at,
        first_name,
        last_name,
        email,
        phone_code,
        phone_number,
        alt_phone_1,
        alt_phone_2,
        address1,
        address2,
        city,
        state,
        province,
        postal_code,
        country,
        /// Hours from UTC where the lead lives.
        locale_gmt,
        gender,
        date_of_birth,
        notes,
        status,
        status_name,
        user_id,
        user_name,
        owner_id,
        created_by,
        last_modified_by,
        source_id,
        source_name,
        /// A custom field of some accounts.
        source,
        list_id,
        /// A directory is a list.
        directory_name,
        campaign_id,
        campaign_uid,
        campaign_name,
        called_count,
        called_count_inbound,
        last_called,
        first_contacted_at,
        is_contacted,
        /// Of leads that are gone, where the vendor tells it (assumed).
        deleted_at,
        archived_at,
    }
}

/// A lead that is there.
fn map_lead(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = Lead::read(item.record)?;
    batch.push(read_lead(&wire, item)?, item.record);
    Ok(())
}

/// A lead, in column order.
pub(super) fn read_lead(wire: &Lead<'_>, item: &Item<'_>) -> Result<schema::Lead, MapError> {
    let Item { account, faults, .. } = *item;
    let e164 = |number: &Field<'_>| read_e164(number, &wire.phone_code, faults, account);
    Ok(schema::Lead {
        id: key(wire)?,
        created_at: wire.created_at.instant(faults, account),
        updated_at: wire.modified_at.instant(faults, account),
        name: join_texts(&wire.first_name, &wire.last_name, faults),
        first_name: wire.first_name.owned(faults),
        last_name: wire.last_name.owned(faults),
        email: read_email(&wire.email, faults),
        phone_number: wire.phone_number.owned(faults),
        phone_e164: e164(&wire.phone_number),
        alt_phone_1: wire.alt_phone_1.owned(faults),
        alt_phone_1_e164: e164(&wire.alt_phone_1),
        alt_phone_2: wire.alt_phone_2.owned(faults),
        alt_phone_2_e164: e164(&wire.alt_phone_2),
        address: join_texts(&wire.address1, &wire.address2, faults),
        city: wire.city.owned(faults),
        state: first_text([&wire.state, &wire.province], faults),
        postal_code: wire.postal_code.owned(faults),
        country: wire.country.owned(faults),
        utc_offset_hours: wire.locale_gmt.decimal(faults),
        gender: wire.gender.owned(faults),
        date_of_birth: wire.date_of_birth.day(faults),
        notes: wire.notes.owned(faults),
        status: wire.status.owned(faults),
        status_name: wire.status_name.owned(faults),
        agent_id: wire.user_id.id(faults),
        agent_name: wire.user_name.owned(faults),
        owner_id: wire.owner_id.id(faults),
        created_by_id: wire.created_by.id(faults),
        updated_by_id: wire.last_modified_by.id(faults),
        origin_id: wire.source_id.id(faults),
        origin_name: wire.source_name.owned(faults),
        custom_source: wire.source.owned(faults),
        list_id: wire.list_id.id(faults),
        list_name: wire.directory_name.owned(faults),
        campaign_id: wire
            .campaign_uid
            .id(faults)
            .or_else(|| wire.campaign_id.id(faults)),
        campaign_name: wire.campaign_name.owned(faults),
        called_count: wire.called_count.count(faults),
        inbound_count: wire.called_count_inbound.count(faults),
        last_called_at: wire.last_called.instant(faults, account),
        first_contacted_at: wire.first_contacted_at.instant(faults, account),
        is_contacted: wire.is_contacted.flag(faults),
        // Leads that are gone are told by streams of their own; the vendor has no channels.
        ..schema::Lead::default()
    })
}

/// Its id, under either name; a zero is none where the other holds one.
fn key(wire: &Lead<'_>) -> Result<String, MapError> {
    let faults = Faults::new();
    let id = [wire.id, wire.lead_id]
        .into_iter()
        .find_map(|field| field.id(&faults));
    id.map_or_else(|| wire.id.key(), Ok)
}

/// The first of the fields that holds a text.
fn first_text<const N: usize>(fields: [&Field<'_>; N], faults: &Faults) -> Option<String> {
    let mut texts = fields.into_iter().filter_map(|field| field.text(faults));
    texts.next().map(Cow::into_owned)
}

#[cfg(test)]
mod tests;
