-- Labels on conversations, of all vendors that have them.
create table warehouse.conversation_tags (
    source          text collate "C" not null,
    id              text collate "C" not null,
    conversation_id text,
    tag_id          text,
    tag_name        text,
    raw             jsonb not null,
    content_hash    bytea not null,
    fetched_at      timestamptz not null,
    first_seen_at   timestamptz not null,
    changed_at      timestamptz not null default now(),
    deleted_at      timestamptz,
    walk_id         bigint not null,
    primary key (source, id)
);

create index conversation_tags_by_conversation on warehouse.conversation_tags (source, conversation_id);

comment on table warehouse.conversation_tags is 'Labels on conversations. The id is the conversation''s, a colon and the tag''s.';
comment on column warehouse.conversation_tags.source is 'The source''s name in the settings.';
comment on column warehouse.conversation_tags.id is 'See the table.';
comment on column warehouse.conversation_tags.conversation_id is 'Conversation (conversations.id).';
comment on column warehouse.conversation_tags.tag_id is 'Label (tags.id). Conversocial: tags.id. Convertalk: the text of the label itself.';
comment on column warehouse.conversation_tags.tag_name is 'Text of the label where the conversation carries it. Conversocial: tags.name. Convertalk: profile.userDetails.tags.';
comment on column warehouse.conversation_tags.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.conversation_tags.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.conversation_tags.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.conversation_tags.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.conversation_tags.changed_at is 'When a difference was last written.';
comment on column warehouse.conversation_tags.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.conversation_tags.walk_id is 'The walk that wrote this version; see sync.walks.';
