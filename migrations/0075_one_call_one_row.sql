-- A call that two vendors know is one contact with a customer, a chat is none by telephone, and system users are no people.
create view warehouse.interactions as
select
    c.source,
    case when lower(c.origin_system) like 'chat%' then 'conversation' else 'call' end as kind,
    c.id,
    c.started_at,
    c.ended_at,
    c.duration_seconds,
    c.direction,
    c.agent_id,
    coalesce(c.agent_name, a.name) as agent_name,
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

comment on column warehouse.interactions.source is 'The source''s name in the settings.';
comment on column warehouse.interactions.id is 'Id of the call (calls.id) or of the conversation (conversations.id).';
comment on column warehouse.interactions.started_at is 'When it began; NULL where the vendor does not say.';
comment on column warehouse.interactions.ended_at is 'When the call ended, or when the conversation was last active, for conversations have no end. NULL while a call is live.';
comment on column warehouse.interactions.duration_seconds is 'Seconds from start to end; for a conversation its whole span, in which nobody may have written for days. NULL while a call is live.';
comment on column warehouse.interactions.direction is 'inbound, outbound or transfer; conversations are taken as inbound. NULL where the vendor''s word is unknown.';
comment on column warehouse.interactions.agent_id is 'Agent (agents.id); NULL where none took part.';
comment on column warehouse.interactions.agent_name is 'Name of the agent, as the call carries it where it does.';
comment on column warehouse.interactions.lead_id is 'Lead (leads.id); NULL where none is known.';
comment on column warehouse.interactions.contact_id is 'Contact of a conversation (contacts.id); NULL for calls.';
comment on column warehouse.interactions.customer_e164 is 'Telephone number of the customer in E.164; NULL where none is known.';
comment on column warehouse.interactions.customer_email is 'E-mail address of the customer in lower case, by which one person can be found with several vendors; NULL where none is known.';
comment on column warehouse.interactions.channel_name is 'Queue of a call, else its campaign; channel of a conversation, its id where it has no name.';
comment on column warehouse.interactions.outcome is 'Outcome of a call, status of a conversation, both in the vendor''s own words.';
comment on column warehouse.interactions.is_closed is 'True once it is over; NULL where the vendor does not say.';
comment on view warehouse.interactions is 'Calls and conversations of all sources as one: who, when, how long, with which agent. A call that two vendors know is there once. Rows that are gone at the vendor are left out.';
comment on column warehouse.interactions.kind is 'call or conversation; the chats among the calls of Converz are conversations.';

create view warehouse.agent_daily as
with done as (
    select
        c.source, c.agent_id, c.local_day as day,
        count(*) filter (where not is_chat) as call_count,
        coalesce(sum(c.duration_seconds) filter (where not is_chat), 0) as talk_seconds,
        count(*) filter (where is_chat) as conversation_count, 0 as message_count
    from warehouse.calls as c
    cross join lateral (select coalesce(lower(c.origin_system) like 'chat%', false) as is_chat) as k
    where c.deleted_at is null and c.agent_id is not null and c.local_day is not null
        and (c.origin_call_id is null or not exists (
            select from sync.sources as t
            join warehouse.calls as n on n.source = t.source and n.id = c.origin_call_id
            where t.vendor = lower(c.origin_system) and t.source <> c.source and n.deleted_at is null
        ))
    group by c.source, c.agent_id, c.local_day
    union all
    select v.source, v.agent_id, (v.started_at at time zone coalesce(s.time_zone, 'UTC'))::date, 0, 0, count(*), 0
    from warehouse.conversations as v left join sync.sources as s on s.source = v.source
    where v.deleted_at is null and v.agent_id is not null and v.started_at is not null
    group by 1, 2, 3
    union all
    -- Samples are not all messages, so that counting them would say nothing.
    select m.source, m.agent_id, (m.sent_at at time zone coalesce(s.time_zone, 'UTC'))::date, 0, 0, 0, count(*)
    from warehouse.messages as m left join sync.sources as s on s.source = m.source
    where m.deleted_at is null and m.agent_id is not null and m.sent_at is not null and m.is_sample is not true
    group by 1, 2, 3
)
select
    done.source,
    done.agent_id,
    agents.name as agent_name,
    done.day,
    sum(done.call_count)::bigint as call_count,
    sum(done.talk_seconds)::bigint as talk_seconds,
    sum(done.conversation_count)::bigint as conversation_count,
    sum(done.message_count)::bigint as message_count
from done
left join warehouse.agents on agents.source = done.source and agents.id = done.agent_id
where agents.is_system is not true
group by done.source, done.agent_id, agents.name, done.day;

comment on column warehouse.agent_daily.source is 'The source''s name in the settings.';
comment on column warehouse.agent_daily.agent_id is 'Agent (agents.id).';
comment on column warehouse.agent_daily.call_count is 'Calls that began on the day.';
comment on column warehouse.agent_daily.talk_seconds is 'Seconds of those calls; live ones count nothing yet.';
comment on column warehouse.agent_daily.conversation_count is 'Conversations assigned to the agent that began on the day.';
comment on column warehouse.agent_daily.message_count is 'Messages that the agent sent on the day; samples of the last message only are not counted.';
comment on view warehouse.agent_daily is 'What each agent did on each local day of the account; days without anything have no row, and system users have none. A call that two vendors know counts once.';
comment on column warehouse.agent_daily.day is 'Local day of the account.';
comment on column warehouse.agent_daily.agent_name is 'Name of the agent; NULL where nobody names them.';
