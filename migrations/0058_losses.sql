-- How many rows a table must hold is counted as they come, so that rows which vanish behind our back are missed; what they were
-- part of counts as complete no longer, until it is read again.
create table sync.tallies (
    source     text collate "C" not null,
    table_name text collate "C" not null,
    row_count  bigint,
    counted_at timestamptz,
    primary key (source, table_name)
);

comment on table sync.tallies is 'How many rows of each source have been put into each table of schema warehouse. No row is ever removed, so that a table which holds fewer has lost some.';
comment on column sync.tallies.source is 'The source''s name in the settings.';
comment on column sync.tallies.table_name is 'The table''s name without its schema.';
comment on column sync.tallies.row_count is 'How many rows; NULL until they are counted once, for tables that were filled before this was kept.';
comment on column sync.tallies.counted_at is 'When the table was last held against it; NULL before.';

-- What is there already is counted at the first look.
insert into sync.tallies (source, table_name, row_count)
select s.source, t.tablename, null
from (select source from sync.sources union select source from sync.streams) as s
cross join pg_catalog.pg_tables as t
where t.schemaname = 'warehouse';

create table sync.losses (
    source     text collate "C" not null,
    table_name text collate "C" not null,
    row_count  bigint not null,
    held       bigint not null,
    stage      text not null default 'completing' check (stage in ('completing', 'filling')),
    found_at   timestamptz not null default clock_timestamp(),
    primary key (source, table_name)
);

comment on table sync.losses is 'Rows that were put into a table and are not there any more, until they are read again.';
comment on column sync.losses.source is 'The source''s name in the settings.';
comment on column sync.losses.table_name is 'The table''s name without its schema.';
comment on column sync.losses.row_count is 'How many rows were missing when that was found.';
comment on column sync.losses.held is 'How many rows the table held then.';
comment on column sync.losses.stage is 'completing: the streams that complete the table are read again; filling: these did not bring all rows back, so that the other streams that fill it are read again.';
comment on column sync.losses.found_at is 'When the loss was found.';

create table sync.doubts (
    source     text collate "C" not null,
    stream     text collate "C" not null,
    partition  text collate "C" not null,
    covered    tstzmultirange not null,
    settled    tstzmultirange not null,
    doubted_at timestamptz not null default clock_timestamp(),
    primary key (source, stream, partition)
);

comment on table sync.doubts is 'Coverage that was withdrawn because rows are missing. It is read again, the newest first; then nothing is doubted any more.';
comment on column sync.doubts.source is 'The source''s name in the settings.';
comment on column sync.doubts.stream is 'The stream''s name.';
comment on column sync.doubts.partition is 'The part of the stream; empty where there is only one.';
comment on column sync.doubts.covered is 'What was covered.';
comment on column sync.doubts.settled is 'What of it was settled.';
comment on column sync.doubts.doubted_at is 'Since when.';

comment on column sync.events.kind is 'What it is: started, stopped, reloaded, paused, paused by operator, resumed, failing, poisoned, lagging, rejects, drift, deletions held, rows lost, refused, database away, request.';
