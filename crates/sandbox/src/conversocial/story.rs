//! What happened in the account, drawn from a seed: the same customers write to it that other vendors know.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};

use super::super::options::Options;
use super::super::people::{prose, scatter};
use super::super::{cast, local};
use super::record::{HOME, author_id, reference, time};
use super::world::{Conversation, Message, Report, Stamped, State};

/// Seconds of a day.
const DAY: i64 = 86_400;
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
const LABELS: [&str; 14] = [
    "Refund",
    "Delivery",
    "Praise",
    "Complaint",
    "Question",
    "Returns",
    "Account",
    "Payment",
    "Store",
    "Press",
    "Spam",
    "Outage",
    "Old campaign",
    "Winter sale",
];

/// Everything that there is to know of an account.
pub(super) fn tell(options: &Options) -> State {
    let now = options.now.timestamp();
    let first = now - now.rem_euclid(DAY) - i64::from(options.days) * DAY;
    let users = usize::try_from(options.agents.max(1)).expect("a count of agents fits memory");
    let mut state = State {
        lists: short_lists(users, first),
        annotation_types: annotation_types(),
        reports: (0..12).map(|place| report(place, now)).collect(),
        ..State::default()
    };
    let mut start = first;
    while start < now + AHEAD * DAY {
        let mut dice = Rng::with_seed(scatter(
            options.seed ^ 0x0050_C1A1,
            u64::try_from(start).unwrap_or(0),
        ));
        for _ in 0..options.conversations_per_day {
            let born = start + dice.i64(0..DAY);
            let made = conversation(options.seed, &mut dice, users, born, now);
            state.admit(options.seed, made);
        }
        actions(&mut state, options.seed, &mut dice, users, start);
        events(&mut state, &mut dice, users, start);
        start += DAY;
    }
    state
}

impl State {
    /// Takes a conversation in, with its customer.
    pub(super) fn admit(&mut self, seed: u64, conversation: Conversation) {
        let authors = &mut self.authors;
        authors
            .entry(conversation.author.clone())
            .or_insert_with(|| author(seed, &conversation.author));
        self.conversations.push(conversation);
    }
}

/// A conversation that begins at a second, as it stands `now`.
pub(super) fn conversation(seed: u64, dice: &mut Rng, users: usize, born: i64, now: i64) -> Conversation {
    let customer = cast::any_customer(seed, dice.u64(..));
    let agent = user_id(dice.usize(..users));
    let (channel, _) = NETWORKS[dice.usize(..NETWORKS.len())];
    let is_private = dice.bool();
    let author = author_id(customer.number);
    let mut messages: Vec<Message> = Vec::new();
    let mut at = born;
    for place in 0..dice.usize(1..5) {
        let is_answer = place % 2 == 1;
        messages.push(Message {
            id: hex(dice),
            at,
            text: prose(dice.u64(..), dice.usize(20..90)).trim_end().to_owned(),
            author: (!is_answer).then(|| author.clone()),
            user: is_answer.then(|| agent.clone()),
            is_private,
            parent: messages.last().map(|message| message.id.clone()),
            sentiment: (dice.u8(..3) == 0).then(|| dice.i64(-2..3)),
        });
        at += dice.i64(30..6 * 3600);
    }
    let is_fresh = born > now - DAY || dice.u8(..20) == 0;
    let status = if is_fresh {
        "unread"
    } else {
        ["archived", "archived", "archived", "read"][dice.usize(..4)]
    };
    let labels = dice.usize(..3);
    let mut tags: Vec<String> = (0..labels)
        .map(|_| label_id(dice.usize(..LABELS.len())))
        .collect();
    tags.sort();
    tags.dedup();
    Conversation {
        id: hex(dice),
        born,
        sorted: born,
        status: status.to_owned(),
        is_priority: dice.u8(..8) == 0,
        author,
        assigned_to: (!is_fresh).then_some(agent),
        channels: vec![channel.to_owned()],
        tags,
        messages,
    }
}

/// A customer as a network knows them.
fn author(seed: u64, id: &str) -> Value {
    let number: u32 = id
        .trim_start_matches("t:")
        .parse()
        .unwrap_or(cast::FIRST_CUSTOMER);
    let person = cast::customer(seed, number);
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

fn short_lists(users: usize, first: i64) -> BTreeMap<&'static str, Vec<Value>> {
    let account = json!({
        "id": ACCOUNT, "url": format!("{HOME}/accounts/{ACCOUNT}"), "name": "Sample Stores", "description": null,
        "package": "Enterprise", "created_date": time(first - 900 * DAY),
        "channels": NETWORKS.map(|(id, _)| reference("channels", id)),
        "reports": format!("{HOME}/reports?account={ACCOUNT}"),
    });
    let channels = NETWORKS.iter().map(|(id, network)| {
        json!({
            "id": id, "url": format!("{HOME}/channels/{id}"), "name": format!("Sample on {network}"), "type": network,
            "is_active": *network != "instagram", "created": time(first - 800 * DAY), "account": reference("accounts", ACCOUNT),
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
        let (given, family, email) = cast::colleague(place);
        let id = user_id(place);
        json!({
            "id": id, "url": format!("{HOME}/users/{id}"), "first_name": given, "last_name": family, "email": email,
            "timezone": (["US/Eastern", "Europe/London"][place % 2]), "date_joined": time(first - 700 * DAY + 3_600),
            "last_login": if place % 5 == 4 { Value::Null } else { json!(time(first - DAY)) },
            "is_expert": place % 4 == 0, "crowds_name": if place % 3 == 0 { json!("Night owls") } else { json!("") },
            "account": reference("accounts", ACCOUNT),
        })
    });
    BTreeMap::from([
        ("accounts", vec![account]),
        ("channels", channels.collect()),
        ("tags", tags.collect()),
        ("users", people.collect()),
    ])
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

/// A report of long ago; the last one failed.
fn report(place: i64, now: i64) -> Report {
    Report {
        id: (811 + place).to_string(),
        ordered: now - (40 - place) * DAY,
        looks: 9,
        fails: place == 11,
    }
}

/// What agents noted about customers on a day.
fn actions(state: &mut State, seed: u64, dice: &mut Rng, users: usize, start: i64) {
    for (list, action) in [
        ("notes", "add_note"),
        ("tags", "add_tag"),
        ("annotations", "add_annotation"),
    ] {
        for _ in 0..dice.usize(1..4) {
            let at = (start + dice.i64(0..DAY)) * 1_000_000 + dice.i64(0..1_000_000);
            let customer = cast::any_customer(seed, dice.u64(..));
            let record = super::record::action(
                list,
                action,
                &hex(dice),
                at,
                customer.number,
                user_number(dice.usize(..users)),
            );
            state
                .actions
                .entry(list)
                .or_default()
                .push(Stamped { at, record });
        }
    }
}

/// When agents came and went on a day.
fn events(state: &mut State, dice: &mut Rng, users: usize, start: i64) {
    for place in 0..users {
        for (event, hour) in [("login", 8), ("logout", 17)] {
            let at = start + hour * 3_600 + dice.i64(0..3_600);
            let record = json!({"user_id": user_number(place), "event": event, "timestamp": time(at)});
            state.events.push(Stamped {
                at: at * 1_000_000,
                record,
            });
        }
    }
}

/// An id of 24 hexadecimal characters.
pub(super) fn hex(dice: &mut Rng) -> String {
    format!("{:08x}{:016x}", dice.u32(1..), dice.u64(..))
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

/// The day of a second, for ranges.
pub(super) fn day(second: i64) -> String {
    local::moment(second).date().to_string()
}
