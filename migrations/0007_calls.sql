-- Calls of all telephone vendors in one table, so that one query can count them.
create table warehouse.calls (
    source                    text collate "C" not null,
    id                        text collate "C" not null,
    started_at                timestamptz,
    ended_at                  timestamptz,
    duration_seconds          bigint,
    direction                 text,
    call_type                 text,
    is_final                  boolean,
    agent_id                  text,
    agent_name                text,
    lead_id                   text,
    list_id                   text,
    campaign_id               text,
    campaign_name             text,
    subcampaign_name          text,
    department                text,
    queue_name                text,
    queue_seconds             bigint,
    queue_position            bigint,
    from_number               text,
    from_e164                 text,
    to_number                 text,
    to_e164                   text,
    first_name                text,
    last_name                 text,
    disposition_code          text,
    disposition_name          text,
    end_reason                text,
    comment                   text,
    summary                   text,
    language                  text,
    attempt_number            bigint,
    transferred_from_agent_id text,
    session_id                text,
    origin_system             text,
    origin_call_id            text,
    raw                       jsonb not null,
    content_hash              bytea not null,
    fetched_at                timestamptz not null,
    first_seen_at             timestamptz not null,
    changed_at                timestamptz not null default now(),
    deleted_at                timestamptz,
    walk_id                   bigint not null,
    primary key (source, id)
);

create index calls_by_start on warehouse.calls (started_at);

comment on table warehouse.calls is 'Telephone calls of all sources. Rows change for days after the call: outcome, comment, summary and recordings come late.';
comment on column warehouse.calls.source is 'The source''s name in the settings.';
comment on column warehouse.calls.id is 'The vendor''s own id.';
comment on column warehouse.calls.started_at is 'When the call started. Convoso: call_date. Converz: start_time. Both are local to the account; a time that happens twice is taken as the first.';
comment on column warehouse.calls.ended_at is 'When the call ended; where the vendor gives no end, start plus duration, an estimate. NULL while it is live. Converz: end_time.';
comment on column warehouse.calls.duration_seconds is 'Length of the call in seconds; NULL while it is live, or where it never connected. Convoso: call_length. Converz: duration, else end_time minus start_time.';
comment on column warehouse.calls.direction is 'inbound, outbound or transfer; NULL where the vendor''s word is unknown. Convoso: call_type. Converz: direction.';
comment on column warehouse.calls.call_type is 'The vendor''s own word for the kind of call. Convoso: call_type. Converz: direction.';
comment on column warehouse.calls.is_final is 'True once the call is over: it has a length, or its status does not say that it is in progress. NULL for Converz, which does not say.';
comment on column warehouse.calls.agent_id is 'Agent who took the call (agents.id); NULL where none did. Convoso: user_id. Converz: rep_id.';
comment on column warehouse.calls.agent_name is 'The agent''s name as the call carries it. Convoso: user.';
comment on column warehouse.calls.lead_id is 'Lead that was called (leads.id); NULL where none is known. Convoso: lead_id.';
comment on column warehouse.calls.list_id is 'List that the lead was on (lists.id); NULL where none is known. Convoso: list_id.';
comment on column warehouse.calls.campaign_id is 'Campaign of the call (campaigns.id); NULL where none is known. Convoso: campaign_id.';
comment on column warehouse.calls.campaign_name is 'The campaign''s name as the call carries it. Convoso: campaign. Converz: campaign.';
comment on column warehouse.calls.subcampaign_name is 'Part of the campaign. Converz: subcampaign.';
comment on column warehouse.calls.department is 'Department that the call belongs to. Converz: department.';
comment on column warehouse.calls.queue_name is 'Queue of the call, its id in old records; NULL where it was in none. Convoso: queue, else queue_id.';
comment on column warehouse.calls.queue_seconds is 'Seconds in the queue, rounded. Convoso: queue_seconds.';
comment on column warehouse.calls.queue_position is 'Place in the queue. Convoso: queue_position.';
comment on column warehouse.calls.from_number is 'Calling number as the vendor writes it. Convoso: caller_id_displayed, for inbound calls phone_number. Converz: customer_phone of inbound calls, where the tenant has it.';
comment on column warehouse.calls.from_e164 is 'Calling number in E.164; NULL where it cannot be read as a number of the source''s region.';
comment on column warehouse.calls.to_number is 'Called number as the vendor writes it. Convoso: number_dialed, else phone_number; for inbound calls inbound_number. Converz: customer_phone of other calls, where the tenant has it.';
comment on column warehouse.calls.to_e164 is 'Called number in E.164; NULL where it cannot be read as a number of the source''s region.';
comment on column warehouse.calls.first_name is 'The customer''s first name. Convoso: first_name.';
comment on column warehouse.calls.last_name is 'The customer''s last name. Convoso: last_name.';
comment on column warehouse.calls.disposition_code is 'Code of the outcome, in the vendor''s own words (dispositions.id). Convoso: status.';
comment on column warehouse.calls.disposition_name is 'Label of the outcome. Convoso: status_name.';
comment on column warehouse.calls.end_reason is 'Who or what ended the call. Convoso: term_reason.';
comment on column warehouse.calls.comment is 'The agent''s comment; NULL where there is none. Convoso: agent_comment.';
comment on column warehouse.calls.summary is 'What the call was about, as the vendor''s machine puts it; arrives some time after the call. Converz: summary.';
comment on column warehouse.calls.language is 'Language that was spoken, in the vendor''s word. Converz: language.';
comment on column warehouse.calls.attempt_number is 'Which attempt on this lead the call was. Convoso: called_count.';
comment on column warehouse.calls.transferred_from_agent_id is 'Agent who transferred the call (agents.id); NULL where it was not transferred. Convoso: originating_agent_id.';
comment on column warehouse.calls.session_id is 'Telephone session, which legs of one conversation may share. Convoso: session_id.';
comment on column warehouse.calls.origin_system is 'Telephone system that the call came from. Converz: vendor.';
comment on column warehouse.calls.origin_call_id is 'Id of the call in origin_system; unique only together with it. Converz: vendor_call_id.';
comment on column warehouse.calls.raw is 'The vendor''s record, whole; characters that jsonb refuses are replaced.';
comment on column warehouse.calls.content_hash is 'Hash of the record as received, or of its lasting part, and of the typed columns.';
comment on column warehouse.calls.fetched_at is 'Start of the request that brought this version.';
comment on column warehouse.calls.first_seen_at is 'Start of the request that brought the first version.';
comment on column warehouse.calls.changed_at is 'When a difference was last written.';
comment on column warehouse.calls.deleted_at is 'When the row was found to be gone at the vendor; NULL while it exists.';
comment on column warehouse.calls.walk_id is 'The walk that wrote this version; see sync.walks.';
