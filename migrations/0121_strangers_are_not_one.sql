-- What analysts could still count wrongly: strangers taken for one person, one campaign in two rows, system users among people, and
-- leads that are older than the calls.
create or replace view marts.contacts_made as
select
    coalesce(c.person_id, 'n:' || c.customer_e164, 'call:' || c.source || ':' || c.id) as person_id,
    c.started_at, 'call' as kind, c.source, c.id, c.agent_name, c.disposition_name as outcome
from marts.calls as c
where c.direction = 'inbound' and c.is_agent_connected
union all
select
    coalesce(v.person_id, 'contact:' || v.source || ':' || v.contact_id, 'conversation:' || v.source || ':' || v.id),
    v.started_at, 'conversation', v.source, v.id, a.name, v.status
from marts.conversations as v
left join warehouse.agents as a on a.source = v.source and a.id = v.agent_id;
comment on column marts.contacts_made.person_id is 'The person (people.persons.person_id); where none is known n: with the number, or contact: with the contact; where nobody is named the call or conversation itself, for two strangers are not one.';

create or replace view marts.campaign_days as
select d.source, x.campaign_id, x.campaign_name, d.day as local_day, x.dials, x.live, x.drops, x.contacts, x.sales, x.drop_rate
from marts.days as d
-- Day by day, so that who asks for some days reads those alone.
cross join lateral (
    select
        c.campaign_id,
        coalesce(
            (select g.name from warehouse.campaigns as g where g.source = d.source and g.id = c.campaign_id), max(c.campaign_name)
        ) as campaign_name,
        count(*) as dials,
        count(*) filter (where is_live_answer) as live,
        count(*) filter (where is_drop) as drops,
        count(*) filter (where is_contact) as contacts,
        count(*) filter (where is_success) as sales,
        round(100.0 * count(*) filter (where is_drop) / nullif(count(*) filter (where is_drop or is_live_answer), 0), 2) as drop_rate
    from marts.calls as c
    where c.source = d.source and c.local_day = d.day and c.direction = 'outbound' and c.is_final
    -- Some records lack the name of their campaign, and campaigns are renamed.
    group by c.campaign_id, case when c.campaign_id is null then c.campaign_name end
) as x;
comment on column marts.campaign_days.campaign_id is 'Campaign (campaigns.id): one row a day. NULL for calls of no campaign, and where the vendor gives only its name.';
comment on column marts.campaign_days.campaign_name is 'Name of the campaign as it is now; where campaigns does not have it, as the calls have it.';

create or replace view warehouse.interactions as
select
    c.source,
    case when lower(c.origin_system) like 'chat%' then 'conversation' else 'call' end as kind,
    c.id,
    c.started_at,
    c.ended_at,
    c.duration_seconds,
    c.direction,
    -- Calls that nobody took are booked on users that are no people.
    case when a.is_system is not true then c.agent_id end as agent_id,
    case when a.is_system is not true then coalesce(c.agent_name, a.name) end as agent_name,
    c.lead_id,
    null::text as contact_id,
    -- Of an outbound call the customer is the one who was called.
    case when c.direction = 'inbound' then c.from_e164 else c.to_e164 end as customer_e164,
    lower(l.email) as customer_email,
    coalesce(c.queue_name, c.campaign_name) as channel_name,
    coalesce(c.disposition_name, c.disposition_code) as outcome,
    c.is_final as is_closed
from warehouse.calls as c
left join warehouse.agents as a on a.source = c.source and a.id = c.agent_id
left join warehouse.leads as l on l.source = c.source and l.id = c.lead_id
where c.deleted_at is null
    -- Another vendor's copy of a call that is here itself.
    and (c.origin_call_id is null or not exists (
        select from sync.sources as t
        join warehouse.calls as n on n.source = t.source and n.id = c.origin_call_id
        where t.vendor = lower(c.origin_system) and t.source <> c.source and n.deleted_at is null
    ))
union all
select
    v.source,
    'conversation',
    v.id,
    v.started_at,
    v.last_activity_at,
    extract(epoch from v.last_activity_at - v.started_at)::bigint,
    -- Customers begin conversations on social media and in chats.
    'inbound',
    v.agent_id,
    a.name,
    v.lead_id,
    v.contact_id,
    coalesce(l.phone_e164, p.phone_e164),
    coalesce(l.email, p.email),
    coalesce(h.name, v.channel_id),
    v.status,
    v.is_closed
from warehouse.conversations as v
left join warehouse.agents as a on a.source = v.source and a.id = v.agent_id
left join warehouse.leads as l on l.source = v.source and l.id = v.lead_id
left join warehouse.contacts as p on p.source = v.source and p.id = v.contact_id
left join warehouse.channels as h on h.source = v.source and h.id = v.channel_id
where v.deleted_at is null;
comment on column warehouse.interactions.agent_id is 'Agent (agents.id); NULL where none took part, system users being none.';

create or replace view marts.leads as
with since as materialized (
    select k.source, greatest(min(k.day)::timestamp at time zone 'UTC', min(f.complete_since)) as first_at
    from marts.complete_days as k
    join warehouse.freshness as f on f.source = k.source and f.table_name = k.table_name
    where k.table_name = 'calls' and k.is_complete
    group by k.source
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
    l.created_at >= coalesce((select first_at from since where since.source = l.source), (select min(first_at) from since)) as is_history_complete,
    (select i.person_id from people.identities as i where i.kind = 'lead' and i.source = l.source and i.id = l.id) as person_id
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
comment on column marts.leads.is_history_complete is 'True where the lead is not older than the history of calls, so that its first call cannot be missing: created_at >= the first complete day of calls, and >= their freshness.complete_since (of its source, else of any).';
