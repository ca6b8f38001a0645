-- Every deletion passes one guard: what is suspicious waits for an operator's word.
create table sync.tombstones (
    source     text collate "C" not null,
    stream     text collate "C" not null,
    partition  text collate "C" not null,
    table_name text collate "C" not null,
    id         text collate "C" not null,
    proof      text not null check (proof in ('stated', 'not found')),
    at         timestamptz not null,
    slice_id   bigint not null,
    is_held    boolean not null default false,
    primary key (source, stream, partition, table_name, id)
);

comment on table sync.tombstones is 'Rows that the vendor says are gone, until the end of the slice that met them is judged; those that are held stay.';
comment on column sync.tombstones.source is 'The source''s name in the settings.';
comment on column sync.tombstones.stream is 'The stream''s name.';
comment on column sync.tombstones.partition is 'The part of the stream; empty where there is only one.';
comment on column sync.tombstones.table_name is 'The table''s name without its schema.';
comment on column sync.tombstones.id is 'The row''s id.';
comment on column sync.tombstones.proof is 'stated: the vendor lists it among those that are gone; not found: the vendor, asked for it by its id, says there is none.';
comment on column sync.tombstones.at is 'Start of the request that brought it.';
comment on column sync.tombstones.slice_id is 'The slice that met it last.';
comment on column sync.tombstones.is_held is 'True where it waits for an operator''s word.';

create table sync.held_deletions (
    source     text collate "C" not null,
    stream     text collate "C" not null,
    partition  text collate "C" not null,
    table_name text collate "C" not null,
    proof      text not null check (proof in ('stated', 'absent', 'not found')),
    row_count  bigint not null,
    of_count   bigint not null,
    held_since timestamptz not null,
    reason     text not null,
    primary key (source, stream, partition, table_name, proof)
);

comment on table sync.held_deletions is 'Rows that seem to be gone, but suspiciously many at once: they stay as they are until an operator confirms.';
comment on column sync.held_deletions.source is 'The source''s name in the settings.';
comment on column sync.held_deletions.stream is 'The stream''s name.';
comment on column sync.held_deletions.partition is 'The part of the stream; empty where there is only one.';
comment on column sync.held_deletions.table_name is 'The table''s name without its schema.';
comment on column sync.held_deletions.proof is 'Why they seem to be gone: stated, absent from a complete list, or not found by their ids.';
comment on column sync.held_deletions.row_count is 'How many rows.';
comment on column sync.held_deletions.of_count is 'Of how many living rows.';
comment on column sync.held_deletions.held_since is 'When rows were first held here.';
comment on column sync.held_deletions.reason is 'Why they are held, for people.';

create table sync.confirmations (
    source       text collate "C" not null,
    stream       text collate "C" not null,
    partition    text collate "C" not null,
    table_name   text collate "C" not null,
    proof        text not null,
    row_count    bigint not null,
    confirmed_at timestamptz not null default now(),
    primary key (source, stream, partition, table_name, proof)
);

comment on table sync.confirmations is 'An operator''s word that held deletions are right; the next judgement uses it up.';
comment on column sync.confirmations.source is 'The source''s name in the settings.';
comment on column sync.confirmations.stream is 'The stream''s name.';
comment on column sync.confirmations.partition is 'The part of the stream; empty where there is only one.';
comment on column sync.confirmations.table_name is 'The table''s name without its schema.';
comment on column sync.confirmations.proof is 'Why the rows seem to be gone; see sync.held_deletions.';
comment on column sync.confirmations.row_count is 'How many rows were held when it was given; it does not hold for more than twice as many.';
comment on column sync.confirmations.confirmed_at is 'When it was given.';

alter table sync.absences add column partition text collate "C" not null default '';
alter table sync.absences rename column walk_count to times;
alter table sync.absences drop constraint absences_pkey, add primary key (source, stream, partition, table_name, id);
comment on table sync.absences is 'Rows that the last complete slices of a list did not meet, but that are not believed to be gone yet.';
comment on column sync.absences.partition is 'The part of the stream; empty where there is only one.';
comment on column sync.absences.times is 'How many complete slices in a row did not meet it; a slice that fails between begins the count anew.';

alter table sync.lookups add column missing_count integer not null default 0;
comment on column sync.lookups.is_missing is 'True where it is believed that there is no such row; until then the id stays due.';
comment on column sync.lookups.missing_count is 'How many times in a row the vendor said that there is no such row.';

comment on column sync.slices.deleted is 'Rows marked as deleted.';
comment on column sync.slices.held_deletions is 'Rows that seem to be gone at the vendor but were not marked, because there are suspiciously many; see sync.held_deletions.';
comment on column sync.drift.first_seen_at is 'Start of the first complete slice that met it.';
comment on column sync.drift.last_seen_at is 'Start of a late complete slice that met it; moves at most once an hour.';
comment on column sync.drift.gone_since is 'Start of the first complete slice of a hundred records or more that did not meet it any more; NULL while it is there.';
