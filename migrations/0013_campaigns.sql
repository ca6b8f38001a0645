-- Campaigns that calls are made for, of all vendors that have them.
create table warehouse.campaigns (
    source        text collate "C" not null,
    id            text collate "C" not null,
    name          text,
    is_active     boolean,
    last_call_at  timestamptz,
    raw           jsonb not null,
    content_hash  bytea not null,
    fetched_at    timestamptz not null,
    first_seen_at timestamptz not null,
    changed_at    timestamptz not null default now(),
    deleted_at    timestamptz,
    walk_id       bigint not null,
    primary key (source, id)
);

comment on table warehouse.campaigns is 'Campaigns that calls are made for.';
comment on column warehouse.campaigns.source is 'The source''s name in the settings.';
comment on column warehouse.campaigns.id is 'The vendor''s own id.';
comment on column warehouse.campaigns.name is 'Name. Convoso: name.';
comment on column warehouse.campaigns.is_active is 'True while it runs. Convoso: status is Y.';
comment on column warehouse.campaigns.last_call_at is 'When its last call was made; NULL for never. Convoso: last_call_date, in the zone that comes with it.';
comment on column warehouse.campaigns.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.campaigns.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.campaigns.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.campaigns.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.campaigns.changed_at is 'When a difference was last written.';
comment on column warehouse.campaigns.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.campaigns.walk_id is 'The walk that wrote this version; see sync.walks.';
