-- Who may read what: most people need neither records nor texts nor links to recordings, and some make tables of their own.
do $$
declare
    each text;
begin
    foreach each in array '{convene_reader_full,convene_analyst}'::text[] loop
        begin
            if not exists (select from pg_roles where rolname = each) then
                execute format('create role %I nologin', each);
            end if;
        exception
            -- Another database of the same server may be making it at this moment.
            when duplicate_object or unique_violation then null;
            when insufficient_privilege then raise notice 'role % was not made: the right to create roles is missing', each;
        end;
    end loop;
end
$$;

create function sync.grant_reading() returns void language plpgsql as $$
declare
    reader text;
    one    record;
begin
    for reader in select rolname from pg_roles where rolname in ('convene_reader', 'convene_reader_full', 'convene_analyst') loop
        for one in
            select nspname from pg_namespace
            where nspname in ('warehouse', 'sync', 'marts', 'history', 'people') and pg_has_role(nspowner, 'usage')
        loop
            execute format('grant usage on schema %I to %I', one.nspname, reader);
        end loop;
        -- Views for chosen fields are made at any time.
        if exists (select from pg_namespace where nspname = 'warehouse' and pg_has_role(nspowner, 'usage')) then
            execute format('alter default privileges in schema warehouse grant select on tables to %I', reader);
        end if;
        for one in
            select n.nspname, c.relname,
                string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where not h.is_hidden) as shown,
                bool_or(h.is_hidden) and reader <> 'convene_reader_full' as is_partial
            from pg_class as c
            join pg_namespace as n on n.oid = c.relnamespace
            join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            cross join lateral (
                select c.relkind in ('r', 'p') and (
                    (n.nspname = 'warehouse' and a.attname in ('raw', 'context'))
                    or (n.nspname, c.relname, a.attname) in (
                        ('warehouse', 'messages', 'text'), ('warehouse', 'recordings', 'url'), ('sync', 'rejects', 'raw')
                    )
                ) as is_hidden
            ) as h
            where n.nspname in ('warehouse', 'sync', 'marts', 'history', 'people') and c.relkind in ('r', 'p', 'v', 'm')
                and pg_has_role(c.relowner, 'usage')
            group by n.nspname, c.relname
        loop
            if one.is_partial then
                execute format('revoke select on %I.%I from %I', one.nspname, one.relname, reader);
                execute format('grant select (%s) on %I.%I to %I', one.shown, one.nspname, one.relname, reader);
            else
                execute format('grant select on %I.%I to %I', one.nspname, one.relname, reader);
            end if;
        end loop;
    end loop;
end
$$;
comment on function sync.grant_reading() is 'Gives the roles of readers what they may read; called whenever the schema was brought up to date.';

-- A place for the tables and views of analysts themselves.
do $$
begin
    if exists (select from pg_roles where rolname = 'convene_analyst') and to_regnamespace('analysts') is null then
        create schema analysts;
        comment on schema analysts is 'Tables and views of the analysts themselves; Convene neither reads nor writes here.';
        grant usage, create on schema analysts to convene_analyst;
    end if;
exception
    when insufficient_privilege then raise notice 'schema analysts was not made: the right to create schemas is missing';
end
$$;
