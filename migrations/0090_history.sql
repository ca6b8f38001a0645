-- What was true when: rows are overwritten, so the changes of chosen columns are kept beside them.
create schema if not exists history;
comment on schema history is 'What was true when: changes of chosen columns, and the states that follow from them.';

create table history.changes (
    source     text collate "C" not null,
    table_name text collate "C" not null,
    id         text collate "C" not null,
    "column"   text collate "C" not null,
    old        text,
    new        text,
    seen_after timestamptz not null,
    seen_by    timestamptz not null,
    slice_id   bigint not null,
    primary key (source, table_name, id, "column", seen_by),
    constraint changes_lie_between_readings check (seen_after <= seen_by)
) partition by range (seen_by);

comment on table history.changes is 'One row for each change of a chosen column. Vendors do not say when something changed: it was after one reading and by another one.';
comment on column history.changes.source is 'The source''s name in the settings.';
comment on column history.changes.table_name is 'The table of schema warehouse.';
comment on column history.changes.id is 'The row''s id in its table.';
comment on column history.changes."column" is 'The column that changed; deleted_at for a row that went or came back.';
comment on column history.changes.old is 'The value before, as text; NULL where there was none.';
comment on column history.changes.new is 'The value since, as text; NULL where there is none.';
comment on column history.changes.seen_after is 'The last reading that is known to have shown the old value: the change came after it.';
comment on column history.changes.seen_by is 'The first reading that showed the new value: the change came before it.';
comment on column history.changes.slice_id is 'The slice that brought the new value; see sync.slices.';

-- Months have a partition each, made ahead by the daemon; what comes for another month lands here.
create table history.changes_default partition of history.changes default;
comment on table history.changes_default is 'Changes of months without a partition of their own; see history.changes.';

do $$
declare
    each record;
begin
    for each in select a.attname, col_description(a.attrelid, a.attnum) as meaning from pg_attribute as a
        where a.attrelid = 'history.changes'::regclass and a.attnum > 0 and not a.attisdropped loop
        execute format('comment on column history.changes_default.%I is %L', each.attname, each.meaning);
    end loop;
end
$$;

create table history.horizon (
    only_one boolean primary key default true check (only_one),
    since    timestamptz not null
);
insert into history.horizon (since) values ('-infinity');
comment on table history.horizon is 'Since when changes are kept: one row.';
comment on column history.horizon.only_one is 'True; there is one row.';
comment on column history.horizon.since is 'Older changes were dropped, so nothing is said of states before this.';

-- States are made from the rows as they are, and from what their columns were before each change. A row costs nothing here
-- until it changes.
do $$
declare
    columns constant text[] := '{status,stage,is_closed,disposition_code,agent_id,owner_id,list_id,campaign_id,team,is_active,due_at,archived_at,removed_at}';
    kinds constant text[] := '{text,text,boolean,text,text,text,text,text,text,boolean,timestamptz,timestamptz,timestamptz}';
    tables constant text[] := '{leads,conversations,callbacks,calls,agents,campaigns,lists}';
    each text;
    place integer;
    there text[];
    past text;
    present text;
    parts text[] := '{}';
