-- Where the list that names the ids of others was read a moment before them, nothing is known to be missing: they are complete through
-- the reading of that list. They wait for it only while it has no beginning.
create or replace view sync.completeness as
with recursive own as (
    select
        s.source, s.stream, s.partition, s.is_enabled, s.mode, s.generation, s.fills, s.completes, s.depends_on,
        c.since as complete_since,
        -- The end of the first unbroken span that begins where the history begins; a list up to its last reading; ids up to the
        -- oldest one that is due.
        case when s.mode = 'lookup' then c.complete_until
             when c.since is not null then (select upper(span) from unnest(c.covered) as span where span @> c.since)
             else c.whole_read_at end as read_through,
        case when s.mode = 'lookup' then c.complete_until
             when c.since is not null then (select upper(span) from unnest(c.settled) as span where span @> c.since)
             else c.full_read_at end as settled_through,
        coalesce(c.ids_left, 0) as ids_left, c.last_complete_at,
        coalesce(c.row_count, 0) as row_count, coalesce(c.request_count, 0) as request_count
    from sync.streams as s
    left join sync.coverage as c
        on c.source = s.source and c.stream = s.stream and c.partition = s.partition and c.generation = s.generation
),
-- The tables that name the ids of a lookup, and those that name the ids by which these are read.
needs as (
    select o.source, o.stream, o.partition, t.table_name
    from own as o, unnest(o.depends_on) as t (table_name) where o.is_enabled
    union
    select n.source, n.stream, n.partition, t.table_name
    from needs as n
    join own as o on o.source = n.source and o.is_enabled and n.table_name = any (o.completes)
    cross join unnest(o.depends_on) as t (table_name)
),
named as (
    select n.source, n.stream, n.partition,
        bool_or(p.read_through is null) as is_unread, min(p.read_through) as read_through,
        bool_or(p.settled_through is null) as is_unsettled, min(p.settled_through) as settled_through,
        string_agg(distinct p.stream, ', ' order by p.stream) as streams
    from needs as n
    join own as p on p.source = n.source and p.is_enabled and n.table_name = any (p.completes)
        and (p.stream, p.partition) <> (n.stream, n.partition)
    group by n.source, n.stream, n.partition
),
limited as (
    select
        o.*, n.streams as named_by,
        case when o.read_through is null or n.is_unread then null else least(o.read_through, n.read_through) end as complete_through,
        case when o.settled_through is null or n.is_unsettled then null else least(o.settled_through, n.settled_through) end as settled_to,
        n.is_unread as is_limited
    from own as o
    left join named as n using (source, stream, partition)
),
told as (
    select
        l.*, r.purpose is not null as is_failing,
        case when q.state = 'refused' then 'refused'
             when not l.is_enabled then 'disabled'
             when l.last_complete_at is null and r.purpose is null then 'never read'
             when l.complete_through is null or r.purpose is not null or l.ids_left > 0 or l.is_limited then 'incomplete'
             else 'complete' end as state,
        case when q.state = 'refused' then q.reason
             when not l.is_enabled then 'the settings do not want it'
             when r.purpose is not null then concat(
                 case when isfinite(r.since) then concat(
                     to_char(r.since at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), ' to ',
                     to_char(r.until at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), ' UTC: ') end,
                 r.reason, case when r.said is not null then concat(' (', r.said, ')') end,
                 '; tried ', r.attempts, case when r.attempts = 1 then ' time' else ' times' end, ', again at ',
                 to_char(r.next_attempt_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), ' UTC')
             when l.ids_left > 0 then concat(l.ids_left, ' ids to go')
             when l.last_complete_at is null then 'was not read yet'
             when l.read_through is null and l.complete_since is not null then concat(
                 'its history from ', to_char(l.complete_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), ' UTC on is not read to its end yet')
             when l.read_through is null then 'was not read to its end yet'
             when l.is_limited then concat('waits for ', l.named_by, ', which name its ids')
             when h.row_count > 0 then concat(
                 h.row_count, ' of ', h.of_count, ' rows seem to be gone and are held; if they are, run `convene confirm-deletions ',
                 l.source, '.', l.stream, '`')
             end as reason
    from limited as l
    left join sync.sources as q on q.source = l.source
    -- The failing slice that lies first: what lies behind it cannot count before it does.
    left join lateral (
        select * from sync.retries as r
        where r.source = l.source and r.stream = l.stream and r.partition = l.partition and r.purpose not in ('reread', 'unfiltered')
        order by r.since limit 1
    ) as r on true
    left join lateral (
        select sum(h.row_count) as row_count, sum(h.of_count) as of_count from sync.held_deletions as h
        where h.source = l.source and h.stream = l.stream and h.partition = l.partition
    ) as h on true
)
select
    source, stream, partition, is_enabled, mode, generation, fills, completes, depends_on, complete_since, complete_through,
    settled_to as settled_through, last_complete_at, row_count, request_count, ids_left, state,
    case when reason is not null then concat(stream, case when partition <> '' then concat(' [', left(partition, 100), ']') end, ': ', reason) end as reason
from told;
