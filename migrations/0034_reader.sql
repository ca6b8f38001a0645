-- Analysts get a role that can read everything and change nothing, where we may make one.
do $$
begin
    if not exists (select from pg_roles where rolname = 'convene_reader') then
        create role convene_reader nologin;
    end if;
exception
    -- Another database of the same server may be making it at this moment.
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then raise notice 'role convene_reader was not made: the right to create roles is missing';
end
$$;

do $$
begin
    if exists (select from pg_roles where rolname = 'convene_reader') then
        grant usage on schema warehouse, sync to convene_reader;
        grant select on all tables in schema warehouse, sync to convene_reader;
        alter default privileges in schema warehouse grant select on tables to convene_reader;
        alter default privileges in schema sync grant select on tables to convene_reader;
    end if;
end
$$;
