-- One person over several vendors: which records stand for the same customer, and by what evidence.
create schema if not exists people;
comment on schema people is 'One person over all vendors: who stands behind which record, and why.';

create table people.persons (
    person_id     text collate "C" primary key,
    first_seen_at timestamptz not null,
    decided_at    timestamptz not null default now(),
    ended_at      timestamptz,
    merged_into   text collate "C",
    constraint persons_are_merged_when_they_end check (merged_into is null or ended_at is not null)
);
comment on table people.persons is 'Customers. A person is named after its first record, and keeps the name while that record is with others.';
comment on column people.persons.person_id is 'Name of the person: kind:source:id of the record that it was first known by, with a number behind it where another person has that name.';
comment on column people.persons.first_seen_at is 'When the first of its records was first seen, as it was when the person was named.';
comment on column people.persons.decided_at is 'When this was last decided.';
comment on column people.persons.ended_at is 'When nothing was left of the person; NULL while there is.';
comment on column people.persons.merged_into is 'The person that has its records since; NULL where it has not ended, or where its records are gone.';

create table people.identities (
    kind          text collate "C" not null,
    source        text collate "C" not null,
    id            text collate "C" not null,
    person_id     text collate "C" not null,
    rule          text not null check (rule in ('same_record', 'vendor_profile', 'email', 'unique_number')),
    confidence    numeric not null check (confidence between 0 and 1),
    evidence      jsonb not null default '{}',
    first_seen_at timestamptz not null,
    decided_at    timestamptz not null default now(),
    primary key (kind, source, id)
);
create index identities_by_person on people.identities (person_id);
comment on table people.identities is 'Which person each record stands for: leads and contacts that are not deleted, one row each.';
comment on column people.identities.kind is 'lead (warehouse.leads) or contact (warehouse.contacts).';
comment on column people.identities.source is 'The source''s name in the settings.';
comment on column people.identities.id is 'The record''s id in its table.';
comment on column people.identities.person_id is 'The person (people.persons.person_id).';
comment on column people.identities.rule is 'The strongest evidence that ties the record to others of its person: same_record (one record of the vendor, or the record is alone), vendor_profile, email, or unique_number (a number that carries at most one e-mail address).';
comment on column people.identities.confidence is 'How sure the rule is: 1.0 same_record and vendor_profile, 0.95 email, 0.9 unique_number.';
comment on column people.identities.evidence is 'What the rule saw: the address, number or profile, and how many records share it. Empty where the record is alone.';
comment on column people.identities.first_seen_at is 'When the record was first seen.';
comment on column people.identities.decided_at is 'When this was last decided otherwise than before.';

create table people.keys (
    kind     text collate "C" not null,
    source   text collate "C" not null,
    id       text collate "C" not null,
    key_kind text collate "C" not null check (key_kind in ('record', 'profile', 'email', 'number')),
    key      text collate "C" not null,
    primary key (kind, source, id, key_kind, key)
);
create index keys_by_key on people.keys (key_kind, key);
comment on table people.keys is 'What each record says of who it is, as it was when its person was decided.';
comment on column people.keys.kind is 'See people.identities.';
comment on column people.keys.source is 'The source''s name in the settings.';
comment on column people.keys.id is 'The record''s id in its table.';
comment on column people.keys.key_kind is 'record, profile, email or number.';
comment on column people.keys.key is 'The value: an e-mail address in lower case, a number in E.164, or source:id of a record or profile.';

