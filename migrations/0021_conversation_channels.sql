-- Channels of conversations, of all vendors that have them.
create table warehouse.conversation_channels (
    source          text collate "C" not null,
    id              text collate "C" not null,
    conversation_id text,
    channel_id      text,
    raw             jsonb not null,
    content_hash    bytea not null,
    fetched_at      timestamptz not null,
    first_seen_at   timestamptz not null,
    changed_at      timestamptz not null default now(),
    deleted_at      timestamptz,
    walk_id         bigint not null,
    primary key (source, id)
);

create index conversation_channels_by_conversation on warehouse.conversation_channels (source, conversation_id);

comment on table warehouse.conversation_channels is 'Channels of conversations. The id is the conversation''s, a colon and the channel''s.';
comment on column warehouse.conversation_channels.source is 'The source''s name in the settings.';
comment on column warehouse.conversation_channels.id is 'See the table.';
comment on column warehouse.conversation_channels.conversation_id is 'Conversation (conversations.id).';
comment on column warehouse.conversation_channels.channel_id is 'Channel (channels.id). Conversocial: channels.id.';
comment on column warehouse.conversation_channels.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.conversation_channels.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.conversation_channels.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.conversation_channels.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.conversation_channels.changed_at is 'When a difference was last written.';
comment on column warehouse.conversation_channels.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.conversation_channels.walk_id is 'The walk that wrote this version; see sync.walks.';
