-- How people filter: by day, by agent and time, by lead, by number, by outcome, by the call behind a copy, by what changed.
-- A reference has the collation of the keys that it names, or no index would serve a join. The views come back in a later migration.
drop view warehouse.interactions;
drop view warehouse.agent_daily;
do $$
declare
    each record;
begin
    for each in
        select c.table_name, string_agg(format('alter column %I type text collate "C"', c.column_name), ', ') as changes
        from information_schema.columns as c
        join information_schema.tables as t using (table_schema, table_name)
        where table_schema = 'warehouse' and t.table_type = 'BASE TABLE' and c.data_type = 'text' and c.column_name like '%\_id'
            and c.collation_name is null
        group by c.table_name
    loop
        begin
            execute format('alter table warehouse.%I %s', each.table_name, each.changes);
        exception
            -- Somebody's view stands on the table; joins by its references are slower, and nothing else.
            when feature_not_supported then raise notice 'references of % keep their collation', each.table_name;
        end;
    end loop;
end
$$;

create index calls_by_day on warehouse.calls (local_day, source);
create index calls_by_agent on warehouse.calls (source, agent_id, started_at);
create index calls_by_lead on warehouse.calls (source, lead_id, started_at);
create index calls_by_caller on warehouse.calls (from_e164, started_at);
create index calls_by_callee on warehouse.calls (to_e164, started_at);
create index calls_by_disposition on warehouse.calls (source, disposition_code);
create index calls_by_origin on warehouse.calls (origin_call_id) where origin_call_id is not null;
-- Rows are written in the order of their changes, so that a summary of each stretch of the table does.
create index calls_by_change on warehouse.calls using brin (changed_at);
create index messages_by_change on warehouse.messages using brin (changed_at);
create index agent_events_by_agent on warehouse.agent_events (source, agent_id, started_at);
create index recordings_by_lead on warehouse.recordings (source, lead_id, started_at) where call_id is null;
-- By hash: no tree holds an address of any length, and nobody sorts by it.
create index agents_by_email on warehouse.agents using hash (email);
create index leads_by_phone on warehouse.leads (phone_e164);
create index leads_by_email on warehouse.leads using hash (email);
create index leads_by_change on warehouse.leads (changed_at);
create index contacts_by_phone on warehouse.contacts (phone_e164);
create index contacts_by_email on warehouse.contacts using hash (email);
-- The first and the last message of a conversation are found without a sort.
drop index warehouse.messages_by_conversation;
create index messages_by_conversation on warehouse.messages (source, conversation_id, sent_at);
create index callbacks_by_lead on warehouse.callbacks (source, lead_id);
create index contact_segments_by_segment on warehouse.contact_segments (source, segment_id);
