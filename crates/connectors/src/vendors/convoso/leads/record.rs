//! The record of a lead, and its way into the common schema.

use serde::Deserialize;

use crate::schema::{self, Batch};
use crate::source::{Item, MapError};
use crate::vendors::convoso::phone::e164;
use crate::vendors::convoso::wire::flag;
use crate::vendors::lenient::{Scalar, record};

/// A lead of leads/search. Custom fields, which differ from account to account, stay in the raw record.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Lead<'a> {
    /// A number in the documentation, a text in what client programs saw.
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    lead_id: Scalar<'a>,
    #[serde(borrow)]
    created_at: Scalar<'a>,
    #[serde(borrow)]
    pub(super) modified_at: Scalar<'a>,
    #[serde(borrow)]
    first_name: Scalar<'a>,
    #[serde(borrow)]
    last_name: Scalar<'a>,
    #[serde(borrow)]
    email: Scalar<'a>,
    #[serde(borrow)]
    phone_code: Scalar<'a>,
    #[serde(borrow)]
    phone_number: Scalar<'a>,
    #[serde(borrow)]
    alt_phone_1: Scalar<'a>,
    #[serde(borrow)]
    alt_phone_2: Scalar<'a>,
    #[serde(borrow)]
    address1: Scalar<'a>,
    #[serde(borrow)]
    address2: Scalar<'a>,
    #[serde(borrow)]
    city: Scalar<'a>,
    #[serde(borrow)]
    state: Scalar<'a>,
    #[serde(borrow)]
    province: Scalar<'a>,
    #[serde(borrow)]
    postal_code: Scalar<'a>,
    #[serde(borrow)]
    country: Scalar<'a>,
    #[serde(borrow)]
    gender: Scalar<'a>,
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    status_name: Scalar<'a>,
    #[serde(borrow)]
    user_id: Scalar<'a>,
    #[serde(borrow)]
    owner_id: Scalar<'a>,
    #[serde(borrow)]
    created_by: Scalar<'a>,
    #[serde(borrow)]
    last_modified_by: Scalar<'a>,
    #[serde(borrow)]
    source_id: Scalar<'a>,
    #[serde(borrow)]
    source_name: Scalar<'a>,
    #[serde(borrow)]
    list_id: Scalar<'a>,
    /// A directory is a list.
    #[serde(borrow)]
    directory_name: Scalar<'a>,
    #[serde(borrow)]
    campaign_uid: Scalar<'a>,
    #[serde(borrow)]
    campaign_name: Scalar<'a>,
    #[serde(borrow)]
    called_count: Scalar<'a>,
    #[serde(borrow)]
    called_count_inbound: Scalar<'a>,
    #[serde(borrow)]
    last_called: Scalar<'a>,
    #[serde(borrow)]
    first_contacted_at: Scalar<'a>,
    #[serde(borrow)]
    is_contacted: Scalar<'a>,
}

impl Lead<'_> {
    /// Its id.
    pub(super) fn key(&self) -> Result<String, MapError> {
        let id = self.id.id().or_else(|| self.lead_id.id());
        id.ok_or(MapError::Missing("id"))
    }
}

/// A lead, in column order.
pub(super) fn lead(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: Lead<'_> = record(item.record)?;
    let account = item.account;
    let e164 = |number: &Scalar<'_>| e164(number.text()?, wire.phone_code.text(), account);
    let lead = schema::Lead {
        id: wire.key()?,
        created_at: wire.created_at.instant("created_at", account)?,
        updated_at: wire.modified_at.instant("modified_at", account)?,
        name: joined(&wire.first_name, &wire.last_name),
        first_name: wire.first_name.owned(),
        last_name: wire.last_name.owned(),
        email: wire.email.text().map(str::to_lowercase),
        phone_e164: e164(&wire.phone_number),
        phone_number: wire.phone_number.owned(),
        alt_phone_1_e164: e164(&wire.alt_phone_1),
        alt_phone_1: wire.alt_phone_1.owned(),
        alt_phone_2_e164: e164(&wire.alt_phone_2),
        alt_phone_2: wire.alt_phone_2.owned(),
        address: joined(&wire.address1, &wire.address2),
        city: wire.city.owned(),
        state: wire.state.owned().or_else(|| wire.province.owned()),
        postal_code: wire.postal_code.owned(),
        country: wire.country.owned(),
        gender: wire.gender.owned(),
        status: wire.status.owned(),
        status_name: wire.status_name.owned(),
        agent_id: wire.user_id.id(),
        owner_id: wire.owner_id.id(),
        created_by_id: wire.created_by.id(),
        updated_by_id: wire.last_modified_by.id(),
        origin_id: wire.source_id.id(),
        origin_name: wire.source_name.owned(),
        list_id: wire.list_id.id(),
        list_name: wire.directory_name.owned(),
        campaign_id: wire.campaign_uid.id(),
        campaign_name: wire.campaign_name.owned(),
        called_count: wire.called_count.integer("called_count")?,
        inbound_count: wire.called_count_inbound.integer("called_count_inbound")?,
        last_called_at: wire.last_called.instant("last_called", account)?,
        first_contacted_at: wire.first_contacted_at.instant("first_contacted_at", account)?,
        is_contacted: wire.is_contacted.text().and_then(flag),
        // The vendor has no channels.
        channel_id: None,
    };
    batch.push(lead, item.record);
    Ok(())
}

/// Two texts with a blank between them, or the one that is there.
fn joined(first: &Scalar<'_>, last: &Scalar<'_>) -> Option<String> {
    let parts: Vec<&str> = [first.text(), last.text()].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
