-- What has been read completely, so that the daemon knows what to read next and analysts what they may rely on.
create table sync.coverage (
    source           text collate "C" not null,
    stream           text collate "C" not null,
    since            timestamptz,
    covered          tstzmultirange not null default '{}',
    settled          tstzmultirange not null default '{}',
    whole_read_at    timestamptz,
    full_read_at     timestamptz,
    last_complete_at timestamptz,
    primary key (source, stream)
);

comment on table sync.coverage is 'Which spans of source time of each stream are completely loaded.';
comment on column sync.coverage.source is 'The source''s name in the settings.';
comment on column sync.coverage.stream is 'The stream''s name.';
comment on column sync.coverage.since is 'Where the source''s history begins; NULL for lists without a time filter.';
comment on column sync.coverage.covered is 'Spans that were read completely at least once.';
comment on column sync.coverage.settled is 'Spans that were read completely after late rows and corrections had had their time to arrive.';
comment on column sync.coverage.whole_read_at is 'Start of the last complete walk of a list without a time filter; NULL for others.';
comment on column sync.coverage.full_read_at is 'Start of the last complete walk that went to the end of such a list; quick walks leave it. NULL for others.';
comment on column sync.coverage.last_complete_at is 'When a walk of this stream last ended complete.';

create table sync.feeds (
    source     text collate "C" not null,
    stream     text collate "C" not null,
    table_name text collate "C" not null,
    primary key (source, stream, table_name)
);

comment on table sync.feeds is 'Which streams fill which tables of schema warehouse.';
comment on column sync.feeds.source is 'The source''s name in the settings.';
comment on column sync.feeds.stream is 'The stream''s name.';
comment on column sync.feeds.table_name is 'The table''s name without its schema.';

create table sync.rereads (
    source           text collate "C" not null,
    stream           text collate "C" not null,
    span             interval not null,
    round_started_at timestamptz not null,
    pending          tstzmultirange not null default '{}',
    primary key (source, stream, span)
);

comment on table sync.rereads is 'Trailing re-reads: the past is read again for changes that the vendor does not announce.';
comment on column sync.rereads.source is 'The source''s name in the settings.';
comment on column sync.rereads.stream is 'The stream''s name.';
comment on column sync.rereads.span is 'How far back the re-read reaches.';
comment on column sync.rereads.round_started_at is 'When the present round was planned.';
comment on column sync.rereads.pending is 'What of the present round has still to be read.';
