-- Calls that were promised for a later time; due_at may lie in the future, of all vendors that have them.
create table warehouse.callbacks (
    source           text collate "C" not null,
    id               text collate "C" not null,
    created_at       timestamptz,
    updated_at       timestamptz,
    due_at           timestamptz,
    stage            text,
    lead_id          text,
    list_id          text,
    campaign_id      text,
    campaign_name    text,
    agent_id         text,
    agent_name       text,
    recipient        text,
    disposition_code text,
    phone_number     text,
    phone_e164       text,
    comment          text,
    raw              jsonb not null,
    content_hash     bytea not null,
    fetched_at       timestamptz not null,
    first_seen_at    timestamptz not null,
    changed_at       timestamptz not null default now(),
    deleted_at       timestamptz,
    walk_id          bigint not null,
    primary key (source, id)
);

create index callbacks_by_due on warehouse.callbacks (due_at);

comment on table warehouse.callbacks is 'Calls that were promised for a later time; due_at may lie in the future.';
comment on column warehouse.callbacks.source is 'The source''s name in the settings.';
comment on column warehouse.callbacks.id is 'The vendor''s own id.';
comment on column warehouse.callbacks.created_at is 'When it was agreed on. Convoso: created_at, local to the account.';
comment on column warehouse.callbacks.updated_at is 'When it last changed. Convoso: modified_at, local to the account.';
comment on column warehouse.callbacks.due_at is 'When the call is due. Convoso: callback_time, taken as local to the account.';
comment on column warehouse.callbacks.stage is 'What became of it: pending, dismissed, completed, missed, pastdue. Convoso: stage, in lower case and without underscores.';
comment on column warehouse.callbacks.lead_id is 'Lead to be called (leads.id). Convoso: lead_id.';
comment on column warehouse.callbacks.list_id is 'List that the lead is on (lists.id). Convoso: list_id.';
comment on column warehouse.callbacks.campaign_id is 'Campaign (campaigns.id). Convoso: campaign_id.';
comment on column warehouse.callbacks.campaign_name is 'The campaign''s name. Convoso: campaign_name.';
comment on column warehouse.callbacks.agent_id is 'Agent who promised it (agents.id). Convoso: user.';
comment on column warehouse.callbacks.agent_name is 'The agent''s name. Convoso: user_name.';
comment on column warehouse.callbacks.recipient is 'personal where the agent shall call, system where anybody may; the vendor''s word where it is another. Convoso: recipient.';
comment on column warehouse.callbacks.disposition_code is 'Code of the outcome that led to it (dispositions.id). Convoso: status.';
comment on column warehouse.callbacks.phone_number is 'Number to call as the vendor writes it. Convoso: phone_number.';
comment on column warehouse.callbacks.phone_e164 is 'Number to call in E.164; NULL where it cannot be read.';
comment on column warehouse.callbacks.comment is 'The agent''s comment. Convoso: comments.';
comment on column warehouse.callbacks.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.callbacks.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.callbacks.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.callbacks.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.callbacks.changed_at is 'When a difference was last written.';
comment on column warehouse.callbacks.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.callbacks.walk_id is 'The walk that wrote this version; see sync.walks.';
