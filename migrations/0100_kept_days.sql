-- Questions over a year read millions of calls, so what is made of them is kept by source and day. A change of calls marks its days
-- in its own transaction; marked days are read from the calls themselves until the daemon has made them anew, so answers never lag.
create table sync.changed_days (
    mark     bigint generated always as identity primary key,
    kept     text collate "C" not null,
    source   text collate "C" not null,
    day      date not null,
    through  date not null,
    noted_at timestamptz not null default now()
);
create index changed_days_by_day on sync.changed_days (kept, source, day);
comment on table sync.changed_days is 'Days that a kept table (sync.kept_calls and the like) does not serve at this moment, because calls have changed: they are read from the calls. Rows are only added and taken away, so that loaders never wait for each other here.';
comment on column sync.changed_days.mark is 'Number of the mark.';
comment on column sync.changed_days.kept is 'The kept table without its prefix: calls, attempts, dials or agents.';
comment on column sync.changed_days.source is 'The source''s name in the settings.';
comment on column sync.changed_days.day is 'The local day (calls.local_day) that changed.';
comment on column sync.changed_days.through is 'The last day on which rows may differ for it; infinity where every later day may.';
comment on column sync.changed_days.noted_at is 'Start of the transaction that changed them.';

create table sync.kept_days (
    kept    text collate "C" not null,
    source  text collate "C" not null,
    day     date not null,
    made_at timestamptz,
    primary key (kept, source, day)
);
comment on table sync.kept_days is 'The days of each kept table. One without marks in sync.changed_days is served from it, the others are read from the calls.';
comment on column sync.kept_days.kept is 'The kept table without its prefix: calls, attempts, dials or agents.';
comment on column sync.kept_days.source is 'The source''s name in the settings.';
comment on column sync.kept_days.day is 'The local day; -infinity for calls without one, which are always read from the calls.';
comment on column sync.kept_days.made_at is 'When it was made last; NULL where it was not yet.';

-- What is counted along the calls of a lead or of a number depends on earlier days: where calls came, went or moved, a mark reaches
-- later days too.
create function sync.mark_days(sources text[], days date[], are_moved boolean[]) returns void language sql as $$
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
    on conflict do nothing
$$;
comment on function sync.mark_days(text[], date[], boolean[]) is 'Marks days in every kept table that depends on them.';

create table sync.kept_calls (
    source                    text collate "C" not null,
    local_day                 date not null,
    id                        text collate "C" not null,
    started_at                timestamptz,
    ended_at                  timestamptz,
    direction                 text,
    queue_id                  text collate "C",
    queue_name                text,
    queue_seconds             numeric,
    duration_seconds          bigint,
    agent_id                  text collate "C",
    agent_name                text,
    department                text,
    disposition_code          text,
    disposition_name          text,
    customer_e164             text,
    lead_id                   text collate "C",
    list_id                   text collate "C",
    campaign_id               text collate "C",
    campaign_name             text,
    attempt_number            bigint,
    is_final                  boolean,
    session_id                text collate "C",
    transferred_from_agent_id text collate "C"
);
-- A call that moves to another day is with both until the first one is made anew too.
create index kept_calls_by_id on sync.kept_calls (source, id);
create index kept_calls_by_day on sync.kept_calls (source, local_day);
create index kept_calls_by_customer on sync.kept_calls (customer_e164, started_at);
comment on table sync.kept_calls is 'Calls that are counted, by day: without chats, and without other vendors'' copies of calls. Read marts.calls instead.';

create table sync.kept_attempts (
    source           text collate "C" not null,
    local_day        date not null,
    list_id          text collate "C",
    attempt_seq      bigint not null,
    disposition_code text
);
create index kept_attempts_by_day on sync.kept_attempts (source, local_day);
comment on table sync.kept_attempts is 'Outbound calls to leads that are over, with which attempt on the lead each was. Read marts.list_attempts instead.';

create table sync.kept_dials (
    source        text collate "C" not null,
    local_day     date not null,
    id            text collate "C" not null,
    customer_e164 text not null,
    lead_id       text collate "C",
    started_at    timestamptz not null,
    dials_24h     bigint not null,
    dials_7d      bigint not null
);
create index kept_dials_by_day on sync.kept_dials (source, local_day);
comment on table sync.kept_dials is 'Outbound calls with how often the same number was called before. Read marts.dial_windows instead.';

