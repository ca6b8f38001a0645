//! The typed columns of every Convoso stream besides calls and users, against another reading of their records, in SQL.

use connectors::schema::{
    AgentEvent, AgentPerformance, Callback, Campaign, Disposition, DoNotContact, Entity, Lead, List, Table,
};

use crate::columns::{Readings, assert_readings, readers};
use crate::support::env::TestEnv;

/// More readers: a length of time, yes or no, a date object with its zone, and when a lead went, by the list that names it.
const READERS: &str = r"
    create function pg_temp.length(raw jsonb, field text) returns bigint immutable language sql as
        $$ select sum(part::bigint * (60 ^ (count - place))::bigint)::bigint
           from (select *, count(*) over () as count
                 from unnest(string_to_array(raw ->> field, ':')) with ordinality as t (part, place)) as parts $$;
    create function pg_temp.yes(raw jsonb, field text) returns boolean immutable language sql as
        $$ select case pg_temp.said(raw, field) when 'Y' then true when '1' then true when 'N' then false when '0' then false end $$;
    create function pg_temp.local(raw jsonb, field text) returns timestamptz immutable language sql as
        $$ select pg_temp.first(pg_temp.said(raw, field)::timestamp) $$;
    create function pg_temp.zoned(raw jsonb, field text) returns timestamptz immutable language sql as
        $$ select (raw -> field ->> 'date')::timestamp at time zone (raw -> field ->> 'timezone') $$;
    create function pg_temp.gone(lead warehouse.leads, list text) returns timestamptz stable language sql as
        -- The last change, where it lies in the days that were asked for; else the first of these days.
        $$ select case when (lead.updated_at at time zone 'America/Los_Angeles')::date between first and last then lead.updated_at
                       else first::timestamp at time zone 'America/Los_Angeles' end
           from (select (lead.context ->> 'first_day')::date, (lead.context ->> 'last_day')::date) as asked (first, last)
           where list = (select stream from sync.slices where id = lead.slice_id) $$;
";

const LEADS: &[(&str, &str)] = &[
    ("created_at", "(raw ->> 'created_at')::timestamptz"),
    ("updated_at", "(raw ->> 'modified_at')::timestamptz"),
    ("name", "(raw ->> 'first_name') || ' ' || (raw ->> 'last_name')"),
    ("first_name", "raw ->> 'first_name'"),
    ("last_name", "raw ->> 'last_name'"),
    ("email", "lower(raw ->> 'email')"),
    ("phone_number", "raw ->> 'phone_number'"),
    ("phone_e164", "pg_temp.e164(phone_number)"),
    ("alt_phone_1", "pg_temp.said(raw, 'alt_phone_1')"),
    ("alt_phone_1_e164", "pg_temp.e164(alt_phone_1)"),
    ("alt_phone_2", "pg_temp.said(raw, 'alt_phone_2')"),
    ("alt_phone_2_e164", "pg_temp.e164(alt_phone_2)"),
    (
        "address",
        "btrim((raw ->> 'address1') || ' ' || (raw ->> 'address2'))",
    ),
    ("city", "raw ->> 'city'"),
    ("state", "pg_temp.said(raw, 'state')"),
    ("postal_code", "raw ->> 'postal_code'"),
    ("country", "raw ->> 'country'"),
    ("utc_offset_hours", "(raw ->> 'locale_gmt')::numeric"),
    ("gender", "raw ->> 'gender'"),
    ("status", "raw ->> 'status'"),
    ("status_name", "raw ->> 'status_name'"),
    ("agent_id", "pg_temp.id(raw, 'user_id')"),
    ("owner_id", "pg_temp.id(raw, 'owner_id')"),
    ("created_by_id", "raw ->> 'created_by'"),
    ("updated_by_id", "pg_temp.id(raw, 'last_modified_by')"),
    ("origin_id", "raw ->> 'source_id'"),
    ("origin_name", "raw ->> 'source_name'"),
    ("list_id", "raw ->> 'list_id'"),
    ("list_name", "raw ->> 'directory_name'"),
    ("campaign_id", "raw ->> 'campaign_uid'"),
    ("campaign_name", "raw ->> 'campaign_name'"),
    ("called_count", "pg_temp.whole(raw, 'called_count')"),
    ("inbound_count", "pg_temp.whole(raw, 'called_count_inbound')"),
    ("last_called_at", "pg_temp.local(raw, 'last_called')"),
    ("first_contacted_at", "pg_temp.local(raw, 'first_contacted_at')"),
    ("is_contacted", "pg_temp.yes(raw, 'is_contacted')"),
    ("archived_at", "pg_temp.gone(t, 'archived_leads')"),
    ("removed_at", "pg_temp.gone(t, 'deleted_leads')"),
];

