-- What must be complete for a table comes from the settings, and coverage belongs to a partition and to what shaped its reading.
create table sync.streams (
    source        text collate "C" not null,
    stream        text collate "C" not null,
    partition     text collate "C" not null default '',
    is_enabled    boolean not null,
    mode          text not null,
    fills         text[] not null,
    completes     text[] not null,
    depends_on    text[] not null default '{}',
    identity      text,
    generation    integer not null default 1,
    registered_at timestamptz not null default now(),
    primary key (source, stream, partition)
);

comment on table sync.streams is 'What the settings want: every stream and partition, and the tables that it fills. Written when a source is taken.';
comment on column sync.streams.source is 'The source''s name in the settings.';
comment on column sync.streams.stream is 'The stream''s name.';
comment on column sync.streams.partition is 'A part of the stream with a coverage of its own, such as a bot or a report; empty where there is only one.';
comment on column sync.streams.is_enabled is 'False where the settings no longer want it; then it does not count for any table.';
comment on column sync.streams.mode is 'How it moves: windowed, incremental, daily, newest first, full refresh or lookup.';
comment on column sync.streams.fills is 'Tables that it writes to.';
comment on column sync.streams.completes is 'Tables that are complete only where it is.';
comment on column sync.streams.depends_on is 'Tables whose rows name the ids that it looks up.';
comment on column sync.streams.identity is 'Hash of everything that shapes what is read: a difference opens a new generation. NULL before the first start that wrote it.';
comment on column sync.streams.generation is 'Grows when the identity changes; rows of an older generation are stale until they are read again. Counted per source.';
comment on column sync.streams.registered_at is 'When this was last changed.';

insert into sync.streams (source, stream, is_enabled, mode, fills, completes)
select f.source, f.stream, true, case when max(c.since) is null then 'full refresh' else 'windowed' end, array_agg(f.table_name), array_agg(f.table_name)
from sync.feeds as f left join sync.coverage as c using (source, stream) group by f.source, f.stream;

alter table sync.coverage
    add column partition          text collate "C" not null default '',
    add column generation         integer not null default 1,
    add column unfiltered_read_at timestamptz,
    add column complete_until     timestamptz,
    add column ids_left           bigint not null default 0,
    add column row_count          bigint not null default 0,
    add column request_count      bigint not null default 0,
    add column body_bytes         bigint not null default 0;
alter table sync.coverage drop constraint coverage_pkey, add primary key (source, stream, partition);

update sync.coverage as c set row_count = s.row_count, request_count = s.request_count, body_bytes = s.body_bytes
from (select source, stream, sum(inserted) as row_count, sum(request_count) as request_count, sum(body_bytes) as body_bytes
      from sync.slices group by source, stream) as s
where s.source = c.source and s.stream = c.stream;

comment on table sync.coverage is 'What of each partition is completely loaded.';
comment on column sync.coverage.partition is 'The part of the stream; empty where there is only one.';
comment on column sync.coverage.generation is 'The generation that this is about; see sync.streams.';
comment on column sync.coverage.whole_read_at is 'Start of the last complete slice of a list without a time filter; NULL for others.';
comment on column sync.coverage.full_read_at is 'Start of the last complete slice that went to the end of such a list; quick slices leave it. NULL for others.';
comment on column sync.coverage.last_complete_at is 'When a slice of this partition last ended complete.';
comment on column sync.coverage.unfiltered_read_at is 'Start of the last complete slice without the time filter; NULL where there was none.';
comment on column sync.coverage.complete_until is 'Every id that rows before this instant name was looked up; NULL for streams that are not read by id.';
comment on column sync.coverage.ids_left is 'How many ids were due and not looked up when the last complete slice ended.';
comment on column sync.coverage.row_count is 'Rows that its slices have inserted, all generations together.';
comment on column sync.coverage.request_count is 'Requests that its slices have sent.';
comment on column sync.coverage.body_bytes is 'Bytes of the answers to its slices.';

alter table sync.rereads add column partition text collate "C" not null default '';
alter table sync.rereads drop constraint rereads_pkey, add primary key (source, stream, partition, span);
comment on column sync.rereads.partition is 'The part of the stream; empty where there is only one.';

create table sync.retries (
    source          text collate "C" not null,
    stream          text collate "C" not null,
    partition       text collate "C" not null,
    purpose         text not null,
    since           timestamptz not null,
    until           timestamptz not null,
    attempts        integer not null,
    first_failed_at timestamptz not null,
    next_attempt_at timestamptz not null,
    reason          text not null,
    remedy          text not null,
    said            text,
    primary key (source, stream, partition, purpose, since)
);

comment on table sync.retries is 'Slices that are not complete, each with its own back-off, so that one of them delays only itself.';
comment on column sync.retries.source is 'The source''s name in the settings.';
comment on column sync.retries.stream is 'The stream''s name.';
comment on column sync.retries.partition is 'The part of the stream; empty where there is only one.';
comment on column sync.retries.purpose is 'What the slice was for; see sync.slices.';
comment on column sync.retries.since is 'First instant of its window; -infinity where it has none.';
comment on column sync.retries.until is 'First instant after its window; infinity where it has none.';
comment on column sync.retries.attempts is 'How many times in a row it was tried in vain.';
comment on column sync.retries.first_failed_at is 'When it was first tried in vain.';
comment on column sync.retries.next_attempt_at is 'When it is tried again at the earliest.';
comment on column sync.retries.reason is 'Why it was not complete the last time.';
comment on column sync.retries.remedy is 'What mends it: next run, operator or developer.';
comment on column sync.retries.said is 'The vendor''s own words, at most 200 characters; NULL where it said nothing.';
