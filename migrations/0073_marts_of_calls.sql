-- Calls as analysts count them: each once, with agent, queue, outcome and local time; and the sums over them.
create view marts.agents as
select
    a.source || ':' || a.id as agent_key,
    a.source,
    a.id as agent_id,
    a.name,
    nullif(a.email, '') as email,
    coalesce(nullif(a.email, ''), a.source || ':' || a.id) as agent_person,
    -- Only some vendors know teams; the e-mail address leads to them.
    coalesce((select max(t.team) from warehouse.agents as t where t.email = nullif(a.email, '')), a.team) as team,
    coalesce((select max(t.department) from warehouse.agents as t where t.email = nullif(a.email, '')), a.department) as department,
    coalesce(a.is_active, true) as is_active,
    coalesce(a.is_system, false) as is_system,
    a.deleted_at
from warehouse.agents as a;
comment on view marts.agents is 'Agents with the person behind them, and team and department wherever any vendor knows them.';
comment on column marts.agents.agent_key is 'source:id, the key of this view.';
comment on column marts.agents.source is 'The source''s name in the settings.';
comment on column marts.agents.agent_id is 'The vendor''s own id (agents.id).';
comment on column marts.agents.name is 'Full name.';
comment on column marts.agents.email is 'E-mail address in lower case.';
comment on column marts.agents.agent_person is 'The person: the e-mail address, else source:id.';
comment on column marts.agents.team is 'Team: the greatest name among the agents of the same address.';
comment on column marts.agents.department is 'Department: the greatest name among the agents of the same address.';
comment on column marts.agents.is_active is 'False where the vendor says that the agent may not work.';
comment on column marts.agents.is_system is 'True for users of the vendor that are not people.';
comment on column marts.agents.deleted_at is 'When the agent was found to be gone; NULL while there.';

create view marts.calls as
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
    coalesce(q.name, c.queue_name) as queue_name,
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
    o.class as outcome_class,
    coalesce(o.class in ('contact', 'live', 'live_now'), false) as is_live_answer,
    coalesce(o.class = 'contact', false) as is_contact,
    coalesce(d.is_success, false) as is_success,
    coalesce(o.class = 'machine', false) as is_machine,
    coalesce(c.direction = 'outbound' and o.class = 'drop', false) as is_drop,
    coalesce(c.direction = 'inbound' and o.class = 'drop', false) as is_abandoned,
    case when c.direction = 'inbound' then c.from_e164 else c.to_e164 end as customer_e164,
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
    coalesce(c.summary, (
        select z.summary from warehouse.calls as z
        where z.origin_call_id = c.id and lower(z.origin_system) = s.vendor and z.deleted_at is null and z.source <> c.source
        order by z.source, z.id limit 1
    )) as summary,
    coalesce(c.language, (
        select z.language from warehouse.calls as z
        where z.origin_call_id = c.id and lower(z.origin_system) = s.vendor and z.deleted_at is null and z.source <> c.source
        order by z.source, z.id limit 1
    )) as language,
    coalesce(c.is_escalated, (
        select z.is_escalated from warehouse.calls as z
        where z.origin_call_id = c.id and lower(z.origin_system) = s.vendor and z.deleted_at is null and z.source <> c.source
        order by z.source, z.id limit 1
    )) as is_escalated
from warehouse.calls as c
join sync.sources as s on s.source = c.source
left join warehouse.agents as a on a.source = c.source and a.id = c.agent_id
left join warehouse.queues as q on q.source = c.source and q.id = c.queue_id
left join warehouse.dispositions as d on d.source = c.source and d.id = c.disposition_code
left join marts.outcome_classes as o on o.source = c.source and o.code = c.disposition_code
where c.deleted_at is null
    and (c.origin_system is null or lower(c.origin_system) not like 'chat%')
    -- Another vendor's copy of a call that is here itself; its analysis is taken along above.
    and (c.origin_call_id is null or not exists (
        select from sync.sources as t
        join warehouse.calls as n on n.source = t.source and n.id = c.origin_call_id
        where t.vendor = lower(c.origin_system) and t.source <> c.source and n.deleted_at is null
    ));
