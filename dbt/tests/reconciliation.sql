-- What the vendor reports for an agent's day is what the calls of that day add up to, on days that are complete and settled.
select a.source, a.agent_id, a.day
from {{ source('marts', 'agent_days') }} as a
join {{ source('marts', 'complete_days') }} as k
    on k.table_name = 'calls' and k.source = a.source and k.day = a.day and k.is_complete and k.is_settled
where a.calls_differ or a.talk_differs
