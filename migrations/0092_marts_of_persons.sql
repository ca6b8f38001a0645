-- The person behind leads, calls and conversations, and everything about one person in order.
do $$
begin
    execute format($view$
        create or replace view marts.leads as
        select v.*, (
            select i.person_id from people.identities as i where i.kind = 'lead' and i.source = v.source and i.id = v.lead_id
        ) as person_id
        from (%s) as v$view$, rtrim(pg_get_viewdef('marts.leads'::regclass), ';'));
    execute format($view$
        create or replace view marts.conversations as
        select v.*, coalesce((
            select i.person_id from people.identities as i where i.kind = 'contact' and i.source = v.source and i.id = v.contact_id
        ), (
            select i.person_id from people.identities as i where i.kind = 'lead' and i.source = v.source and i.id = v.lead_id
        )) as person_id
        from (%s) as v$view$, rtrim(pg_get_viewdef('marts.conversations'::regclass), ';'));
    execute format($view$
        create or replace view marts.calls as
        select v.*, case when v.lead_id is not null then (
            select i.person_id from people.identities as i where i.kind = 'lead' and i.source = v.source and i.id = v.lead_id
        ) else (
            -- A number stands for somebody only where it is one person's.
            select min(i.person_id) from people.keys as k
            join people.identities as i on i.kind = k.kind and i.source = k.source and i.id = k.id
            where k.key_kind = 'number' and k.key = v.customer_e164
            having count(distinct i.person_id) = 1
        ) end as person_id
        from (%s) as v$view$, rtrim(pg_get_viewdef('marts.calls'::regclass), ';'));
end
$$;
comment on column marts.leads.person_id is 'Person behind the lead (people.persons.person_id); NULL for deleted leads, and for a moment after a lead came.';
comment on column marts.conversations.person_id is 'Person behind the customer, or behind the lead (people.persons.person_id); NULL where neither is known.';
comment on column marts.calls.person_id is 'Person behind the lead; for calls without a lead the one person who has the number; NULL where there is none, or where several share it (people.persons.person_id).';

create view marts.people as
select
    p.person_id,
    coalesce(
        (array_agg(l.name order by l.first_seen_at, l.id) filter (where l.name <> ''))[1],
        (array_agg(c.name order by c.first_seen_at, c.id) filter (where c.name <> ''))[1]
    ) as name,
    count(distinct (i.kind, i.source, i.id)) as records,
    count(distinct (i.source, i.id)) filter (where i.kind = 'lead') as leads,
    count(distinct (i.source, i.id)) filter (where i.kind = 'contact') as contacts,
    array_agg(distinct i.source) as sources,
    array_agg(distinct lower(btrim(coalesce(l.email, c.email)))) filter (where coalesce(l.email, c.email) <> '') as emails,
    array_agg(distinct coalesce(l.phone_e164, c.phone_e164)) filter (where coalesce(l.phone_e164, c.phone_e164) <> '') as numbers,
    min(i.confidence) as confidence,
    min(i.first_seen_at) as first_seen_at,
    exists (select from people.candidates as s where s.person_id = p.person_id) as has_candidates
from people.persons as p
join people.identities as i on i.person_id = p.person_id
left join warehouse.leads as l on i.kind = 'lead' and l.source = i.source and l.id = i.id
left join warehouse.contacts as c on i.kind = 'contact' and c.source = i.source and c.id = i.id
where p.ended_at is null
group by p.person_id;
comment on view marts.people is 'Customers over all vendors, one row each.';
comment on column marts.people.person_id is 'The person (people.persons.person_id), the key of this view.';
comment on column marts.people.name is 'Name on the lead that was seen first, else on the contact.';
comment on column marts.people.records is 'Leads and contacts that stand for the person: leads + contacts.';
comment on column marts.people.leads is 'Leads.';
comment on column marts.people.contacts is 'Contacts.';
comment on column marts.people.sources is 'Sources that know the person.';
comment on column marts.people.emails is 'E-mail addresses in lower case.';
comment on column marts.people.numbers is 'Telephone numbers in E.164.';
comment on column marts.people.confidence is 'The weakest of the rules that tie the records.';
comment on column marts.people.first_seen_at is 'When the first of the records was first seen.';
comment on column marts.people.has_candidates is 'True where other persons share a number with this one (people.candidates).';

