-- The marts read what is kept. Their columns are the same; what other vendors or lists say of a call is joined when it is asked for.
create or replace view marts.calls as
select
    c.source || ':' || c.id as call_key,
    c.source,
    c.id,
    c.started_at,
    c.ended_at,
    c.started_at at time zone s.time_zone as local_start,
    c.local_day,
    extract(hour from c.started_at at time zone s.time_zone)::integer as local_hour,
    s.time_zone,
    c.direction,
    coalesce(c.direction = 'transfer', false) as is_leg,
    -- Some records name the queue by id, some by name, some by both.
    coalesce(c.queue_id, (select min(q.id) from warehouse.queues as q where q.source = c.source and q.name = c.queue_name)) as queue_id,
    coalesce((select q.name from warehouse.queues as q where q.source = c.source and q.id = c.queue_id), c.queue_name) as queue_name,
    c.queue_seconds,
    c.duration_seconds as talk_seconds,
    case when a.is_system is not true then c.agent_id end as agent_id,
    case when a.is_system is not true then c.source || ':' || c.agent_id end as agent_key,
    case when a.is_system is not true and c.agent_id is not null
         then coalesce(nullif(a.email, ''), c.source || ':' || c.agent_id) end as agent_person,
    case when a.is_system is not true then coalesce(a.name, c.agent_name) end as agent_name,
    case when a.is_system is not true
         then coalesce((select max(t.team) from warehouse.agents as t where t.email = nullif(a.email, '')), a.team) end as team,
    case when a.is_system is not true
         then coalesce((select max(t.department) from warehouse.agents as t where t.email = nullif(a.email, '')), a.department, c.department)
         else c.department end as department,
    c.agent_id as vendor_agent_id,
    coalesce(a.is_system, false) as is_system_agent,
    c.agent_id is not null and a.is_system is not true as is_agent_connected,
    c.disposition_code,
    coalesce(c.disposition_name, d.name) as disposition_name,
    case when own.code is not null then own.class else usual.class end as outcome_class,
    coalesce(case when own.code is not null then own.class else usual.class end in ('contact', 'live', 'live_now'), false) as is_live_answer,
    coalesce(case when own.code is not null then own.class else usual.class end = 'contact', false) as is_contact,
    coalesce(d.is_success, false) as is_success,
    coalesce(case when own.code is not null then own.class else usual.class end = 'machine', false) as is_machine,
    coalesce(c.direction = 'outbound' and case when own.code is not null then own.class else usual.class end = 'drop', false) as is_drop,
    coalesce(c.direction = 'inbound' and case when own.code is not null then own.class else usual.class end = 'drop', false) as is_abandoned,
    c.customer_e164,
    c.lead_id,
    c.source || ':' || c.lead_id as lead_key,
    c.list_id,
    c.campaign_id,
    c.campaign_name,
    c.attempt_number as vendor_attempt_number,
    case when c.direction = 'outbound' and c.lead_id is not null and c.started_at is not null then (
        select count(*) from warehouse.calls as p
        where p.source = c.source and p.lead_id = c.lead_id and p.direction = 'outbound' and p.deleted_at is null
            and (p.started_at < c.started_at or (p.started_at = c.started_at and p.id <= c.id))
    ) end as attempt_seq,
    c.is_final,
    c.session_id,
    c.transferred_from_agent_id,
    (
        select count(*) from warehouse.recordings as r where r.source = c.source and r.call_id = c.id and r.deleted_at is null
    ) + case when c.lead_id is null then 0 else (
        -- A recording without its call is that of the one call with its lead and start.
        select count(*) from warehouse.recordings as r
        where r.source = c.source and r.call_id is null and r.lead_id = c.lead_id and r.started_at = c.started_at and r.deleted_at is null
            and not exists (
                select from warehouse.calls as n
                where n.source = c.source and n.lead_id = c.lead_id and n.started_at = c.started_at and n.id <> c.id and n.deleted_at is null
            )
    ) end as recording_count,
    (
        select z.source from warehouse.calls as z
        where z.origin_call_id = c.id and lower(z.origin_system) = s.vendor and z.deleted_at is null and z.source <> c.source
        order by z.source, z.id limit 1
    ) as analysis_source,
    (
        select z.id from warehouse.calls as z
        where z.origin_call_id = c.id and lower(z.origin_system) = s.vendor and z.deleted_at is null and z.source <> c.source
        order by z.source, z.id limit 1
    ) as analysis_id,
    coalesce((select w.summary from warehouse.calls as w where w.source = c.source and w.id = c.id), (
        select z.summary from warehouse.calls as z
        where z.origin_call_id = c.id and lower(z.origin_system) = s.vendor and z.deleted_at is null and z.source <> c.source
        order by z.source, z.id limit 1
    )) as summary,
    coalesce((select w.language from warehouse.calls as w where w.source = c.source and w.id = c.id), (
        select z.language from warehouse.calls as z
        where z.origin_call_id = c.id and lower(z.origin_system) = s.vendor and z.deleted_at is null and z.source <> c.source
        order by z.source, z.id limit 1
    )) as language,
    coalesce((select w.is_escalated from warehouse.calls as w where w.source = c.source and w.id = c.id), (
        select z.is_escalated from warehouse.calls as z
        where z.origin_call_id = c.id and lower(z.origin_system) = s.vendor and z.deleted_at is null and z.source <> c.source
        order by z.source, z.id limit 1
    )) as is_escalated,
    case when c.lead_id is not null then (
        select i.person_id from people.identities as i where i.kind = 'lead' and i.source = c.source and i.id = c.lead_id
    ) else (
        -- A number stands for somebody only where it is one person's.
        select min(i.person_id) from people.keys as k
        join people.identities as i on i.kind = k.kind and i.source = k.source and i.id = k.id
        where k.key_kind = 'number' and k.key = c.customer_e164
        having count(distinct i.person_id) = 1
    ) end as person_id
