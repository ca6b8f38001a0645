//! Customers, whom the vendor calls authors. There is no list of them (seen in client programs).

use chrono::TimeDelta;

use crate::schema::{Batch, Contact, Conversation, Entity as _, Message};
use crate::source::{ById, Item, LookupPolicy, MapError, Reference, Request, StreamDef, SyncMode};
use crate::wire::wire_record;

use super::super::STREAM;
use super::super::envelope::{open_author, says_no_such};
use super::super::values::path_segment;

const FIELDS: &str = "id,url,platform,platform_id,screen_name,real_name,location,website,description,\
                      profile_picture,profile_link";

/// What an author says of itself. Which person it belongs to, profiles say.
const OWNED: &[&str] = &[
    "raw",
    "name",
    "handle",
    "platform",
    "platform_id",
    "location",
    "website",
    "description",
    "profile_link",
    "picture_link",
];

/// Customers, by the ids that conversations and messages name.
pub(crate) const CONTACTS: StreamDef = StreamDef {
    name: "contacts",
    fills: &[Contact::TABLE],
    completes: &[Contact::TABLE],
    mode: SyncMode::Lookup(LookupPolicy {
        references: &[
            Reference {
                table: Conversation::TABLE,
                column: "contact_id",
                newest_by: "started_at",
                unless: None,
            },
            Reference {
                table: Message::TABLE,
                column: "contact_id",
                newest_by: "sent_at",
                unless: None,
            },
        ],
        // Profiles carry no time of change.
        renew_after: TimeDelta::days(30),
        budget: 300,
        times: 2,
    }),
    schedule: Some("0 35 * * * *"),
    paging: &ById {
        request: |id, _| Request::get(format!("authors/{}", path_segment(id))).with("fields", FIELDS),
    },
    envelope: open_author,
    map: map_contact,
    says_gone: |got| says_no_such(got, "author"),
    ..STREAM
};

wire_record! {
    /// An author, who is a customer.
    struct Author {
        id, platform, platform_id, screen_name, real_name, location, website, description, profile_picture,
        profile_link,
    }
}

fn map_contact(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let (wire, faults) = (Author::read(item.record)?, item.faults);
    let contact = Contact {
        id: wire.id.key()?,
        name: wire.real_name.owned(faults),
        handle: wire.screen_name.owned(faults),
        platform: wire.platform.owned(faults),
        platform_id: wire.platform_id.id(faults),
        location: wire.location.owned(faults),
        website: wire.website.owned(faults),
        description: wire.description.owned(faults),
        profile_link: wire.profile_link.owned(faults),
        picture_link: wire.profile_picture.owned(faults),
        ..Contact::default()
    };
    batch.push_partial(contact, item.record, OWNED);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{exchange, slice_of};
    use super::*;
    use crate::reader::Verdict;
    use crate::source::Extent;

    fn read(id: &str, body: &str) -> super::super::super::testing::Exchange {
        exchange(&CONTACTS, slice_of(Extent::Ids(vec![id.to_owned()])), &[body])
    }

    #[test]
    fn a_customer_with_one_odd_field_lands_without_it() {
        let told = read(
            "t:1",
            r#"{"author":{"id":"t:1","real_name":"Dana Example","location":{"lat":1}}}"#,
        );
        assert_eq!(told.requests[0].path, "authors/t%3A1");
        assert_eq!(told.column("contacts", "name"), [r#"Some("Dana Example")"#]);
        assert_eq!(told.column("contacts", "location"), ["None"]);
        assert_eq!(told.faults, ["location"]);
        assert_eq!(told.verdict, Verdict::Complete);
    }

    #[test]
    fn a_customer_without_an_id_is_rejected() {
        let told = read("t:1", r#"{"author":{"real_name":"Dana Example"}}"#);
        assert_eq!(told.rejects, ["Field `id` is missing"]);
        assert!(told.batch.is_empty());
    }
}
