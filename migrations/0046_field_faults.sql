-- A field that cannot be read becomes NULL and costs nothing else; somebody should be able to see how often.
create table sync.field_faults (
    source        text collate "C" not null,
    stream        text collate "C" not null,
    field         text collate "C" not null,
    kind          text collate "C" not null,
    fault_count   bigint not null,
    example_id    text,
    first_seen_at timestamptz not null,
    last_seen_at  timestamptz not null,
    primary key (source, stream, field, kind)
);

comment on table sync.field_faults is 'Fields of the vendors'' records that could not be read and became NULL.';
comment on column sync.field_faults.source is 'The source''s name in the settings.';
comment on column sync.field_faults.stream is 'The stream''s name.';
comment on column sync.field_faults.field is 'The vendor''s name of the field.';
comment on column sync.field_faults.kind is 'What was wrong with it.';
comment on column sync.field_faults.fault_count is 'How often it was met; a record that is read again counts again.';
comment on column sync.field_faults.example_id is 'Id of one row that has it.';
comment on column sync.field_faults.first_seen_at is 'When it was first met.';
comment on column sync.field_faults.last_seen_at is 'When it was last met.';
