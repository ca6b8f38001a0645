select
    c.source,
    c.stream,
    m.complete_through,
    m.settled_through,
    extract(epoch from now() - m.complete_through)::bigint as lag_seconds,
    w.state as last_state,
    w.reason as last_reason,
    coalesce(w.ended_at, w.started_at) as last_at,
    coalesce(s.row_count, 0)::bigint as row_count,
    coalesce(r.reject_count, 0)::bigint as reject_count,
    coalesce(w.held_deletions, 0)::bigint as held_deletions
from sync.coverage as c
-- The end of the first unbroken span that begins where the history begins.
cross join lateral (
    select
        case when c.since is null then c.whole_read_at
             else (select upper(span) from unnest(c.covered) as span where span @> c.since) end as complete_through,
        case when c.since is null then c.full_read_at
             else (select upper(span) from unnest(c.settled) as span where span @> c.since) end as settled_through
) as m
left join lateral (
    select * from sync.walks where source = c.source and stream = c.stream order by id desc limit 1
) as w on true
left join lateral (
    select sum(inserted) as row_count from sync.walks where source = c.source and stream = c.stream
) as s on true
left join lateral (
    select count(*) as reject_count from sync.rejects where source = c.source and stream = c.stream
) as r on true
order by 1, 2
