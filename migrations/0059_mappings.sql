-- Typed columns are made from stored records; when the mapping changes, what was made by the one before has to be made again.
create table sync.mappings (
    source      text collate "C" not null,
    stream      text collate "C" not null,
    mapping     text not null,
    replaying   text,
    replayed_to text,
    wanted_at   timestamptz,
    replayed_at timestamptz,
    row_count   bigint not null default 0,
    changed     bigint not null default 0,
    added       bigint not null default 0,
    unreadable  bigint not null default 0,
    primary key (source, stream)
);

comment on table sync.mappings is 'By which mapping the rows of each stream were made, and how far they were made again from what is stored.';
comment on column sync.mappings.source is 'The source''s name in the settings.';
comment on column sync.mappings.stream is 'The stream''s name.';
comment on column sync.mappings.mapping is 'Fingerprint of the oldest mapping that rows may be made by; another one than the program''s means that they are stale. Empty for rows from before this was kept.';
comment on column sync.mappings.replaying is 'Fingerprint of the mapping by which they are being made again; NULL while they are not.';
comment on column sync.mappings.replayed_to is 'The last id that was made again; NULL at the beginning.';
comment on column sync.mappings.wanted_at is 'When somebody asked whoever holds the source to make them again; NULL where nobody waits.';
comment on column sync.mappings.replayed_at is 'When they were last made again, to the end; NULL before.';
comment on column sync.mappings.row_count is 'How many records were mapped the last time.';
comment on column sync.mappings.changed is 'How many rows came out different.';
comment on column sync.mappings.added is 'How many rows came besides.';
comment on column sync.mappings.unreadable is 'How many records could not be read, whose rows stay as they were.';

insert into sync.mappings (source, stream, mapping)
select distinct source, stream, '' from sync.streams;

-- Records that a mended mapping can read land in a slice of their own.
alter table sync.slices
    drop constraint slices_purpose_check,
    add constraint slices_purpose_check check (purpose in ('window', 'reread', 'full', 'recent', 'lookup', 'unfiltered', 'replay'));

comment on column sync.slices.purpose is 'window: a window read for the first time; reread: a window read again for late changes; full: a list to its end; recent: a list from its newest row back to what was read before; lookup: single rows by their ids; unfiltered: a list without its time filter, for rows without that time; replay: records that could not be read before, mapped again without a request.';
