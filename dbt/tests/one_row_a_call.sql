select call_key, count(*) as row_count from {{ source('marts', 'calls') }} group by call_key having count(*) > 1
