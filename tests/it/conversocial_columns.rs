//! The typed columns of Conversocial's rows, against another reading of their records, in SQL.

use connectors::schema::{
    Account, Agent, AgentEvent, AttributeType, Channel, Contact, ContactAttribute, ContactNote, ContactTag,
    Conversation, ConversationChannel, ConversationTag, Entity, Message, ReportExport, Table, Tag,
};

use crate::columns::{assert_readings, readers};
use crate::conversocial::{build_env, sync_all};

/// Columns with their readings.
type Readings = &'static [(&'static str, &'static str)];

const ID: &str = "raw ->> 'id'";
/// What names an action on a profile.
const ACTION: &str = "(raw ->> 'id') || ':' || (raw ->> 'action') || ':' || (raw ->> 'created_date')";

const CONVERSATIONS: Readings = &[
    (
        "started_at",
        "(select min((m.raw ->> 'created_date')::timestamp at time zone 'UTC') from warehouse.messages as m
          where t.raw -> 'content_ids' @> to_jsonb(m.id))",
    ),
    (
        "last_activity_at",
        "(select max((m.raw ->> 'created_date')::timestamp at time zone 'UTC') from warehouse.messages as m
          where t.raw -> 'content_ids' @> to_jsonb(m.id))",
    ),
    (
        "sorted_at",
        "(raw ->> 'oldest_sort_date')::timestamp at time zone 'UTC'",
    ),
    ("status", "raw ->> 'status'"),
    ("is_closed", "raw ->> 'status' = 'archived'"),
    ("is_priority", "(raw ->> 'is_priority')::boolean"),
    ("contains_private", "(raw ->> 'contains_private')::boolean"),
    ("contact_id", "raw #>> '{author,id}'"),
    ("agent_id", "raw #>> '{assigned_to,id}'"),
    ("channel_id", "raw #>> '{channels,0,id}'"),
    (
        "message_count",
        "(select count(distinct named) from jsonb_array_elements_text(raw -> 'content_ids') as named)",
    ),
    ("first_response_at", FIRST_RESPONSE),
    (
        "first_response_seconds",
        "trunc(extract(epoch from first_response_at - (select min((m.raw ->> 'created_date')::timestamp at time zone 'UTC')
            from warehouse.messages as m where t.raw -> 'content_ids' @> to_jsonb(m.id) and m.direction = 'inbound')))::bigint",
    ),
    (
        "resolved_at",
        "case when raw ->> 'status' = 'archived' then
            (select max((m.raw ->> 'created_date')::timestamp at time zone 'UTC') from warehouse.messages as m
             where t.raw -> 'content_ids' @> to_jsonb(m.id)) end",
    ),
    (
        "handling_times",
        "nullif(replace((raw -> 'handling_times')::text, ' ', ''), '[]')",
    ),
];

/// The first message to the customer that is not older than the customer's first.
const FIRST_RESPONSE: &str = "
    (select min(answer.at) from
        (select m.direction, (m.raw ->> 'created_date')::timestamp at time zone 'UTC' as at from warehouse.messages as m
         where t.raw -> 'content_ids' @> to_jsonb(m.id)) as answer
     where answer.direction = 'outbound' and answer.at >=
        (select min((m.raw ->> 'created_date')::timestamp at time zone 'UTC') from warehouse.messages as m
         where t.raw -> 'content_ids' @> to_jsonb(m.id) and m.direction = 'inbound'))";

const MESSAGES: Readings = &[
    (
        "conversation_id",
        "(select c.id from warehouse.conversations as c where c.raw -> 'content_ids' @> to_jsonb(t.id))",
    ),
    (
        "sent_at",
        "(raw ->> 'created_date')::timestamp at time zone 'UTC'",
    ),
    (
        "direction",
        "case when raw ->> 'user' is not null or (raw ->> 'is_by_source')::boolean then 'outbound' else 'inbound' end",
    ),
    ("agent_id", "raw #>> '{user,id}'"),
    ("contact_id", "raw #>> '{author,id}'"),
    ("text", "raw ->> 'text'"),
    ("message_type", "raw ->> 'type'"),
    ("platform", "raw ->> 'platform'"),
    ("platform_id", "raw ->> 'platform_id'"),
    ("link", "raw ->> 'link'"),
    ("reply_to_id", "raw #>> '{parent,id}'"),
    ("sentiment", "(raw #>> '{sentiment,value}')::numeric"),
    ("is_private", "(raw ->> 'is_private')::boolean"),
    ("is_priority", "(raw ->> 'is_priority')::boolean"),
];

