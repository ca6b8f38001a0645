-- Which days are complete, and what became of leads, callbacks, forbidden numbers, conversations and tags.
create view marts.complete_days as
select
    f.table_name,
    f.source,
    s.time_zone,
    d.day::date as day,
    coalesce((d.day::date + 1)::timestamp at time zone s.time_zone <= f.complete_through, false) as is_complete,
    coalesce((d.day::date + 1)::timestamp at time zone s.time_zone <= f.settled_through, false) as is_settled
from warehouse.freshness as f
join sync.sources as s on s.source = f.source
cross join lateral generate_series(
    ((f.complete_since at time zone s.time_zone) + interval '1 day' - interval '1 microsecond')::date::timestamp,
    (now() at time zone s.time_zone)::date::timestamp,
    interval '1 day'
) as d (day)
where f.complete_since is not null;
comment on view marts.complete_days is 'The local days of each table that has a history, from the first whole one to today, and whether everything of the day is loaded. Join it to count complete days only.';
comment on column marts.complete_days.table_name is 'Table of schema warehouse.';
comment on column marts.complete_days.source is 'The source''s name in the settings.';
comment on column marts.complete_days.time_zone is 'Zone of the account.';
comment on column marts.complete_days.day is 'Local day of the account; days of which the history has only a part are left out.';
comment on column marts.complete_days.is_complete is 'True where everything of the day is loaded: its end <= freshness.complete_through.';
comment on column marts.complete_days.is_settled is 'True where it was read again after late corrections had had their time: its end <= freshness.settled_through.';

create view marts.leads as
with since as materialized (
    select source, min(day) as first_day from marts.complete_days where table_name = 'calls' and is_complete group by source
)
select
    l.source || ':' || l.id as lead_key,
    l.source,
    l.id as lead_id,
    l.created_at,
    l.list_id,
    l.campaign_id,
    l.origin_name,
    l.status,
    l.phone_e164,
    l.email,
    l.utc_offset_hours as callee_utc_offset_hours,
    l.deleted_at,
    f.first_dial_at,
    extract(epoch from f.first_dial_at - l.created_at)::bigint as seconds_to_first_dial,
    f.dial_count,
    f.dial_count = 0 and coalesce(l.called_count, 0) = 0 as is_never_called,
    l.created_at >= coalesce((select first_day from since where since.source = l.source), (select min(first_day) from since))::timestamp
        at time zone 'UTC' as is_history_complete
from warehouse.leads as l
join sync.sources as s on s.source = l.source
cross join lateral (
    select min(d.started_at) as first_dial_at, count(*) as dial_count
    from (
        select c.started_at from warehouse.calls as c
        where c.source = l.source and c.lead_id = l.id and c.direction = 'outbound' and c.deleted_at is null and c.started_at >= l.created_at
        union all
        -- A lead of a vendor without a dialer is called by another one, who knows its number alone.
        select c.started_at from warehouse.calls as c
        where s.vendor <> 'convoso' and c.to_e164 = l.phone_e164 and c.source <> l.source and c.direction = 'outbound'
            and c.origin_system is null and c.deleted_at is null and c.started_at >= l.created_at
    ) as d
) as f;
comment on view marts.leads is 'Leads with when they were first called. Leads of a vendor without a dialer are found among the calls of the others by their number. Leads that are gone stay, with deleted_at.';
comment on column marts.leads.lead_key is 'source:id, the key of this view.';
comment on column marts.leads.source is 'The source''s name in the settings.';
comment on column marts.leads.lead_id is 'The vendor''s own id (leads.id).';
comment on column marts.leads.created_at is 'When the lead was made.';
comment on column marts.leads.list_id is 'List it is on (lists.id).';
comment on column marts.leads.campaign_id is 'Campaign it belongs to (campaigns.id).';
comment on column marts.leads.origin_name is 'Name of where it came from.';
comment on column marts.leads.status is 'State in the vendor''s own word.';
comment on column marts.leads.phone_e164 is 'Telephone number in E.164.';
comment on column marts.leads.email is 'E-mail address in lower case.';
comment on column marts.leads.callee_utc_offset_hours is 'Hours from UTC where the lead lives, as the vendor knows it.';
comment on column marts.leads.deleted_at is 'When the lead was found to be gone; NULL while it is there.';
comment on column marts.leads.first_dial_at is 'Start of the first outbound call to it that is not older than the lead; NULL where there is none.';
comment on column marts.leads.seconds_to_first_dial is 'Speed to lead: first_dial_at - created_at, in seconds.';
comment on column marts.leads.dial_count is 'Outbound calls to it that are not older than the lead.';
comment on column marts.leads.is_never_called is 'No such call is here, and the vendor counts none: dial_count = 0 and called_count is 0 or unknown.';
comment on column marts.leads.is_history_complete is 'True where the lead is not older than the history of calls, so that its first call cannot be missing: created_at >= the first complete day of calls (of its source, else of any).';

