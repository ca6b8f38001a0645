//! Numbers that must not be called, and numbers that must not be written to, as two streams of one table.

use std::collections::BTreeSet;

use crate::schema::{Batch, DoNotContact, Entity as _};
use crate::source::{
    Absence, Account, Envelope, Faults, Item, MapError, Next, Paging, ReadError, Request, RowScope, Scope,
    StreamDef, SyncMode, next_offset,
};
use crate::vendors::convoso::values::read_e164;
use crate::vendors::convoso::{STREAM, ask_newer_endpoint, envelope};
use crate::wire::{Field, wire_record};

/// The most that a page may have (documented).
const PAGE_SIZE: u64 = 1_000;

/// The largest offset (documented; for SMS the documentation has ten times as much, two SDKs have this).
const REACHABLE: u64 = 100_000;

/// Numbers that must not be called.
pub(in crate::vendors::convoso) const DO_NOT_CALL: StreamDef = StreamDef {
    name: "do_not_call",
    mode: SyncMode::FullRefresh(gone_entries("call")),
    schedule: Some("10 4 * * * *"),
    paging: &NumberPages {
        request: |account| ask_newer_endpoint("dnc/search", account),
        page_size: PAGE_SIZE,
        reachable: REACHABLE,
        reason: &["reason"],
        purpose: &["purpose"],
    },
    map: |item, batch| map_entry(item, "call", batch),
    ..NUMBERS
};

/// Numbers that must not be written to.
pub(in crate::vendors::convoso) const SMS_OPT_OUTS: StreamDef = StreamDef {
    name: "sms_opt_outs",
    mode: SyncMode::FullRefresh(gone_entries("sms")),
    schedule: Some("10 6 * * * *"),
    paging: &NumberPages {
        // A POST, even in the newer articles.
        request: |_| Request::post_form("sms-opt-out/search"),
        page_size: PAGE_SIZE,
        reachable: REACHABLE,
        // A second SDK spells them with capitals here.
        reason: &["reason", "Reason"],
        purpose: &["purpose", "Purpose"],
    },
    map: |item, batch| map_entry(item, "sms", batch),
    ..NUMBERS
};

const NUMBERS: StreamDef = StreamDef {
    fills: &[DoNotContact::TABLE],
    completes: &[DoNotContact::TABLE],
    envelope: envelope::open_numbers,
    ..STREAM
};

/// Each list says nothing about the entries of the other.
const fn gone_entries(channel: &'static str) -> Absence {
    Absence::Gone {
        tables: &[DoNotContact::TABLE],
        times: 1,
        only: Some(RowScope::Value {
            column: "channel",
            value: channel,
        }),
    }
}

/// By offset. A list that is longer than can be reached is divided by its filters: by campaign, then by whether there is a
/// reason and a purpose, then by the country of the numbers. The values of the first and the last are those that the
/// reachable rows have; should there be others, fewer rows come than the first answer promised, and the slice is not
/// complete. What is still too long is read as far as it can be, and then told.
///
/// Whether the filter by date means that day or since then is not documented, so that it cannot divide anything.
struct NumberPages {
    request: fn(&Account) -> Request,
    /// The most that a page may have.
    page_size: u64,
    /// The largest offset.
    reachable: u64,
    /// The filters by reason and by purpose, in every spelling.
    reason: &'static [&'static str],
    purpose: &'static [&'static str],
}

/// A page of the entries of a part of the list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct NumberPosition {
    part: Part,
    offset: u64,
    /// What the part will be divided by, as met on the pages before: ids of campaigns, or codes of countries.
    met: BTreeSet<String>,
}

/// A part of the list; what is not given is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Part {
    campaign: Option<String>,
    reason: Option<Blank>,
    purpose: Option<Blank>,
    country: Option<String>,
}

/// Whether a member of an entry is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Blank {
    Empty,
    Filled,
}

impl Blank {
    /// The filter's word for it (documented).
    fn word(self) -> &'static str {
        match self {
            Self::Empty => "-BLANK-",
            Self::Filled => "-NOTBLANK-",
        }
    }
}

impl Paging for NumberPages {
    type Position = NumberPosition;

    fn first_positions(&self, _: &Scope<'_>) -> Vec<NumberPosition> {
        vec![begin(Part::default())]
    }

    fn request_for(&self, at: &NumberPosition, scope: &Scope<'_>) -> Request {
        let part = &at.part;
        let filters = [
            (&["campaign_id"][..], part.campaign.as_deref()),
            (self.reason, part.reason.map(Blank::word)),
            (self.purpose, part.purpose.map(Blank::word)),
            (&["phone_code"], part.country.as_deref()),
        ];
        let mut request = (self.request)(scope.account);
        for (names, value) in filters {
            for name in names.iter().filter(|_| value.is_some()) {
                request = request.with(name, value.unwrap_or_default());
            }
        }
        request.with("limit", self.page_size).with("offset", at.offset)
    }