create view marts.contacts_made as
select
    coalesce(c.person_id, 'n:' || c.customer_e164) as person_id,
    c.started_at, 'call' as kind, c.source, c.id, c.agent_name, c.disposition_name as outcome
from marts.calls as c
where c.direction = 'inbound' and c.is_agent_connected
union all
select
    coalesce(v.person_id, 'contact:' || v.source || ':' || v.contact_id),
    v.started_at, 'conversation', v.source, v.id, a.name, v.status
from marts.conversations as v
left join warehouse.agents as a on a.source = v.source and a.id = v.agent_id;
comment on view marts.contacts_made is 'Each time a customer turned to the company and reached it: inbound calls that a person took, and conversations.';
comment on column marts.contacts_made.person_id is 'The person (people.persons.person_id); where none is known n: with the number, or contact: with the contact.';
comment on column marts.contacts_made.started_at is 'When it started.';
comment on column marts.contacts_made.kind is 'call or conversation.';
comment on column marts.contacts_made.source is 'The source''s name in the settings.';
comment on column marts.contacts_made.id is 'The call or conversation (calls.id, conversations.id).';
comment on column marts.contacts_made.agent_name is 'Who took it.';
comment on column marts.contacts_made.outcome is 'Label of the call''s outcome, or status of the conversation.';

