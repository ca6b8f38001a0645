//! Contacts. Whether they share their ids with chats is assumed; the browser session, which both have, tells.

use crate::schema::{Batch, Children, Contact, ContactSegment, Entity as _};
use crate::source::{Absence, Context, Faults, Item, MapError, Request, StreamDef};
use crate::vendors::convertalk::KEYED;
use crate::vendors::convertalk::feed::Feed;
use crate::vendors::convertalk::visitor::{Ordered, Person, Visitor, lasting_part};
use crate::wire::{Field, wire_record};

use super::{STREAM, newest_first};

pub(in crate::vendors::convertalk) const CONTACTS: StreamDef = StreamDef {
    name: "contacts",
    fills: &[Contact::TABLE, ContactSegment::TABLE],
    completes: &[Contact::TABLE, ContactSegment::TABLE],
    // The request asks for subscribers only, as the one client program seen does: who is missing may have unsubscribed.
    mode: newest_first(Absence::ProvesNothing),
    host: KEYED,
    paging: &Feed {
        lists: &[()],
        request: |(), page, _| request(page),
        context: |(), _| Context::default(),
    },
    map: map_contact,
    ..STREAM
};

/// A page of contacts. The vendor asks that every member be present; a flag that is `false`, an empty text and an empty list
/// are no filter (client programs). `isSubscriber` may be one; the client program that is known to work sends `true`.
fn request(page: u32) -> Request {
    let body = serde_json::json!({
        "searchText": "",
        "tags": [], "tagsV2": [], "status": [], "segments": [], "applicableFilters": [],
        "lastMessageBy": [], "_agentAssigned": [],
        "_botWebsite": [], "_botWhatsapp": [], "_botTelegram": [], "_botFacebook": [], "_botAutomation": [],
        "isOnline": false, "userInteracted": false, "isLiveChatActive": false,
        "isSubscriber": true, "isContact": false, "ctwaNewUsers": false, "ctwaOldUsers": false,
        // The members are named unevenly (documented).
        "createdAt": { "startAt": "", "endsAt": "" },
        "lastSeenAt": { "startAt": "", "endsAt": "" },
        "hasOrdered": { "status": false, "lastAt": "" },
        "isExport": "none",
        "page": page,
    });
    Request::post_json("inbox/users", body.to_string()).to_host(KEYED)
}

fn map_contact(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = Visitor::read(item.record)?;
    let (account, faults) = (item.account, item.faults);
    let person = Person::read_nested(&wire.read_profile(faults).user_details, faults);
    let reach = person.reach_visitor(faults);
    let phone = reach.read_phone(faults);
    // The first platform is the one that they came by.
    let platform = wire.platform.records(faults).iter().next();
    let contact = Contact {
        id: wire.id.key()?,
        name: person.name.owned(faults),
        platform: platform.and_then(|json| Field::new("platform", json).owned(faults)),
        email: reach.read_email(faults),
        phone_number: phone.written_number(faults),
        phone_e164: phone.e164(faults, account),
        city: person.city.owned(faults),
        country: person.country.owned(faults),
        gender: person.gender.owned(faults),
        picture_link: person.picture.owned(faults),
        is_lead: wire.is_contact.flag(faults),
        has_ordered: Ordered::read_nested(&wire.has_ordered, faults)
            .status
            .flag(faults),
        created_at: wire.created_at.instant(faults, account),
        last_seen_at: wire.last_seen_at.instant(faults, account),
        visitor_id: wire.uuid.owned(faults),
        ..Contact::default()
    };
    push_segments(&contact.id, &wire.segments, faults, batch);
    batch.push_lasting(contact, item.record, &lasting_part(item.record));
    Ok(())
}

wire_record! {
    /// A group inside a contact, where it is an object.
    struct Segment { id = "_id" }
}

/// The groups of a contact, which are all that it belongs to; a list that the vendor does not show says nothing.
fn push_segments(contact: &str, list: &Field<'_>, faults: &Faults, batch: &mut Batch) {
    let Some(records) = list.list(faults) else { return };
    let mut ids: Vec<String> = Vec::new();
    for record in records {
        let field = Field::new("segments", record);
        let id = if field.is_object() {
            Segment::read_nested(&field, faults).id.id(faults)
        } else {
            field.id(faults)
        };
        let Some(segment) = id.filter(|segment| !ids.contains(&format!("{contact}:{segment}"))) else {
            continue;
        };
        let id = format!("{contact}:{segment}");
        ids.push(id.clone());
        let row = ContactSegment {
            id,
            contact_id: Some(contact.to_owned()),
            segment_id: Some(segment),
        };
        batch.push(row, record);
    }
    batch.replace(Children {
        table: ContactSegment::TABLE,
        column: "contact_id",
        parent: contact.to_owned(),
        ids,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Region, Values};
    use crate::source::{Account, Faults};

    #[test]
    fn a_page_is_asked_for_by_a_number() {
        assert!(request(2).body.is_some_and(|body| body.contains(r#""page":2"#)));
    }

    #[test]
    fn a_contact_takes_the_first_platform() {
        for (members, wanted) in [
            (
                r#","platform":["WEBSITE","WHATSAPP"],"isContact":true,"uuid":"u1""#,
                [Some("WEBSITE"), Some("true"), Some("u1")],
            ),
            (r#","platform":[],"isContact":false"#, [None, Some("false"), None]),
            (r#","platform":null,"isContact":null"#, [None, None, None]),
            (r#","platform":7,"isContact":"perhaps""#, [None, None, None]),
        ] {
            let item = Item {
                record: &format!(r#"{{"_id":"a1"{members}}}"#),
                context: &Context::default(),
                account: &Account::new(chrono_tz::UTC, Region::US),
                faults: &Faults::new(),
            };
            let mut batch = Batch::default();
            map_contact(&item, &mut batch).unwrap();
            let rows = &batch.rows()[0];
            let text = |column: &str| {
                let place = Contact::TABLE.columns.iter().position(|own| own.name == column);
                match &rows.columns()[place.unwrap()] {
                    Values::Text(values) => values[0].clone(),
                    Values::Boolean(values) => values[0].map(|yes| yes.to_string()),
                    other => panic!("{other:?}"),
                }
            };
            let told = ["platform", "is_lead", "visitor_id"].map(text);
            assert_eq!(told, wanted.map(|text| text.map(str::to_owned)), "{members}");
        }
    }
}