create view marts.callbacks as
select
    cb.source || ':' || cb.id as callback_key,
    cb.source,
    cb.id,
    cb.lead_id,
    cb.source || ':' || cb.lead_id as lead_key,
    cb.phone_e164,
    cb.agent_id,
    a.name as agent_name,
    cb.due_at,
    cb.stage as vendor_stage,
    k.started_at as called_at,
    k.agent_id as called_by,
    l.started_at as late_at,
    case when cb.stage = 'dismissed' then 'dismissed'
         when k.started_at is not null then 'kept'
         when f.complete_through is null or cb.due_at is null or cb.due_at + interval '15 minutes' > f.complete_through then 'pending'
         when l.started_at is not null then 'late'
         else 'missed' end as outcome
from warehouse.callbacks as cb
left join marts.agents as a on a.source = cb.source and a.agent_id = cb.agent_id
left join warehouse.freshness as f on f.source = cb.source and f.table_name = 'calls'
left join lateral (
    select c.started_at, c.agent_id from warehouse.calls as c
    where c.source = cb.source and c.lead_id = cb.lead_id and c.direction = 'outbound' and c.deleted_at is null
        and c.started_at between cb.due_at - interval '15 minutes' and cb.due_at + interval '15 minutes'
    order by c.started_at, c.id limit 1
) as k on true
left join lateral (
    select c.started_at from warehouse.calls as c
    where c.source = cb.source and c.lead_id = cb.lead_id and c.direction = 'outbound' and c.deleted_at is null
        and c.started_at > cb.due_at + interval '15 minutes'
    order by c.started_at, c.id limit 1
) as l on true
where cb.deleted_at is null;
comment on view marts.callbacks is 'Promised calls, and whether they were made: judged by the calls to the lead, not by what the vendor says.';
comment on column marts.callbacks.callback_key is 'source:id, the key of this view.';
comment on column marts.callbacks.source is 'The source''s name in the settings.';
comment on column marts.callbacks.id is 'The vendor''s own id (callbacks.id).';
comment on column marts.callbacks.lead_id is 'Lead (leads.id).';
comment on column marts.callbacks.lead_key is 'Lead (marts.leads.lead_key).';
comment on column marts.callbacks.phone_e164 is 'Number to call.';
comment on column marts.callbacks.agent_id is 'Agent who promised it (agents.id).';
comment on column marts.callbacks.agent_name is 'Name of that agent, as the list of agents has it.';
comment on column marts.callbacks.due_at is 'When the call was promised for.';
comment on column marts.callbacks.vendor_stage is 'State in the vendor''s own word.';
comment on column marts.callbacks.called_at is 'Start of the first outbound call to the lead from 15 minutes before due_at to 15 minutes after; NULL where there was none.';
comment on column marts.callbacks.called_by is 'User on whom that call is booked (agents.id).';
comment on column marts.callbacks.late_at is 'Start of the first outbound call to the lead later than that; NULL where there was none.';
comment on column marts.callbacks.outcome is 'dismissed: the vendor says so. kept: called_at is there. pending: due_at + 15 minutes lies behind what of the calls is complete. late: late_at is there. missed: none of these.';