comment on view marts.calls is 'Telephone calls, one row each: a call that two vendors know is counted once, under the vendor that made it, with the other''s analysis beside it. Rows that are gone and rows that are chats are left out.';
comment on column marts.calls.call_key is 'source:id, the key of this view.';
comment on column marts.calls.source is 'The source''s name in the settings.';
comment on column marts.calls.id is 'The vendor''s own id (calls.id).';
comment on column marts.calls.started_at is 'When it started.';
comment on column marts.calls.ended_at is 'When it ended; see calls.';
comment on column marts.calls.local_start is 'started_at on the wall clock of the account.';
comment on column marts.calls.local_day is 'Local day of the account on which it started; filter by it, for it has an index.';
comment on column marts.calls.local_hour is 'Local hour of the account in which it started, 0 to 23.';
comment on column marts.calls.time_zone is 'Zone of the account.';
comment on column marts.calls.direction is 'inbound, outbound or transfer.';
comment on column marts.calls.is_leg is 'True for a leg of a transfer, which is a row of its own: direction = transfer. Leave legs out to count calls.';
comment on column marts.calls.queue_id is 'Queue, where the call was in one; found by its name where the record tells only that.';
comment on column marts.calls.queue_name is 'Name of the queue; found by its id where the record tells only that.';
comment on column marts.calls.queue_seconds is 'Seconds in the queue, unrounded.';
comment on column marts.calls.talk_seconds is 'Length of the call in seconds, without the work after it.';
comment on column marts.calls.agent_id is 'Person who took the call (agents.id); NULL where none did, system users being none.';
comment on column marts.calls.agent_key is 'The same (marts.agents.agent_key).';
comment on column marts.calls.agent_person is 'The agent as a person: the e-mail address, else source:id.';
comment on column marts.calls.agent_name is 'Name of the agent.';
comment on column marts.calls.team is 'Team of the agent, as any vendor knows it.';
comment on column marts.calls.department is 'Department of the agent, else of the call.';
comment on column marts.calls.vendor_agent_id is 'User that the vendor books the call on, system users too (agents.id).';
comment on column marts.calls.is_system_agent is 'True where the vendor books the call on a system user: no person took it.';
comment on column marts.calls.is_agent_connected is 'True where a person took the call: agent_id is not null.';
comment on column marts.calls.disposition_code is 'Code of the outcome (dispositions.id).';
comment on column marts.calls.disposition_name is 'Label of the outcome.';
comment on column marts.calls.outcome_class is 'What the outcome means (marts.outcome_classes.class); NULL where it is unknown: see marts.unknown_outcomes.';
comment on column marts.calls.is_live_answer is 'A person answered: outcome_class in (contact, live, live_now).';
comment on column marts.calls.is_contact is 'Spoke with the right person: outcome_class = contact.';
comment on column marts.calls.is_success is 'The vendor''s list of outcomes says that this one is a success, such as a sale.';
comment on column marts.calls.is_machine is 'outcome_class = machine.';
comment on column marts.calls.is_drop is 'direction = outbound and outcome_class = drop: somebody was called and no agent came.';
comment on column marts.calls.is_abandoned is 'direction = inbound and outcome_class = drop: the caller was not answered.';
comment on column marts.calls.customer_e164 is 'The customer''s number: the calling one of inbound calls, else the called one.';
comment on column marts.calls.lead_id is 'Lead (leads.id).';
comment on column marts.calls.lead_key is 'Lead (marts.leads.lead_key).';
comment on column marts.calls.list_id is 'List that the lead was on (lists.id).';
comment on column marts.calls.campaign_id is 'Campaign (campaigns.id).';
comment on column marts.calls.campaign_name is 'Name of the campaign, as the call carries it.';
comment on column marts.calls.vendor_attempt_number is 'How often the lead had been called, as the vendor counts; no sequence.';
comment on column marts.calls.attempt_seq is 'Which outbound call to its lead this was, from 1: the number of outbound calls of the lead up to it by (started_at, id). NULL for other calls and for calls without a lead.';
comment on column marts.calls.is_final is 'True once the call is over; NULL where the vendor does not say.';
comment on column marts.calls.session_id is 'Telephone session, which legs may share.';
comment on column marts.calls.transferred_from_agent_id is 'Agent who transferred the call (agents.id).';
comment on column marts.calls.recording_count is 'Recordings of the call; one that names no call counts for the only call with its lead and start.';
comment on column marts.calls.analysis_source is 'Source of another vendor''s copy of this call; NULL where there is none.';
comment on column marts.calls.analysis_id is 'Id of that copy in analysis_source (calls.id, call_metrics.call_id).';
comment on column marts.calls.summary is 'What the call was about, of this record or its copy.';
comment on column marts.calls.language is 'Language that was spoken, of this record or its copy.';
comment on column marts.calls.is_escalated is 'Whether it was passed on to somebody who decides, of this record or its copy; NULL where nobody says.';

