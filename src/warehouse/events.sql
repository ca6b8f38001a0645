-- Compares what lasts at this moment with the events that are open. $1 is who looks, $2 after how many attempts a slice counts as
-- poisoned, $3 above which share of unreadable records a stream is told of.
with wanted as (
    select distinct source, stream from sync.streams where is_enabled
),
reached as (
    -- A stream is as far as the least of its partitions, and nowhere while one has nothing: that is a first load, and no lag.
    select source, stream, min(complete_through) as complete_through
    from sync.completeness where is_enabled
    group by source, stream having bool_and(complete_through is not null)
),
lasting as (
    select case paused_by when 'daemon' then 'paused' else 'paused by operator' end as kind, source, stream, '' as subject,
        concat(reason, case when until is not null then concat('; tried again at ', to_char(until at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), ' UTC') end) as text,
        case paused_by when 'daemon' then remedy else concat('convene resume ', source, case when stream <> '' then concat('.', stream) end) end as remedy
    from sync.pauses
    union all
    select 'refused', source, '', '', reason, concat('convene adopt ', source, ', or the right credential')
    from sync.sources where state = 'refused'
    union all
    select 'failing', r.source, r.stream, '',
        concat(count(*), case when count(*) = 1 then ' slice is' else ' slices are' end, ' not complete: ', (array_agg(r.reason order by r.since))[1]),
        (array_agg(r.remedy order by r.since))[1]
    from sync.retries as r join wanted using (source, stream) group by r.source, r.stream
    union all
    select 'poisoned', r.source, r.stream, '',
        concat(count(*), case when count(*) = 1 then ' slice was' else ' slices were' end, ' tried ', max(r.attempts), ' times in vain: ',
            (array_agg(r.reason order by r.since))[1]),
        (array_agg(r.remedy order by r.since))[1]
    from sync.retries as r join wanted using (source, stream) where r.attempts >= $2 group by r.source, r.stream
    union all
    select 'deletions held', source, stream, '',
        concat(sum(row_count), ' of ', sum(of_count), ' rows seem to be gone at the vendor and are held'),
        concat('convene confirm-deletions ', source, '.', stream, ', if they are really gone')
    from sync.held_deletions group by source, stream
    union all
    select 'lagging', s.source, s.stream, '',
        concat('complete only through ', to_char(c.complete_through at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), ' UTC, which is more than ',
            extract(epoch from s.lag_limit)::bigint / 60, ' minutes behind'), 'convene status says why'
    from sync.schedules as s join wanted using (source, stream) join reached as c using (source, stream)
    where c.complete_through < clock_timestamp() - s.lag_limit
        -- Where nobody keeps the schedule, as between two daemons, nothing begins to lag; what does goes on.
        and (s.next_run_at is not null or exists (
            select from sync.events as o
            where o.kind = 'lagging' and o.source = s.source and o.stream = s.stream and o.ended_at is null))
    union all
    select 'rejects', w.source, w.stream, '', concat(l.rejected, ' of the last ', l.seen, ' records could not be read'), 'look at sync.rejects'
    from wanted as w
    cross join lateral (
        select sum(rejected) as rejected, sum(rows_seen) as seen from (
            select rejected, rows_seen from sync.slices
            where source = w.source and stream = w.stream order by started_at desc, id desc limit 20
        ) as last
    ) as l
    where l.rejected > l.seen * $3
),
opened as (
    insert into sync.events as e (kind, source, stream, subject, text, remedy, instance)
    select kind, source, stream, subject, left(text, 1000), remedy, $1 from lasting order by kind, source, stream, subject
    on conflict (kind, source, stream, subject) where ended_at is null do update set text = excluded.text, remedy = excluded.remedy
    where (e.text, e.remedy) is distinct from (excluded.text, excluded.remedy)
),
ended as (
    update sync.events as e set ended_at = greatest(e.at, clock_timestamp())
    where e.ended_at is null and not exists (
        select from lasting as l where (l.kind, l.source, l.stream, l.subject) = (e.kind, e.source, e.stream, e.subject)
    )
),
drifted as (
    select source, stream, concat(table_name, '.', field, case when gone_since is not null then ' vanished' else ' appeared' end) as subject,
        case when gone_since is not null
            then concat('the field `', field, '` of ', table_name, ' is on no record any more')
            else concat('the field `', field, '` of ', table_name, ' is new') end as text,
        coalesce(gone_since, first_seen_at) as since
    from sync.drift
    -- What is older was told already, or happened before there were events.
    where coalesce(gone_since, first_seen_at) > clock_timestamp() - interval '1 day' and (is_new or gone_since is not null)
)
insert into sync.events (kind, source, stream, subject, text, remedy, instance, at, ended_at)
select 'drift', d.source, d.stream, d.subject, d.text, 'convene drift lists all of them', $1, n, n
from drifted as d, clock_timestamp() as n
where not exists (
    select from sync.events as e
    where e.kind = 'drift' and e.source = d.source and e.stream = d.stream and e.subject = d.subject and e.at >= d.since
)
