//! What an account begins with, drawn from a seed: the same customers write to it that other vendors know.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};

use super::records::{Action, HOME, author_id, reference, time_text};
use super::{Conversation, Message, Report, State};
use crate::local::{DAY, HOUR};
use crate::options::Options;
use crate::people::{FIRST_CUSTOMER, any_customer, describe_colleague, describe_customer, write_prose};
use crate::rng::{hex_id, rng_of};
use crate::table::Table;

/// Days that are told beyond the present, for clocks that move.
const AHEAD: i64 = 3;
/// The account's only number.
pub(super) const ACCOUNT: &str = "70211";
/// The networks, each with its channel.
pub(super) const NETWORKS: [(&str, &str); 3] = [
    ("90417", "twitter"),
    ("90418", "facebook"),
    ("90419", "instagram"),
];
/// The labels; some are no longer in use.
#[rustfmt::skip]
const LABELS: [&str; 14] = [
    "Refund", "Delivery", "Praise", "Complaint", "Question", "Returns", "Account", "Payment", "Store", "Press", "Spam",
    "Outage", "Old campaign", "Winter sale",
];

/// The rows of an account.
pub(super) fn seed_account(options: &Options) -> State {
    let now = options.now.timestamp();
    let first = now - now.rem_euclid(DAY) - i64::from(options.days) * DAY;
    let users = usize::try_from(options.agents.max(1)).expect("a count of agents fits memory");
    let mut state = State {
        lists: short_lists(users, first),
        annotation_types: annotation_types(),
        ..State::default()
    };
    for place in 0..12 {
        // Reports of long ago; the last one failed.
        let report = Report {
            ordered: now - (40 - i64::try_from(place).expect("a few")) * DAY,
            looks: 9,
            fails: place == 11,
        };
        state.reports.add(report_id(place), i64::MIN, report);
    }
    let mut start = first;
    while start < now + AHEAD * DAY {
        let mut rng = rng_of(options.seed ^ 0x0050_C1A1, u64::try_from(start).unwrap_or(0));
        for _ in 0..options.conversations_per_day {
            let born = start + rng.i64(0..DAY);
            let told = tell_conversation(options.seed, &mut rng, users, born);
            state.admit(options.seed, born, told);
        }
        add_actions(&mut state, options.seed, &mut rng, users, start);
        add_events(&mut state, &mut rng, users, start);
        start += DAY;
    }
    state
}

/// A conversation as it begins, and what it becomes from which second on.
pub(super) struct Told {
    pub(super) id: String,
    pub(super) conversation: Conversation,
    pub(super) later: Vec<(i64, Conversation)>,
}