begin
    foreach each in array tables loop
        select array_agg(c.column_name::text) into there from information_schema.columns as c
        where c.table_schema = 'warehouse' and c.table_name = each and c.column_name = any (columns);
        past := '';
        present := '';
        for place in 1 .. cardinality(columns) loop
            if columns[place] = any (there) then
                past := past || format(', case when p.held ? %1$L then (p.held ->> %1$L)::%2$s else t.%1$I end as %1$I', columns[place], kinds[place]);
                present := present || format(', t.%I', columns[place]);
            else
                past := past || format(', null::%s as %I', kinds[place], columns[place]);
                present := present || format(', null::%s as %I', kinds[place], columns[place]);
            end if;
        end loop;
        parts := parts || format($view$
            select t.source, %1$L::text as table_name, t.id, greatest(coalesce(p.began, t.first_seen_at), z.since) as valid_from,
                p.ended as valid_to, p.changed_after%2$s
            from (
                select b.source, b.id, lag(b.seen_by) over w as began, b.seen_by as ended, lag(b.seen_after) over w as changed_after, b.held
                from (
                    select distinct on (c.source, c.id, c.seen_by) c.source, c.id, c.seen_by,
                        max(c.seen_after) over (partition by c.source, c.id, c.seen_by) as seen_after,
                        -- Of several changes of a column the first one that is still to come says what it was.
                        jsonb_object_agg(c."column", c.old) over (partition by c.source, c.id order by c.seen_by desc) as held
                    from history.changes as c
                    where c.table_name = %1$L and c."column" = any (%3$L::text[])
                    order by c.source, c.id, c.seen_by
                ) as b
                window w as (partition by b.source, b.id order by b.seen_by)
            ) as p
            join warehouse.%1$I as t on t.source = p.source and t.id = p.id
            cross join history.horizon as z
            where case when p.held ? 'deleted_at' then p.held ->> 'deleted_at' else t.deleted_at::text end is null
                and p.ended > greatest(coalesce(p.began, t.first_seen_at), z.since)
            union all
            select t.source, %1$L::text, t.id, greatest(coalesce(c.began, t.first_seen_at), z.since), null::timestamptz, c.changed_after%4$s
            from warehouse.%1$I as t
            cross join history.horizon as z
            left join (
                select distinct on (c.source, c.id) c.source, c.id, c.seen_by as began,
                    max(c.seen_after) over (partition by c.source, c.id, c.seen_by) as changed_after
                from history.changes as c
                where c.table_name = %1$L and c."column" = any (%3$L::text[])
                order by c.source, c.id, c.seen_by desc
            ) as c on c.source = t.source and c.id = t.id
            where t.deleted_at is null$view$,
            each, past, there || 'deleted_at'::text, present);
    end loop;
    execute 'create view history.states as ' || array_to_string(parts, ' union all ');
end
$$;

comment on view history.states is 'What each row was, from when to when: one row for each state of leads, conversations, callbacks, calls, agents, campaigns and lists, the present one included. States of a day d: valid_from < d + 1 and (valid_to >= d + 1 or valid_to is null). A row that is gone has no state.';
comment on column history.states.source is 'The source''s name in the settings.';
comment on column history.states.table_name is 'The table of schema warehouse. Say which one: the others are then not looked at.';
comment on column history.states.id is 'The row''s id in its table.';
comment on column history.states.valid_from is 'The first reading that showed this state. Nothing is known of the time before a row was first seen.';
comment on column history.states.valid_to is 'The first reading that showed another state, or that the row is gone; NULL where this is the present state.';
comment on column history.states.changed_after is 'The last reading that is known to have shown the state before: this one began between it and valid_from. NULL for the first state.';
comment on column history.states.status is 'Status of leads and conversations; NULL elsewhere.';
comment on column history.states.stage is 'Stage of callbacks; NULL elsewhere.';
comment on column history.states.is_closed is 'Whether conversations were closed; NULL elsewhere, and where the vendor did not say.';
comment on column history.states.disposition_code is 'Outcome of calls and callbacks; NULL elsewhere.';
comment on column history.states.agent_id is 'The agent (agents.id); NULL where there was none.';
comment on column history.states.owner_id is 'The owner of leads (agents.id); NULL elsewhere.';
comment on column history.states.list_id is 'The list (lists.id) of leads, calls and callbacks; NULL elsewhere.';
comment on column history.states.campaign_id is 'The campaign (campaigns.id) of leads, lists, calls and callbacks; NULL elsewhere.';
comment on column history.states.team is 'Team of agents; NULL elsewhere.';
comment on column history.states.is_active is 'Whether agents, campaigns and lists were active; NULL elsewhere.';
comment on column history.states.due_at is 'When callbacks were due; NULL elsewhere.';
comment on column history.states.archived_at is 'When leads were archived; NULL elsewhere, and while they were not.';
comment on column history.states.removed_at is 'When leads were deleted at the vendor; NULL elsewhere, and while they were there.';

do $$
begin
    if exists (select from pg_roles where rolname = 'convene_reader') then
        grant usage on schema history to convene_reader;
        grant select on all tables in schema history to convene_reader;
        alter default privileges in schema history grant select on tables to convene_reader;
    end if;
end
$$;
