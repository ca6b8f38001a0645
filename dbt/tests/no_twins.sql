-- A call that two vendors know is one row: what is shown as another one's analysis is no row of its own.
select c.call_key, z.call_key as twin
from {{ source('marts', 'calls') }} as c
join {{ source('marts', 'calls') }} as z on z.source = c.analysis_source and z.id = c.analysis_id
