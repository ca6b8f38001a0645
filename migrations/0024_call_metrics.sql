-- Measures of calls, a row for each call and measure, of all vendors that have them.
create table warehouse.call_metrics (
    source        text collate "C" not null,
    id            text collate "C" not null,
    call_id       text,
    metric        text,
    value         numeric,
    raw           jsonb not null,
    content_hash  bytea not null,
    fetched_at    timestamptz not null,
    first_seen_at timestamptz not null,
    changed_at    timestamptz not null default now(),
    deleted_at    timestamptz,
    walk_id       bigint not null,
    primary key (source, id)
);

create index call_metrics_by_call on warehouse.call_metrics (source, call_id);

comment on table warehouse.call_metrics is 'Measures of calls, a row for each call and measure. The id is the call''s, a colon and the measure''s.';
comment on column warehouse.call_metrics.source is 'The source''s name in the settings.';
comment on column warehouse.call_metrics.id is 'See the table.';
comment on column warehouse.call_metrics.call_id is 'Call (calls.id).';
comment on column warehouse.call_metrics.metric is 'Name of the measure, as the settings ask for it. Converz: metric.';
comment on column warehouse.call_metrics.value is 'Value in the vendor''s unit; NULL where the call has none.';
comment on column warehouse.call_metrics.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.call_metrics.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.call_metrics.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.call_metrics.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.call_metrics.changed_at is 'When a difference was last written.';
comment on column warehouse.call_metrics.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.call_metrics.walk_id is 'The walk that wrote this version; see sync.walks.';