create view marts.call_twins as
select c.source, c.id, z.source as twin_source, z.id as twin_id, false as is_copy
from warehouse.calls as z
join sync.sources as s on s.vendor = lower(z.origin_system) and s.source <> z.source
join warehouse.calls as c on c.source = s.source and c.id = z.origin_call_id
where z.deleted_at is null and c.deleted_at is null
union all
select z.source, z.id, c.source, c.id, true
from warehouse.calls as z
join sync.sources as s on s.vendor = lower(z.origin_system) and s.source <> z.source
join warehouse.calls as c on c.source = s.source and c.id = z.origin_call_id
where z.deleted_at is null and c.deleted_at is null;
comment on view marts.call_twins is 'Calls that two vendors know, in both directions: the call and another vendor''s copy of it, whichever came first.';
comment on column marts.call_twins.source is 'Source of the row.';
comment on column marts.call_twins.id is 'Id of the row (calls.id).';
comment on column marts.call_twins.twin_source is 'Source of the other row of the same call.';
comment on column marts.call_twins.twin_id is 'Id of the other row (calls.id).';
comment on column marts.call_twins.is_copy is 'True where the row is the copy, which marts.calls leaves out.';

create view marts.recordings as
select
    r.source || ':' || r.id as recording_key,
    r.source,
    r.id,
    k.call_id,
    r.source || ':' || k.call_id as call_key,
    r.call_id is null and k.call_id is not null as is_resolved,
    r.lead_id,
    r.started_at,
    r.ended_at,
    r.duration_seconds
from warehouse.recordings as r
left join lateral (
    select coalesce(r.call_id, (
        select case when count(*) = 1 then min(c.id) end from warehouse.calls as c
        where r.call_id is null and c.source = r.source and c.lead_id = r.lead_id and c.started_at = r.started_at and c.deleted_at is null
    )) as call_id
) as k on true
where r.deleted_at is null;
comment on view marts.recordings is 'Recordings with their call; one that names none is that of the only call with its lead and start. The links are in warehouse.recordings.';
comment on column marts.recordings.recording_key is 'source:id, the key of this view.';
comment on column marts.recordings.source is 'The source''s name in the settings.';
comment on column marts.recordings.id is 'The vendor''s own id (recordings.id).';
comment on column marts.recordings.call_id is 'Call that was recorded (calls.id); NULL where it cannot be told.';
comment on column marts.recordings.call_key is 'The same (marts.calls.call_key).';
comment on column marts.recordings.is_resolved is 'True where the call was found by lead and start.';
comment on column marts.recordings.lead_id is 'Lead (leads.id).';
comment on column marts.recordings.started_at is 'When the recorded call started.';
comment on column marts.recordings.ended_at is 'When the recording ended.';
comment on column marts.recordings.duration_seconds is 'Length in seconds; NULL where the vendor does not say.';

create view marts.days as
select s.source, s.time_zone, d.day::date as day
from sync.sources as s
cross join lateral generate_series(
    (select min(c.local_day) from warehouse.calls as c where c.source = s.source)::timestamp,
    (select max(c.local_day) from warehouse.calls as c where c.source = s.source)::timestamp,
    interval '1 day'
) as d (day);
comment on view marts.days is 'The local days of each source from its first call to its last.';
comment on column marts.days.source is 'The source''s name in the settings.';
comment on column marts.days.time_zone is 'Zone of the account.';
comment on column marts.days.day is 'Local day of the account.';

