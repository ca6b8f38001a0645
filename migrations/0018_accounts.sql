-- Accounts at the vendor, of all vendors that have them.
create table warehouse.accounts (
    source        text collate "C" not null,
    id            text collate "C" not null,
    name          text,
    description   text,
    plan          text,
    created_at    timestamptz,
    raw           jsonb not null,
    content_hash  bytea not null,
    fetched_at    timestamptz not null,
    first_seen_at timestamptz not null,
    changed_at    timestamptz not null default now(),
    deleted_at    timestamptz,
    walk_id       bigint not null,
    primary key (source, id)
);

comment on table warehouse.accounts is 'Accounts at the vendor.';
comment on column warehouse.accounts.source is 'The source''s name in the settings.';
comment on column warehouse.accounts.id is 'The vendor''s own id.';
comment on column warehouse.accounts.name is 'Name. Conversocial: name.';
comment on column warehouse.accounts.description is 'What it is for. Conversocial: description.';
comment on column warehouse.accounts.plan is 'Plan that was bought. Conversocial: package.';
comment on column warehouse.accounts.created_at is 'When it was made. Conversocial: created_date.';
comment on column warehouse.accounts.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.accounts.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.accounts.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.accounts.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.accounts.changed_at is 'When a difference was last written.';
comment on column warehouse.accounts.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.accounts.walk_id is 'The walk that wrote this version; see sync.walks.';