from sync.now_calls as c
join sync.sources as s on s.source = c.source
-- Each of these gives at most one row, and costs nothing where its columns are not asked for. They are so few that the planner
-- puts the tables of a question before them (join_collapse_limit).
left join warehouse.agents as a on a.source = c.source and a.id = c.agent_id
left join warehouse.dispositions as d on d.source = c.source and d.id = c.disposition_code
left join sync.outcome_classes as own on own.vendor = s.vendor and own.source = c.source and own.code = c.disposition_code
left join sync.outcome_classes as usual on usual.vendor = s.vendor and usual.source = '' and usual.code = c.disposition_code;

comment on column marts.calls.local_day is 'Local day of the account on which it started; -infinity where the start is unknown.';

create or replace view marts.list_attempts as
select
    n.source, n.list_id, n.attempt_seq,
    sum(n.dials)::bigint as dials,
    coalesce(sum(n.dials) filter (where case when own.code is not null then own.class else usual.class end = 'contact'), 0)::bigint as contacts,
    coalesce(sum(n.dials) filter (where d.is_success), 0)::bigint as sales
from (
    select c.source, c.list_id, c.attempt_seq, c.disposition_code, count(*) as dials
    from sync.now_attempts as c
    group by c.source, c.list_id, c.attempt_seq, c.disposition_code
) as n
join sync.sources as s on s.source = n.source
left join warehouse.dispositions as d on d.source = n.source and d.id = n.disposition_code
left join sync.outcome_classes as own on own.vendor = s.vendor and own.source = n.source and own.code = n.disposition_code
left join sync.outcome_classes as usual on usual.vendor = s.vendor and usual.source = '' and usual.code = n.disposition_code
group by n.source, n.list_id, n.attempt_seq;

create or replace view marts.dial_windows as
select
    c.source || ':' || c.id as call_key,
    c.source,
    c.id,
    c.customer_e164,
    c.lead_id,
    c.started_at,
    c.local_day,
    extract(hour from c.started_at at time zone s.time_zone)::integer as local_hour,
    c.dials_24h,
    c.dials_7d
from sync.now_dials as c
join sync.sources as s on s.source = c.source;

create or replace view marts.agent_days as
select
    p.source,
    p.agent_id,
    p.source || ':' || p.agent_id as agent_key,
    coalesce(a.agent_person, p.source || ':' || p.agent_id) as agent_person,
    coalesce(a.name, p.agent_name) as name,
    a.team,
    p.day,
    p.call_count as vendor_calls,
    k.call_count as counted_calls,
    p.talk_seconds as vendor_talk,
    k.talk_seconds as counted_talk,
    p.wait_seconds,
    p.pause_seconds,
    p.wrap_seconds,
    p.total_seconds,
    round((p.talk_seconds + p.wrap_seconds)::numeric / nullif(p.talk_seconds + p.wrap_seconds + p.wait_seconds, 0), 4) as occupancy,
    round((p.talk_seconds + p.wrap_seconds)::numeric / nullif(p.total_seconds, 0), 4) as utilisation,
    round((p.talk_seconds + p.wrap_seconds)::numeric / nullif(p.call_count, 0), 1) as aht_seconds,
    (
        select min(e.started_at) from warehouse.agent_events as e
        where e.source = p.source and e.agent_id = p.agent_id and e.deleted_at is null
            and e.started_at >= p.day::timestamp at time zone s.time_zone
            and e.started_at < (p.day + 1)::timestamp at time zone s.time_zone
    ) as first_at,
    (
        select max(e.ended_at) from warehouse.agent_events as e
        where e.source = p.source and e.agent_id = p.agent_id and e.deleted_at is null
            and e.started_at >= p.day::timestamp at time zone s.time_zone
            and e.started_at < (p.day + 1)::timestamp at time zone s.time_zone
    ) as last_at,
    p.call_count is distinct from k.call_count as calls_differ,
    p.talk_seconds is distinct from k.talk_seconds as talk_differs
from warehouse.agent_performance as p
join sync.sources as s on s.source = p.source
left join marts.agents as a on a.source = p.source and a.agent_id = p.agent_id
left join sync.now_agents as c on c.source = p.source and c.local_day = p.day and c.agent_id = p.agent_id
cross join lateral (
    select
        case when a.is_system is true then 0 else coalesce(c.call_count, 0) end as call_count,
        case when a.is_system is true then 0 else coalesce(c.talk_seconds, 0) end as talk_seconds
) as k
where p.deleted_at is null and p.campaign_id is null;
