-- Who handles calls and conversations, so that their names can be joined to what they did.
create table warehouse.agents (
    source           text collate "C" not null,
    id               text collate "C" not null,
    name             text,
    first_name       text,
    last_name        text,
    email            text,
    is_active        boolean,
    is_system        boolean,
    is_expert        boolean,
    level            bigint,
    account_id       text,
    team             text,
    department       text,
    campaign_name    text,
    subcampaign_name text,
    gender           text,
    time_zone        text,
    utc_offset_hours numeric,
    created_at       timestamptz,
    last_login_at    timestamptz,
    raw              jsonb not null,
    content_hash     bytea not null,
    fetched_at       timestamptz not null,
    first_seen_at    timestamptz not null,
    changed_at       timestamptz not null default now(),
    deleted_at       timestamptz,
    walk_id          bigint not null,
    primary key (source, id)
);

comment on table warehouse.agents is 'Agents, and system users, of all sources. A row that is gone at the vendor keeps its history and has deleted_at.';
comment on column warehouse.agents.source is 'The source''s name in the settings.';
comment on column warehouse.agents.id is 'The vendor''s own id.';
comment on column warehouse.agents.name is 'Full name; NULL where the vendor knows none. Convoso: first_name and last_name. Conversocial: first_name and last_name. Converz: name.';
comment on column warehouse.agents.first_name is 'First name. Convoso and Conversocial: first_name. Converz gives none.';
comment on column warehouse.agents.last_name is 'Last name. Convoso and Conversocial: last_name. Converz gives none.';
comment on column warehouse.agents.email is 'E-mail address in lower case. Convoso and Conversocial: email. Converz gives none.';
comment on column warehouse.agents.is_active is 'True while the agent may work; NULL where the vendor does not say. Convoso: status is Y. Converz: active. Conversocial says nothing: see deleted_at.';
comment on column warehouse.agents.is_system is 'True for users of the vendor that are not people. Convoso only; NULL elsewhere.';
comment on column warehouse.agents.is_expert is 'True for agents that others may ask for help. Conversocial: is_expert; NULL elsewhere.';
comment on column warehouse.agents.level is 'The vendor''s level of rights. Convoso: user_level.';
comment on column warehouse.agents.account_id is 'Account that the agent belongs to (accounts.id). Conversocial: account.id.';
comment on column warehouse.agents.team is 'Team of the agent. Conversocial: crowds_name.';
comment on column warehouse.agents.department is 'Department of the agent at the moment of the last reading. Converz: department.';
comment on column warehouse.agents.campaign_name is 'Campaign that the agent works on, at the moment of the last reading. Converz: campaign.';
comment on column warehouse.agents.subcampaign_name is 'Part of the campaign that the agent works on. Converz: subcampaign.';
comment on column warehouse.agents.gender is 'Gender in the vendor''s word, m or f. Converz: gender.';
comment on column warehouse.agents.time_zone is 'Zone that the agent works in, a name of the tz database. Conversocial: timezone.';
comment on column warehouse.agents.utc_offset_hours is 'Hours from UTC that the agent works in. Convoso: local_gmt.';
comment on column warehouse.agents.created_at is 'When the agent''s account was made. Convoso: created_at. Conversocial: date_joined.';
comment on column warehouse.agents.last_login_at is 'When the agent last signed in; NULL for never. Convoso: last_login, local to the account. Conversocial: last_login.';
comment on column warehouse.agents.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.agents.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.agents.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.agents.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.agents.changed_at is 'When a difference was last written.';
comment on column warehouse.agents.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.agents.walk_id is 'The walk that wrote this version; see sync.walks.';