create table sync.kept_agents (
    source       text collate "C" not null,
    local_day    date not null,
    agent_id     text collate "C" not null,
    call_count   bigint not null,
    talk_seconds bigint not null,
    primary key (source, local_day, agent_id)
);
comment on table sync.kept_agents is 'Calls and talk of each agent and day. Read marts.agent_days instead.';

-- What the kept tables hold, as it follows from the calls: asked day by day. Calls without a day are in none of them.
create view sync.made_calls as
select
    c.source, c.local_day, c.id, c.started_at, c.ended_at, c.direction, c.queue_id, c.queue_name, c.queue_seconds, c.duration_seconds,
    c.agent_id, c.agent_name, c.department, c.disposition_code, c.disposition_name,
    case when c.direction = 'inbound' then c.from_e164 else c.to_e164 end as customer_e164,
    c.lead_id, c.list_id, c.campaign_id, c.campaign_name, c.attempt_number, c.is_final, c.session_id, c.transferred_from_agent_id
from warehouse.calls as c
where c.deleted_at is null
    and (c.origin_system is null or lower(c.origin_system) not like 'chat%')
    -- Another vendor's copy of a call that is here itself.
    and (c.origin_call_id is null or not exists (
        select from sync.sources as t
        join warehouse.calls as n on n.source = t.source and n.id = c.origin_call_id
        where t.vendor = lower(c.origin_system) and t.source <> c.source and n.deleted_at is null
    ));
comment on view sync.made_calls is 'What sync.kept_calls is made of.';

-- Counted along the calls of a lead or of a number, in one pass over them: a number that was called a hundred thousand times costs no
-- more than as many numbers. Day by day, so that whoever asks for one reads the calls of its leads and numbers alone.
-- Counted along the calls of a lead or of a number, in one pass over them: a number that was called a hundred thousand times costs no
-- more than as many numbers. Day by day, so that whoever asks for one reads the calls of its leads and numbers alone. The offset keeps
-- the planner, which knows little of a young table, from reading all of it instead of the index.
create view sync.made_attempts as
select d.source, d.local_day, w.list_id, w.attempt_seq, w.disposition_code
from (select distinct source, local_day from warehouse.calls) as d
cross join lateral (
    select p.id, p.local_day, p.list_id, p.disposition_code, p.is_final, row_number() over (partition by n.lead_id order by p.started_at, p.id) as attempt_seq
    from (
        select distinct c.lead_id from sync.made_calls as c
        where c.source = d.source and c.local_day = d.local_day and c.direction = 'outbound' and c.is_final and c.lead_id is not null
    ) as n
    cross join lateral (
        select * from warehouse.calls as p
        where p.source = d.source and p.lead_id = n.lead_id and p.direction = 'outbound' and p.deleted_at is null and p.started_at is not null
        offset 0
    ) as p
) as w
where w.local_day = d.local_day and w.is_final
    and exists (select from sync.made_calls as c where c.source = d.source and c.id = w.id);
comment on view sync.made_attempts is 'What sync.kept_attempts is made of.';

create view sync.made_dials as
select d.source, d.local_day, w.id, w.customer_e164, w.lead_id, w.started_at, w.dials_24h, w.dials_7d
from (
    select source, local_day, min(started_at) as first, max(started_at) as last from warehouse.calls group by source, local_day
) as d
cross join lateral (
    select
        p.id, p.local_day, n.customer_e164, p.lead_id, p.started_at,
        count(*) over (partition by n.customer_e164 order by p.started_at range between interval '24 hours' preceding and current row) as dials_24h,
        count(*) over (partition by n.customer_e164 order by p.started_at range between interval '7 days' preceding and current row) as dials_7d
    from (
        select distinct c.customer_e164 from sync.made_calls as c
        where c.source = d.source and c.local_day = d.local_day and c.direction = 'outbound' and c.customer_e164 is not null
    ) as n
    cross join lateral (
        select * from warehouse.calls as p
        where p.to_e164 = n.customer_e164 and p.started_at between d.first - interval '7 days' and d.last
            and p.source = d.source and p.direction = 'outbound'
        offset 0
    ) as p
    where exists (select from sync.made_calls as c where c.source = d.source and c.id = p.id)
) as w
where w.local_day = d.local_day;
comment on view sync.made_dials is 'What sync.kept_dials is made of.';

