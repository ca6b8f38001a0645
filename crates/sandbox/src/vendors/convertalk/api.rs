//! Convertalk's three lists: chats of a bot, contacts by a body of filters, segments.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::{Account, BOTS, CUSTOMER, Chat, Order, Refusal};
use crate::account::Records;
use crate::people::any_customer;
use crate::request::{Request, Response};
use crate::rng::{one_of, scatter};

/// Members that the body of a request for contacts must have (documented).
const WANTED: &str = "searchText tags status segments applicableFilters lastMessageBy _agentAssigned _botWebsite \
    _botWhatsapp _botTelegram _botFacebook isOnline userInteracted isLiveChatActive createdAt lastSeenAt \
    hasOrdered";

const TEXTS: [&str; 6] = [
    "Thanks, we will call you.",
    "Which roof do you have?",
    "Do you ship\nabroad? 🙂",
    "See https://shop.example/offer?for=you",
    "",
    "I would like a \"quote\"",
];
const SENDERS: [&str; 4] = ["bot", "user", "agent", "system"];
const TAGS: [&str; 4] = ["solar", "vip", "call back", "Größe: L"];
const CITIES: [&str; 3] = ["Exampleville, CA", "Sampleton, NV", ""];
/// How a North American prefix is written (client programs).
const PREFIXES: [&str; 3] = ["+1", "1", ""];
const SEGMENTS: [&str; 3] = ["Newsletter", "Open quotes", "Customers of 2025"];
/// The place of the group that contacts leave.
const LEFT: usize = 1;

