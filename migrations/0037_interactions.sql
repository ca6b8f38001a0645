-- Analysts ask about contacts with customers, however they came about; calls and conversations answer together.
create view warehouse.interactions as
select
    c.source,
    'call' as kind,
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

comment on view warehouse.interactions is 'Calls and conversations of all sources as one: who, when, how long, with which agent. Rows that are gone at the vendor are left out.';
comment on column warehouse.interactions.source is 'The source''s name in the settings.';
comment on column warehouse.interactions.kind is 'call or conversation.';
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
