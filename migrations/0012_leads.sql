-- Somebody who might become a customer, of all vendors that have them.
create table warehouse.leads (
    source             text collate "C" not null,
    id                 text collate "C" not null,
    created_at         timestamptz,
    updated_at         timestamptz,
    name               text,
    first_name         text,
    last_name          text,
    email              text,
    phone_number       text,
    phone_e164         text,
    alt_phone_1        text,
    alt_phone_1_e164   text,
    alt_phone_2        text,
    alt_phone_2_e164   text,
    address            text,
    city               text,
    state              text,
    postal_code        text,
    country            text,
    gender             text,
    status             text,
    status_name        text,
    agent_id           text,
    owner_id           text,
    created_by_id      text,
    updated_by_id      text,
    origin_id          text,
    origin_name        text,
    list_id            text,
    list_name          text,
    campaign_id        text,
    campaign_name      text,
    channel_id         text,
    called_count       bigint,
    inbound_count      bigint,
    last_called_at     timestamptz,
    first_contacted_at timestamptz,
    is_contacted       boolean,
    raw                jsonb not null,
    content_hash       bytea not null,
    fetched_at         timestamptz not null,
    first_seen_at      timestamptz not null,
    changed_at         timestamptz not null default now(),
    deleted_at         timestamptz,
    walk_id            bigint not null,
    primary key (source, id)
);

create index leads_by_update on warehouse.leads (updated_at);

comment on table warehouse.leads is 'Somebody who might become a customer. Custom fields are in raw; a source''s settings can promote them to a view.';
comment on column warehouse.leads.source is 'The source''s name in the settings.';
comment on column warehouse.leads.id is 'The vendor''s own id.';
comment on column warehouse.leads.created_at is 'When the lead was made. Convoso: created_at. Convertalk: createdAt.';
comment on column warehouse.leads.updated_at is 'When the lead last changed at the vendor. Convoso: modified_at. Convertalk: updatedAt, as of the last change that counted.';
comment on column warehouse.leads.name is 'Full name. Convoso: first_name and last_name. Convertalk: profile.userDetails.name.';
comment on column warehouse.leads.first_name is 'First name. Convoso: first_name.';
comment on column warehouse.leads.last_name is 'Last name. Convoso: last_name.';
comment on column warehouse.leads.email is 'E-mail address in lower case. Convoso: email. Convertalk: profile.userDetails.contact.email.';
comment on column warehouse.leads.phone_number is 'Telephone number as the vendor writes it. Convoso: phone_number. Convertalk: profile.userDetails.contact.phone, prefix before number.';
comment on column warehouse.leads.phone_e164 is 'Telephone number in E.164; NULL where it cannot be read.';
comment on column warehouse.leads.alt_phone_1 is 'A second number as the vendor writes it. Convoso: alt_phone_1.';
comment on column warehouse.leads.alt_phone_1_e164 is 'The second number in E.164; NULL where it cannot be read.';
comment on column warehouse.leads.alt_phone_2 is 'A third number as the vendor writes it. Convoso: alt_phone_2.';
comment on column warehouse.leads.alt_phone_2_e164 is 'The third number in E.164; NULL where it cannot be read.';
comment on column warehouse.leads.address is 'Street address. Convoso: address1 and address2.';
comment on column warehouse.leads.city is 'City. Convoso: city. Convertalk: profile.userDetails.city.';
comment on column warehouse.leads.state is 'State or province. Convoso: state, else province.';
comment on column warehouse.leads.postal_code is 'Postal code. Convoso: postal_code.';
comment on column warehouse.leads.country is 'Country. Convoso: country. Convertalk: profile.userDetails.country.';
comment on column warehouse.leads.gender is 'Gender in the vendor''s word. Convoso: gender. Convertalk: profile.userDetails.gender.';
comment on column warehouse.leads.status is 'State in the vendor''s own word. Convoso: status, a disposition (dispositions.id). Convertalk: status.';
comment on column warehouse.leads.status_name is 'Label of the state. Convoso: status_name.';
comment on column warehouse.leads.agent_id is 'Agent who works on it (agents.id). Convoso: user_id. Convertalk: _agentAssigned.';
comment on column warehouse.leads.owner_id is 'Agent who owns it (agents.id); NULL where nobody does. Convoso: owner_id.';
comment on column warehouse.leads.created_by_id is 'User who made it (agents.id). Convoso: created_by.';
comment on column warehouse.leads.updated_by_id is 'User who last changed it (agents.id). Convoso: last_modified_by.';
comment on column warehouse.leads.origin_id is 'Where it came from. Convoso: source_id.';
comment on column warehouse.leads.origin_name is 'Name of where it came from. Convoso: source_name.';
comment on column warehouse.leads.list_id is 'List it is on (lists.id). Convoso: list_id; may name a system list that lists does not hold.';
comment on column warehouse.leads.list_name is 'The list''s name. Convoso: directory_name.';
comment on column warehouse.leads.campaign_id is 'Campaign it belongs to (campaigns.id). Convoso: campaign_uid.';
comment on column warehouse.leads.campaign_name is 'The campaign''s name. Convoso: campaign_name.';
comment on column warehouse.leads.channel_id is 'Channel it came in by (channels.id). Convertalk: the bot that was asked for.';
comment on column warehouse.leads.called_count is 'How often it was called. Convoso: called_count.';
comment on column warehouse.leads.inbound_count is 'How often it called. Convoso: called_count_inbound.';
comment on column warehouse.leads.last_called_at is 'When it was last called; NULL for never. Convoso: last_called, local to the account.';
comment on column warehouse.leads.first_contacted_at is 'When somebody first spoke with them; NULL for never. Convoso: first_contacted_at.';
comment on column warehouse.leads.is_contacted is 'True once somebody spoke with them. Convoso: is_contacted.';
comment on column warehouse.leads.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.leads.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.leads.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.leads.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.leads.changed_at is 'When a difference was last written.';
comment on column warehouse.leads.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.leads.walk_id is 'The walk that wrote this version; see sync.walks.';
