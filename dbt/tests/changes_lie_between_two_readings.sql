select * from {{ source('history', 'changes') }} where seen_after > seen_by or old is not distinct from new