const CONVERSATION_TAGS: Readings = &[
    ("conversation_id", "split_part(t.id, ':', 1)"),
    ("tag_id", "raw ->> 'id'"),
    ("tag_name", "raw ->> 'name'"),
];

const CONVERSATION_CHANNELS: Readings = &[
    ("conversation_id", "split_part(t.id, ':', 1)"),
    ("channel_id", "raw ->> 'id'"),
];

const CONTACTS: Readings = &[
    ("name", "raw ->> 'real_name'"),
    ("handle", "raw ->> 'screen_name'"),
    ("platform", "raw ->> 'platform'"),
    ("platform_id", "raw ->> 'platform_id'"),
    ("location", "raw ->> 'location'"),
    ("website", "raw ->> 'website'"),
    ("description", "nullif(raw ->> 'description', '')"),
    ("profile_link", "raw ->> 'profile_link'"),
    ("picture_link", "raw ->> 'profile_picture'"),
    (
        "person_id",
        "(select min(p.raw #>> '{author,customer_profiles_id}') from
            (select raw from warehouse.contact_notes union all select raw from warehouse.contact_tags
             union all select raw from warehouse.contact_attributes) as p
          where p.raw #> '{author,author_ids}' @> to_jsonb(t.id))",
    ),
];

const ACCOUNTS: Readings = &[
    ("name", "raw ->> 'name'"),
    ("description", "raw ->> 'description'"),
    ("plan", "raw ->> 'package'"),
    (
        "created_at",
        "(raw ->> 'created_date')::timestamp at time zone 'UTC'",
    ),
];

const CHANNELS: Readings = &[
    ("name", "raw ->> 'name'"),
    ("platform", "raw ->> 'type'"),
    ("account_id", "raw #>> '{account,id}'"),
    ("is_active", "(raw ->> 'is_active')::boolean"),
    ("link", "raw ->> 'fb_page_url'"),
    ("follower_count", "(raw ->> 'fans')::bigint"),
    ("created_at", "(raw ->> 'created')::timestamp at time zone 'UTC'"),
];

const AGENTS: Readings = &[
    ("name", "(raw ->> 'first_name') || ' ' || (raw ->> 'last_name')"),
    ("first_name", "raw ->> 'first_name'"),
    ("last_name", "raw ->> 'last_name'"),
    ("email", "lower(raw ->> 'email')"),
    ("is_listed", "true"),
    ("is_expert", "(raw ->> 'is_expert')::boolean"),
    ("account_id", "raw #>> '{account,id}'"),
    ("team", "nullif(raw ->> 'crowds_name', '')"),
    ("time_zone", "raw ->> 'timezone'"),
    (
        "created_at",
        "(raw ->> 'date_joined')::timestamp at time zone 'UTC'",
    ),
    (
        "last_login_at",
        "(raw ->> 'last_login')::timestamp at time zone 'UTC'",
    ),
];

const TAGS: Readings = &[
    ("name", "raw ->> 'name'"),
    ("is_active", "(raw ->> 'is_active')::boolean"),
];

const REPORTS: Readings = &[
    ("name", "raw ->> 'name'"),
    ("account_id", "raw #>> '{account,id}'"),
    (
        "state",
        "case when raw ? 'failure' then 'failed' else 'ready' end",
    ),
    ("failure", "raw ->> 'failure'"),
    (
        "started_at",
        "(raw ->> 'generation_start_date')::timestamp at time zone 'UTC'",
    ),
    (
        "generated_at",
        "(raw ->> 'generated_date')::timestamp at time zone 'UTC'",
    ),
    ("agent_id", "raw #>> '{generated_by,id}'"),
    ("since_day", "(raw ->> 'date_from')::date"),
    ("until_day", "(raw ->> 'date_to')::date"),
    ("date_type", "raw ->> 'date_type'"),
];

