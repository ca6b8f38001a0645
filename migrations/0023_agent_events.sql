-- Changes of what agents are doing, of all vendors that have them.
create table warehouse.agent_events (
    source            text collate "C" not null,
    id                text collate "C" not null,
    agent_id          text,
    agent_name        text,
    started_at        timestamptz,
    ended_at          timestamptz,
    duration_seconds  bigint,
    state             text,
    availability_code text,
    availability_name text,
    campaign_id       text,
    campaign_name     text,
    raw               jsonb not null,
    content_hash      bytea not null,
    fetched_at        timestamptz not null,
    first_seen_at     timestamptz not null,
    changed_at        timestamptz not null default now(),
    deleted_at        timestamptz,
    walk_id           bigint not null,
    primary key (source, id)
);

create index agent_events_by_start on warehouse.agent_events (started_at);

comment on table warehouse.agent_events is 'Changes of what agents are doing. The last event of an agent grows until the next begins.';
comment on column warehouse.agent_events.source is 'The source''s name in the settings.';
comment on column warehouse.agent_events.id is 'The vendor''s own id.';
comment on column warehouse.agent_events.agent_id is 'Agent (agents.id). Convoso: user_id. Conversocial: the first of user.id, user_id and agent_id that is there.';
comment on column warehouse.agent_events.agent_name is 'The agent''s name. Convoso: user_name.';
comment on column warehouse.agent_events.started_at is 'When the state began. Convoso: event_epoch, else created_at. Conversocial: timestamp, else created_date.';
comment on column warehouse.agent_events.ended_at is 'Start plus duration; grows while it lasts.';
comment on column warehouse.agent_events.duration_seconds is 'Seconds that the state lasted; grows while it lasts. Convoso: event_sec, as HH:MM:SS or MM:SS.';
comment on column warehouse.agent_events.state is 'State in the vendor''s word; the set is open. Convoso: state. Conversocial: the first of event, type and state that is there.';
comment on column warehouse.agent_events.availability_code is 'Code of why the agent is not available. Convoso: availability_code.';
comment on column warehouse.agent_events.availability_name is 'Label of why the agent is not available. Convoso: availability_code_name, else availability_name.';
comment on column warehouse.agent_events.campaign_id is 'Campaign (campaigns.id). Convoso: campaign_id.';
comment on column warehouse.agent_events.campaign_name is 'The campaign''s name. Convoso: campaign_name.';
comment on column warehouse.agent_events.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.agent_events.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.agent_events.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.agent_events.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.agent_events.changed_at is 'When a difference was last written.';
comment on column warehouse.agent_events.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.agent_events.walk_id is 'The walk that wrote this version; see sync.walks.';
