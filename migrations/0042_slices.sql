-- One run of a stream reads several slices; a slice knows its partition, how its end is known, and when it is tried again.
create table sync.runs (
    id          bigint generated always as identity primary key,
    source      text collate "C" not null,
    stream      text collate "C" not null,
    epoch       bigint not null,
    started_at  timestamptz not null,
    ended_at    timestamptz,
    state       text not null default 'running' check (state in ('running', 'complete', 'incomplete', 'failed')),
    reason      text,
    remedy      text,
    slice_count bigint not null default 0,
    constraint runs_end check ((state = 'running') = (ended_at is null)),
    constraint runs_give_a_reason check ((state in ('incomplete', 'failed')) = (reason is not null))
);

create index runs_by_stream on sync.runs (source, stream, id);
create index runs_open on sync.runs (source, stream) where state = 'running';

comment on table sync.runs is 'One row for each execution of one stream.';
comment on column sync.runs.id is 'Number of the run.';
comment on column sync.runs.source is 'The source''s name in the settings.';
comment on column sync.runs.stream is 'The stream''s name.';
comment on column sync.runs.epoch is 'Epoch of the lease under which it ran.';
comment on column sync.runs.started_at is 'When it began, by the database''s clock.';
comment on column sync.runs.ended_at is 'When it ended; NULL while it runs.';
comment on column sync.runs.state is 'running, complete (every slice of it was), incomplete or failed.';
comment on column sync.runs.reason is 'Why it is incomplete or failed; NULL otherwise. Holds no value of any record.';
comment on column sync.runs.remedy is 'What mends it: next run, operator or developer; NULL where nothing has to be mended.';
comment on column sync.runs.slice_count is 'How many slices it has begun.';

alter table sync.walks rename to slices;
alter table sync.slices rename constraint walks_pkey to slices_pkey;
alter table sync.slices rename constraint walks_add_up to slices_add_up;
alter table sync.slices rename constraint walks_end to slices_end;
alter table sync.slices rename constraint walks_give_a_reason to slices_give_a_reason;
alter table sync.slices rename constraint walks_state_check to slices_state_check;
alter table sync.slices drop constraint walks_have_a_window;
alter table sync.slices drop constraint walks_purpose_check;
alter index sync.walks_by_stream rename to slices_by_stream;
alter sequence sync.walks_id_seq rename to slices_id_seq;

update sync.slices set purpose = case purpose when 'gap' then 'window' when 'whole' then 'full' when 'keys' then 'lookup' else purpose end
where purpose in ('gap', 'whole', 'keys');

alter table sync.slices
    add column run_id          bigint,
    add column partition       text collate "C" not null default '',
    add column generation      integer not null default 1,
    add column remedy          text,
    add column said            text,
    add column evidence        jsonb not null default '[]',
    add column attempts        integer not null default 1,
    add column next_attempt_at timestamptz,
    add constraint slices_purpose_check check (purpose in ('window', 'reread', 'full', 'recent', 'lookup', 'unfiltered')),
    add constraint slices_have_a_window check ((purpose in ('window', 'reread')) = (since is not null) and (since is null) = (until is null));

-- A run begins by closing what a dead process left open; it must not look through a year of slices for that.
create index slices_open on sync.slices (source, stream) where state = 'running';
create index slices_by_run on sync.slices (run_id);

comment on table sync.slices is 'The ledger: one row for each slice, which is all the page requests about one window, list or set of ids of one partition.';
comment on column sync.slices.id is 'Number of the slice; rows of the warehouse name the slice that wrote them.';
comment on column sync.slices.run_id is 'The run that it belongs to; NULL for slices from before there were runs.';
comment on column sync.slices.partition is 'The part of the stream that it reads; empty where a stream has only one.';
comment on column sync.slices.generation is 'Generation of the partition''s coverage; see sync.streams.';
comment on column sync.slices.purpose is 'window: a window read for the first time; reread: a window read again for late changes; full: a list to its end; recent: a list from its newest row back to what was read before; lookup: single rows by their ids; unfiltered: a list without its time filter, for rows without that time.';
comment on column sync.slices.started_at is 'When its first page was asked for, by the database''s clock.';
comment on column sync.slices.state is 'running, complete (everything of it was read, and this is proved), incomplete or failed.';
comment on column sync.slices.remedy is 'What mends it: next run, operator or developer; NULL where nothing has to be mended.';
comment on column sync.slices.said is 'The vendor''s own words about the failure, at most 200 characters and without any value of a record; NULL where it said nothing.';
comment on column sync.slices.evidence is 'How the ends of its lists were known: kind, text and count of each.';
comment on column sync.slices.attempts is 'How many times in a row it was tried by now.';
comment on column sync.slices.next_attempt_at is 'When it is tried again at the earliest; NULL where it is complete.';
comment on column sync.slices.request_count is 'Requests sent, repeated and failed ones included.';
comment on column sync.slices.vendor_total is 'How many rows the vendor said there are; NULL where it says nothing.';
comment on column sync.slices.duplicates is 'Rows that the slice had met before.';
comment on schema sync is 'What Convene knows about its own work: coverage, runs, slices, rejects, leases.';

alter table sync.rejects rename column walk_id to slice_id;
comment on column sync.rejects.slice_id is 'The slice that met it last.';

-- A refused value is found by trying the rows in halves.
drop function sync.is_jsonb(text);
