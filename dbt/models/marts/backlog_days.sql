-- Open conversations at the end of each day since the history began.
with days as (
    select generate_series(min(valid_from)::date, current_date, interval '1 day')::date as day
    from {{ source('history', 'states') }} where table_name = 'conversations'
)
select d.day, h.source, count(*) as open_conversations
from days as d
join {{ source('history', 'states') }} as h
    on h.table_name = 'conversations' and h.is_closed is distinct from true
    and h.valid_from < d.day + 1 and (h.valid_to >= d.day + 1 or h.valid_to is null)
group by d.day, h.source
