-- Outcomes that a call may have, of all vendors that have them.
create table warehouse.dispositions (
    source         text collate "C" not null,
    id             text collate "C" not null,
    name           text,
    is_final       boolean,
    is_reached     boolean,
    is_success     boolean,
    is_do_not_call boolean,
    is_callback    boolean,
    is_contact     boolean,
    is_voicemail   boolean,
    is_custom      boolean,
    raw            jsonb not null,
    content_hash   bytea not null,
    fetched_at     timestamptz not null,
    first_seen_at  timestamptz not null,
    changed_at     timestamptz not null default now(),
    deleted_at     timestamptz,
    walk_id        bigint not null,
    primary key (source, id)
);

comment on table warehouse.dispositions is 'Outcomes that a call may have. The id is the code that calls and leads carry; old codes may be missing.';
comment on column warehouse.dispositions.source is 'The source''s name in the settings.';
comment on column warehouse.dispositions.id is 'See the table.';
comment on column warehouse.dispositions.name is 'Label. Convoso: name.';
comment on column warehouse.dispositions.is_final is 'True where no further call follows. Convoso: final.';
comment on column warehouse.dispositions.is_reached is 'True where somebody answered. Convoso: reached.';
comment on column warehouse.dispositions.is_success is 'True where it is what was hoped for. Convoso: success.';
comment on column warehouse.dispositions.is_do_not_call is 'True where the number must not be called again. Convoso: dnc.';
comment on column warehouse.dispositions.is_callback is 'True where a later call was agreed on. Convoso: callback.';
comment on column warehouse.dispositions.is_contact is 'True where the right person was spoken with. Convoso: contact.';
comment on column warehouse.dispositions.is_voicemail is 'True where a machine answered. Convoso: voicemail.';
comment on column warehouse.dispositions.is_custom is 'True where the account made it. Convoso: custom_status.';
comment on column warehouse.dispositions.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.dispositions.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.dispositions.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.dispositions.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.dispositions.changed_at is 'When a difference was last written.';
comment on column warehouse.dispositions.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.dispositions.walk_id is 'The walk that wrote this version; see sync.walks.';
