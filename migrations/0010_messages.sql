-- Messages of conversations, of all vendors that have them.
create table warehouse.messages (
    source          text collate "C" not null,
    id              text collate "C" not null,
    conversation_id text,
    sent_at         timestamptz,
    direction       text,
    sender          text,
    agent_id        text,
    contact_id      text,
    text            text,
    message_type    text,
    platform        text,
    platform_id     text,
    link            text,
    reply_to_id     text,
    sentiment       numeric,
    is_private      boolean,
    is_priority     boolean,
    is_sample       boolean,
    raw             jsonb not null,
    content_hash    bytea not null,
    fetched_at      timestamptz not null,
    first_seen_at   timestamptz not null,
    changed_at      timestamptz not null default now(),
    deleted_at      timestamptz,
    walk_id         bigint not null,
    primary key (source, id)
);

create index messages_by_conversation on warehouse.messages (source, conversation_id);
create index messages_by_time on warehouse.messages (sent_at);

comment on table warehouse.messages is 'Messages of conversations. For Convertalk these are samples, the last message at each reading; is_sample tells them apart, and they must not be counted.';
comment on column warehouse.messages.source is 'The source''s name in the settings.';
comment on column warehouse.messages.id is 'The vendor''s own id.';
comment on column warehouse.messages.conversation_id is 'Conversation it belongs to (conversations.id). Conversocial: the conversation whose content_ids name it; NULL while none has been seen that does. Convertalk: the chat.';
comment on column warehouse.messages.sent_at is 'When it was sent. Conversocial: created_date. Convertalk: lastMessage.at.';
comment on column warehouse.messages.direction is 'inbound from the customer, outbound from the company; NULL where the sender''s kind is unknown. Conversocial: outbound with user or is_by_source, inbound with any other writer. Convertalk: outbound by bot or agent.';
comment on column warehouse.messages.sender is 'The vendor''s own word for who wrote it. Convertalk: lastMessage.by.';
comment on column warehouse.messages.agent_id is 'Agent who wrote it (agents.id); NULL for customers and machines. Conversocial: user.id.';
comment on column warehouse.messages.contact_id is 'Identity that wrote it on the network (contacts.id). Conversocial: author.id.';
comment on column warehouse.messages.text is 'What was written; NULL where there is only an attachment. Conversocial: text. Convertalk: lastMessage.text.';
comment on column warehouse.messages.message_type is 'The vendor''s own word for the kind of message. Conversocial: type.';
comment on column warehouse.messages.platform is 'Network it was sent on. Conversocial: platform.';
comment on column warehouse.messages.platform_id is 'Its id on that network. Conversocial: platform_id.';
comment on column warehouse.messages.link is 'Link to the message; NULL where there is none. Conversocial: link.';
comment on column warehouse.messages.reply_to_id is 'Message it answers (messages.id). Conversocial: parent.';
comment on column warehouse.messages.sentiment is 'How it sounds, in the vendor''s measure; NULL where nobody judged. Conversocial: sentiment.value.';
comment on column warehouse.messages.is_private is 'True where only the two sides could read it. Conversocial: is_private.';
comment on column warehouse.messages.is_priority is 'True where it is marked as urgent. Conversocial: is_priority.';
comment on column warehouse.messages.is_sample is 'True where the vendor shows only the last message at each reading, so that the others are missing. Convertalk: always.';
comment on column warehouse.messages.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.messages.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.messages.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.messages.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.messages.changed_at is 'When a difference was last written.';
comment on column warehouse.messages.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.messages.walk_id is 'The walk that wrote this version; see sync.walks.';
