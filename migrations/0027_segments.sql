-- Groups of contacts, of all vendors that have them.
create table warehouse.segments (
    source        text collate "C" not null,
    id            text collate "C" not null,
    name          text,
    account_id    text,
    raw           jsonb not null,
    content_hash  bytea not null,
    fetched_at    timestamptz not null,
    first_seen_at timestamptz not null,
    changed_at    timestamptz not null default now(),
    deleted_at    timestamptz,
    walk_id       bigint not null,
    primary key (source, id)
);

comment on table warehouse.segments is 'Groups of contacts.';
comment on column warehouse.segments.source is 'The source''s name in the settings.';
comment on column warehouse.segments.id is 'The vendor''s own id.';
comment on column warehouse.segments.name is 'Name. Convertalk: segmentName.';
comment on column warehouse.segments.account_id is 'Account it belongs to. Convertalk: _customer.';
comment on column warehouse.segments.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.segments.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.segments.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.segments.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.segments.changed_at is 'When a difference was last written.';
comment on column warehouse.segments.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.segments.walk_id is 'The walk that wrote this version; see sync.walks.';
