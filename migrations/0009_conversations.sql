-- Written conversations of all sources: threads on social media, and chats, of all vendors that have them.
create table warehouse.conversations (
    source           text collate "C" not null,
    id               text collate "C" not null,
    started_at       timestamptz,
    last_activity_at timestamptz,
    updated_at       timestamptz,
    sorted_at        timestamptz,
    kind             text,
    status           text,
    is_closed        boolean,
    is_priority      boolean,
    contains_private boolean,
    contact_id       text,
    visitor_id       text,
    lead_id          text,
    agent_id         text,
    channel_id       text,
    visit_count      bigint,
    raw              jsonb not null,
    content_hash     bytea not null,
    fetched_at       timestamptz not null,
    first_seen_at    timestamptz not null,
    changed_at       timestamptz not null default now(),
    deleted_at       timestamptz,
    walk_id          bigint not null,
    primary key (source, id)
);

create index conversations_by_start on warehouse.conversations (started_at);
create index conversations_by_contact on warehouse.conversations (source, contact_id);

comment on table warehouse.conversations is 'Written conversations of all sources: threads on social media, and chats. Rows change long after their first message.';
comment on column warehouse.conversations.source is 'The source''s name in the settings.';
comment on column warehouse.conversations.id is 'The vendor''s own id.';
comment on column warehouse.conversations.started_at is 'When the conversation began. Conversocial: its earliest message that came along, else oldest_sort_date, which may move. Convertalk: createdAt.';
comment on column warehouse.conversations.last_activity_at is 'When anybody last wrote or was seen; there is no end time. Conversocial: latest message that came along. Convertalk: the later of lastSeenAt and lastMessage.at.';
comment on column warehouse.conversations.updated_at is 'When the vendor last touched its record, as of the last change that counted; moves without any activity. Convertalk: updatedAt.';
comment on column warehouse.conversations.sorted_at is 'Time by which the vendor sorts its list; may move. Conversocial: oldest_sort_date.';
comment on column warehouse.conversations.kind is 'lead or non-lead: the listing that the chat is in. Convertalk: the type that was asked for. NULL elsewhere.';
comment on column warehouse.conversations.status is 'State in the vendor''s own word; the set is open. Conversocial: status. Convertalk: status, with its spelling DEPENDANCY.';
comment on column warehouse.conversations.is_closed is 'True for CLOSED (Convertalk) and archived (Conversocial); NULL where there is no status.';
comment on column warehouse.conversations.is_priority is 'True where it is marked as urgent. Conversocial: is_priority.';
comment on column warehouse.conversations.contains_private is 'True where it has private messages. Conversocial: contains_private.';
comment on column warehouse.conversations.contact_id is 'Customer (contacts.id). Conversocial: author.id. Convertalk: the chat''s own _id, which is the contact''s too.';
comment on column warehouse.conversations.visitor_id is 'Browser session of the customer. Convertalk: uuid.';
comment on column warehouse.conversations.lead_id is 'Lead that the chat became (leads.id); NULL while it is none. Convertalk: _id in the listing of leads.';
comment on column warehouse.conversations.agent_id is 'Agent it is assigned to (agents.id); NULL where nobody is. Conversocial: assigned_to.id. Convertalk: _agentAssigned, which no list resolves to a name.';
comment on column warehouse.conversations.channel_id is 'Channel it came in by (channels.id), the first where there are several. Conversocial: channels. Convertalk: the bot that was asked for.';
comment on column warehouse.conversations.visit_count is 'How often the customer visited. Convertalk: websiteVisits.';
comment on column warehouse.conversations.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.conversations.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.conversations.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.conversations.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.conversations.changed_at is 'When a difference was last written.';
comment on column warehouse.conversations.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.conversations.walk_id is 'The walk that wrote this version; see sync.walks.';
