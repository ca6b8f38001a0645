-- Service level by queue and day: answered within 20 seconds of all that were offered.
select
    source, queue_id, max(queue_name) as queue_name, local_day,
    sum(offered) as offered, sum(answered) as answered, sum(abandoned) as abandoned, sum(answered_20s) as answered_20s,
    round(100.0 * sum(answered_20s) / nullif(sum(offered), 0), 1) as service_level
from {{ source('marts', 'queue_hours') }}
group by source, queue_id, local_day