create table people.candidates (
    phone_e164    text collate "C" not null,
    person_id     text collate "C" not null,
    rule          text not null default 'shared_number' check (rule = 'shared_number'),
    confidence    numeric not null default 0.4 check (confidence between 0 and 1),
    evidence      jsonb not null,
    first_seen_at timestamptz not null,
    primary key (phone_e164, person_id)
);
create index candidates_by_person on people.candidates (person_id);
comment on table people.candidates is 'Persons that share a number and may be one: the number carries several e-mail addresses, so they are never made one. One row for each number and person.';
comment on column people.candidates.phone_e164 is 'The number that is shared.';
comment on column people.candidates.person_id is 'One of the persons (people.persons.person_id).';
comment on column people.candidates.rule is 'shared_number.';
comment on column people.candidates.confidence is 'How sure it is that two of them are one: 0.4.';
comment on column people.candidates.evidence is 'How many e-mail addresses and records the number carries.';
comment on column people.candidates.first_seen_at is 'When the person''s first record with the number was first seen.';

create table people.progress (
    table_name text collate "C" primary key,
    changed_at timestamptz not null,
    source     text collate "C" not null default '',
    id         text collate "C" not null default ''
);
comment on table people.progress is 'How far the changes of each table have been looked at.';
comment on column people.progress.table_name is 'The table of schema warehouse.';
comment on column people.progress.changed_at is 'changed_at of the last row that was looked at.';
comment on column people.progress.source is 'Its source.';
comment on column people.progress.id is 'Its id.';

create view people.agents as
select
    a.source, a.id,
    coalesce(k.email, a.source || ':' || a.id) as person_id,
    case when k.email is null then 'same_record' else 'email' end as rule,
    case when k.email is null then 1.0 else 0.95 end as confidence,
    case when k.email is null then '{}'::jsonb else jsonb_build_object('email', k.email, 'records', count(*) over (partition by coalesce(k.email, a.source || ':' || a.id))) end as evidence,
    a.name, k.email,
    coalesce(a.team, max(a.team) over w) as team,
    coalesce(a.department, max(a.department) over w) as department,
    coalesce(a.is_active, true) as is_active,
    a.first_seen_at
from warehouse.agents as a
cross join lateral (select nullif(lower(btrim(a.email)), '') as email) as k
where a.deleted_at is null and a.is_system is not true
window w as (partition by coalesce(k.email, a.source || ':' || a.id));
comment on view people.agents is 'Which person stands behind each agent, over all vendors. System users and deleted agents are left out.';
comment on column people.agents.source is 'The source''s name in the settings.';
comment on column people.agents.id is 'The agent''s id (agents.id).';
comment on column people.agents.person_id is 'The person: the e-mail address, else source:id.';
comment on column people.agents.rule is 'email, or same_record where the agent has no address.';
comment on column people.agents.confidence is '0.95 by e-mail, 1.0 for a record by itself.';
comment on column people.agents.evidence is 'The address, and how many agents have it.';
comment on column people.agents.name is 'Name of the agent.';
comment on column people.agents.email is 'E-mail address in lower case; NULL where unknown.';
comment on column people.agents.team is 'Team, of this record or of another one of the same person.';
comment on column people.agents.department is 'Department, of this record or of another one of the same person.';
comment on column people.agents.is_active is 'False where the vendor has switched the agent off.';
comment on column people.agents.first_seen_at is 'When the agent was first seen.';

-- The changes of each table are looked for by their time.
create index if not exists leads_by_change on warehouse.leads (changed_at);
create index if not exists contacts_by_change on warehouse.contacts (changed_at);
create index if not exists conversations_of_leads_by_change on warehouse.conversations (changed_at) where lead_id is not null and contact_id is not null;
create index if not exists conversations_by_lead on warehouse.conversations (source, lead_id) where lead_id is not null;
create index if not exists contact_notes_of_people_by_change on warehouse.contact_notes (changed_at) where person_id is not null;
create index if not exists contact_tags_of_people_by_change on warehouse.contact_tags (changed_at) where person_id is not null;
create index if not exists contact_attributes_of_people_by_change on warehouse.contact_attributes (changed_at) where person_id is not null;

do $$
begin
    if exists (select from pg_roles where rolname = 'convene_reader') then
        grant usage on schema people to convene_reader;
        grant select on all tables in schema people to convene_reader;
        alter default privileges in schema people grant select on tables to convene_reader;
    end if;
end
$$;
