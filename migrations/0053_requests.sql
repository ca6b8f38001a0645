-- What people want of the instance that holds a source: a run now, or a range of the past read again.
create table sync.requests (
    id           bigint generated always as identity primary key,
    kind         text not null check (kind in ('sync', 'backfill')),
    source       text collate "C" not null,
    stream       text collate "C" not null,
    since        timestamptz,
    until        timestamptz,
    done         tstzmultirange not null default '{}',
    state        text not null default 'waiting' check (state in ('waiting', 'running', 'complete', 'incomplete', 'cancelled')),
    asked_at     timestamptz not null default clock_timestamp(),
    asked_by     text not null default '',
    started_at   timestamptz,
    ended_at     timestamptz,
    run_id       bigint,
    slice_count  bigint not null default 0,
    ended_slices bigint not null default 0,
    result       text,
    constraint requests_end check ((state in ('waiting', 'running')) = (ended_at is null)),
    constraint requests_have_a_range check ((kind = 'backfill') = (since is not null) and (since is null) = (until is null) and (since is null or since < until))
);

create index requests_open on sync.requests (source, stream) where ended_at is null;

comment on table sync.requests is 'What people asked the instance that holds a source to do. The oldest are removed after a while.';
comment on column sync.requests.id is 'Number of the request.';
comment on column sync.requests.kind is 'sync: one run now; backfill: a range of the past read, whether it was read before or not.';
comment on column sync.requests.source is 'The source''s name in the settings.';
comment on column sync.requests.stream is 'The stream''s name.';
comment on column sync.requests.since is 'First instant of the range; NULL for sync.';
comment on column sync.requests.until is 'First instant after the range; NULL for sync.';
comment on column sync.requests.done is 'What of the range has been read completely since it was asked for.';
comment on column sync.requests.state is 'waiting, running, complete, incomplete (the run ended, and result says what is missing) or cancelled.';
comment on column sync.requests.asked_at is 'When it was asked for.';
comment on column sync.requests.asked_by is 'Who asked: host and process.';
comment on column sync.requests.started_at is 'When the first run for it began.';
comment on column sync.requests.ended_at is 'When it was done; NULL before.';
comment on column sync.requests.run_id is 'The latest run that worked for it.';
comment on column sync.requests.slice_count is 'How many slices its run has before it.';
comment on column sync.requests.ended_slices is 'How many of them have ended.';
comment on column sync.requests.result is 'What is missing, for people; NULL where nothing is.';
