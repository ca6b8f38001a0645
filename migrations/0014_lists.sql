-- Lists of leads, of all vendors that have them.
create table warehouse.lists (
    source         text collate "C" not null,
    id             text collate "C" not null,
    name           text,
    campaign_id    text,
    is_active      boolean,
    last_called_at timestamptz,
    raw            jsonb not null,
    content_hash   bytea not null,
    fetched_at     timestamptz not null,
    first_seen_at  timestamptz not null,
    changed_at     timestamptz not null default now(),
    deleted_at     timestamptz,
    walk_id        bigint not null,
    primary key (source, id)
);

comment on table warehouse.lists is 'Lists of leads.';
comment on column warehouse.lists.source is 'The source''s name in the settings.';
comment on column warehouse.lists.id is 'The vendor''s own id.';
comment on column warehouse.lists.name is 'Name. Convoso: name.';
comment on column warehouse.lists.campaign_id is 'Campaign that uses it (campaigns.id). Convoso: campaign_id.';
comment on column warehouse.lists.is_active is 'True while it is used. Convoso: status is Y.';
comment on column warehouse.lists.last_called_at is 'When a lead of it was last called; NULL for never. Convoso: last_called_at, in the zone that comes with it.';
comment on column warehouse.lists.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.lists.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.lists.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.lists.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.lists.changed_at is 'When a difference was last written.';
comment on column warehouse.lists.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.lists.walk_id is 'The walk that wrote this version; see sync.walks.';
