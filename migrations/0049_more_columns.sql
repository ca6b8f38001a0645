-- Facts that the vendors tell and that had no column of their own.
alter table warehouse.agents add column is_listed boolean;
comment on column warehouse.agents.is_listed is 'True for users on the vendor''s list of users; NULL for those that only calls name.';

alter table warehouse.agent_performance add column scope text, add column campaign_id text;
comment on column warehouse.agent_performance.scope is 'What the figures are of: account, or the campaign that they are limited to.';
comment on column warehouse.agent_performance.campaign_id is 'The campaign that the figures are limited to (campaigns.id); NULL for those of the whole account.';

alter table warehouse.calls add column queue_id text;
comment on column warehouse.calls.queue_id is 'Queue of the call; NULL where it was in none.';
comment on column warehouse.calls.queue_name is 'Name of the queue; NULL where the call was in none, or where the vendor gives no name.';

alter table warehouse.contacts add column person_id text, add column visitor_id text;
comment on column warehouse.contacts.person_id is 'The person behind several identities; NULL where none is known.';
comment on column warehouse.contacts.visitor_id is 'The browser session by which a chat knows them; NULL where there is none.';

alter table warehouse.conversations
    add column first_response_at timestamptz,
    add column first_response_seconds bigint,
    add column message_count bigint,
    add column resolved_at timestamptz,
    add column handling_times text;
comment on column warehouse.conversations.first_response_at is 'When the customer first got an answer: the first message to them that is not older than their own first; NULL before.';
comment on column warehouse.conversations.first_response_seconds is 'How long after the customer''s first message that was, in seconds; NULL before.';
comment on column warehouse.conversations.message_count is 'How many messages it has; NULL where the vendor does not say.';
comment on column warehouse.conversations.resolved_at is 'When it was settled at the earliest: the last message of one that is done; vendors do not say when it was closed. NULL while it is open.';
comment on column warehouse.conversations.handling_times is 'The vendor''s own handling times, as JSON; NULL where it gives none.';

alter table warehouse.leads
    add column date_of_birth date,
    add column notes text,
    add column agent_name text,
    add column custom_source text,
    add column archived_at timestamptz,
    add column removed_at timestamptz;
comment on column warehouse.leads.date_of_birth is 'Day of birth; NULL where unknown.';
comment on column warehouse.leads.notes is 'What agents have noted about the lead.';
comment on column warehouse.leads.agent_name is 'The agent''s name as the lead carries it.';
comment on column warehouse.leads.custom_source is 'What the account''s own field source holds, where it has one.';
comment on column warehouse.leads.archived_at is 'When the lead was put into the archive, from where it may come back; to the day where the vendor does not say when. NULL while it is not there.';
comment on column warehouse.leads.removed_at is 'When the lead was deleted at the vendor; to the day where the vendor does not say when. NULL while it is there.';

comment on column warehouse.report_metrics.day is 'First local day of the period that was asked for.';
