-- Measures of configured reports, a row for each group and measure, of all vendors that have them.
create table warehouse.report_metrics (
    source           text collate "C" not null,
    id               text collate "C" not null,
    report           text,
    day              date,
    period           text,
    agent_id         text,
    campaign_name    text,
    subcampaign_name text,
    department       text,
    origin_system    text,
    metric           text,
    value            numeric,
    raw              jsonb not null,
    content_hash     bytea not null,
    fetched_at       timestamptz not null,
    first_seen_at    timestamptz not null,
    changed_at       timestamptz not null default now(),
    deleted_at       timestamptz,
    walk_id          bigint not null,
    primary key (source, id)
);

create index report_metrics_by_day on warehouse.report_metrics (source, day);

comment on table warehouse.report_metrics is 'Measures of configured reports, a row for each group and measure. Averages and rates cannot be added up.';
comment on column warehouse.report_metrics.source is 'The source''s name in the settings.';
comment on column warehouse.report_metrics.id is 'The vendor''s own id.';
comment on column warehouse.report_metrics.report is 'Report: the names it is grouped by, with commas, as the settings have it.';
comment on column warehouse.report_metrics.day is 'Local day of the source that was asked for.';
comment on column warehouse.report_metrics.period is 'Period of the group as the vendor names it, a date, or year and week, month or quarter; NULL without one.';
comment on column warehouse.report_metrics.agent_id is 'Agent of the group (agents.id); NULL where it is not grouped by agent. Converz: rep_id.';
comment on column warehouse.report_metrics.campaign_name is 'Campaign of the group; NULL where it is not grouped by campaign, or for calls without one. Converz: campaign.';
comment on column warehouse.report_metrics.subcampaign_name is 'Part of the campaign of the group. Converz: subcampaign.';
comment on column warehouse.report_metrics.department is 'Department of the group. Converz: department.';
comment on column warehouse.report_metrics.origin_system is 'Telephone system of the group. Converz: vendor.';
comment on column warehouse.report_metrics.metric is 'Name of the measure. Converz: metric.';
comment on column warehouse.report_metrics.value is 'Value in the vendor''s unit; NULL where there is none.';
comment on column warehouse.report_metrics.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.report_metrics.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.report_metrics.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.report_metrics.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.report_metrics.changed_at is 'When a difference was last written.';
comment on column warehouse.report_metrics.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.report_metrics.walk_id is 'The walk that wrote this version; see sync.walks.';
