-- Labels for conversations and messages, of all vendors that have them.
create table warehouse.tags (
    source        text collate "C" not null,
    id            text collate "C" not null,
    name          text,
    is_active     boolean,
    raw           jsonb not null,
    content_hash  bytea not null,
    fetched_at    timestamptz not null,
    first_seen_at timestamptz not null,
    changed_at    timestamptz not null default now(),
    deleted_at    timestamptz,
    walk_id       bigint not null,
    primary key (source, id)
);

comment on table warehouse.tags is 'Labels for conversations and messages.';
comment on column warehouse.tags.source is 'The source''s name in the settings.';
comment on column warehouse.tags.id is 'The vendor''s own id.';
comment on column warehouse.tags.name is 'Text of the label. Conversocial: name.';
comment on column warehouse.tags.is_active is 'True while it may be used. Conversocial: is_active.';
comment on column warehouse.tags.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.tags.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.tags.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.tags.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.tags.changed_at is 'When a difference was last written.';
comment on column warehouse.tags.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.tags.walk_id is 'The walk that wrote this version; see sync.walks.';
