//! The short lists: accounts, channels, users and tags. Each is read whole, in pages of ten.

use crate::schema::{self, Agent, Batch, Channel, Tag};
use crate::source::{Item, MapError, Request};
use crate::vendors::lenient::record;

use super::loose::{flag, instant};
use super::wire;

/// A list in the order of ids, which alone is stable: its links count rows. Without `fields` only ids come (documented).
pub(super) fn request(path: &'static str, fields: &'static str) -> Request {
    Request::get(path).with("sort", "id").with("fields", fields)
}

/// An account.
pub(super) fn account(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Listed<'_> = record(item.record)?;
    let account = schema::Account {
        id: wire.id.id().ok_or(MapError::Missing("id"))?,
        name: wire.name.owned(),
        description: wire.description.owned(),
        plan: wire.package.owned(),
        created_at: instant(&wire.created_date, "created_date", item.account)?,
    };
    batch.push(account, item.record);
    Ok(())
}

/// A channel.
pub(super) fn channel(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Listed<'_> = record(item.record)?;
    let channel = Channel {
        id: wire.id.id().ok_or(MapError::Missing("id"))?,
        name: wire.name.owned(),
        platform: wire.kind.owned(),
        account_id: wire.account.id("account")?,
        is_active: flag(&wire.is_active, "is_active")?,
        link: wire.fb_page_url.owned(),
        follower_count: wire.fans.integer("fans")?,
        // Not `created_date`, as elsewhere.
        created_at: instant(&wire.created, "created", item.account)?,
    };
    batch.push(channel, item.record);
    Ok(())
}

/// A user, who is an agent.
pub(super) fn agent(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Listed<'_> = record(item.record)?;
    let (first_name, last_name) = (wire.first_name.owned(), wire.last_name.owned());
    let names: Vec<&str> = [first_name.as_deref(), last_name.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let agent = Agent {
        id: wire.id.id().ok_or(MapError::Missing("id"))?,
        name: Some(names.join(" ")).filter(|name| !name.is_empty()),
        email: wire.email.text().map(str::to_lowercase),
        is_expert: flag(&wire.is_expert, "is_expert")?,
        account_id: wire.account.id("account")?,
        team: wire.crowds_name.owned(),
        time_zone: wire.timezone.owned(),
        created_at: instant(&wire.date_joined, "date_joined", item.account)?,
        last_login_at: instant(&wire.last_login, "last_login", item.account)?,
        first_name,
        last_name,
        ..Agent::default()
    };
    batch.push(agent, item.record);
    Ok(())
}

/// A tag.
pub(super) fn tag(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Listed<'_> = record(item.record)?;
    let tag = Tag {
        id: wire.id.id().ok_or(MapError::Missing("id"))?,
        name: wire.name.owned(),
        is_active: flag(&wire.is_active, "is_active")?,
    };
    batch.push(tag, item.record);
    Ok(())
}