const NOTES: Readings = &[
    ("contact_id", "raw #>> '{author,author_ids,0}'"),
    ("person_id", "raw #>> '{author,customer_profiles_id}'"),
    ("action", "raw ->> 'action'"),
    (
        "happened_at",
        "(raw ->> 'created_date')::timestamp at time zone 'UTC'",
    ),
    ("agent_id", "raw ->> 'user'"),
    ("note_id", "raw ->> 'id'"),
    ("text", "raw ->> 'text'"),
];

const CONTACT_TAGS: Readings = &[
    ("contact_id", "raw #>> '{author,author_ids,0}'"),
    ("person_id", "raw #>> '{author,customer_profiles_id}'"),
    ("action", "raw ->> 'action'"),
    (
        "happened_at",
        "(raw ->> 'created_date')::timestamp at time zone 'UTC'",
    ),
    ("agent_id", "raw ->> 'user'"),
    ("tag_id", "raw ->> 'id'"),
    ("name", "raw ->> 'name'"),
];

const ATTRIBUTES: Readings = &[
    ("contact_id", "raw #>> '{author,author_ids,0}'"),
    ("person_id", "raw #>> '{author,customer_profiles_id}'"),
    ("action", "raw ->> 'action'"),
    (
        "happened_at",
        "(raw ->> 'created_date')::timestamp at time zone 'UTC'",
    ),
    ("agent_id", "raw ->> 'user'"),
    ("attribute_id", "raw ->> 'id'"),
    ("attribute_type_id", "raw ->> 'type_id'"),
    ("value", "raw ->> 'text'"),
];

const ATTRIBUTE_TYPES: Readings = &[
    ("name", "raw ->> 'name'"),
    ("format", "raw ->> 'format'"),
    ("is_active", "(raw ->> 'is_active')::boolean"),
];

const EVENTS: Readings = &[
    ("agent_id", "raw ->> 'user_id'"),
    (
        "started_at",
        "(raw ->> 'timestamp')::timestamp at time zone 'UTC'",
    ),
    ("state", "raw ->> 'event'"),
];

const TABLES: [(&Table, &str, Readings); 15] = [
    (Conversation::TABLE, ID, CONVERSATIONS),
    (Message::TABLE, ID, MESSAGES),
    (
        ConversationTag::TABLE,
        "conversation_id || ':' || (raw ->> 'id')",
        CONVERSATION_TAGS,
    ),
    (
        ConversationChannel::TABLE,
        "conversation_id || ':' || (raw ->> 'id')",
        CONVERSATION_CHANNELS,
    ),
    // An identity that only profiles know has what they say of it.
    (
        Contact::TABLE,
        "coalesce(raw ->> 'id', raw #>> '{author_ids,0}')",
        CONTACTS,
    ),
    (Account::TABLE, ID, ACCOUNTS),
    (Channel::TABLE, ID, CHANNELS),
    (Agent::TABLE, ID, AGENTS),
    (Tag::TABLE, ID, TAGS),
    (ReportExport::TABLE, ID, REPORTS),
    (ContactNote::TABLE, ACTION, NOTES),
    (ContactTag::TABLE, ACTION, CONTACT_TAGS),
    (ContactAttribute::TABLE, ACTION, ATTRIBUTES),
    (AttributeType::TABLE, ID, ATTRIBUTE_TYPES),
    // The hash is not computed again; the loader keeps one row for each.
    (AgentEvent::TABLE, "id", EVENTS),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_of_every_conversocial_row_says_what_its_record_says() {
    let env = build_env(|_| ()).await;
    sync_all(&env).await;
    let mut connection = readers(&env).await;
    for (table, id, readings) in TABLES {
        assert_readings(&mut connection, table, id, readings).await;
        for (column, _) in readings {
            let query = format!("select count({column}) from warehouse.{}", table.name);
            let told = env.number(&query).await;
            assert!(
                told > 0 || *column == "description",
                "{}.{column} is empty everywhere",
                table.name
            );
        }
    }
}
