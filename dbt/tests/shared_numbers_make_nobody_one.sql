-- A number that several e-mail addresses carry never ties a record to its person.
select i.kind, i.source, i.id
from {{ source('people', 'identities') }} as i
where i.rule = 'unique_number' and (i.evidence ->> 'emails')::integer > 1