create view marts.queue_hours as
select d.source, x.queue_id, x.queue_name, d.day as local_day, x.local_hour, x.offered, x.answered, x.abandoned, x.short_abandoned, x.answered_20s, x.service_level_20s, x.asa_seconds
from marts.days as d
-- Day by day, so that who asks for some days reads those alone.
cross join lateral (
    select
        c.queue_id, c.queue_name, c.local_hour,
        count(*) as offered,
        count(*) filter (where is_agent_connected) as answered,
        count(*) filter (where is_abandoned) as abandoned,
        count(*) filter (where is_abandoned and queue_seconds <= 5) as short_abandoned,
        count(*) filter (where is_agent_connected and queue_seconds <= 20) as answered_20s,
        round(100.0 * count(*) filter (where is_agent_connected and queue_seconds <= 20)
            / nullif(count(*) filter (where not (is_abandoned and coalesce(queue_seconds, 6) <= 5)), 0), 1) as service_level_20s,
        avg(queue_seconds) filter (where is_agent_connected) as asa_seconds
    from marts.calls as c
    where c.source = d.source and c.local_day = d.day and c.direction = 'inbound' and c.is_final
    group by c.queue_id, c.queue_name, c.local_hour
) as x;
comment on view marts.queue_hours is 'Inbound calls that are over, by queue, local day and local hour. Counts can be added up; service level and speed of answer cannot: compute them from the counts.';
comment on column marts.queue_hours.source is 'The source''s name in the settings.';
comment on column marts.queue_hours.queue_id is 'Queue; NULL for calls that were in none.';
comment on column marts.queue_hours.queue_name is 'Name of the queue.';
comment on column marts.queue_hours.local_day is 'Local day of the account.';
comment on column marts.queue_hours.local_hour is 'Local hour, 0 to 23.';
comment on column marts.queue_hours.offered is 'Inbound calls that are over: count(*).';
comment on column marts.queue_hours.answered is 'Those that a person took: count(is_agent_connected).';
comment on column marts.queue_hours.abandoned is 'Those that nobody took before they ended: count(is_abandoned).';
comment on column marts.queue_hours.short_abandoned is 'Abandoned within 5 seconds: count(is_abandoned and queue_seconds <= 5).';
comment on column marts.queue_hours.answered_20s is 'Answered within 20 seconds: count(is_agent_connected and queue_seconds <= 20).';
comment on column marts.queue_hours.service_level_20s is 'Percent: 100 * answered_20s / (offered - short_abandoned).';
comment on column marts.queue_hours.asa_seconds is 'Average speed of answer: avg(queue_seconds) of answered calls.';

create view marts.campaign_days as
select d.source, x.campaign_id, x.campaign_name, d.day as local_day, x.dials, x.live, x.drops, x.contacts, x.sales, x.drop_rate
from marts.days as d
-- Day by day, so that who asks for some days reads those alone.
cross join lateral (
    select
        c.campaign_id, c.campaign_name,
        count(*) as dials,
        count(*) filter (where is_live_answer) as live,
        count(*) filter (where is_drop) as drops,
        count(*) filter (where is_contact) as contacts,
        count(*) filter (where is_success) as sales,
        round(100.0 * count(*) filter (where is_drop) / nullif(count(*) filter (where is_drop or is_live_answer), 0), 2) as drop_rate
    from marts.calls as c
    where c.source = d.source and c.local_day = d.day and c.direction = 'outbound' and c.is_final
    group by c.campaign_id, c.campaign_name
) as x;
comment on view marts.campaign_days is 'Outbound calls that are over, by campaign and local day. Over several days: 100 * sum(drops) / sum(drops + live).';
comment on column marts.campaign_days.source is 'The source''s name in the settings.';
comment on column marts.campaign_days.campaign_id is 'Campaign (campaigns.id).';
comment on column marts.campaign_days.campaign_name is 'Name of the campaign.';
comment on column marts.campaign_days.local_day is 'Local day of the account.';
comment on column marts.campaign_days.dials is 'Outbound calls that are over: count(*).';
comment on column marts.campaign_days.live is 'Answered by a person: count(is_live_answer).';
comment on column marts.campaign_days.drops is 'A person was called and no agent came: count(is_drop).';
comment on column marts.campaign_days.contacts is 'Spoke with the right person: count(is_contact).';
comment on column marts.campaign_days.sales is 'count(is_success).';
comment on column marts.campaign_days.drop_rate is 'Percent: 100 * drops / (drops + live), the measure of the 3 % rule.';

create view marts.list_attempts as
select
    source, list_id, attempt_seq,
    count(*) as dials,
    count(*) filter (where is_contact) as contacts,
    count(*) filter (where is_success) as sales
from (
    select c.source, c.list_id, c.is_contact, c.is_success, c.is_final,
        row_number() over (partition by c.source, c.lead_id order by c.started_at, c.id) as attempt_seq
    from marts.calls as c where c.direction = 'outbound' and c.lead_id is not null
) as attempts
where is_final
group by source, list_id, attempt_seq;
comment on view marts.list_attempts is 'Outbound calls to leads by list and by which attempt on the lead each was.';
comment on column marts.list_attempts.source is 'The source''s name in the settings.';
comment on column marts.list_attempts.list_id is 'List of the call (lists.id).';
comment on column marts.list_attempts.attempt_seq is 'Which outbound call to its lead it was, from 1, by (started_at, id); not what the vendor counts.';
comment on column marts.list_attempts.dials is 'Calls that are over: count(*).';
comment on column marts.list_attempts.contacts is 'count(is_contact). Contact rate: contacts / dials.';
comment on column marts.list_attempts.sales is 'count(is_success). Conversion: sales / contacts.';

