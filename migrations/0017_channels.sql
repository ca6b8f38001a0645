-- Ways by which customers write: pages and accounts on networks, of all vendors that have them.
create table warehouse.channels (
    source         text collate "C" not null,
    id             text collate "C" not null,
    name           text,
    platform       text,
    account_id     text,
    is_active      boolean,
    link           text,
    follower_count bigint,
    created_at     timestamptz,
    raw            jsonb not null,
    content_hash   bytea not null,
    fetched_at     timestamptz not null,
    first_seen_at  timestamptz not null,
    changed_at     timestamptz not null default now(),
    deleted_at     timestamptz,
    walk_id        bigint not null,
    primary key (source, id)
);

comment on table warehouse.channels is 'Ways by which customers write: pages and accounts on networks.';
comment on column warehouse.channels.source is 'The source''s name in the settings.';
comment on column warehouse.channels.id is 'The vendor''s own id.';
comment on column warehouse.channels.name is 'Name. Conversocial: name.';
comment on column warehouse.channels.platform is 'Network, in the vendor''s word. Conversocial: type.';
comment on column warehouse.channels.account_id is 'Account it belongs to (accounts.id). Conversocial: account.id.';
comment on column warehouse.channels.is_active is 'True while it is read. Conversocial: is_active.';
comment on column warehouse.channels.link is 'Link to it. Conversocial: fb_page_url.';
comment on column warehouse.channels.follower_count is 'How many follow it at the moment of the last reading. Conversocial: fans.';
comment on column warehouse.channels.created_at is 'When it was connected. Conversocial: created.';
comment on column warehouse.channels.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.channels.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.channels.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.channels.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.channels.changed_at is 'When a difference was last written.';
comment on column warehouse.channels.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.channels.walk_id is 'The walk that wrote this version; see sync.walks.';