/// A conversation that begins at a second: the customer writes, an agent answers, most are closed with labels, and some are opened again
/// by the customer and lose a label.
pub(super) fn tell_conversation(seed: u64, rng: &mut Rng, users: usize, born: i64) -> Told {
    let customer = any_customer(seed, rng.u64(..));
    let agent = user_id(rng.usize(..users));
    let (channel, _) = NETWORKS[rng.usize(..NETWORKS.len())];
    let is_private = rng.bool();
    let author = author_id(customer.number);
    let mut messages: Vec<Message> = Vec::new();
    let mut at = born;
    for place in 0..rng.usize(1..5) {
        let user = (place % 2 == 1).then_some(&*agent);
        messages.push(write_message(rng, &author, user, is_private, at, messages.last()));
        at += rng.i64(30..6 * HOUR);
    }
    let is_left_alone = rng.u8(..20) == 0;
    let is_closed = rng.u8(..4) > 0;
    let is_reopened = is_closed && rng.u8(..6) == 0;
    let labels = rng.usize(..3);
    let mut tags: Vec<String> = (0..labels).map(|_| label_id(rng.usize(..LABELS.len()))).collect();
    tags.sort();
    tags.dedup();
    let answered = messages.get(1).map(|answer| answer.at);
    let last = messages.last().map_or(born, |message| message.at);
    let closed = last + rng.i64(HOUR..20 * HOUR);
    let opened = closed + rng.i64(HOUR..2 * DAY);
    if is_reopened && !is_left_alone {
        messages.push(write_message(
            rng,
            &author,
            None,
            is_private,
            opened,
            messages.last(),
        ));
    }
    let id = hex_id(rng);
    let conversation = Conversation {
        sorted: born,
        status: "unread".to_owned(),
        is_priority: rng.u8(..8) == 0,
        author,
        assigned_to: None,
        channel: channel.to_owned(),
        tags: Vec::new(),
        messages,
        handled: Vec::new(),
    };
    let mut later = Vec::new();
    let mut becomes = |at: i64, change: &mut dyn FnMut(&mut Conversation)| {
        let mut next = later.last().map_or(&conversation, |(_, before)| before).clone();
        change(&mut next);
        later.push((at, next));
    };
    if !is_left_alone {
        becomes(answered.unwrap_or(closed), &mut |own| {
            "read".clone_into(&mut own.status);
            own.assigned_to = Some(agent.clone());
        });
        let seconds = rng.i64(20..15 * 60);
        becomes(closed, &mut |own| {
            own.tags.clone_from(&tags);
            if is_closed {
                own.close(seconds);
            }
        });
    }
    if is_reopened && !is_left_alone {
        becomes(opened, &mut |own| {
            "unread".clone_into(&mut own.status);
            own.tags.pop();
        });
        let seconds = rng.i64(20..15 * 60);
        becomes(opened + rng.i64(HOUR / 2..DAY), &mut |own| own.close(seconds));
    }
    Told {
        id,
        conversation,
        later,
    }
}

impl Conversation {
    /// An agent is done with it.
    fn close(&mut self, seconds: i64) {
        "archived".clone_into(&mut self.status);
        self.handled.push(seconds);
    }
}

/// A message of an agent, or of the customer.
fn write_message(
    rng: &mut Rng,
    author: &str,
    user: Option<&str>,
    is_private: bool,
    at: i64,
    before: Option<&Message>,
) -> Message {
    Message {
        id: hex_id(rng),
        at,
        text: write_prose(rng.u64(..), rng.usize(20..90)).trim_end().to_owned(),
        author: user.is_none().then(|| author.to_owned()),
        user: user.map(str::to_owned),
        is_private,
        parent: before.map(|message| message.id.clone()),
        sentiment: (rng.u8(..3) == 0).then(|| rng.i64(-2..3)),
    }
}

/// A customer as a network knows them.
pub(super) fn describe_author(seed: u64, id: &str) -> Value {
    let number: u32 = id.trim_start_matches("t:").parse().unwrap_or(FIRST_CUSTOMER);
    let person = describe_customer(seed, number);
    let handle = format!("{}{number}", person.first.to_lowercase());
    json!({
        "id": id, "url": format!("{HOME}/authors/{id}"), "platform": "twitter", "platform_id": number.to_string(),
        "screen_name": handle, "real_name": format!("{} {}", person.first, person.last),
        "location": if number.is_multiple_of(3) { Value::Null } else { json!(["Sampleton", "Placeholm"][number as usize % 2]) },
        "website": if number.is_multiple_of(5) { json!(format!("https://{number}.example")) } else { Value::Null },
        "description": if number.is_multiple_of(4) { json!("I write samples.") } else { json!("") },
        "profile_picture": format!("https://img.example/{number}.png"),
        "profile_link": format!("https://social.example/{handle}"),
    })
}

