-- What the vendors tell besides: how an answer came about, who an agent is, where a lead is kept.
alter table warehouse.agents add column is_listed boolean;
comment on column warehouse.agents.is_listed is 'True for users on the vendor''s list of users; NULL for those that only calls name, such as users of the system.';

alter table warehouse.agent_performance add column scope text, add column campaign_id text;
comment on column warehouse.agent_performance.scope is 'What the figures are of: "account", or the campaign that they are limited to. Sum over one scope only.';
comment on column warehouse.agent_performance.campaign_id is 'The campaign that the figures are limited to; NULL for those of the whole account.';

alter table warehouse.calls add column queue_id text;
comment on column warehouse.calls.queue_id is 'The queue of the call; NULL where it was in none or only the name is told. Convoso: queue_id.';
comment on column warehouse.calls.queue_name is 'The name of the queue; NULL where the call was in none or only the id is told. Convoso: queue.';

alter table warehouse.contacts add column person_id text, add column visitor_id text;
comment on column warehouse.contacts.person_id is 'The person behind several identities. Conversocial: author.customer_profiles_id.';
comment on column warehouse.contacts.visitor_id is 'The browser session by which a chat knows them. Convertalk: uuid.';

alter table warehouse.conversations
    add column first_response_at timestamptz,
    add column first_response_seconds bigint,
    add column message_count bigint,
    add column resolved_at timestamptz,
    add column handling_times text;
comment on column warehouse.conversations.first_response_at is 'When the customer first got an answer: the first message to them that is not older than their own first.';
comment on column warehouse.conversations.first_response_seconds is 'How long after the customer''s first message that was.';
comment on column warehouse.conversations.message_count is 'How many messages it has. Conversocial: distinct content_ids.';
comment on column warehouse.conversations.resolved_at is 'When it was settled at the earliest: the last message of one that is done. Vendors do not say when it was closed.';
comment on column warehouse.conversations.handling_times is 'The vendor''s own handling times, as JSON.';

alter table warehouse.leads
    add column date_of_birth date,
    add column notes text,
    add column agent_name text,
    add column custom_source text,
    add column archived_at timestamptz,
    add column removed_at timestamptz;
comment on column warehouse.leads.date_of_birth is 'The day of birth. Convoso: date_of_birth.';
comment on column warehouse.leads.notes is 'What agents have noted about them. Convoso: notes.';
comment on column warehouse.leads.agent_name is 'The agent''s name as the lead carries it. Convoso: user_name.';
comment on column warehouse.leads.custom_source is 'What the account''s own field "source" holds, where it has one. Convoso: source.';
comment on column warehouse.leads.archived_at is 'When the lead was put into the archive, from where it may come back; to the day where the vendor does not say when.';
comment on column warehouse.leads.removed_at is 'When the lead was deleted at the vendor; to the day where the vendor does not say when.';
