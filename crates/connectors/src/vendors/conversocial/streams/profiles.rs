//! Customer profiles, on an API host of their own: what agents noted about customers, action by action.

use crate::schema::{AttributeType, Batch, Contact, ContactAttribute, ContactNote, ContactTag, Entity as _};
use crate::source::{Faults, Item, Link, MapError, Request, Scope, StreamDef, SyncMode};
use crate::wire::{Field, wire_record};

use super::super::envelope::open_list;
use super::super::values::{ceil_second, floor_second, read_list, referred_id};
use super::super::{FOUR_TIMES_A_DAY, PROFILES, STREAM};
use super::{ACTIONS, whole};

/// The greatest page (documented).
const PAGE_SIZE: u32 = 50;

/// Notes written or changed.
pub(crate) const PROFILE_NOTES: StreamDef = StreamDef {
    name: "profile_notes",
    fills: &[ContactNote::TABLE, Contact::TABLE],
    completes: &[ContactNote::TABLE],
    paging: &Link {
        request: |scope| list_actions("notes", scope),
    },
    envelope: |body, _| open_list(body, |answer| answer.notes, &[]),
    map: map_note,
    ..OF_ACTIONS
};

/// Labels given or taken.
pub(crate) const PROFILE_TAGS: StreamDef = StreamDef {
    name: "profile_tags",
    fills: &[ContactTag::TABLE, Contact::TABLE],
    completes: &[ContactTag::TABLE],
    paging: &Link {
        request: |scope| list_actions("tags", scope),
    },
    envelope: |body, _| open_list(body, |answer| answer.tags, &[]),
    map: map_tag,
    ..OF_ACTIONS
};

/// Properties noted.
pub(crate) const PROFILE_ANNOTATIONS: StreamDef = StreamDef {
    name: "profile_annotations",
    fills: &[ContactAttribute::TABLE, Contact::TABLE],
    completes: &[ContactAttribute::TABLE],
    paging: &Link {
        request: |scope| list_actions("annotations", scope),
    },
    envelope: |body, _| open_list(body, |answer| answer.annotations, &[]),
    map: map_annotation,
    ..OF_ACTIONS
};

/// The kinds of properties, which have no times.
pub(crate) const ANNOTATION_TYPES: StreamDef = StreamDef {
    name: "annotation_types",
    fills: &[AttributeType::TABLE],
    completes: &[AttributeType::TABLE],
    mode: whole(&[AttributeType::TABLE]),
    host: PROFILES,
    schedule: FOUR_TIMES_A_DAY,
    paging: &Link {
        request: |_| Request::get("annotation-types").to_host(PROFILES),
    },
    // Without the hyphen of its path (documented).
    envelope: |body, _| open_list(body, |answer| answer.annotationtypes, &[]),
    map: annotation_type,
    ..STREAM
};

/// What the lists of actions have in common.
const OF_ACTIONS: StreamDef = StreamDef {
    mode: SyncMode::Windowed(ACTIONS),
    host: PROFILES,
    ..STREAM
};

/// The end is exclusive by its description, although the vendor's samples ask for a day with its date at both ends: full
/// times are sent, and the windows overlap. Both ends are required (documented), so that there is no open end.
fn list_actions(path: &'static str, scope: &Scope<'_>) -> Request {
    let window = scope.slice.window();
    Request::get(path)
        .to_host(PROFILES)
        .with("created_date_from", floor_second(window.since))
        .with("created_date_to", ceil_second(window.until))
        .with("page_size", PAGE_SIZE)
}

wire_record! {
    /// An action of an agent on a customer.
    struct Action {
        id, action, created_date, author,
        /// A number here, and a text wherever else agents are named.
        user,
        /// The overview's name for `user` (documented).
        moderator_id,
        text,
        /// The overview's name for `text` (documented).
        value,
        name, type_id,
    }
}

wire_record! {
    /// A person, who may have several identities.
    struct Person { author_ids, customer_profiles_id }
}

impl<'a> Action<'a> {
    /// A changed note may be a further row or the same one with a newer time, it is not said which: all three make the key.
    fn key(&self) -> Result<String, MapError> {
        let (id, action, at) = (self.id.key()?, self.action.key()?, self.created_date.key()?);
        Ok(format!("{id}:{action}:{at}"))
    }

    fn agent_id(&self, faults: &Faults) -> Option<String> {
        referred_id(&self.user, faults).or_else(|| referred_id(&self.moderator_id, faults))
    }

    fn map_person(&self, faults: &Faults) -> Person<'a> {
        Person::read_nested(&self.author, faults)
    }

    /// Tells of each identity which person it belongs to. The lists of actions have this one column of a contact between them,
    /// and all say it of the same profiles.
    fn add_identities(&self, faults: &Faults, batch: &mut Batch) {
        let person = self.map_person(faults);
        let (Some(person_id), Some(record)) = (person.customer_profiles_id.id(faults), self.author.raw())
        else {
            return;
        };
        for id in read_list(&person.author_ids, faults).unwrap_or_default() {
            let Ok(id) = Field::new(person.author_ids.name(), id).key() else {
                continue;
            };
            let contact = Contact {
                id,
                person_id: Some(person_id.clone()),
                ..Contact::default()
            };
            batch.push_partial(contact, record, &["person_id"]);
        }
    }
}

