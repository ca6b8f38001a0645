-- What every load of calls does by the way: the statement that marks days is planned once for a session, and other vendors' copies of
-- the calls are looked for only where there is one at all.
create or replace function sync.mark_days(sources text[], days date[], are_moved boolean[]) returns void language plpgsql as $$
begin
    with marks as (
        insert into sync.changed_days (kept, source, day, through)
        select k.kept, c.source, c.day, case when bool_or(c.is_moved) then coalesce(c.day + k.reach, 'infinity') else c.day end
        from (select source, coalesce(day, '-infinity') as day, is_moved from unnest(sources, days, are_moved) as u (source, day, is_moved)) as c
        cross join (values ('calls', 0), ('agents', 0), ('dials', 8), ('attempts', null)) as k (kept, reach)
        where c.source is not null and (isfinite(c.day) or k.kept = 'calls')
        group by k.kept, k.reach, c.source, c.day
        returning kept, source, day
    )
    insert into sync.kept_days (kept, source, day)
    select m.kept, m.source, m.day from marks as m
    where not exists (select from sync.kept_days as k where k.kept = m.kept and k.source = m.source and k.day = m.day)
    order by m.kept, m.source, m.day
    on conflict do nothing;
end
$$;

create or replace function sync.mark_changed_calls() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if tg_op = 'INSERT' then
        perform sync.mark_days(array_agg(c.source), array_agg(c.local_day), array_agg(true))
        from (select distinct n.source, n.local_day from brought as n) as c;
    elsif tg_op = 'DELETE' then
        perform sync.mark_days(array_agg(c.source), array_agg(c.local_day), array_agg(true))
        from (select distinct o.source, o.local_day from held as o) as c;
    else
        perform sync.mark_days(array_agg(c.source), array_agg(c.local_day), array_agg(c.is_moved))
        from (
            select u.source, u.local_day, bool_or(d.is_moved) as is_moved
            from held as o
            join brought as n on n.source = o.source and n.id = o.id
            cross join lateral (
                select row(o.local_day, o.started_at, o.direction, o.lead_id, o.from_e164, o.to_e164, o.deleted_at is null, o.origin_system, o.origin_call_id)
                    is distinct from
                    row(n.local_day, n.started_at, n.direction, n.lead_id, n.from_e164, n.to_e164, n.deleted_at is null, n.origin_system, n.origin_call_id)
                    as is_moved
            ) as d
            cross join lateral (values (o.source, o.local_day), (n.source, n.local_day)) as u (source, local_day)
            group by u.source, u.local_day
        ) as c;
    end if;
    if not exists (select from warehouse.calls where origin_call_id is not null) then
        return null;
    end if;
    -- Another vendor's copy of a call is counted where the call itself is not there. The offset keeps the planner, which knows little of
    -- a young table, from reading all of it instead of the index.
    if tg_op = 'INSERT' then
        perform sync.mark_days(array_agg(c.source), array_agg(c.local_day), array_agg(true))
        from (
            select distinct z.source, z.local_day
            from brought as n
            cross join lateral (
                select z.source, z.local_day from warehouse.calls as z where z.origin_call_id = n.id and z.source <> n.source offset 0
            ) as z
        ) as c;
    elsif tg_op = 'DELETE' then
        perform sync.mark_days(array_agg(c.source), array_agg(c.local_day), array_agg(true))
        from (
            select distinct z.source, z.local_day
            from held as n
            cross join lateral (
                select z.source, z.local_day from warehouse.calls as z where z.origin_call_id = n.id and z.source <> n.source offset 0
            ) as z
        ) as c;
    else
        perform sync.mark_days(array_agg(c.source), array_agg(c.local_day), array_agg(true))
        from (
            select distinct z.source, z.local_day
            from held as o
            join brought as n on n.source = o.source and n.id = o.id and (n.deleted_at is null) <> (o.deleted_at is null)
            cross join lateral (
                select z.source, z.local_day from warehouse.calls as z where z.origin_call_id = n.id and z.source <> n.source offset 0
            ) as z
        ) as c;
    end if;
    return null;
end
$$;