    fn position_after(
        &self,
        at: &NumberPosition,
        got: &Envelope<'_>,
        _: &Scope<'_>,
    ) -> Result<Next<NumberPosition>, ReadError> {
        let total = got.total.unwrap_or(0);
        if at.offset == 0 && total > self.reachable && at.part.splits_at_once() {
            return Ok(Next::instead(at.part.halves()));
        }
        let met = if total > self.reachable {
            met_until(at, got)
        } else {
            BTreeSet::new()
        };
        let next = next_offset(at.offset, self.page_size, got, |offset| NumberPosition {
            part: at.part.clone(),
            offset,
            met: met.clone(),
        });
        match &next {
            Next::Page { page, .. } if page.offset > self.reachable => at
                .part
                .split_list(met)
                .map(Next::instead)
                .ok_or(ReadError::Unreachable {
                    total: total.max(page.offset),
                    reachable: self.reachable,
                }),
            _ => Ok(next),
        }
    }
}

impl Part {
    /// True where it is divided without looking at its rows: a campaign, as long as its country is not given.
    fn splits_at_once(&self) -> bool {
        self.campaign.is_some() && (self.reason.is_none() || self.purpose.is_none())
    }

    /// The part with and without a reason, then with and without a purpose.
    fn halves(&self) -> Vec<NumberPosition> {
        let half = |blank| {
            let blank = Some(blank);
            begin(match self.reason {
                None => Self {
                    reason: blank,
                    ..self.clone()
                },
                Some(_) => Self {
                    purpose: blank,
                    ..self.clone()
                },
            })
        };
        [Blank::Filled, Blank::Empty].map(half).into()
    }

    /// The values that divide it, of an entry.
    fn next_divider<'a>(&self, entry: &Entry<'a>) -> Field<'a> {
        match self.campaign {
            None => entry.campaign_id,
            Some(_) => entry.phone_code,
        }
    }

    /// The parts by the values met; nothing where it cannot be divided further.
    fn split_list(&self, met: BTreeSet<String>) -> Option<Vec<NumberPosition>> {
        if self.campaign.is_none() {
            let part = |id| {
                begin(Self {
                    campaign: Some(id),
                    ..self.clone()
                })
            };
            // Entries that hold for all, and those that hold by purpose (documented).
            let usual = ["0", "-1"].map(str::to_owned).into_iter();
            let campaigns: BTreeSet<String> = usual.chain(met).collect();
            return Some(campaigns.into_iter().map(part).collect());
        }
        let part = |code| {
            begin(Self {
                country: Some(code),
                ..self.clone()
            })
        };
        (self.country.is_none() && met.len() > 1).then(|| met.into_iter().map(part).collect())
    }
}

fn begin(part: Part) -> NumberPosition {
    NumberPosition {
        part,
        offset: 0,
        met: BTreeSet::new(),
    }
}

/// The values that may divide the part, as met on the pages before and on this one.
fn met_until(at: &NumberPosition, got: &Envelope<'_>) -> BTreeSet<String> {
    let faults = Faults::new();
    let entries = got.records.iter().filter_map(|entry| Entry::read(entry).ok());
    let met = entries.filter_map(|entry| at.part.next_divider(&entry).owned(&faults));
    at.met.iter().cloned().chain(met).collect()
}

wire_record! {
    /// An entry of either list. All values are texts (second SDK, which spells one member with a capital in one of them).
    struct Entry {
        id,
        phone_number,
        phone_code,
        campaign_id,
        campaign_name,
        purpose = "purpose" | "Purpose",
        reason = "reason" | "Reason",
        insert_date,
    }
}

/// An entry, in column order.
fn map_entry(item: &Item<'_>, channel: &'static str, batch: &mut Batch) -> Result<(), MapError> {
    let wire = Entry::read(item.record)?;
    let Item { account, faults, .. } = *item;
    let entry = DoNotContact {
        // The two lists number their entries separately.
        id: format!("{channel}:{}", wire.id.key()?),
        channel: Some(channel.to_owned()),
        phone_number: wire.phone_number.owned(faults),
        phone_e164: read_e164(&wire.phone_number, &wire.phone_code, faults, account),
        country_code: wire.phone_code.owned(faults),
        campaign_id: wire.campaign_id.id(faults),
        campaign_name: wire.campaign_name.owned(faults),
        purpose: wire.purpose.owned(faults),
        reason: wire.reason.owned(faults),
        added_at: wire.insert_date.instant_or_day(faults, account),
    };
    batch.push(entry, item.record);
    Ok(())
}

#[cfg(test)]
mod tests;
