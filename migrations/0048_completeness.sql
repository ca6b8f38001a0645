-- The one definition of "complete": what every partition has, what limits it, and why it is not further.
create view sync.completeness as
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
        n.is_unread or n.read_through < o.read_through as is_limited
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

comment on view sync.completeness is 'Up to which instant every partition of every stream is complete, and why it is not further. Every other answer is made of this one.';
comment on column sync.completeness.source is 'The source''s name in the settings.';
comment on column sync.completeness.stream is 'The stream''s name.';
comment on column sync.completeness.partition is 'The part of the stream; empty where there is only one.';
comment on column sync.completeness.is_enabled is 'False where the settings no longer want it.';
comment on column sync.completeness.mode is 'How it moves; see sync.streams.';
comment on column sync.completeness.generation is 'Generation of its coverage; see sync.streams.';
comment on column sync.completeness.fills is 'Tables that it writes to.';
comment on column sync.completeness.completes is 'Tables that are complete only where it is.';
comment on column sync.completeness.depends_on is 'Tables whose rows name the ids that it looks up.';
comment on column sync.completeness.complete_since is 'Where its history begins; NULL where it has no beginning.';
comment on column sync.completeness.complete_through is 'Everything before this instant is loaded; NULL while the beginning of the history is missing.';
comment on column sync.completeness.settled_through is 'Everything before this instant was read again after late corrections had had their time to arrive.';
comment on column sync.completeness.last_complete_at is 'When a slice of it last ended complete.';
comment on column sync.completeness.row_count is 'Rows that its slices have inserted.';
comment on column sync.completeness.request_count is 'Requests that its slices have sent.';
comment on column sync.completeness.ids_left is 'Ids that are due and were not looked up yet.';
comment on column sync.completeness.state is 'complete, incomplete (something is known to be missing), never read, disabled (the settings do not want it) or refused (another account than the one whose rows are here).';
comment on column sync.completeness.reason is 'Why it is not further, or what an operator should know; NULL where there is nothing to say.';

create or replace view warehouse.freshness as
with parts as (
    select
        t.table_name, p.*,
        -- Where no stream of the settings fills a table any more, those that did tell how far it came.
        p.is_enabled or not bool_or(p.is_enabled) over (partition by p.source, t.table_name) as is_telling,
        t.table_name = any (p.completes) as is_completing
    from sync.completeness as p
    cross join lateral (select distinct u.table_name collate "C" as table_name from unnest(p.fills || p.completes) as u (table_name)) as t
),
tables as (
    select
        table_name, source,
        bool_or(is_enabled) as is_enabled,
        count(*) filter (where is_completing) as part_count,
        -- A table that several streams complete is complete through the least of them, and not at all while one has nothing.
        case when bool_and(complete_through is not null) filter (where is_completing)
             then min(complete_through) filter (where is_completing) end as complete_through,
        case when bool_and(settled_through is not null) filter (where is_completing)
             then min(settled_through) filter (where is_completing) end as settled_through,
        max(complete_since) filter (where is_completing) as complete_since,
        max(last_complete_at) as last_success_at,
        bool_or(state = 'refused') as is_refused,
        bool_and(state = 'never read') filter (where is_completing) as is_unread,
        bool_and(state = 'complete') filter (where is_completing) as is_complete,
        (array_agg(reason order by complete_through nulls first, stream, partition) filter (where is_completing and reason is not null))[1:3] as reasons
    from parts where is_telling
    group by table_name, source
)
select
    table_name,
    source,
    complete_through,
    settled_through,
    last_success_at,
    now() - complete_through as lag,
    case when is_refused then 'refused'
         when not is_enabled then 'disabled'
         when part_count = 0 then 'incomplete'
         when is_unread then 'never read'
         when is_complete then 'complete'
         else 'incomplete' end as state,
    case when part_count = 0 then 'no stream that the settings want completes it' else array_to_string(reasons, '; ') end as reason,
    complete_since
from tables;

comment on column warehouse.freshness.last_success_at is 'When a slice of a stream that fills the table last ended complete.';
comment on column warehouse.freshness.state is 'complete, incomplete (something is known to be missing), never read, disabled (the settings want none of the streams that fill it) or refused (another account than the one whose rows are here).';
comment on column warehouse.freshness.reason is 'Why complete_through is not further, or what an operator should know; NULL where there is nothing to say.';
comment on column warehouse.freshness.complete_since is 'Where the loaded history begins; NULL where it has no beginning.';

drop table sync.feeds;