create view marts.timeline as
with own as (
    select i.person_id, i.kind, i.source, i.id from people.identities as i
),
-- Numbers that are one person's.
numbers as (
    select distinct i.person_id, k.key
    from people.identities as i
    join people.keys as k on k.kind = i.kind and k.source = i.source and k.id = i.id and k.key_kind = 'number'
    where not exists (
        select from people.keys as o
        join people.identities as j on j.kind = o.kind and j.source = o.source and j.id = o.id
        where o.key_kind = 'number' and o.key = k.key and j.person_id <> i.person_id
    )
)
select o.person_id, c.started_at as at, 'call' as kind, c.source, c.id, c.direction, c.agent_name, c.disposition_name as outcome, c.summary as detail
from own as o
join warehouse.calls as b on b.source = o.source and b.lead_id = o.id
join marts.calls as c on c.source = b.source and c.id = b.id
where o.kind = 'lead'
union all
select n.person_id, c.started_at, 'call', c.source, c.id, c.direction, c.agent_name, c.disposition_name, c.summary
from numbers as n
join warehouse.calls as b on b.from_e164 = n.key and b.lead_id is null and b.direction = 'inbound'
join marts.calls as c on c.source = b.source and c.id = b.id
union all
select n.person_id, c.started_at, 'call', c.source, c.id, c.direction, c.agent_name, c.disposition_name, c.summary
from numbers as n
join warehouse.calls as b on b.to_e164 = n.key and b.lead_id is null and b.direction is distinct from 'inbound'
join marts.calls as c on c.source = b.source and c.id = b.id
union all
select o.person_id, v.started_at, 'conversation', v.source, v.id, 'inbound', a.name, v.status, coalesce(h.name, v.channel_id)
from own as o
join warehouse.conversations as v on v.source = o.source and v.contact_id = o.id and v.deleted_at is null
left join warehouse.agents as a on a.source = v.source and a.id = v.agent_id
left join warehouse.channels as h on h.source = v.source and h.id = v.channel_id
where o.kind = 'contact'
union all
select o.person_id, l.created_at, 'lead', l.source, l.id, null, l.agent_name, l.status, coalesce(l.origin_name, l.list_name)
from own as o
join warehouse.leads as l on l.source = o.source and l.id = o.id and l.deleted_at is null
where o.kind = 'lead'
union all
select o.person_id, l.created_at, 'lead note', l.source, l.id, null, l.agent_name, null, l.notes
from own as o
join warehouse.leads as l on l.source = o.source and l.id = o.id and l.deleted_at is null and l.notes <> ''
where o.kind = 'lead'
union all
select o.person_id, b.due_at, 'callback', b.source, b.id, 'outbound', b.agent_name, b.stage, b.comment
from own as o
join warehouse.callbacks as b on b.source = o.source and b.lead_id = o.id and b.deleted_at is null
where o.kind = 'lead'
union all
select distinct i.person_id, d.added_at, 'do not contact', d.source, d.id, null, null, d.channel, coalesce(d.reason, d.campaign_name)
from people.identities as i
join people.keys as k on k.kind = i.kind and k.source = i.source and k.id = i.id and k.key_kind = 'number'
join warehouse.do_not_contact as d on d.phone_e164 = k.key and d.deleted_at is null
union all
select o.person_id, coalesce(t.happened_at, t.first_seen_at), 'tag', t.source, t.id, null, a.name, t.action, coalesce(t.name, t.tag_id)
from own as o
join warehouse.contact_tags as t on t.source = o.source and t.contact_id = o.id and t.deleted_at is null
left join warehouse.agents as a on a.source = t.source and a.id = t.agent_id
where o.kind = 'contact'
union all
select o.person_id, v.started_at, 'tag', t.source, t.id, null, null, null, coalesce(t.tag_name, t.tag_id)
from own as o
join warehouse.conversations as v on v.source = o.source and v.contact_id = o.id and v.deleted_at is null
join warehouse.conversation_tags as t on t.source = v.source and t.conversation_id = v.id and t.deleted_at is null
where o.kind = 'contact'
union all
select o.person_id, coalesce(t.happened_at, t.first_seen_at), 'note', t.source, t.id, null, a.name, t.action, t.text
from own as o
join warehouse.contact_notes as t on t.source = o.source and t.contact_id = o.id and t.deleted_at is null
left join warehouse.agents as a on a.source = t.source and a.id = t.agent_id
where o.kind = 'contact'
union all
select o.person_id, coalesce(t.happened_at, t.first_seen_at), 'attribute', t.source, t.id, null, a.name, t.action, concat_ws(': ', t.attribute_id, t.value)
from own as o
join warehouse.contact_attributes as t on t.source = o.source and t.contact_id = o.id and t.deleted_at is null
left join warehouse.agents as a on a.source = t.source and a.id = t.agent_id
where o.kind = 'contact';
comment on view marts.timeline is 'Everything about one person: say which (person_id = ...), and order by at.';
comment on column marts.timeline.person_id is 'The person (people.persons.person_id).';
comment on column marts.timeline.at is 'When it was: a call''s or conversation''s start, the making of a lead, a callback''s due time, the entry of a number or note. Tags of a conversation have its start, and what has no time has the first reading.';
comment on column marts.timeline.kind is 'call, conversation, lead, lead note, callback, do not contact, tag, note or attribute.';
comment on column marts.timeline.source is 'The source''s name in the settings.';
comment on column marts.timeline.id is 'The row''s id in its table.';
comment on column marts.timeline.direction is 'inbound, outbound or transfer, where it has one.';
comment on column marts.timeline.agent_name is 'The agent, where one is known.';
comment on column marts.timeline.outcome is 'Outcome of a call, status of a conversation or lead, stage of a callback, channel of a blocked number, action of a tag or note.';
comment on column marts.timeline.detail is 'Summary, channel, origin, comment, reason, tag or text.';

-- What of a person is looked for.
create index if not exists do_not_contact_by_number on warehouse.do_not_contact (phone_e164);
create index if not exists contact_notes_by_contact on warehouse.contact_notes (source, contact_id);
create index if not exists contact_tags_by_contact on warehouse.contact_tags (source, contact_id);
create index if not exists contact_attributes_by_contact on warehouse.contact_attributes (source, contact_id);
