-- Where the end of a list proves little, a row has to be missing several times before it is believed to be gone.
create table sync.absences (
    source     text collate "C" not null,
    stream     text collate "C" not null,
    table_name text collate "C" not null,
    id         text collate "C" not null,
    walk_count integer not null,
    primary key (source, stream, table_name, id)
);

comment on table sync.absences is 'Rows that the last complete walks of a list did not meet, but that are not believed to be gone yet.';
comment on column sync.absences.source is 'The source''s name in the settings.';
comment on column sync.absences.stream is 'The stream''s name.';
comment on column sync.absences.table_name is 'The table''s name without its schema.';
comment on column sync.absences.id is 'The row''s id.';
comment on column sync.absences.walk_count is 'How many complete walks in a row did not meet it.';
