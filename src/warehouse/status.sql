-- One row for each stream that the settings want, or ever wanted: all its partitions together. What is complete is said by
-- sync.completeness alone. Nothing here may grow with the ledger: status is looked at when something is wrong.
with parts as (
    -- Partitions that are no longer wanted tell something only where no other is left.
    select c.*, c.is_enabled or not bool_or(c.is_enabled) over (partition by c.source, c.stream) as is_telling
    from sync.completeness as c
),
streams as (
    select
        source, stream, max(mode) as mode, bool_or(is_enabled) as is_enabled,
        case when bool_and(complete_through is not null) filter (where is_telling)
             then min(complete_through) filter (where is_telling) end as complete_through,
        case when bool_and(settled_through is not null) filter (where is_telling)
             then min(settled_through) filter (where is_telling) end as settled_through,
        -- The worst of them all.
        (array['refused', 'incomplete', 'never read', 'complete', 'disabled'])[min(case when is_telling then
            array_position(array['refused', 'incomplete', 'never read', 'complete', 'disabled'], state) end)] as state,
        (array_agg(reason order by complete_through nulls first, partition) filter (where is_telling and reason is not null))[1:3] as reasons,
        count(*) filter (where is_telling) as partition_count,
        sum(row_count)::bigint as row_count
    from parts group by source, stream
)
select
    s.source, s.stream, s.mode, s.is_enabled, s.state, array_to_string(s.reasons, '; ') as reason, s.complete_through, s.settled_through,
    extract(epoch from now() - s.complete_through)::bigint as lag_seconds,
    extract(epoch from now() - s.settled_through)::bigint as settled_lag_seconds,
    extract(epoch from c.lag_limit)::bigint as lag_limit_seconds,
    l.state as last_state, l.reason as last_reason, coalesce(l.ended_at, l.started_at) as last_at,
    s.row_count, coalesce(r.reject_count, 0) as reject_count, coalesce(h.held_deletions, 0) as held_deletions, s.partition_count,
    c.next_run_at, f.next_attempt_at, coalesce(f.failing_slices, 0) as failing_slices,
    p.paused_by, p.until as paused_until, p.reason as pause_reason,
    e.holder
from streams as s
left join sync.schedules as c using (source, stream)
left join sync.leases as e on e.source = s.source and e.expires_at > now()
left join lateral (
    select state, reason, started_at, ended_at from sync.slices
    where source = s.source and stream = s.stream order by started_at desc, id desc limit 1
) as l on true
left join lateral (
    -- Beyond this it does not matter how many there are.
    select count(*) as reject_count from (
        select from sync.rejects where source = s.source and stream = s.stream limit 10000
    ) as few
) as r on true
left join lateral (
    select sum(row_count)::bigint as held_deletions from sync.held_deletions where source = s.source and stream = s.stream
) as h on true
left join lateral (
    select count(*) as failing_slices, min(next_attempt_at) as next_attempt_at from sync.retries
    where source = s.source and stream = s.stream
) as f on true
left join lateral (
    select paused_by, until, reason from sync.pauses
    where source = s.source and stream in ('', s.stream) order by paused_by desc, stream limit 1
) as p on true
order by 1, 2