create view marts.do_not_contact_breaches as
select distinct on (c.source, c.id)
    c.call_key,
    c.source,
    c.id,
    c.started_at,
    c.local_day,
    c.customer_e164,
    c.agent_id,
    c.agent_name,
    c.campaign_id,
    c.campaign_name,
    d.id as entry_id,
    d.source as entry_source,
    d.added_at,
    case when d.campaign_id is null then 'all' else 'campaign' end as scope
from warehouse.do_not_contact as d
join marts.calls as c
    on c.customer_e164 = d.phone_e164 and c.direction = 'outbound' and c.started_at >= d.added_at
    and (d.deleted_at is null or d.deleted_at > c.started_at)
    and (d.campaign_id is null or (d.campaign_id = c.campaign_id and d.source = c.source))
where d.channel = 'call'
order by c.source, c.id, d.added_at, d.id;
comment on view marts.do_not_contact_breaches is 'Outbound calls to numbers that were on a list of numbers not to be called when the call began, a row for each call, with the earliest entry that forbade it. Entries that hold by purpose cannot be judged, for calls have none.';
comment on column marts.do_not_contact_breaches.call_key is 'The call (marts.calls.call_key), the key of this view.';
comment on column marts.do_not_contact_breaches.source is 'The source of the call.';
comment on column marts.do_not_contact_breaches.id is 'The call (calls.id).';
comment on column marts.do_not_contact_breaches.started_at is 'When the call started.';
comment on column marts.do_not_contact_breaches.local_day is 'Local day of the call.';
comment on column marts.do_not_contact_breaches.customer_e164 is 'The number.';
comment on column marts.do_not_contact_breaches.agent_id is 'Agent who called (agents.id); NULL where only the dialer did.';
comment on column marts.do_not_contact_breaches.agent_name is 'Name of the agent.';
comment on column marts.do_not_contact_breaches.campaign_id is 'Campaign of the call (campaigns.id).';
comment on column marts.do_not_contact_breaches.campaign_name is 'Name of the campaign.';
comment on column marts.do_not_contact_breaches.entry_id is 'The entry (do_not_contact.id).';
comment on column marts.do_not_contact_breaches.entry_source is 'The source of the entry; one that holds for all campaigns holds for the calls of every source.';
comment on column marts.do_not_contact_breaches.added_at is 'When the entry was made.';
comment on column marts.do_not_contact_breaches.scope is 'all, or campaign: what the entry holds for.';

create view marts.dial_windows as
select
    c.call_key,
    c.source,
    c.id,
    c.customer_e164,
    c.lead_id,
    c.started_at,
    c.local_day,
    c.local_hour,
    count(*) over (partition by c.source, c.customer_e164 order by c.started_at range between interval '24 hours' preceding and current row) as dials_24h,
    count(*) over (partition by c.source, c.customer_e164 order by c.started_at range between interval '7 days' preceding and current row) as dials_7d
from marts.calls as c
where c.direction = 'outbound' and c.customer_e164 is not null and c.started_at is not null;
comment on view marts.dial_windows is 'Outbound calls with how often the same number was called in the time up to each, whatever leads share the number.';
comment on column marts.dial_windows.call_key is 'The call (marts.calls.call_key), the key of this view.';
comment on column marts.dial_windows.source is 'The source''s name in the settings.';
comment on column marts.dial_windows.id is 'The call (calls.id).';
comment on column marts.dial_windows.customer_e164 is 'The number.';
comment on column marts.dial_windows.lead_id is 'Lead of this call (leads.id).';
comment on column marts.dial_windows.started_at is 'When the call started.';
comment on column marts.dial_windows.local_day is 'Local day of the account.';
comment on column marts.dial_windows.local_hour is 'Local hour of the account.';
comment on column marts.dial_windows.dials_24h is 'Outbound calls of the source to the number in the 24 hours up to this one, itself included; those of the same second count.';
comment on column marts.dial_windows.dials_7d is 'The same of 7 days.';

