-- Rows that exist by id only are asked for one by one; unchanged rows are not written, so the asking is remembered here.
create table sync.lookups (
    source       text collate "C" not null,
    stream       text collate "C" not null,
    id           text collate "C" not null,
    looked_up_at timestamptz not null,
    is_missing   boolean not null,
    primary key (source, stream, id)
);

comment on table sync.lookups is 'When single rows were last asked for by their ids.';
comment on column sync.lookups.source is 'The source''s name in the settings.';
comment on column sync.lookups.stream is 'The stream''s name.';
comment on column sync.lookups.id is 'The id that was asked for.';
comment on column sync.lookups.looked_up_at is 'Start of the last question about it.';
comment on column sync.lookups.is_missing is 'True where the vendor said that there is no such row.';
