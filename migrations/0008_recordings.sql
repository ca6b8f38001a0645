-- Recordings come with their calls but have an identity of their own: one call may have several.
create table warehouse.recordings (
    source           text collate "C" not null,
    id               text collate "C" not null,
    call_id          text,
    lead_id          text,
    started_at       timestamptz,
    ended_at         timestamptz,
    duration_seconds bigint,
    url              text,
    media_type       text,
    file_name        text,
    raw              jsonb not null,
    content_hash     bytea not null,
    fetched_at       timestamptz not null,
    first_seen_at    timestamptz not null,
    changed_at       timestamptz not null default now(),
    deleted_at       timestamptz,
    walk_id          bigint not null,
    primary key (source, id)
);

create index recordings_by_call on warehouse.recordings (source, call_id);

comment on table warehouse.recordings is 'Sound recordings of calls. The links are kept; the sound is not fetched.';
comment on column warehouse.recordings.source is 'The source''s name in the settings.';
comment on column warehouse.recordings.id is 'The vendor''s own id.';
comment on column warehouse.recordings.call_id is 'Call that was recorded (calls.id); NULL where only the list of an agent''s recordings names it. Convoso: the call that lists the recording.';
comment on column warehouse.recordings.lead_id is 'Lead of that call (leads.id); NULL where none is known. Convoso: lead_id.';
comment on column warehouse.recordings.started_at is 'When the recorded call started. Convoso: call_date of the call, else start_time.';
comment on column warehouse.recordings.ended_at is 'When the recording ended; NULL where the vendor does not say. Convoso: end_time in the list of an agent''s recordings.';
comment on column warehouse.recordings.duration_seconds is 'Length of the recording in seconds; NULL where the vendor does not say. Convoso: seconds in the list of an agent''s recordings.';
comment on column warehouse.recordings.url is 'Link to the sound, a secret; it may be dead after some months, and may be a file name only. Convoso: public_url, else src, else url.';
comment on column warehouse.recordings.media_type is 'Media type of the sound. Convoso: type.';
comment on column warehouse.recordings.file_name is 'Name of the sound file. Convoso: filename, else url where that is a file name only.';
comment on column warehouse.recordings.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.recordings.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.recordings.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.recordings.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.recordings.changed_at is 'When a difference was last written.';
comment on column warehouse.recordings.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.recordings.walk_id is 'The walk that wrote this version; see sync.walks.';