create view marts.conversations as
select
    v.source || ':' || v.id as conversation_key,
    v.source,
    v.id,
    v.started_at,
    (v.started_at at time zone s.time_zone)::date as local_day,
    v.channel_id,
    coalesce(h.name, v.channel_id) as channel_name,
    v.kind,
    v.status,
    coalesce(v.is_closed, false) as is_closed,
    v.agent_id,
    v.source || ':' || v.agent_id as agent_key,
    v.contact_id,
    v.lead_id,
    v.source || ':' || v.lead_id as lead_key,
    -- Convertalk shows only the last message of a chat at each reading.
    s.vendor <> 'convertalk' as is_message_complete,
    i.first_inbound_at,
    r.first_reply_at,
    extract(epoch from r.first_reply_at - i.first_inbound_at)::bigint as first_response_seconds,
    case when s.vendor <> 'convertalk' then i.inbound_messages end as inbound_messages,
    case when s.vendor <> 'convertalk' then i.agent_messages end as agent_messages,
    i.sentiment,
    v.resolved_at,
    extract(epoch from v.resolved_at - v.started_at)::bigint as resolution_seconds,
    v.handling_times,
    p.has_ordered,
    v.last_activity_at
from warehouse.conversations as v
join sync.sources as s on s.source = v.source
left join warehouse.channels as h on h.source = v.source and h.id = v.channel_id
left join warehouse.contacts as p on p.source = v.source and p.id = v.contact_id
cross join lateral (
    select
        min(m.sent_at) filter (where m.direction = 'inbound' and s.vendor <> 'convertalk') as first_inbound_at,
        count(*) filter (where m.direction = 'inbound') as inbound_messages,
        count(*) filter (where m.direction = 'outbound') as agent_messages,
        avg(m.sentiment) filter (where m.direction = 'inbound') as sentiment
    from warehouse.messages as m
    where m.source = v.source and m.conversation_id = v.id and m.deleted_at is null
) as i
cross join lateral (
    select min(m.sent_at) as first_reply_at
    from warehouse.messages as m
    where m.source = v.source and m.conversation_id = v.id and m.deleted_at is null and m.direction = 'outbound'
        and m.sent_at >= i.first_inbound_at
) as r
where v.deleted_at is null;
comment on view marts.conversations is 'Written conversations with their first answer. One row each, whatever tags and channels they have.';
comment on column marts.conversations.conversation_key is 'source:id, the key of this view.';
comment on column marts.conversations.source is 'The source''s name in the settings.';
comment on column marts.conversations.id is 'The vendor''s own id (conversations.id).';
comment on column marts.conversations.started_at is 'When it began.';
comment on column marts.conversations.local_day is 'Local day of the account on which it began.';
comment on column marts.conversations.channel_id is 'Channel it came in by (channels.id).';
comment on column marts.conversations.channel_name is 'Name of the channel, else its id; bots are named by the setting bot_names.';
comment on column marts.conversations.kind is 'lead or non-lead: the listing of a chat; NULL elsewhere.';
comment on column marts.conversations.status is 'State in the vendor''s own word.';
comment on column marts.conversations.is_closed is 'True where the vendor shows it as done; false where it does not, also without any status.';
comment on column marts.conversations.agent_id is 'Agent it is assigned to (agents.id).';
comment on column marts.conversations.agent_key is 'The same (marts.agents.agent_key).';
comment on column marts.conversations.contact_id is 'Customer (contacts.id).';
comment on column marts.conversations.lead_id is 'Lead that it became (leads.id); NULL while it is none.';
comment on column marts.conversations.lead_key is 'The same (marts.leads.lead_key).';
comment on column marts.conversations.is_message_complete is 'True where the vendor shows all messages; false where only the last one at each reading is known, so that they must not be counted.';
comment on column marts.conversations.first_inbound_at is 'When the customer first wrote; NULL where messages are not complete.';
comment on column marts.conversations.first_reply_at is 'First message to the customer that is not older than that.';
comment on column marts.conversations.first_response_seconds is 'first_reply_at - first_inbound_at, in seconds; NULL before the first answer.';
comment on column marts.conversations.inbound_messages is 'Messages of the customer; NULL where messages are not complete.';
comment on column marts.conversations.agent_messages is 'Messages to the customer; NULL where messages are not complete.';
comment on column marts.conversations.sentiment is 'Average sentiment of the customer''s messages that have one.';
comment on column marts.conversations.resolved_at is 'Last message of one that is done: when it was settled at the earliest. When it was closed is in history.states.';
comment on column marts.conversations.resolution_seconds is 'resolved_at - started_at, in seconds.';
comment on column marts.conversations.handling_times is 'The vendor''s own handling times, as JSON.';
comment on column marts.conversations.has_ordered is 'True where the customer has ordered something; NULL where the vendor does not say.';
comment on column marts.conversations.last_activity_at is 'When anybody last wrote or was seen.';

