-- Files that the vendor generates on request, of all vendors that have them.
create table warehouse.report_exports (
    source        text collate "C" not null,
    id            text collate "C" not null,
    name          text,
    account_id    text,
    state         text,
    failure       text,
    started_at    timestamptz,
    generated_at  timestamptz,
    agent_id      text,
    since_day     date,
    until_day     date,
    date_type     text,
    raw           jsonb not null,
    content_hash  bytea not null,
    fetched_at    timestamptz not null,
    first_seen_at timestamptz not null,
    changed_at    timestamptz not null default now(),
    deleted_at    timestamptz,
    walk_id       bigint not null,
    primary key (source, id)
);

comment on table warehouse.report_exports is 'Files that the vendor generates on request. The link to the file expires; raw keeps its address without what makes it work.';
comment on column warehouse.report_exports.source is 'The source''s name in the settings.';
comment on column warehouse.report_exports.id is 'The vendor''s own id.';
comment on column warehouse.report_exports.name is 'Name. Conversocial: name.';
comment on column warehouse.report_exports.account_id is 'Account it is about (accounts.id). Conversocial: account.id.';
comment on column warehouse.report_exports.state is 'queued, generating, ready or failed. Conversocial: read from which of its members are there.';
comment on column warehouse.report_exports.failure is 'What failed, in the vendor''s words; NULL unless failed. Conversocial: failure.';
comment on column warehouse.report_exports.started_at is 'When its generation began. Conversocial: generation_start_date.';
comment on column warehouse.report_exports.generated_at is 'When it was ready. Conversocial: generated_date.';
comment on column warehouse.report_exports.agent_id is 'Who asked for it (agents.id). Conversocial: generated_by.id.';
comment on column warehouse.report_exports.since_day is 'First day of its range. Conversocial: date_from.';
comment on column warehouse.report_exports.until_day is 'Last day of its range. Conversocial: date_to.';
comment on column warehouse.report_exports.date_type is 'How the range is matched. Conversocial: date_type.';
comment on column warehouse.report_exports.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.report_exports.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.report_exports.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.report_exports.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.report_exports.changed_at is 'When a difference was last written.';
comment on column warehouse.report_exports.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.report_exports.walk_id is 'The walk that wrote this version; see sync.walks.';
