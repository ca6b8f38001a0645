-- At any time a row has one state.
select source, table_name, id, valid_from
from (
    select *, lead(valid_from) over (partition by source, table_name, id order by valid_from) as next_from
    from {{ source('history', 'states') }}
) as s
where valid_to > next_from or valid_to <= valid_from or (valid_to is null and next_from is not null)