create view marts.tag_weeks as
select
    t.source,
    coalesce(t.tag_name, g.name, t.tag_id) as tag_name,
    date_trunc('week', v.started_at at time zone s.time_zone)::date as week,
    count(distinct v.id) as conversations
from warehouse.conversation_tags as t
join warehouse.conversations as v on v.source = t.source and v.id = t.conversation_id
join sync.sources as s on s.source = t.source
left join warehouse.tags as g on g.source = t.source and g.id = t.tag_id
where t.deleted_at is null and v.deleted_at is null
group by 1, 2, 3;
comment on view marts.tag_weeks is 'Conversations that carry a tag now, by the week in which they began; vendors do not say when a tag was given. Convertalk''s are tags of the customer.';
comment on column marts.tag_weeks.source is 'The source''s name in the settings.';
comment on column marts.tag_weeks.tag_name is 'The tag''s text.';
comment on column marts.tag_weeks.week is 'Monday of the week, in local time of the account.';
comment on column marts.tag_weeks.conversations is 'Different conversations: count(distinct id). A conversation with two tags counts for both.';

create view marts.converz_days as
select
    m.source,
    m.day,
    m.campaign_name,
    max(m.value) filter (where m.metric = 'n_calls') as n_calls,
    max(m.value) filter (where m.metric = 'avg_handle_time') as avg_handle_time
from warehouse.report_metrics as m
where m.report = 'date,campaign' and m.deleted_at is null
group by m.source, m.day, m.campaign_name;
comment on view marts.converz_days is 'The report date,campaign with a column for each measure. Over days or campaigns an average is weighted: sum(n_calls * avg_handle_time) / sum(n_calls).';
comment on column marts.converz_days.source is 'The source''s name in the settings.';
comment on column marts.converz_days.day is 'Local day of the account.';
comment on column marts.converz_days.campaign_name is 'Campaign; NULL for calls without one.';
comment on column marts.converz_days.n_calls is 'Calls, as the vendor counts them.';
comment on column marts.converz_days.avg_handle_time is 'Average handling time of these calls, in the unit of the tenant''s measure (seconds unless it is set up otherwise).';

create view marts.dictionary as
select
    n.nspname::text as schema_name,
    c.relname::text as table_name,
    a.attnum::integer as position,
    a.attname::text as column_name,
    format_type(a.atttypid, a.atttypmod) as type,
    not a.attnotnull as is_nullable,
    col_description(c.oid, a.attnum) as description,
    substring(col_description(c.oid, a.attnum) from '\(((?:[a-z_]+\.)?[a-z_]+)\.(?:id|[a-z]+_key)[,)]') as references_table,
    obj_description(c.oid, 'pg_class') as table_description,
    case c.relkind when 'v' then 'view' else 'table' end as kind
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname in ('warehouse', 'marts', 'history', 'people', 'sync') and c.relkind in ('r', 'v', 'm', 'p') and not c.relispartition;
comment on view marts.dictionary is 'Every column of every table and view with what it means.';
comment on column marts.dictionary.schema_name is 'The schema.';
comment on column marts.dictionary.table_name is 'The table or view.';
comment on column marts.dictionary.position is 'Place of the column.';
comment on column marts.dictionary.column_name is 'The column.';
comment on column marts.dictionary.type is 'Its type in Postgres.';
comment on column marts.dictionary.is_nullable is 'Whether it may be NULL; always true of views.';
comment on column marts.dictionary.description is 'What it means, and how it is computed.';
comment on column marts.dictionary.references_table is 'The table or view whose key it holds; NULL where it is no reference. There are no foreign keys in the database.';
comment on column marts.dictionary.table_description is 'What the table or view is.';
comment on column marts.dictionary.kind is 'table or view.';