/// Why a request is refused: the status and words.
type Refused = (u16, &'static str);

const UNAUTHORIZED: Refused = (401, "Unauthorized");
const BAD_REQUEST: Refused = (400, "Bad request");

/// A refusal in the vendor's envelope (assumed: no body of one is documented).
pub(super) fn refusal(code: i64, text: &str) -> Response {
    Response::json(&json!({ "success": false, "message": text, "code": code }))
}

/// Rows in the vendor's envelope.
fn list(message: &str, rows: Vec<Value>) -> Response {
    let mut body = json!({ "success": true, "message": message, "code": 200 });
    // Moved, where `json!` would copy every row.
    body["data"] = rows.into();
    Response::json(&body)
}

pub(super) fn respond(account: &Account, path: &str, request: &Request) -> Response {
    let outcome = match (request.method.as_str(), path) {
        ("GET", "inbox/direct/chats") => list_chats(account, request),
        ("POST", "inbox/users") => list_contacts(account, request),
        ("GET", "inbox/segments") => {
            require(has_key(account, request), UNAUTHORIZED).map(|()| list("ok", list_segments()))
        }
        _ => return Response::html(404),
    };
    outcome.unwrap_or_else(|(status, text)| {
        let told = refusal(i64::from(status), text);
        match account.current_quirks().refusal {
            Refusal::Status => told.with_status(status),
            Refusal::InBody => told,
        }
    })
}

pub(super) fn has_token(account: &Account, request: &Request) -> bool {
    request.header(&account.current_quirks().token_header) == Some(&account.options().token)
}

/// Without the second header the key is taken for a session, and refused (assumed).
pub(super) fn has_key(account: &Account, request: &Request) -> bool {
    let key = request.header("authorization");
    request.header("authtype") == Some("Key")
        && key.and_then(|text| text.strip_prefix("Bearer ")) == Some(&account.options().api_key)
}

fn require(holds: bool, refused: Refused) -> Result<(), Refused> {
    holds.then_some(()).ok_or(refused)
}

fn list_chats(account: &Account, request: &Request) -> Result<Response, Refused> {
    require(has_token(account, request), UNAUTHORIZED)?;
    let bot = BOTS.iter().position(|bot| request.param("botId") == Some(bot));
    let (Some(bot), Some(page @ 1..)) = (bot, request.number("page")) else {
        return Err(BAD_REQUEST);
    };
    let is_lead = match request.param("type") {
        Some("lead") => true,
        Some("non-lead") => false,
        _ => return Err(BAD_REQUEST),
    };
    require(request.param("customerId") == Some(CUSTOMER), BAD_REQUEST)?;
    let fits = |chat: &Chat, now| chat.bot == bot && chat.shows_as(is_lead, now);
    Ok(list("ok", page_of_chats(account, page, fits, chat_record)))
}

fn list_contacts(account: &Account, request: &Request) -> Result<Response, Refused> {
    require(has_key(account, request), UNAUTHORIZED)?;
    let body: Value = serde_json::from_str(&request.body).map_err(|_| BAD_REQUEST)?;
    let page = body["page"].as_u64().and_then(|page| usize::try_from(page).ok());
    let is_whole = WANTED.split(' ').all(|name| body.get(name).is_some());
    let page = page.filter(|page| *page > 0 && is_whole).ok_or(BAD_REQUEST)?;
    let fits = |chat: &Chat, now| is_asked_for(&body, chat, now);
    Ok(list("", page_of_chats(account, page, fits, contact_record)))
}

/// A flag that is false, an empty text and an empty list are no filter (client programs).
fn is_asked_for(body: &Value, chat: &Chat, now: i64) -> bool {
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

/// A page, from 1, of the chats that fit.
fn page_of_chats(
    account: &Account,
    page: usize,
    fits: impl Fn(&Chat, i64) -> bool,
    record: fn(&Account, &Chat, i64) -> Value,
) -> Vec<Value> {
    let quirks = account.current_quirks();
    let draw = account.fork_rng().u64(..);
    account.with(|state, now| {
        let present = state.chats.present(now).map(|(_, chat)| chat);
        let mut found: Vec<&Chat> = present.filter(|chat| fits(chat, now)).collect();
        found.sort_by_key(|chat| {
            let number = i64::from(chat.number);
            match quirks.order {
                Order::Activity => (-chat.seen(now), -number),
                Order::Created => (-chat.start, -number),
                Order::Id => (chat.start, number),
                Order::Random => (scatter(draw, u64::from(chat.number)).cast_signed(), 0),
            }
        });
        let size = |page: usize| {
            let lacking = usize::from(quirks.has_short_pages && page.is_multiple_of(2));
            (quirks.page_size - lacking).max(1)
        };
        let page = if quirks.is_stuck { 1 } else { page };
        let skipped = (1..page).map(size).fold(0, usize::saturating_add);
        let shown = found.into_iter().skip(skipped).take(size(page));
        shown.map(|chat| record(account, chat, now)).collect()
    })
}

/// An instant as the vendor writes it.
fn time(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .expect("the simulation lies within the calendar")
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The id of a colleague.
fn agent_id(place: u64) -> String {
    format!("65a00000000000000000{:04x}", 0xf000 + place)
}

/// A chat as the list of chats shows it.
fn chat_record(account: &Account, chat: &Chat, now: i64) -> Value {
    let (fate, quirks) = (chat.fate, account.current_quirks());
    let written = chat.written(now);
    let mut row = json!({
        "_id": chat.id(),
        "uuid": format!("3f0c7a52-0000-4000-8000-{:012x}", chat.number),
        "createdAt": time(chat.start),
        "updatedAt": time(chat.updated(now)),
        "lastSeenAt": time(chat.seen(now)),
        "isOnline": chat.is_online(now),
        "status": chat.status(),
        "websiteVisits": fate % 5,
        "lastMessage": {
            "text": one_of(&TEXTS, fate >> 3 ^ written.cast_unsigned()),
            "by": one_of(&SENDERS, fate >> 7),
            "at": time(written),
        },
        "profile": { "notes": notes(chat), "userDetails": visitor(account, chat, now) },
    });
    if fate >> 11 & 1 == 1 {
        let place = (fate >> 12 & 0xff) % u64::from(account.options().agents.max(1));
        row["_agentAssigned"] = agent_id(place).into();
    }
    if quirks.has_odd_rows {
        make_odd(&mut row, chat);
    }
    if quirks.broken_rows.contains(&chat.number) {
        row["createdAt"] = "yesterday".into();
    }
    row
}

/// Who the visitor is: a customer of all vendors, once they said so; empty texts before.
fn visitor(account: &Account, chat: &Chat, now: i64) -> Value {
    let fate = chat.fate;
    let tags = match &chat.tags {
        Some(tags) => tags.clone(),
        None if fate.is_multiple_of(4) && !chat.is_cleared(now) => vec![one_of(&TAGS, fate >> 2).to_owned()],
        None => Vec::new(),
    };
    let (mut name, mut email, mut number, mut prefix) = <(String, String, String, &str)>::default();
    if chat.is_lead(now) {
        let customer = any_customer(account.options().seed, chat.visitor());
        // Following blanks were seen.
        let blank = if fate & 8 == 0 { " " } else { "" };
        name = format!("{} {}{blank}", customer.first, customer.last);
        email = customer.email;
        number = customer.phone.to_string();
        prefix = one_of(&PREFIXES, fate >> 9);
        if fate & 0x30 == 0 {
            number = format!("+1{number}");
        }
    }
    json!({
        "name": name, "picture": "",
        "contact": { "email": email, "phone": { "number": number, "prefix": prefix } },
        "city": one_of(&CITIES, fate >> 4), "country": "United States",
        "gender": if fate & 0x40 == 0 { "MALE" } else { "" },
        "tags": tags,
        "attributes": [ { "key": "roof_type", "value": "flat" } ],
    })
}

fn notes(chat: &Chat) -> Value {
    if chat.fate & 0x300 != 0 {
        return json!([]);
    }
    json!([ { "_id": format!("65a2{:020x}", chat.number), "title": "Budget", "description": "asked for a quote" } ])
}

/// A chat as the list of contacts shows it, which has more members.
fn contact_record(account: &Account, chat: &Chat, now: i64) -> Value {
    let mut row = chat_record(account, chat, now);
    let touched = chat.touched.unwrap_or_default();
    let more = json!({
        "_customer": CUSTOMER,
        "_user": format!("65a1{:020x}", chat.number),
        "_botWebsite": BOTS[chat.bot],
        "chatBotType": "FLOW_BASED",
        "platform": ["WEBSITE"], "secondaryPlatform": ["website"],
        "isContact": chat.is_lead(now), "isSubscriber": true, "isImported": false, "userInteracted": chat.fate & 1 == 0,
        "segments": segments_of(chat, now), "integrations": {}, "hasOrdered": { "status": chat.is_lead(now) && (chat.fate >> 30).is_multiple_of(4) },
        "unreadMessage": [ { "userId": agent_id(0), "count": touched % 7 } ],
        "unreadMessages": touched % 7,
        "__v": 0,
    });
    if let (Value::Object(row), Value::Object(more)) = (&mut row, more) {
        row.extend(more);
    }
    row["profile"]["device"] =
        json!({ "device": "Desktop", "browser": "Firefox", "ip": "192.0.2.7", "operatingSystem": "" });
    row
}

/// Lacking members, empty ones, unknown words and very long ones.
fn make_odd(row: &mut Value, chat: &Chat) {
    let pick = scatter(chat.fate, 3) % 24;
    let Value::Object(members) = row else { return };
    match pick {
        0 => _ = members.remove("lastMessage"),
        1 => _ = members.insert("lastMessage".to_owned(), Value::Null),
        2 => _ = members.insert("status".to_owned(), "SURPRISE".into()),
        3 => _ = members.remove("status"),
        4 => _ = members.insert("_agentAssigned".to_owned(), "".into()),
        5 => _ = members.remove("websiteVisits"),
        6 => _ = members.insert("profile".to_owned(), Value::Null),
        7 | 8 => {
            let visited = (0..60).map(|page| format!("https://shop.example/{page}?token=t{page}"));
            row["profile"]["marketing"] = json!({ "urlsVisited": visited.collect::<Vec<_>>() });
        }
        _ => (),
    }
}

/// The groups that a contact belongs to, by their ids. One group is left when the chat is over.
fn segments_of(chat: &Chat, now: i64) -> Vec<String> {
    let places = 0..SEGMENTS.len();
    let belongs = |place: &usize| {
        (chat.fate >> (40 + 2 * place)).is_multiple_of(4) && (*place != LEFT || !chat.is_cleared(now))
    };
    places.filter(belongs).map(segment_id).collect()
}

fn segment_id(place: usize) -> String {
    format!("65a3{place:020x}")
}

/// The groups of contacts.
fn list_segments() -> Vec<Value> {
    let segment = |(place, name): (usize, &&str)| {
        json!({
            "_id": segment_id(place), "_customer": CUSTOMER, "segmentName": name,
            "createdAt": time(1_767_000_000),
        })
    };
    SEGMENTS.iter().enumerate().map(segment).collect()
}

pub(super) fn list_rows(account: &Account, table: &str) -> Option<Records> {
    Some(match table {
        "conversations" => kept_records(account, |_, _| true, chat_record),
        "leads" => kept_records(account, |chat, now| chat.shows_as(true, now), chat_record),
        "contacts" => kept_records(account, |_, _| true, contact_record),
        "conversation_tags" => kept_tags(account),
        "segments" => list_segments()
            .iter()
            .map(|row| (text(&row["_id"]), row.to_string()))
            .collect(),
        _ => return None,
    })
}

/// Ids and records without the queries of visited addresses, which must not be kept.
fn kept_records(
    account: &Account,
    fits: fn(&Chat, i64) -> bool,
    record: fn(&Account, &Chat, i64) -> Value,
) -> Records {
    account.with(|state, now| {
        let chats = state.chats.present(now).filter(|(_, chat)| fits(chat, now));
        let kept = chats.map(|(id, chat)| {
            let mut row = record(account, chat, now);
            if let Some(Value::Array(visited)) = row.pointer_mut("/profile/marketing/urlsVisited") {
                for address in visited {
                    *address = text(address).split('?').next().unwrap_or_default().into();
                }
            }
            (id.to_owned(), row.to_string())
        });
        kept.collect()
    })
}

fn kept_tags(account: &Account) -> Records {
    account.with(|state, now| {
        let chats = state.chats.present(now);
        let tags = chats.flat_map(|(id, chat)| {
            let row = chat_record(account, chat, now);
            let tags = row["profile"]["userDetails"]["tags"].as_array().cloned();
            let tags = tags.unwrap_or_default().into_iter();
            tags.map(move |tag| (format!("{id}:{}", text(&tag)), tag.to_string()))
        });
        tags.collect()
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
