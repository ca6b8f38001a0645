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
    level            bigint,
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
comment on column warehouse.agents.name is 'Full name. Convoso: first_name and last_name.';
comment on column warehouse.agents.first_name is 'First name. Convoso: first_name.';
comment on column warehouse.agents.last_name is 'Last name. Convoso: last_name.';
comment on column warehouse.agents.email is 'E-mail address in lower case. Convoso: email.';
comment on column warehouse.agents.is_active is 'True while the account may be used. Convoso: status is Y.';
comment on column warehouse.agents.is_system is 'True for users of the vendor that are not people.';
comment on column warehouse.agents.level is 'The vendor''s level of rights. Convoso: user_level.';
comment on column warehouse.agents.utc_offset_hours is 'Hours from UTC that the agent works in. Convoso: local_gmt.';
comment on column warehouse.agents.created_at is 'When the account was made. Convoso: created_at.';
comment on column warehouse.agents.last_login_at is 'When the agent last signed in; NULL for never. Convoso: last_login, local to the account.';
comment on column warehouse.agents.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.agents.content_hash is 'Hash of the record as received and of the typed columns.';
comment on column warehouse.agents.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.agents.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.agents.changed_at is 'When a difference was last written.';
comment on column warehouse.agents.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.agents.walk_id is 'The walk that wrote this version; see sync.walks.';