create view marts.agent_days as
select
    p.source,
    p.agent_id,
    p.source || ':' || p.agent_id as agent_key,
    coalesce(a.agent_person, p.source || ':' || p.agent_id) as agent_person,
    coalesce(a.name, p.agent_name) as name,
    a.team,
    p.day,
    p.call_count as vendor_calls,
    c.call_count as counted_calls,
    p.talk_seconds as vendor_talk,
    c.talk_seconds as counted_talk,
    p.wait_seconds,
    p.pause_seconds,
    p.wrap_seconds,
    p.total_seconds,
    round((p.talk_seconds + p.wrap_seconds)::numeric / nullif(p.talk_seconds + p.wrap_seconds + p.wait_seconds, 0), 4) as occupancy,
    round((p.talk_seconds + p.wrap_seconds)::numeric / nullif(p.total_seconds, 0), 4) as utilisation,
    round((p.talk_seconds + p.wrap_seconds)::numeric / nullif(p.call_count, 0), 1) as aht_seconds,
    e.first_at,
    e.last_at,
    p.call_count is distinct from c.call_count as calls_differ,
    p.talk_seconds is distinct from c.talk_seconds as talk_differs
from warehouse.agent_performance as p
join sync.sources as s on s.source = p.source
left join marts.agents as a on a.source = p.source and a.agent_id = p.agent_id
cross join lateral (
    select count(*) as call_count, coalesce(sum(c.talk_seconds), 0)::bigint as talk_seconds
    from marts.calls as c
    where c.source = p.source and c.vendor_agent_id = p.agent_id and c.is_agent_connected
        and c.started_at >= p.day::timestamp at time zone s.time_zone
        and c.started_at < (p.day + 1)::timestamp at time zone s.time_zone
) as c
cross join lateral (
    select min(e.started_at) as first_at, max(e.ended_at) as last_at
    from warehouse.agent_events as e
    where e.source = p.source and e.agent_id = p.agent_id and e.deleted_at is null
        and e.started_at >= p.day::timestamp at time zone s.time_zone
        and e.started_at < (p.day + 1)::timestamp at time zone s.time_zone
) as e
where p.deleted_at is null and p.campaign_id is null;
comment on view marts.agent_days is 'What the vendor reports of each agent and local day, beside what is counted from the calls. Over several days or agents: add up seconds and calls, then divide.';
comment on column marts.agent_days.source is 'The source''s name in the settings.';
comment on column marts.agent_days.agent_id is 'Agent (agents.id).';
comment on column marts.agent_days.agent_key is 'Agent (marts.agents.agent_key).';
comment on column marts.agent_days.agent_person is 'The person: the e-mail address, else source:id.';
comment on column marts.agent_days.name is 'Name of the agent.';
comment on column marts.agent_days.team is 'Team of the agent, as any vendor knows it.';
comment on column marts.agent_days.day is 'Local day of the account.';
comment on column marts.agent_days.vendor_calls is 'Calls, as the vendor reports them.';
comment on column marts.agent_days.counted_calls is 'Calls that began on the day, counted from marts.calls.';
comment on column marts.agent_days.vendor_talk is 'Seconds of talk, as the vendor reports them.';
comment on column marts.agent_days.counted_talk is 'Seconds of talk, summed up from marts.calls.';
comment on column marts.agent_days.wait_seconds is 'Seconds of waiting, as the vendor reports them.';
comment on column marts.agent_days.pause_seconds is 'Seconds of pauses, as the vendor reports them.';
comment on column marts.agent_days.wrap_seconds is 'Seconds of work after calls, as the vendor reports them.';
comment on column marts.agent_days.total_seconds is 'Seconds signed in, as the vendor reports them.';
comment on column marts.agent_days.occupancy is '(talk + wrap) / (talk + wrap + wait), from 0 to 1.';
comment on column marts.agent_days.utilisation is '(talk + wrap) / total, from 0 to 1.';
comment on column marts.agent_days.aht_seconds is 'Average handling time: (talk + wrap) / calls. Over several days: sum(vendor_talk + wrap_seconds) / sum(vendor_calls).';
comment on column marts.agent_days.first_at is 'Start of the first event that began on the day.';
comment on column marts.agent_days.last_at is 'End of the last event that began on the day; it may lie behind midnight.';
comment on column marts.agent_days.calls_differ is 'True where the vendor''s calls are not those that are counted; look at complete days only (marts.complete_days).';
comment on column marts.agent_days.talk_differs is 'True where the vendor''s seconds of talk are not those that are counted.';
