//! Customer profiles, behind a door of their own: what agents noted about customers, action by action.

use serde::Deserialize;

use crate::schema::{AttributeType, Batch, ContactAttribute, ContactNote, ContactTag};
use crate::source::{Account, Item, MapError, Request, Window};
use crate::vendors::lenient::{Scalar, record};

use super::loose::{Loose, flag, instant};
use super::time::{ceiling, floor};

/// The name of the door.
pub(super) const DOOR: &str = "profiles";

/// The greatest page (documented).
const PAGE_SIZE: u32 = 50;

/// The notes of a window.
pub(super) fn notes(window: &Window, _: &Account) -> Request {
    actions("notes", window)
}

/// The labels given or taken in a window.
pub(super) fn tags(window: &Window, _: &Account) -> Request {
    actions("tags", window)
}

/// The properties noted in a window.
pub(super) fn annotations(window: &Window, _: &Account) -> Request {
    actions("annotations", window)
}

/// The kinds of properties, which have no times.
pub(super) fn annotation_types(_: &Window, _: &Account) -> Request {
    Request::get("annotation-types").through(DOOR)
}

/// The end is exclusive by its description, although the vendor's samples ask for a day with its date at both ends: full
/// times are sent, and the windows overlap.
fn actions(path: &'static str, window: &Window) -> Request {
    Request::get(path)
        .through(DOOR)
        .with("created_date_from", floor(window.since))
        .with("created_date_to", ceiling(window.until))
        .with("page_size", PAGE_SIZE)
}

/// An action of an agent on a customer. The overview writes `value` for `text` and `moderator_id` for `user` (documented).
#[derive(Deserialize, Default)]
#[serde(default)]
struct Action<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    action: Scalar<'a>,
    #[serde(borrow)]
    created_date: Scalar<'a>,
    #[serde(borrow)]
    author: Author<'a>,
    /// A number here, and a text wherever else agents are named.
    #[serde(borrow)]
    user: Loose<'a>,
    #[serde(borrow)]
    moderator_id: Loose<'a>,
    #[serde(borrow)]
    text: Scalar<'a>,
    #[serde(borrow)]
    value: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    type_id: Scalar<'a>,
}

/// A person, who may have several identities.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Author<'a> {
    #[serde(borrow)]
    author_ids: Loose<'a>,
    #[serde(borrow)]
    customer_profiles_id: Scalar<'a>,
}

impl Action<'_> {
    /// A changed note may be a further row or the same one with a newer time, it is not said which: all three make the key.
    fn key(&self) -> Result<String, MapError> {
        let part = |scalar: &Scalar<'_>, field| scalar.owned().ok_or(MapError::Missing(field));
        let id = self.id.id().ok_or(MapError::Missing("id"))?;
        let (action, at) = (
            part(&self.action, "action")?,
            part(&self.created_date, "created_date")?,
        );
        Ok(format!("{id}:{action}:{at}"))
    }

    fn agent_id(&self) -> Result<Option<String>, MapError> {
        let user = self.user.id("user")?;
        user.map_or_else(|| self.moderator_id.id("moderator_id"), |user| Ok(Some(user)))
    }

    /// The first identity of the customer.
    fn contact_id(&self) -> Result<Option<String>, MapError> {
        let ids = self
            .author
            .author_ids
            .list("author.author_ids")?
            .unwrap_or_default();
        let first = ids.first().map(|raw| record::<Scalar<'_>>(raw));
        Ok(first.transpose()?.and_then(|id| id.id()))
    }
}

/// A note written or changed.
pub(super) fn note(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: Action<'_> = record(item.record)?;
    let note = ContactNote {
        id: wire.key()?,
        contact_id: wire.contact_id()?,
        person_id: wire.author.customer_profiles_id.id(),
        action: wire.action.owned(),
        happened_at: instant(&wire.created_date, "created_date", item.account)?,
        agent_id: wire.agent_id()?,
        note_id: wire.id.id(),
        text: wire.text.owned(),
    };
    batch.push(note, item.record);
    Ok(())
}

/// A label given or taken.
pub(super) fn tag(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: Action<'_> = record(item.record)?;
    let tag = ContactTag {
        id: wire.key()?,
        contact_id: wire.contact_id()?,
        person_id: wire.author.customer_profiles_id.id(),
        action: wire.action.owned(),
        happened_at: instant(&wire.created_date, "created_date", item.account)?,
        agent_id: wire.agent_id()?,
        tag_id: wire.id.id(),
        name: wire.name.owned(),
    };
    batch.push(tag, item.record);
    Ok(())
}

/// A property noted.
pub(super) fn annotation(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: Action<'_> = record(item.record)?;
    let attribute = ContactAttribute {
        id: wire.key()?,
        contact_id: wire.contact_id()?,
        person_id: wire.author.customer_profiles_id.id(),
        action: wire.action.owned(),
        happened_at: instant(&wire.created_date, "created_date", item.account)?,
        agent_id: wire.agent_id()?,
        attribute_id: wire.id.id(),
        attribute_type_id: wire.type_id.id(),
        value: wire.text.owned().or_else(|| wire.value.owned()),
    };
    batch.push(attribute, item.record);
    Ok(())
}

/// A kind of property.
#[derive(Deserialize, Default)]
#[serde(default)]
struct AnnotationType<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    format: Scalar<'a>,
    #[serde(borrow)]
    is_active: Scalar<'a>,
}

/// A kind of property.
pub(super) fn annotation_type(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: AnnotationType<'_> = record(item.record)?;
    let kind = AttributeType {
        id: wire.id.id().ok_or(MapError::Missing("id"))?,
        name: wire.name.owned(),
        format: wire.format.owned(),
        is_active: flag(&wire.is_active, "is_active")?,
    };
    batch.push(kind, item.record);
    Ok(())
}
