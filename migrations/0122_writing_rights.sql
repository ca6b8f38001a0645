-- Where the tables belong to another role, the daemon needs no more than to write their rows.
do $$
begin
    if not exists (select from pg_roles where rolname = 'convene_writer') then
        create role convene_writer nologin;
    end if;
exception
    -- Another database of the same server may be making it at this moment.
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then raise notice 'role convene_writer was not made: the right to create roles is missing';
end
$$;

create function sync.grant_writing() returns void language plpgsql as $$
declare
    one record;
begin
    if not exists (select from pg_roles where rolname = 'convene_writer') then
        return;
    end if;
    for one in
        select nspname from pg_namespace
        where nspname in ('warehouse', 'sync', 'marts', 'history', 'people') and pg_has_role(nspowner, 'usage')
    loop
        execute format('grant usage on schema %I to convene_writer', one.nspname);
    end loop;
    for one in
        select case
                when c.relkind = 'S' then 'usage, select on sequence'
                -- Which migrations were applied is written by whoever applies them.
                when c.relkind in ('v', 'm') or c.oid = 'sync.schema'::regclass then 'select on table'
                else 'select, insert, update, delete on table' end as rights,
            n.nspname, c.relname
        from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname in ('warehouse', 'sync', 'marts', 'history', 'people') and c.relkind in ('r', 'p', 'v', 'm', 'S')
            and pg_has_role(c.relowner, 'usage')
    loop
        execute format('grant %s %I.%I to convene_writer', one.rights, one.nspname, one.relname);
    end loop;
end
$$;
comment on function sync.grant_writing() is 'Gives the role of daemons that own nothing what they write; called whenever the schema was brought up to date.';
