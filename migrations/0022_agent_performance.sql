-- What agents did, a row for each agent and local day of the account; days without activity have none, of all vendors that have them.
create table warehouse.agent_performance (
    source               text collate "C" not null,
    id                   text collate "C" not null,
    agent_id             text,
    agent_name           text,
    day                  date,
    call_count           bigint,
    human_answered_count bigint,
    machine_count        bigint,
    other_count          bigint,
    talk_seconds         bigint,
    wait_seconds         bigint,
    pause_seconds        bigint,
    wrap_seconds         bigint,
    total_seconds        bigint,
    raw                  jsonb not null,
    content_hash         bytea not null,
    fetched_at           timestamptz not null,
    first_seen_at        timestamptz not null,
    changed_at           timestamptz not null default now(),
    deleted_at           timestamptz,
    walk_id              bigint not null,
    primary key (source, id)
);

create index agent_performance_by_day on warehouse.agent_performance (source, day);

comment on table warehouse.agent_performance is 'What agents did, a row for each agent and local day of the account; days without activity have none. The id is the agent''s, a colon and the day.';
comment on column warehouse.agent_performance.source is 'The source''s name in the settings.';
comment on column warehouse.agent_performance.id is 'See the table.';
comment on column warehouse.agent_performance.agent_id is 'Agent (agents.id). Convoso: user_id.';
comment on column warehouse.agent_performance.agent_name is 'The agent''s name. Convoso: name.';
comment on column warehouse.agent_performance.day is 'Local day of the account; the record does not hold it, the question did.';
comment on column warehouse.agent_performance.call_count is 'Calls. Convoso: calls.';
comment on column warehouse.agent_performance.human_answered_count is 'Calls that a person answered; NULL where the vendor leaves it out. Convoso: human_answered.';
comment on column warehouse.agent_performance.machine_count is 'Calls that a machine answered. Convoso: am.';
comment on column warehouse.agent_performance.other_count is 'Calls that no machine answered. Convoso: others.';
comment on column warehouse.agent_performance.talk_seconds is 'Seconds spent talking. Convoso: talk_sec, as HH:MM:SS.';
comment on column warehouse.agent_performance.wait_seconds is 'Seconds spent waiting. Convoso: wait_sec, as HH:MM:SS.';
comment on column warehouse.agent_performance.pause_seconds is 'Seconds spent in pauses. Convoso: pause_sec, as HH:MM:SS.';
comment on column warehouse.agent_performance.wrap_seconds is 'Seconds spent on work after calls. Convoso: wrap_sec, as HH:MM:SS.';
comment on column warehouse.agent_performance.total_seconds is 'Seconds signed in: the sum of the four. Convoso: total_time, as HH:MM:SS.';
comment on column warehouse.agent_performance.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.agent_performance.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.agent_performance.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.agent_performance.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.agent_performance.changed_at is 'When a difference was last written.';
comment on column warehouse.agent_performance.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.agent_performance.walk_id is 'The walk that wrote this version; see sync.walks.';