fn short_lists(users: usize, first: i64) -> BTreeMap<&'static str, Table<Value>> {
    let account = json!({
        "id": ACCOUNT, "url": format!("{HOME}/accounts/{ACCOUNT}"), "name": "Sample Stores", "description": null,
        "package": "Enterprise", "created_date": time_text(first - 900 * DAY),
        "channels": NETWORKS.map(|(id, _)| reference("channels", id)),
        "reports": format!("{HOME}/reports?account={ACCOUNT}"),
    });
    let channels = NETWORKS.iter().map(|(id, network)| {
        json!({
            "id": id, "url": format!("{HOME}/channels/{id}"), "name": format!("Sample on {network}"), "type": network,
            "is_active": *network != "instagram", "created": time_text(first - 800 * DAY), "account": reference("accounts", ACCOUNT),
            "reports": format!("{HOME}/reports?channel={id}"), "small_image": null,
            "fb_page_url": if *network == "facebook" { json!("https://social.example/sample") } else { Value::Null },
            "fans": if *network == "instagram" { Value::Null } else { json!(1_250) },
        })
    });
    let tags = LABELS.iter().enumerate().map(|(place, name)| {
        let id = label_id(place);
        json!({"id": id, "url": format!("{HOME}/tags/{id}"), "name": name, "is_active": place < 12})
    });
    let people = (0..users).map(|place| {
        let person = describe_colleague(place);
        let id = user_id(place);
        json!({
            "id": id, "url": format!("{HOME}/users/{id}"), "first_name": person.first, "last_name": person.last, "email": person.email,
            "timezone": (["US/Eastern", "Europe/London"][place % 2]), "date_joined": time_text(first - 700 * DAY + HOUR),
            "last_login": if place % 5 == 4 { Value::Null } else { json!(time_text(first - DAY)) },
            "is_expert": place % 4 == 0, "crowds_name": if place % 3 == 0 { json!("Night owls") } else { json!("") },
            "account": reference("accounts", ACCOUNT),
        })
    });
    BTreeMap::from([
        ("accounts", listed([account])),
        ("channels", listed(channels)),
        ("tags", listed(tags)),
        ("users", listed(people)),
    ])
}

fn listed(records: impl IntoIterator<Item = Value>) -> Table<Value> {
    let mut list = Table::default();
    for record in records {
        let id = record["id"].as_str().expect("ids are texts").to_owned();
        list.add(id, i64::MIN, record);
    }
    list
}

fn annotation_types() -> Vec<Value> {
    let kinds = [
        ("City", "short", true),
        ("Shoe size", "short", true),
        ("Story", "long", true),
        ("Fax", "short", false),
    ];
    let kind = |(place, (name, format, is_active)): (usize, (&str, &str, bool))| json!({"id": (501 + place).to_string(), "name": name, "format": format, "is_active": is_active});
    kinds.into_iter().enumerate().map(kind).collect()
}

/// What agents noted about customers on a day.
fn add_actions(state: &mut State, seed: u64, rng: &mut Rng, users: usize, start: i64) {
    for (list, action) in [
        ("notes", "add_note"),
        ("tags", "add_tag"),
        ("annotations", "add_annotation"),
    ] {
        for _ in 0..rng.usize(1..4) {
            let at = (start + rng.i64(0..DAY)) * 1_000_000 + rng.i64(0..1_000_000);
            let customer = any_customer(seed, rng.u64(..)).number;
            let action = Action {
                list,
                action,
                id: &hex_id(rng),
                at,
                customer,
                user: user_number(rng.usize(..users)),
            };
            action.add_to(state);
        }
    }
}

/// When agents came and went on a day.
fn add_events(state: &mut State, rng: &mut Rng, users: usize, start: i64) {
    for place in 0..users {
        for (event, hour) in [("login", 8), ("logout", 17)] {
            let at = start + hour * HOUR + rng.i64(0..HOUR);
            let record = json!({"user_id": user_number(place), "event": event, "timestamp": time_text(at)});
            state.events.add(state.events.len().to_string(), at, record);
        }
    }
}

/// The number of a user.
pub(super) fn user_number(place: usize) -> u64 {
    5_120 + place as u64
}

fn user_id(place: usize) -> String {
    user_number(place).to_string()
}

fn label_id(place: usize) -> String {
    (3_105 + place).to_string()
}

/// The id of a report.
pub(super) fn report_id(place: usize) -> String {
    (811 + place).to_string()
}