const PERFORMANCE: &[(&str, &str)] = &[
    ("agent_id", "raw ->> 'user_id'"),
    ("agent_name", "raw ->> 'name'"),
    ("day", "split_part(id, ':', 2)::date"),
    ("scope", "'account'"),
    ("call_count", "(raw ->> 'calls')::bigint"),
    ("human_answered_count", "(raw ->> 'human_answered')::bigint"),
    ("machine_count", "(raw ->> 'am')::bigint"),
    ("other_count", "(raw ->> 'others')::bigint"),
    ("talk_seconds", "pg_temp.length(raw, 'talk_sec')"),
    ("wait_seconds", "pg_temp.length(raw, 'wait_sec')"),
    ("pause_seconds", "pg_temp.length(raw, 'pause_sec')"),
    ("wrap_seconds", "pg_temp.length(raw, 'wrap_sec')"),
    (
        "total_seconds",
        "talk_seconds + wait_seconds + pause_seconds + wrap_seconds",
    ),
];

const EVENTS: &[(&str, &str)] = &[
    ("agent_id", "raw ->> 'user_id'"),
    ("agent_name", "raw ->> 'user_name'"),
    ("started_at", "to_timestamp((raw ->> 'event_epoch')::bigint)"),
    ("ended_at", "started_at + make_interval(secs => duration_seconds)"),
    ("duration_seconds", "pg_temp.length(raw, 'event_sec')"),
    ("state", "raw ->> 'state'"),
    ("availability_code", "pg_temp.said(raw, 'availability_code')"),
    ("availability_name", "pg_temp.said(raw, 'availability_code_name')"),
    ("campaign_id", "pg_temp.id(raw, 'campaign_id')"),
    ("campaign_name", "pg_temp.said(raw, 'campaign_name')"),
];

const CALLBACKS: &[(&str, &str)] = &[
    ("created_at", "pg_temp.local(raw, 'created_at')"),
    ("updated_at", "pg_temp.local(raw, 'modified_at')"),
    ("due_at", "pg_temp.local(raw, 'callback_time')"),
    ("stage", "replace(lower(raw ->> 'stage'), '_', '')"),
    ("lead_id", "raw ->> 'lead_id'"),
    ("list_id", "raw ->> 'list_id'"),
    ("campaign_id", "raw ->> 'campaign_id'"),
    ("campaign_name", "raw ->> 'campaign_name'"),
    ("agent_id", "raw ->> 'user'"),
    ("agent_name", "raw ->> 'user_name'"),
    (
        "recipient",
        "case raw ->> 'recipient' when 'USERONLY' then 'personal' else 'system' end",
    ),
    ("disposition_code", "raw ->> 'status'"),
    ("phone_number", "raw ->> 'phone_number'"),
    ("phone_e164", "pg_temp.e164(phone_number)"),
    ("comment", "pg_temp.said(raw, 'comments')"),
];

const CAMPAIGNS: &[(&str, &str)] = &[
    ("name", "raw ->> 'name'"),
    ("is_active", "pg_temp.yes(raw, 'status')"),
    ("last_call_at", "pg_temp.zoned(raw, 'last_call_date')"),
];

