-- The ledger: what was asked, what came, what was written, and whether it was all.
create table sync.walks (
    id             bigint generated always as identity primary key,
    source         text collate "C" not null,
    stream         text collate "C" not null,
    purpose        text not null check (purpose in ('gap', 'reread', 'whole', 'recent', 'keys')),
    since          timestamptz,
    until          timestamptz,
    epoch          bigint not null,
    started_at     timestamptz not null,
    ended_at       timestamptz,
    state          text not null default 'running' check (state in ('running', 'complete', 'incomplete', 'failed')),
    reason         text,
    request_count  bigint not null default 0,
    body_bytes     bigint not null default 0,
    batch_count    bigint not null default 0,
    vendor_total   bigint,
    rows_seen      bigint not null default 0,
    inserted       bigint not null default 0,
    updated        bigint not null default 0,
    unchanged      bigint not null default 0,
    duplicates     bigint not null default 0,
    rejected       bigint not null default 0,
    deleted        bigint not null default 0,
    held_deletions bigint not null default 0,
    constraint walks_add_up check (rows_seen = inserted + updated + unchanged + duplicates + rejected),
    constraint walks_have_a_window check ((purpose in ('gap', 'reread')) = (since is not null) and (since is null) = (until is null)),
    constraint walks_end check ((state = 'running') = (ended_at is null)),
    constraint walks_give_a_reason check ((state in ('incomplete', 'failed')) = (reason is not null))
);

create index walks_by_stream on sync.walks (source, stream, id);

comment on table sync.walks is 'The ledger: one row for each walk, which is all the questions about one window of one stream.';
comment on column sync.walks.id is 'Number of the walk; rows of the warehouse name the walk that wrote them.';
comment on column sync.walks.source is 'The source''s name in the settings.';
comment on column sync.walks.stream is 'The stream''s name.';
comment on column sync.walks.purpose is 'gap: read for the first time; reread: read again for late changes; whole: a list without a time filter, to its end; recent: the same from its newest row back to what was read before; keys: single rows by their ids.';
comment on column sync.walks.since is 'First instant of the window; NULL where a list has no time filter.';
comment on column sync.walks.until is 'First instant after the window; NULL where a list has no time filter.';
comment on column sync.walks.epoch is 'Epoch of the lease under which it ran.';
comment on column sync.walks.started_at is 'When its first question was asked, by the database''s clock.';
comment on column sync.walks.ended_at is 'When it ended; NULL while it runs.';
comment on column sync.walks.state is 'running, complete (everything of the window was read, and this is proved), incomplete or failed.';
comment on column sync.walks.reason is 'Why it is incomplete or failed; NULL otherwise. Holds no value of any record.';
comment on column sync.walks.request_count is 'Requests sent, repeated ones included.';
comment on column sync.walks.body_bytes is 'Bytes of the answers.';
comment on column sync.walks.batch_count is 'Transactions committed; tells the outcome of a commit whose connection was lost.';
comment on column sync.walks.vendor_total is 'How many rows the vendor said the window has; NULL where it says nothing.';
comment on column sync.walks.rows_seen is 'Rows read, of all tables.';
comment on column sync.walks.inserted is 'Rows that were new.';
comment on column sync.walks.updated is 'Rows that had changed.';
comment on column sync.walks.unchanged is 'Rows that were the same, or already held in a newer version, and were not written.';
comment on column sync.walks.duplicates is 'Rows that the walk had met before.';
comment on column sync.walks.rejected is 'Records that could not be read; see sync.rejects.';
comment on column sync.walks.deleted is 'Rows marked as deleted.';
comment on column sync.walks.held_deletions is 'Rows that are missing at the vendor but were not marked, because there are suspiciously many.';
