-- Every lead that is not deleted has one person, and every person has a record. Records of the last minutes are still to be looked at.
select 'lead' as kind, l.source, l.id
from {{ ref('stg_leads') }} as l
left join {{ source('people', 'identities') }} as i on i.kind = 'lead' and i.source = l.source and i.id = l.id
where not l.is_deleted and i.id is null and l.changed_at < now() - interval '5 minutes'
union all
select 'person', '', p.person_id
from {{ source('people', 'persons') }} as p
left join {{ source('people', 'identities') }} as i on i.person_id = p.person_id
where p.ended_at is null and i.id is null
union all
select i.kind, i.source, i.id
from {{ source('people', 'identities') }} as i
left join {{ source('people', 'persons') }} as p on p.person_id = i.person_id and p.ended_at is null
where p.person_id is null
