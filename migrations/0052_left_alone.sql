-- Who is left alone, until when and why: an operator's word outlives a restart, and everybody can see what the daemon decided.
create table sync.pauses (
    source        text collate "C" not null,
    stream        text collate "C" not null default '',
    paused_by     text not null check (paused_by in ('operator', 'daemon')),
    since         timestamptz not null default clock_timestamp(),
    until         timestamptz,
    reason        text not null,
    remedy        text,
    failure_count integer not null default 0,
    primary key (source, stream, paused_by),
    constraint pauses_of_the_daemon_end check (paused_by = 'operator' or until is not null)
);

comment on table sync.pauses is 'Sources and streams that are left alone for now.';
comment on column sync.pauses.source is 'The source''s name in the settings.';
comment on column sync.pauses.stream is 'The stream''s name; empty where the whole source is left alone.';
comment on column sync.pauses.paused_by is 'operator: until somebody resumes it; daemon: the source failed as a whole, and is tried again by one stream at until.';
comment on column sync.pauses.since is 'Since when.';
comment on column sync.pauses.until is 'When it is tried again; NULL where it waits for somebody to resume it.';
comment on column sync.pauses.reason is 'Why, for people. Holds no value of any record and no secret.';
comment on column sync.pauses.remedy is 'What mends it: next run, operator or developer; NULL for an operator''s pause.';
comment on column sync.pauses.failure_count is 'How many times in a row the source has failed; 0 for an operator''s pause.';
