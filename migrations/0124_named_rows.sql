-- Every row of a short list that others name by its id exists. From now on the loader adds them; these are those of rows that are here.
do $$
declare
    each record;
    added bigint;
begin
    for each in select * from (values
        ('agents', 'account_id', null, 'accounts'),
        ('agent_events', 'agent_id', 'agent_name', 'agents'),
        ('agent_events', 'campaign_id', 'campaign_name', 'campaigns'),
        ('agent_performance', 'agent_id', 'agent_name', 'agents'),
        ('agent_performance', 'campaign_id', null, 'campaigns'),
        ('calls', 'agent_id', 'agent_name', 'agents'),
        ('calls', 'transferred_from_agent_id', null, 'agents'),
        ('calls', 'campaign_id', 'campaign_name', 'campaigns'),
        ('calls', 'disposition_code', 'disposition_name', 'dispositions'),
        ('calls', 'list_id', null, 'lists'),
        ('calls', 'queue_id', 'queue_name', 'queues'),
        ('callbacks', 'agent_id', 'agent_name', 'agents'),
        ('callbacks', 'campaign_id', 'campaign_name', 'campaigns'),
        ('callbacks', 'disposition_code', null, 'dispositions'),
        ('callbacks', 'list_id', null, 'lists'),
        ('channels', 'account_id', null, 'accounts'),
        ('contact_attributes', 'agent_id', null, 'agents'),
        ('contact_attributes', 'attribute_type_id', null, 'attribute_types'),
        ('contact_notes', 'agent_id', null, 'agents'),
        ('contact_segments', 'segment_id', null, 'segments'),
        ('contact_tags', 'agent_id', null, 'agents'),
        ('conversations', 'agent_id', null, 'agents'),
        ('conversations', 'channel_id', null, 'channels'),
        ('conversation_channels', 'channel_id', null, 'channels'),
        ('conversation_tags', 'tag_id', 'tag_name', 'tags'),
        ('do_not_contact', 'campaign_id', 'campaign_name', 'campaigns'),
        ('leads', 'agent_id', 'agent_name', 'agents'),
        ('leads', 'owner_id', null, 'agents'),
        ('leads', 'created_by_id', null, 'agents'),
        ('leads', 'updated_by_id', null, 'agents'),
        ('leads', 'campaign_id', 'campaign_name', 'campaigns'),
        ('leads', 'channel_id', null, 'channels'),
        ('leads', 'status', 'status_name', 'dispositions'),
        ('leads', 'list_id', 'list_name', 'lists'),
        ('lists', 'campaign_id', null, 'campaigns'),
        ('messages', 'agent_id', null, 'agents'),
        ('report_exports', 'account_id', null, 'accounts'),
        ('report_exports', 'agent_id', null, 'agents'),
        ('report_metrics', 'agent_id', null, 'agents')
    ) as naming (table_name, id_column, name_column, parent) loop
        execute format(
            'with brought as (
                 select source, %2$I as id, min(%3$s) as name, max(slice_id) as slice_id, max(generation) as generation,
                     min(fetched_at) as fetched_at
                 from warehouse.%1$I as t
                 where %2$I is not null
                     and not exists (select from warehouse.%4$I as p where p.source = t.source and p.id = t.%2$I)
                 group by 1, 2
             ),
             written as (
                 insert into warehouse.%4$I
                     (source, id, raw, content_hash, fetched_at, first_seen_at, changed_at, slice_id, generation, name)
                 select source, id, jsonb_build_object(''id'', id, ''name'', name), '''', fetched_at, fetched_at, clock_timestamp(), slice_id,
                     generation, name
                 from brought
                 returning source
             ),
             counted as (
                 insert into sync.tallies as y (source, table_name, row_count, counted_at)
                 select source, %4$L, count(*), clock_timestamp() from written group by source
                 on conflict (source, table_name) do update set row_count = y.row_count + excluded.row_count
                 returning source
             )
             select count(*) from written',
            each.table_name, each.id_column, coalesce(quote_ident(each.name_column), 'null::text'), each.parent
        ) into added;
        raise debug '% rows of % are named by %.%', added, each.parent, each.table_name, each.id_column;
    end loop;
    -- The vendor's own users, who are no people.
    update warehouse.agents as a set is_system = a.id in ('666666', '666667', '666671')
    from sync.sources as s
    where s.source = a.source and s.vendor = 'convoso' and a.is_system is null;
    for each in select unnest(array['accounts', 'agents', 'attribute_types', 'campaigns', 'channels', 'dispositions', 'lists', 'queues',
        'segments', 'tags']) as table_name loop
        execute format('comment on column warehouse.%I.content_hash is %L', each.table_name,
            'Hash of the record as received, or of its lasting part, and of the typed columns; empty where no list of its own has shown the row, but another list or rows that name it.');
    end loop;
end
$$;

-- What only calls have told of has the name that the first of them told.
create or replace view marts.campaign_days as
select d.source, x.campaign_id, x.campaign_name, d.day as local_day, x.dials, x.live, x.drops, x.contacts, x.sales, x.drop_rate
from marts.days as d
-- Day by day, so that who asks for some days reads those alone.
cross join lateral (
    select
        c.campaign_id,
        coalesce(
            (select g.name from warehouse.campaigns as g where g.source = d.source and g.id = c.campaign_id and g.content_hash <> ''),
            max(c.campaign_name)
        ) as campaign_name,
        count(*) as dials,
        count(*) filter (where is_live_answer) as live,
        count(*) filter (where is_drop) as drops,
        count(*) filter (where is_contact) as contacts,
        count(*) filter (where is_success) as sales,
        round(100.0 * count(*) filter (where is_drop) / nullif(count(*) filter (where is_drop or is_live_answer), 0), 2) as drop_rate
    from marts.calls as c
    where c.source = d.source and c.local_day = d.day and c.direction = 'outbound' and c.is_final
    -- Some records lack the name of their campaign, and campaigns are renamed.
    group by c.campaign_id, case when c.campaign_id is null then c.campaign_name end
) as x;