create view sync.made_agents as
select c.source, c.local_day, c.agent_id, count(*) as call_count, coalesce(sum(c.duration_seconds), 0)::bigint as talk_seconds
from sync.made_calls as c
where c.agent_id is not null and c.local_day is not null
group by c.source, c.local_day, c.agent_id;
comment on view sync.made_agents is 'What sync.kept_agents is made of.';

do $$
declare
    kept text;
    names text;
begin
    foreach kept in array '{calls,attempts,dials,agents}'::text[] loop
        select string_agg(quote_ident(attname), ', ' order by attnum) into names from pg_attribute
        where attrelid = ('sync.kept_' || kept)::regclass and attnum > 2 and not attisdropped;
        -- Day by day, so that who asks for some days reads those alone.
        execute format(
            $view$create view sync.now_%1$s as
            select g.source, g.day as local_day, %2$s
            from sync.kept_days as g
            cross join lateral (
                select %2$s from sync.kept_%1$s as k
                where k.source = g.source and k.local_day = g.day
                    and not exists (select from sync.changed_days as m where m.kept = %1$L and m.source = g.source and m.day <= g.day and m.through >= g.day)
                union all
                select %2$s from sync.made_%1$s as d
                where d.source = g.source and d.local_day = g.day
                    and exists (select from sync.changed_days as m where m.kept = %1$L and m.source = g.source and m.day <= g.day and m.through >= g.day)
                %3$s
            ) as x
            where g.kept = %1$L$view$,
            kept, names,
            case kept when 'calls' then format(
                'union all select %s from sync.made_calls as d where g.day = %L and d.source = g.source and d.local_day is null', names, '-infinity'
            ) else '' end);
        execute format('comment on view sync.now_%s is %L', kept, 'sync.kept_' || kept || ' as it is at this moment: what is kept, and days that have changed as they are made.');
    end loop;
end
$$;

-- The tables and views of one kind have the same columns.
do $$
declare
    each record;
begin
    for each in
        select c.oid::regclass as relation, a.attname, coalesce(
            case a.attname when 'local_day' then 'The local day.'
                when 'customer_e164' then 'Number of the customer: the caller of an inbound call, else the one who was called.'
                when 'attempt_seq' then 'Which outbound call to the lead it was, from 1.'
                when 'dials_24h' then 'See marts.dial_windows.'
                when 'dials_7d' then 'See marts.dial_windows.'
                when 'call_count' then 'Calls that are counted on the day.'
                when 'talk_seconds' then 'Their seconds together.' end,
            col_description('warehouse.calls'::regclass, (
                select b.attnum from pg_attribute as b where b.attrelid = 'warehouse.calls'::regclass and b.attname = a.attname
            ))) as meaning
        from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'sync'::regnamespace and c.relkind in ('r', 'v') and c.relname ~ '^(kept|made|now)_(calls|attempts|dials|agents)$'
    loop
        execute format('comment on column %s.%I is %L', each.relation, each.attname, each.meaning);
    end loop;
end
$$;

create function sync.mark_changed_calls() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
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
comment on function sync.mark_changed_calls() is 'Marks the days of the calls that a statement has changed, whoever made it, within its transaction.';

create trigger mark_days_of_new after insert on warehouse.calls
    referencing new table as brought for each statement execute function sync.mark_changed_calls();
create trigger mark_days_of_changed after update on warehouse.calls
    referencing old table as held new table as brought for each statement execute function sync.mark_changed_calls();
create trigger mark_days_of_gone after delete on warehouse.calls
    referencing old table as held for each statement execute function sync.mark_changed_calls();

create function sync.empty_kept_days() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    delete from sync.kept_calls;
    delete from sync.kept_attempts;
    delete from sync.kept_dials;
    delete from sync.kept_agents;
    delete from sync.kept_days;
    delete from sync.changed_days;
    return null;
end
$$;
comment on function sync.empty_kept_days() is 'Empties the kept tables with the calls.';
create trigger empty_kept_days after truncate on warehouse.calls for each statement execute function sync.empty_kept_days();

-- Calls that are here already.
select sync.mark_days(array_agg(source), array_agg(local_day), array_agg(false))
from (select source, local_day from warehouse.calls group by source, local_day) as c;

-- Compiling a plan costs seconds that these questions do not last.
do $$
begin
    execute format('alter database %I set jit = off', current_database());
exception
    when insufficient_privilege then raise notice 'jit stays on: the database belongs to another role';
end
$$;
