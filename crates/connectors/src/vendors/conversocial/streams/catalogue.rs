//! The short lists without any time: accounts, channels, users and tags. Each is read whole, in pages of ten.

use crate::schema::{self, Agent, Batch, Channel, Entity as _, Tag};
use crate::source::{Item, Link, MapError, StreamDef};
use crate::wire::wire_record;

use super::super::envelope::open_list;
use super::super::values::referred_id;
use super::super::{FOUR_TIMES_A_DAY, STREAM};
use super::{by_id, whole};

/// Accounts. A token sees one.
pub(crate) const ACCOUNTS: StreamDef = StreamDef {
    name: "accounts",
    fills: &[schema::Account::TABLE],
    completes: &[schema::Account::TABLE],
    mode: whole(&[schema::Account::TABLE]),
    schedule: FOUR_TIMES_A_DAY,
    paging: &Link {
        request: |_| {
            by_id(
                "accounts",
                "id,url,name,description,package,created_date,channels,reports",
            )
        },
    },
    envelope: |body, _| open_list(body, |answer| answer.accounts, &["name"]),
    map: map_account,
    ..STREAM
};

/// Channels: the brand's presences on networks.
pub(crate) const CHANNELS: StreamDef = StreamDef {
    name: "channels",
    fills: &[Channel::TABLE],
    completes: &[Channel::TABLE],
    mode: whole(&[Channel::TABLE]),
    schedule: FOUR_TIMES_A_DAY,
    paging: &Link {
        request: |_| {
            by_id(
                "channels",
                "id,url,name,type,is_active,created,account,reports,small_image,fb_page_url,fans",
            )
        },
    },
    envelope: |body, _| open_list(body, |answer| answer.channels, &["name"]),
    map: map_channel,
    ..STREAM
};

/// Users, who are the agents.
pub(crate) const AGENTS: StreamDef = StreamDef {
    name: "agents",
    fills: &[Agent::TABLE],
    completes: &[Agent::TABLE],
    mode: whole(&[Agent::TABLE]),
    schedule: FOUR_TIMES_A_DAY,
    paging: &Link {
        request: |_| {
            by_id(
                "users",
                "id,url,first_name,last_name,timezone,date_joined,last_login,email,is_expert,crowds_name,account",
            )
        },
    },
    envelope: |body, _| open_list(body, |answer| answer.users, &["first_name", "email"]),
    map: map_agent,
    ..STREAM
};

/// Tags, the inactive ones included.
pub(crate) const TAGS: StreamDef = StreamDef {
    name: "tags",
    fills: &[Tag::TABLE],
    completes: &[Tag::TABLE],
    mode: whole(&[Tag::TABLE]),
    schedule: FOUR_TIMES_A_DAY,
    paging: &Link {
        request: |_| by_id("tags", "id,url,name,is_active"),
    },
    envelope: |body, _| open_list(body, |answer| answer.tags, &["name"]),
    map: map_tag,
    ..STREAM
};

wire_record! {
    /// An account.
    struct AccountRecord { id, name, description, package, created_date }
}

fn map_account(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let (wire, faults) = (AccountRecord::read(item.record)?, item.faults);
    let account = schema::Account {
        id: wire.id.key()?,
        name: wire.name.owned(faults),
        description: wire.description.owned(faults),
        plan: wire.package.owned(faults),
        created_at: wire.created_date.instant_or_day(faults, item.account),
    };
    batch.push(account, item.record);
    Ok(())
}

wire_record! {
    /// A channel.
    struct ChannelRecord {
        id, name,
        kind = "type",
        is_active, account, fb_page_url, fans,
        /// Not `created_date`, as elsewhere.
        created,
    }
}

fn map_channel(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let (wire, faults) = (ChannelRecord::read(item.record)?, item.faults);
    let channel = Channel {
        id: wire.id.key()?,
        name: wire.name.owned(faults),
        platform: wire.kind.owned(faults),
        account_id: referred_id(&wire.account, faults),
        is_active: wire.is_active.flag(faults),
        link: wire.fb_page_url.owned(faults),
        follower_count: wire.fans.count(faults),
        created_at: wire.created.instant_or_day(faults, item.account),
    };
    batch.push(channel, item.record);
    Ok(())
}

wire_record! {
    /// A user.
    struct User {
        id, first_name, last_name, email, timezone, date_joined, last_login, is_expert, crowds_name, account,
    }
}

fn map_agent(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let (wire, faults) = (User::read(item.record)?, item.faults);
    let (first_name, last_name) = (wire.first_name.owned(faults), wire.last_name.owned(faults));
    let names: Vec<&str> = [first_name.as_deref(), last_name.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let agent = Agent {
        id: wire.id.key()?,
        name: Some(names.join(" ")).filter(|name| !name.is_empty()),
        email: wire.email.text(faults).map(|email| email.to_lowercase()),
        is_expert: wire.is_expert.flag(faults),
        account_id: referred_id(&wire.account, faults),
        team: wire.crowds_name.owned(faults),
        time_zone: wire.timezone.owned(faults),
        created_at: wire.date_joined.instant_or_day(faults, item.account),
        last_login_at: wire.last_login.instant_or_day(faults, item.account),
        first_name,
        last_name,
        ..Agent::default()
    };
    batch.push(agent, item.record);
    Ok(())
}

wire_record! {
    /// A tag.
    struct TagRecord { id, name, is_active }
}

fn map_tag(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let (wire, faults) = (TagRecord::read(item.record)?, item.faults);
    let tag = Tag {
        id: wire.id.key()?,
        name: wire.name.owned(faults),
        is_active: wire.is_active.flag(faults),
    };
    batch.push(tag, item.record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{exchange, list};
    use super::*;
    use crate::reader::Verdict;

    #[test]
    fn a_link_is_followed_as_it_stands_however_short_the_page() {
        let link = "https://api.vendor.example/v1.3/tags?limit=10&offset=10&fields=id%2Curl";
        let first = format!(r#"{{"tags":[{{"id":"1","name":"x"}}],"paging":{{"next_page":"{link}"}}}}"#);
        let told = exchange(
            &TAGS,
            list(),
            &[&first, r#"{"tags":[{"id":"2","name":"y"}],"paging":null}"#],
        );
        assert_eq!(
            (&*told.requests[1].path, told.requests[1].params()),
            (link, &[][..])
        );
        assert_eq!(told.ids("tags"), ["1", "2"]);
        assert_eq!(told.verdict, Verdict::Complete);
    }

    #[test]
    fn ids_are_kept_as_written_and_one_odd_field_costs_itself_alone() {
        let users = r#"{"users":[
            {"id":"007","first_name":"Rowan","last_name":"Example","email":"Agent@Sim.Example","is_expert":"perhaps"},
            {"id":123456789012345678901,"first_name":"","last_name":null,"email":"x","date_joined":"2026-02-03"},
            {"first_name":"Nobody","email":"x"}]}"#;
        let told = exchange(&AGENTS, list(), &[users]);
        assert_eq!(told.ids("agents"), ["007", "123456789012345678901"]);
        assert_eq!(
            told.column("agents", "name"),
            [r#"Some("Rowan Example")"#, "None"]
        );
        assert_eq!(
            told.column("agents", "email"),
            [r#"Some("agent@sim.example")"#, r#"Some("x")"#]
        );
        assert_eq!(
            told.column("agents", "created_at"),
            ["None", "Some(2026-02-03T00:00:00Z)"]
        );
        assert_eq!(told.faults, ["is_expert"]);
        assert_eq!(told.rejects, ["Field `id` is missing"]);
    }
}
