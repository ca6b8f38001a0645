-- What belongs to a row that is gone at the vendor is gone with it. Rows that were marked before this was so left theirs behind.
do $$
declare
    each record;
begin
    for each in select * from (values
        ('conversations', 'messages', 'conversation_id', 'convertalk', 'conversocial'),
        ('conversations', 'conversation_tags', 'conversation_id', 'convertalk', 'conversocial'),
        ('conversations', 'conversation_channels', 'conversation_id', 'conversocial', 'conversocial'),
        ('conversations', 'contact_notes', 'contact_id', 'convertalk', 'convertalk'),
        ('conversations', 'contact_attributes', 'contact_id', 'convertalk', 'convertalk'),
        ('calls', 'call_metrics', 'call_id', 'converz', 'converz')
    ) as belonging (owner, owned, parent, one_vendor, other_vendor) loop
        execute format(
            'with gone as (
                 select t.source, t.id, t.fetched_at, p.deleted_at, p.slice_id
                 from sync.sources as s
                 join warehouse.%1$I as p on p.source = s.source and p.deleted_at is not null
                 join warehouse.%2$I as t on t.source = p.source and t.%3$I = p.id
                     and t.deleted_at is null and t.fetched_at <= p.deleted_at
                 where s.vendor in (%4$L, %5$L)
             ),
             followed as (
                 insert into history.changes as c (source, table_name, id, "column", old, new, seen_after, seen_by, slice_id)
                 select source, %2$L, id, ''deleted_at'', null, deleted_at::text, fetched_at, deleted_at, slice_id
                 from gone where %2$L <> ''call_metrics''
                 on conflict do nothing
             )
             update warehouse.%2$I as t set deleted_at = gone.deleted_at, changed_at = clock_timestamp(), slice_id = gone.slice_id
             from gone where t.source = gone.source and t.id = gone.id',
            each.owner, each.owned, each.parent, each.one_vendor, each.other_vendor
        );
    end loop;
end
$$;
