-- What analysts had to dig out of raw: whole fractions of waits, the day of the account, queues by name, groups, who ordered.
alter table warehouse.calls
    alter column queue_seconds type numeric,
    add column local_day date,
    add column is_escalated boolean;
comment on column warehouse.calls.queue_seconds is 'Seconds in the queue, in all the digits that the vendor gives. Convoso: queue_seconds.';
comment on column warehouse.calls.queue_id is 'Queue of the call (queues.id); NULL where it was in none, or where the vendor gives only its name. Convoso: queue_id.';
comment on column warehouse.calls.queue_name is 'Name of the queue; NULL where the call was in none, or where the vendor gives only its id: see queues. Convoso: queue.';
comment on column warehouse.calls.local_day is 'Local day of the account on which the call started; NULL where the start is unknown.';
comment on column warehouse.calls.is_escalated is 'True where the call was passed on to somebody who decides; NULL where the vendor does not say. Converz: escalated.';
comment on column warehouse.calls.agent_id is 'Agent who took the call (agents.id), or the vendor''s system user where none did: see agents.is_system. NULL where the vendor names nobody. Convoso: user_id. Converz: rep_id.';
comment on column warehouse.calls.attempt_number is 'How often the lead had been called, as the vendor counts; not a sequence, and perhaps as of the reading: see attempt_seq of marts.calls. Convoso: called_count.';

-- The days of rows that are there already; whatever else is new comes with the next reading or replay.
update warehouse.calls as c set local_day = (c.started_at at time zone s.time_zone)::date
from sync.sources as s where s.source = c.source and c.started_at is not null;

comment on column warehouse.agents.email is 'E-mail address in lower case, by which one person is found with several vendors. Convoso, Conversocial and Converz: email.';

alter table warehouse.leads add column utc_offset_hours numeric;
comment on column warehouse.leads.utc_offset_hours is 'Hours from UTC where the lead lives. Convoso: locale_gmt.';

alter table warehouse.contacts add column has_ordered boolean;
comment on column warehouse.contacts.has_ordered is 'True once they ordered something; NULL where the vendor does not say. Convertalk: hasOrdered.status.';

create table warehouse.queues (
    source        text collate "C" not null,
    id            text collate "C" not null,
    name          text,
    raw           jsonb not null,
    context       jsonb,
    content_hash  bytea not null,
    fetched_at    timestamptz not null,
    first_seen_at timestamptz not null,
    changed_at    timestamptz not null default now(),
    deleted_at    timestamptz,
    slice_id      bigint not null,
    generation    integer not null default 1,
    primary key (source, id)
);

comment on table warehouse.queues is 'Lines in which callers wait. No list tells of them; calls name them, some by id, some by name, some by both.';
comment on column warehouse.queues.source is 'The source''s name in the settings.';
comment on column warehouse.queues.id is 'The vendor''s own id. Convoso: queue_id.';
comment on column warehouse.queues.name is 'Name; NULL where the vendor has told only the id so far. Convoso: queue.';
comment on column warehouse.queues.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.queues.context is 'What of the page request the typed columns depend on besides the record, such as the day or the report; NULL where nothing.';
comment on column warehouse.queues.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns; empty where only a second-hand list has shown the row.';
comment on column warehouse.queues.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.queues.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.queues.changed_at is 'When a difference was last written.';
comment on column warehouse.queues.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.queues.slice_id is 'The slice that wrote this version; see sync.slices.';
comment on column warehouse.queues.generation is 'Generation of the source''s coverage under which the row was read last; a row is stale where sync.streams has a newer one.';

create table warehouse.contact_segments (
    source        text collate "C" not null,
    id            text collate "C" not null,
    contact_id    text,
    segment_id    text,
    raw           jsonb not null,
    context       jsonb,
    content_hash  bytea not null,
    fetched_at    timestamptz not null,
    first_seen_at timestamptz not null,
    changed_at    timestamptz not null default now(),
    deleted_at    timestamptz,
    slice_id      bigint not null,
    generation    integer not null default 1,
    primary key (source, id)
);

comment on table warehouse.contact_segments is 'Which contacts belong to which groups, a row for each pair. The id is the contact''s, a colon and the group''s.';
comment on column warehouse.contact_segments.source is 'The source''s name in the settings.';
comment on column warehouse.contact_segments.id is 'See the table.';
comment on column warehouse.contact_segments.contact_id is 'The contact (contacts.id). Convertalk: _id.';
comment on column warehouse.contact_segments.segment_id is 'The group (segments.id). Convertalk: an item of segments.';
comment on column warehouse.contact_segments.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.contact_segments.context is 'What of the page request the typed columns depend on besides the record, such as the day or the report; NULL where nothing.';
comment on column warehouse.contact_segments.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns; empty where only a second-hand list has shown the row.';
comment on column warehouse.contact_segments.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.contact_segments.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.contact_segments.changed_at is 'When a difference was last written.';
comment on column warehouse.contact_segments.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.contact_segments.slice_id is 'The slice that wrote this version; see sync.slices.';
comment on column warehouse.contact_segments.generation is 'Generation of the source''s coverage under which the row was read last; a row is stale where sync.streams has a newer one.';
