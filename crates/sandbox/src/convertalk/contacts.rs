//! The list of contacts: a read by POST with a body of filters.

use chrono::DateTime;
use serde_json::Value;

use super::chat::Chat;
use super::world::World;
use super::{BOTS, Refused, list};
use crate::question::{Answer, Question};

/// Members that must be present (documented).
const WANTED: [&str; 17] = [
    "searchText",
    "tags",
    "status",
    "segments",
    "applicableFilters",
    "lastMessageBy",
    "_agentAssigned",
    "_botWebsite",
    "_botWhatsapp",
    "_botTelegram",
    "_botFacebook",
    "isOnline",
    "userInteracted",
    "isLiveChatActive",
    "createdAt",
    "lastSeenAt",
    "hasOrdered",
];

pub(super) fn answer(world: &World, question: &Question) -> Result<Answer, Refused> {
    let refused = (400, "Bad request");
    let body: Value = serde_json::from_str(&question.body).map_err(|_| refused)?;
    let page = body["page"].as_u64().and_then(|page| usize::try_from(page).ok());
    let is_whole = WANTED.iter().all(|name| body.get(name).is_some());
    let Some(page) = page.filter(|page| *page > 0 && is_whole) else {
        return Err(refused);
    };
    let rows = world.page(page, |chat, now| fits(&body, chat, now));
    let shown: Vec<Value> = rows.iter().map(|view| world.contact(view)).collect();
    Ok(list("", &shown))
}

/// A flag that is false, an empty text and an empty list are no filter (client programs).
fn fits(body: &Value, chat: &Chat, now: i64) -> bool {
    let wants = |name: &str| body[name].as_bool() == Some(true);
    let bots = body["_botWebsite"].as_array().filter(|bots| !bots.is_empty());
    // The form of the times is not documented; ISO 8601 and both ends inclusive are assumed.
    let bound = |end: &str| {
        let text = body["lastSeenAt"][end].as_str()?;
        Some(DateTime::parse_from_rfc3339(text).ok()?.timestamp())
    };
    let seen = chat.seen(now);
    (!wants("isOnline") || chat.is_online(now))
        && (!wants("isContact") || chat.is_lead(now))
        && bots.is_none_or(|bots| bots.iter().any(|bot| bot == BOTS[chat.bot]))
        && bound("startAt").is_none_or(|at| seen >= at)
        && bound("endsAt").is_none_or(|at| seen <= at)
}
