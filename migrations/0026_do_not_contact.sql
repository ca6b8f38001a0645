-- Numbers that must not be called, or not be written to, of all vendors that have them.
create table warehouse.do_not_contact (
    source        text collate "C" not null,
    id            text collate "C" not null,
    channel       text,
    phone_number  text,
    phone_e164    text,
    country_code  text,
    campaign_id   text,
    campaign_name text,
    purpose       text,
    reason        text,
    added_at      timestamptz,
    raw           jsonb not null,
    content_hash  bytea not null,
    fetched_at    timestamptz not null,
    first_seen_at timestamptz not null,
    changed_at    timestamptz not null default now(),
    deleted_at    timestamptz,
    walk_id       bigint not null,
    primary key (source, id)
);

create index do_not_contact_by_number on warehouse.do_not_contact (phone_e164);

comment on table warehouse.do_not_contact is 'Numbers that must not be called, or not be written to. The id is the vendor''s behind the channel and a colon, because the two lists number their entries separately.';
comment on column warehouse.do_not_contact.source is 'The source''s name in the settings.';
comment on column warehouse.do_not_contact.id is 'See the table.';
comment on column warehouse.do_not_contact.channel is 'call or sms: what is forbidden. Convoso: the list that holds the entry.';
comment on column warehouse.do_not_contact.phone_number is 'Number as the vendor writes it. Convoso: phone_number.';
comment on column warehouse.do_not_contact.phone_e164 is 'Number in E.164, read with the entry''s own country code; NULL where it cannot be read.';
comment on column warehouse.do_not_contact.country_code is 'Country code of the number. Convoso: phone_code.';
comment on column warehouse.do_not_contact.campaign_id is 'Campaign that it holds for (campaigns.id); NULL where it holds for all. Convoso: campaign_id; -1 where it holds by purpose.';
comment on column warehouse.do_not_contact.campaign_name is 'The campaign''s name. Convoso: campaign_name.';
comment on column warehouse.do_not_contact.purpose is 'What it forbids, in the vendor''s word. Convoso: purpose.';
comment on column warehouse.do_not_contact.reason is 'Why, in the vendor''s word. Convoso: reason.';
comment on column warehouse.do_not_contact.added_at is 'When it was entered. Convoso: insert_date, local to the account.';
comment on column warehouse.do_not_contact.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.do_not_contact.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.do_not_contact.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.do_not_contact.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.do_not_contact.changed_at is 'When a difference was last written.';
comment on column warehouse.do_not_contact.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.do_not_contact.walk_id is 'The walk that wrote this version; see sync.walks.';
