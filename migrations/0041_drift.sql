-- Vendors add and drop fields without a word; nothing fails over it, but somebody should be able to see it.
create table sync.drift (
    source        text collate "C" not null,
    stream        text collate "C" not null,
    table_name    text collate "C" not null,
    field         text collate "C" not null,
    first_seen_at timestamptz not null,
    last_seen_at  timestamptz not null,
    is_new        boolean not null,
    gone_since    timestamptz,
    primary key (source, stream, table_name, field)
);

comment on table sync.drift is 'Every field that the vendors'' records ever had, those that appeared later and those that vanished among them.';
comment on column sync.drift.source is 'The source''s name in the settings.';
comment on column sync.drift.stream is 'The stream''s name.';
comment on column sync.drift.table_name is 'Table that the records go to, without its schema.';
comment on column sync.drift.field is 'Name of the field at the top of the record.';
comment on column sync.drift.first_seen_at is 'Start of the first complete walk that met it.';
comment on column sync.drift.last_seen_at is 'Start of a late complete walk that met it; moves at most once an hour.';
comment on column sync.drift.is_new is 'True where records of the stream had been read before without it.';
comment on column sync.drift.gone_since is 'Start of the first complete walk of a hundred records or more that did not meet it any more; NULL while it is there.';
