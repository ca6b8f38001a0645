-- Labels that customers were given or lost, a row for each time, of all vendors that have them.
create table warehouse.contact_tags (
    source        text collate "C" not null,
    id            text collate "C" not null,
    contact_id    text,
    person_id     text,
    action        text,
    happened_at   timestamptz,
    agent_id      text,
    tag_id        text,
    name          text,
    raw           jsonb not null,
    content_hash  bytea not null,
    fetched_at    timestamptz not null,
    first_seen_at timestamptz not null,
    changed_at    timestamptz not null default now(),
    deleted_at    timestamptz,
    walk_id       bigint not null,
    primary key (source, id)
);

comment on table warehouse.contact_tags is 'Labels that customers were given or lost, a row for each time. The id is the label''s, the action and its time, with colons.';
comment on column warehouse.contact_tags.source is 'The source''s name in the settings.';
comment on column warehouse.contact_tags.id is 'See the table.';
comment on column warehouse.contact_tags.contact_id is 'First identity of the customer (contacts.id). Conversocial: author.author_ids; the others are in raw.';
comment on column warehouse.contact_tags.person_id is 'Person behind several identities. Conversocial: author.customer_profiles_id.';
comment on column warehouse.contact_tags.action is 'What was done, in the vendor''s word. Conversocial: action.';
comment on column warehouse.contact_tags.happened_at is 'When it was done. Conversocial: created_date.';
comment on column warehouse.contact_tags.agent_id is 'Who did it (agents.id). Conversocial: user.';
comment on column warehouse.contact_tags.tag_id is 'Label on this customer; all its rows share it. Conversocial: id.';
comment on column warehouse.contact_tags.name is 'Text of the label. Conversocial: name.';
comment on column warehouse.contact_tags.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.contact_tags.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.contact_tags.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.contact_tags.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.contact_tags.changed_at is 'When a difference was last written.';
comment on column warehouse.contact_tags.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.contact_tags.walk_id is 'The walk that wrote this version; see sync.walks.';