const LISTS: &[(&str, &str)] = &[
    ("name", "raw ->> 'name'"),
    ("campaign_id", "raw ->> 'campaign_id'"),
    ("is_active", "pg_temp.yes(raw, 'status')"),
    ("last_called_at", "pg_temp.zoned(raw, 'last_called_at')"),
];

const DISPOSITIONS: &[(&str, &str)] = &[
    ("name", "raw ->> 'name'"),
    ("is_final", "pg_temp.yes(raw, 'final')"),
    ("is_reached", "pg_temp.yes(raw, 'reached')"),
    ("is_success", "pg_temp.yes(raw, 'success')"),
    ("is_do_not_call", "pg_temp.yes(raw, 'dnc')"),
    ("is_callback", "pg_temp.yes(raw, 'callback')"),
    ("is_contact", "pg_temp.yes(raw, 'contact')"),
    ("is_voicemail", "pg_temp.yes(raw, 'voicemail')"),
    ("is_custom", "pg_temp.yes(raw, 'custom_status')"),
];

const CONSENT: &[(&str, &str)] = &[
    ("channel", "split_part(id, ':', 1)"),
    ("phone_number", "raw ->> 'phone_number'"),
    (
        "phone_e164",
        "case raw ->> 'phone_code' when '44' then '+44' || phone_number else pg_temp.e164(phone_number) end",
    ),
    ("country_code", "raw ->> 'phone_code'"),
    ("campaign_id", "pg_temp.id(raw, 'campaign_id')"),
    ("campaign_name", "pg_temp.said(raw, 'campaign_name')"),
    (
        "purpose",
        "coalesce(pg_temp.said(raw, 'purpose'), pg_temp.said(raw, 'Purpose'))",
    ),
    ("reason", "pg_temp.said(raw, 'reason')"),
    ("added_at", "pg_temp.local(raw, 'insert_date')"),
];

const TABLES: [(&Table, &str, Readings); 8] = [
    (Lead::TABLE, "raw ->> 'lead_id'", LEADS),
    (
        AgentPerformance::TABLE,
        "(raw ->> 'user_id') || ':' || day",
        PERFORMANCE,
    ),
    (AgentEvent::TABLE, "raw ->> 'id'", EVENTS),
    (Callback::TABLE, "raw ->> 'id'", CALLBACKS),
    (Campaign::TABLE, "raw ->> 'id'", CAMPAIGNS),
    (List::TABLE, "raw ->> 'id'", LISTS),
    (Disposition::TABLE, "raw ->> 'status'", DISPOSITIONS),
    (DoNotContact::TABLE, "channel || ':' || (raw ->> 'id')", CONSENT),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_of_every_other_stream_says_what_its_record_says() {
    let mut env = TestEnv::of("convoso", |options| options.calls_per_day = 300, |_, _| ()).await;
    let vendor = connectors::vendors::find_vendor("convoso").expect("a vendor");
    let names = vendor.streams.iter().map(|stream| stream.name);
    let others: Vec<&str> = names
        .filter(|name| !["calls", "agents", "recordings"].contains(name))
        .collect();
    env.only(&others);
    env.sync_completely().await;
    let mut connection = readers(&env).await;
    sqlx::raw_sql(READERS)
        .execute(&mut *connection)
        .await
        .expect("the readers are made");
    for (table, id, readings) in TABLES {
        assert_readings(&mut connection, table, id, readings).await;
        for (column, _) in readings {
            let query = format!("select count(distinct {column}) from warehouse.{}", table.name);
            let fewest = match (table.name, *column) {
                ("leads", "created_by_id")
                | ("callbacks", "list_id" | "disposition_code")
                | (_, "purpose" | "reason" | "scope") => 1,
                _ => 2,
            };
            let values = env.number(&query).await;
            assert!(values >= fewest, "{}.{column}: {values}", table.name);
        }
    }
}
