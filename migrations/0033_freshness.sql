-- The answer to "up to when is this table complete?", derived from the coverage and from nothing else.
create view warehouse.freshness as
with streams as (
    select
        source,
        stream,
        -- The end of the first unbroken span that begins where the history begins.
        case when since is null then whole_read_at
             else (select upper(span) from unnest(covered) as span where span @> since) end as complete_through,
        case when since is null then full_read_at
             else (select upper(span) from unnest(settled) as span where span @> since) end as settled_through,
        last_complete_at
    from sync.coverage
)
select
    feeds.table_name,
    feeds.source,
    -- A table that several streams fill is complete through the least of them, and not at all while one has nothing.
    case when bool_and(complete_through is not null) then min(complete_through) end as complete_through,
    case when bool_and(settled_through is not null) then min(settled_through) end as settled_through,
    max(last_complete_at) as last_success_at,
    now() - case when bool_and(complete_through is not null) then min(complete_through) end as lag
from sync.feeds
left join streams using (source, stream)
group by feeds.table_name, feeds.source;

comment on view warehouse.freshness is 'Up to which instant each table is complete, per source.';
comment on column warehouse.freshness.table_name is 'Table of schema warehouse.';
comment on column warehouse.freshness.source is 'The source''s name in the settings.';
comment on column warehouse.freshness.complete_through is 'Everything before this instant is loaded; NULL while the beginning of the history is missing.';
comment on column warehouse.freshness.settled_through is 'Everything before this instant was read again after late corrections had had their time to arrive.';
comment on column warehouse.freshness.last_success_at is 'When a walk that feeds the table last ended complete.';
comment on column warehouse.freshness.lag is 'How far complete_through is behind now.';
