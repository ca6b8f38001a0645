-- Customers as one network or one chat knows them, of all vendors that have them.
create table warehouse.contacts (
    source        text collate "C" not null,
    id            text collate "C" not null,
    name          text,
    handle        text,
    platform      text,
    platform_id   text,
    email         text,
    phone_number  text,
    phone_e164    text,
    city          text,
    country       text,
    gender        text,
    location      text,
    website       text,
    description   text,
    profile_link  text,
    picture_link  text,
    is_lead       boolean,
    created_at    timestamptz,
    last_seen_at  timestamptz,
    raw           jsonb not null,
    content_hash  bytea not null,
    fetched_at    timestamptz not null,
    first_seen_at timestamptz not null,
    changed_at    timestamptz not null default now(),
    deleted_at    timestamptz,
    walk_id       bigint not null,
    primary key (source, id)
);

comment on table warehouse.contacts is 'Customers as one network or one chat knows them. One person may be several contacts.';
comment on column warehouse.contacts.source is 'The source''s name in the settings.';
comment on column warehouse.contacts.id is 'The vendor''s own id.';
comment on column warehouse.contacts.name is 'Full name as given. Conversocial: real_name. Convertalk: profile.userDetails.name.';
comment on column warehouse.contacts.handle is 'Name on the network. Conversocial: screen_name.';
comment on column warehouse.contacts.platform is 'Network. Conversocial: platform. Convertalk: the first of platform.';
comment on column warehouse.contacts.platform_id is 'Their id on that network. Conversocial: platform_id.';
comment on column warehouse.contacts.email is 'E-mail address in lower case. Convertalk: profile.userDetails.contact.email.';
comment on column warehouse.contacts.phone_number is 'Telephone number as the vendor writes it, prefix before number. Convertalk: profile.userDetails.contact.phone.';
comment on column warehouse.contacts.phone_e164 is 'Telephone number in E.164; NULL where it cannot be read.';
comment on column warehouse.contacts.city is 'City, often guessed from the internet address. Convertalk: profile.userDetails.city.';
comment on column warehouse.contacts.country is 'Country, often guessed from the internet address. Convertalk: profile.userDetails.country.';
comment on column warehouse.contacts.gender is 'Gender in the vendor''s word. Convertalk: profile.userDetails.gender.';
comment on column warehouse.contacts.location is 'Where they say they are. Conversocial: location.';
comment on column warehouse.contacts.website is 'Their web site. Conversocial: website.';
comment on column warehouse.contacts.description is 'What they say about themselves. Conversocial: description.';
comment on column warehouse.contacts.profile_link is 'Link to their profile. Conversocial: profile_link.';
comment on column warehouse.contacts.picture_link is 'Link to their picture. Conversocial: profile_picture. Convertalk: profile.userDetails.picture.';
comment on column warehouse.contacts.is_lead is 'True where contact data are known. Convertalk: isContact.';
comment on column warehouse.contacts.created_at is 'When the vendor first met them. Convertalk: createdAt.';
comment on column warehouse.contacts.last_seen_at is 'When they were last seen. Convertalk: lastSeenAt.';
comment on column warehouse.contacts.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.contacts.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.contacts.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.contacts.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.contacts.changed_at is 'When a difference was last written.';
comment on column warehouse.contacts.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.contacts.walk_id is 'The walk that wrote this version; see sync.walks.';
