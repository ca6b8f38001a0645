-- What each agent did on each day, counted from the rows themselves and not from the vendors' own figures.
create view warehouse.agent_daily as
with done as (
    select source, agent_id, started_at as at, 1 as call_count, coalesce(duration_seconds, 0) as talk_seconds,
           0 as conversation_count, 0 as message_count
    from warehouse.calls
    where deleted_at is null and agent_id is not null and started_at is not null
    union all
    select source, agent_id, started_at, 0, 0, 1, 0
    from warehouse.conversations
    where deleted_at is null and agent_id is not null and started_at is not null
    union all
    -- Samples are not all messages, so that counting them would say nothing.
    select source, agent_id, sent_at, 0, 0, 0, 1
    from warehouse.messages
    where deleted_at is null and agent_id is not null and sent_at is not null and is_sample is not true
)
select
    done.source,
    done.agent_id,
    agents.name as agent_name,
    (done.at at time zone coalesce(sources.time_zone, 'UTC'))::date as day,
    sum(done.call_count)::bigint as call_count,
    sum(done.talk_seconds)::bigint as talk_seconds,
    sum(done.conversation_count)::bigint as conversation_count,
    sum(done.message_count)::bigint as message_count
from done
left join sync.sources using (source)
left join warehouse.agents on agents.source = done.source and agents.id = done.agent_id
group by done.source, done.agent_id, agents.name, 4;

comment on view warehouse.agent_daily is 'What each agent did on each local day of the account; days without anything have no row.';
comment on column warehouse.agent_daily.source is 'The source''s name in the settings.';
comment on column warehouse.agent_daily.agent_id is 'Agent (agents.id).';
comment on column warehouse.agent_daily.agent_name is 'Name of the agent; NULL where no list names them.';
comment on column warehouse.agent_daily.day is 'Local day of the account, in the zone of sync.sources.';
comment on column warehouse.agent_daily.call_count is 'Calls that began on the day.';
comment on column warehouse.agent_daily.talk_seconds is 'Seconds of those calls; live ones count nothing yet.';
comment on column warehouse.agent_daily.conversation_count is 'Conversations assigned to the agent that began on the day.';
comment on column warehouse.agent_daily.message_count is 'Messages that the agent sent on the day; samples of the last message only are not counted.';
