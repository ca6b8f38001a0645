//! The analysts' views, against counts of their own.

use chrono::{DateTime, Utc};
use connectors::schema::{Agent, Batch, Call, Campaign, Contact, Conversation, Lead, Message};

use crate::support::loader::TestLoader;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// Calls and conversations around a midnight of Los Angeles.
fn rows() -> Batch {
    let mut batch = Batch::default();
    let agent = |id: &str, name: &str| Agent {
        id: id.to_owned(),
        name: Some(name.to_owned()),
        ..Agent::default()
    };
    batch.push(agent("a1", "Dana Example"), "{}");
    for (id, started, day, seconds, direction, agent) in [
        (
            "1",
            "2026-02-03T07:59:00Z",
            "2026-02-02",
            Some(120),
            "outbound",
            Some("a1"),
        ),
        (
            "2",
            "2026-02-03T08:00:00Z",
            "2026-02-03",
            Some(60),
            "inbound",
            Some("a1"),
        ),
        (
            "3",
            "2026-02-03T20:00:00Z",
            "2026-02-03",
            None,
            "inbound",
            Some("a1"),
        ),
        (
            "4",
            "2026-02-03T20:00:00Z",
            "2026-02-03",
            Some(5),
            "outbound",
            None,
        ),
    ] {
        let call = Call {
            id: id.to_owned(),
            started_at: Some(at(started)),
            local_day: Some(day.parse().expect("a day")),
            duration_seconds: seconds,
            direction: Some(direction.to_owned()),
            agent_id: agent.map(str::to_owned),
            lead_id: Some("l1".to_owned()),
            from_e164: Some("+12135550142".to_owned()),
            to_e164: Some("+13235550100".to_owned()),
            ..Call::default()
        };
        batch.push(call, "{}");
    }
    let lead = Lead {
        id: "l1".to_owned(),
        email: Some("rowan@sim.example".to_owned()),
        phone_e164: Some("+12135550142".to_owned()),
        ..Lead::default()
    };
    batch.push(lead, "{}");
    let conversation = Conversation {
        id: "v1".to_owned(),
        started_at: Some(at("2026-02-03T21:00:00Z")),
        last_activity_at: Some(at("2026-02-03T21:02:00Z")),
        agent_id: Some("a1".to_owned()),
        contact_id: Some("p1".to_owned()),
        status: Some("unread".to_owned()),
        ..Conversation::default()
    };
    batch.push(conversation, "{}");
    let contact = Contact {
        id: "p1".to_owned(),
        email: Some("rowan@sim.example".to_owned()),
        ..Contact::default()
    };
    batch.push(contact, "{}");
    for (id, agent, is_sample) in [
        ("m1", Some("a1"), None),
        ("m2", Some("a1"), Some(true)),
        ("m3", None, None),
    ] {
        let message = Message {
            id: id.to_owned(),
            conversation_id: Some("v1".to_owned()),
            sent_at: Some(at("2026-02-03T21:01:00Z")),
            agent_id: agent.map(str::to_owned),
            is_sample,
            ..Message::default()
        };
        batch.push(message, "{}");
    }
    batch
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agents_day_is_the_accounts_own_and_samples_of_messages_are_not_counted() {
    let loader = TestLoader::new().await;
    loader.of_zone("America/Los_Angeles").await;
    loader.slice(rows(), |_, _| ()).await;
    let days =
        "select concat_ws(' ', day, agent_name, call_count, talk_seconds, conversation_count, message_count)
                from warehouse.agent_daily order by 1";
    assert_eq!(
        loader.texts(days).await,
        [
            "2026-02-02 Dana Example 1 120 0 0",
            "2026-02-03 Dana Example 2 60 1 1"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_and_conversations_with_one_person_stand_side_by_side() {
    let loader = TestLoader::new().await;
    loader.slice(rows(), |_, _| ()).await;
    let all =
        "select concat_ws(' ', kind, id, duration_seconds, direction, agent_name, customer_e164, outcome)
               from warehouse.interactions where customer_email = 'rowan@sim.example' order by kind, id";
    assert_eq!(
        loader.texts(all).await,
        [
            "call 1 120 outbound Dana Example +13235550100",
            "call 2 60 inbound Dana Example +12135550142",
            "call 3 inbound Dana Example +12135550142",
            "call 4 5 outbound +13235550100",
            "conversation v1 120 inbound Dana Example unread",
        ]
    );
    let mut gone = Batch::default();
    gone.delete(<Call as connectors::schema::Entity>::TABLE, "1".to_owned());
    loader.slice(gone, |_, _| ()).await;
    let left = "select count(*)::text from warehouse.interactions";
    assert_eq!(loader.texts(left).await, ["4"]);
}

/// Makes the source one whose outcomes have classes.
const DIALER: &str = "update sync.sources set vendor = 'convoso' where source = 'social'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_strangers_are_not_one_person_who_came_twice() {
    let loader = TestLoader::new().await;
    loader.of_zone("UTC").await;
    let mut batch = Batch::default();
    for (id, number) in [
        ("1", None),
        ("2", None),
        ("3", Some("+12135550142")),
        ("4", Some("+12135550142")),
    ] {
        let call = Call {
            id: id.to_owned(),
            started_at: Some(at("2026-02-03T20:00:00Z")),
            local_day: Some("2026-02-03".parse().expect("a day")),
            direction: Some("inbound".to_owned()),
            agent_id: Some("a1".to_owned()),
            from_e164: number.map(str::to_owned),
            ..Call::default()
        };
        batch.push(call, "{}");
    }
    for (id, contact) in [("v1", None), ("v2", None), ("v3", Some("p")), ("v4", Some("p"))] {
        let conversation = Conversation {
            id: id.to_owned(),
            started_at: Some(at("2026-02-03T21:00:00Z")),
            contact_id: contact.map(str::to_owned),
            ..Conversation::default()
        };
        batch.push(conversation, "{}");
    }
    loader.slice(batch, |_, _| ()).await;
    let together =
        "select string_agg(id, ' ' order by id) from marts.contacts_made group by person_id order by 1";
    assert_eq!(
        loader.texts(together).await,
        ["1", "2", "3 4", "v1", "v2", "v3 v4"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_has_one_row_a_day_whatever_its_calls_call_it() {
    let loader = TestLoader::new().await;
    loader.of_zone("UTC").await;
    loader.execute(DIALER).await;
    let mut batch = Batch::default();
    for (id, campaign, name, code) in [
        ("1", Some("410"), Some("Spring"), "SALE"),
        ("2", Some("410"), None, "DROP"),
        ("3", Some("410"), Some("Spring Outbound"), "NI"),
        ("4", None, Some("Other"), "NI"),
        ("5", None, None, "NI"),
    ] {
        let call = Call {
            id: id.to_owned(),
            started_at: Some(at("2026-02-03T20:00:00Z")),
            local_day: Some("2026-02-03".parse().expect("a day")),
            direction: Some("outbound".to_owned()),
            campaign_id: campaign.map(str::to_owned),
            campaign_name: name.map(str::to_owned),
            disposition_code: Some(code.to_owned()),
            is_final: Some(true),
            ..Call::default()
        };
        batch.push(call, "{}");
    }
    loader.slice(batch, |_, _| ()).await;
    let days = "select concat_ws(' ', campaign_id, coalesce(campaign_name, '-'), dials, drops, drop_rate) from marts.campaign_days order by 1";
    assert_eq!(
        loader.texts(days).await,
        ["- 1 0 0.00", "410 Spring Outbound 3 1 33.33", "Other 1 0 0.00"]
    );
    // The list of campaigns knows what it is called now.
    let mut named = Batch::default();
    let campaign = Campaign {
        id: "410".to_owned(),
        name: Some("Summer".to_owned()),
        ..Campaign::default()
    };
    named.push(campaign, "{}");
    loader.slice(named, |_, _| ()).await;
    let name = "select campaign_name from marts.campaign_days where campaign_id is not null";
    assert_eq!(loader.texts(name).await, ["Summer"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_took_a_call_that_is_booked_on_a_system_user() {
    let loader = TestLoader::new().await;
    let mut batch = rows();
    let agent = Agent {
        id: "666671".to_owned(),
        name: Some("System User".to_owned()),
        is_system: Some(true),
        ..Agent::default()
    };
    batch.push(agent, "{}");
    let call = Call {
        id: "5".to_owned(),
        started_at: Some(at("2026-02-03T22:00:00Z")),
        direction: Some("inbound".to_owned()),
        agent_id: Some("666671".to_owned()),
        agent_name: Some("System User".to_owned()),
        ..Call::default()
    };
    batch.push(call, "{}");
    loader.slice(batch, |_, _| ()).await;
    let agents = "select concat_ws(' ', id, agent_id, agent_name) from warehouse.interactions where kind = 'call' and id in ('2', '4', '5') order by 1";
    assert_eq!(loader.texts(agents).await, ["2 a1 Dana Example", "4", "5"]);
}
