-- Who asks for one person looks for the numbers of that person alone.
create or replace view marts.timeline as
with own as not materialized (
    select i.person_id, i.kind, i.source, i.id from people.identities as i
),
-- Numbers that are one person's.
numbers as not materialized (
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