impl Person<'_> {
    /// The first identity of the customer.
    fn contact_id(&self, faults: &Faults) -> Option<String> {
        let ids = read_list(&self.author_ids, faults)?;
        let first = ids.iter().next()?;
        Field::new(self.author_ids.name(), first).id(faults)
    }
}

fn map_note(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let (wire, faults) = (Action::read(item.record)?, item.faults);
    let person = wire.map_person(faults);
    let note = ContactNote {
        id: wire.key()?,
        contact_id: person.contact_id(faults),
        person_id: person.customer_profiles_id.id(faults),
        action: wire.action.owned(faults),
        happened_at: wire.created_date.instant_or_day(faults, item.account),
        agent_id: wire.agent_id(faults),
        note_id: wire.id.id(faults),
        text: wire.text.owned(faults).or_else(|| wire.value.owned(faults)),
    };
    batch.push(note, item.record);
    wire.add_identities(faults, batch);
    Ok(())
}

fn map_tag(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let (wire, faults) = (Action::read(item.record)?, item.faults);
    let person = wire.map_person(faults);
    let tag = ContactTag {
        id: wire.key()?,
        contact_id: person.contact_id(faults),
        person_id: person.customer_profiles_id.id(faults),
        action: wire.action.owned(faults),
        happened_at: wire.created_date.instant_or_day(faults, item.account),
        agent_id: wire.agent_id(faults),
        tag_id: wire.id.id(faults),
        name: wire.name.owned(faults),
    };
    batch.push(tag, item.record);
    wire.add_identities(faults, batch);
    Ok(())
}

fn map_annotation(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let (wire, faults) = (Action::read(item.record)?, item.faults);
    let person = wire.map_person(faults);
    let attribute = ContactAttribute {
        id: wire.key()?,
        contact_id: person.contact_id(faults),
        person_id: person.customer_profiles_id.id(faults),
        action: wire.action.owned(faults),
        happened_at: wire.created_date.instant_or_day(faults, item.account),
        agent_id: wire.agent_id(faults),
        attribute_id: wire.id.id(faults),
        attribute_type_id: wire.type_id.id(faults),
        value: wire.text.owned(faults).or_else(|| wire.value.owned(faults)),
    };
    batch.push(attribute, item.record);
    wire.add_identities(faults, batch);
    Ok(())
}

wire_record! {
    /// A kind of property.
    struct AnnotationType { id, name, format, is_active }
}

fn annotation_type(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let (wire, faults) = (AnnotationType::read(item.record)?, item.faults);
    let kind = AttributeType {
        id: wire.id.key()?,
        name: wire.name.owned(faults),
        format: wire.format.owned(faults),
        is_active: wire.is_active.flag(faults),
    };
    batch.push(kind, item.record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{day, exchange};
    use super::*;
    use crate::reader::Verdict;
    use crate::schema::Ownership;

    #[test]
    fn each_identity_of_a_customer_is_told_whose_it_is() {
        let body = r#"{"notes":[
            {"id":"n1","action":"add_note","created_date":"2026-02-03T10:00:00.120000","user":5120,"text":"x",
             "author":{"author_ids":["t:1","f:2"],"customer_profiles_id":"p9"}},
            {"id":"n1","action":"modify_note","created_date":"2026-02-03T11:00:00","moderator_id":5121,"value":"y",
             "author":{"author_ids":"odd","customer_profiles_id":"p9"}},
            {"id":"n2","action":"add_note","created_date":"2026-02-03T12:00:00","user":null,"author":null}],
            "paging":{"next_page":null}}"#;
        let told = exchange(&PROFILE_NOTES, day(), &[body]);
        assert_eq!(told.verdict, Verdict::Complete);
        assert_eq!(
            told.ids("contact_notes"),
            [
                "n1:add_note:2026-02-03T10:00:00.120000",
                "n1:modify_note:2026-02-03T11:00:00",
                "n2:add_note:2026-02-03T12:00:00"
            ]
        );
        assert_eq!(
            told.column("contact_notes", "contact_id"),
            [r#"Some("t:1")"#, "None", "None"]
        );
        assert_eq!(
            told.column("contact_notes", "agent_id"),
            [r#"Some("5120")"#, r#"Some("5121")"#, "None"]
        );
        assert_eq!(told.ids("contacts"), ["t:1", "f:2"]);
        assert_eq!(
            told.column("contacts", "person_id"),
            [r#"Some("p9")"#, r#"Some("p9")"#]
        );
        assert_eq!(told.faults, ["author_ids"]);
        let contacts = told
            .batch
            .rows()
            .iter()
            .find(|rows| rows.table() == Contact::TABLE);
        let contacts = contacts.unwrap();
        assert_eq!(contacts.ownership(), Ownership::Columns(&["person_id"]));
        assert!(
            contacts.raws().iter().all(|raw| !raw.contains("text")),
            "a contact's record is not a note"
        );
    }
}
