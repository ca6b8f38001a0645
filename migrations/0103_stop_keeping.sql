-- A distributed table has no triggers, so what is kept of calls would not follow them: there every question is answered from the calls.
create function sync.stop_keeping() returns void language plpgsql as $$
declare
    kept text;
    names text;
begin
    drop trigger if exists mark_days_of_new on warehouse.calls;
    drop trigger if exists mark_days_of_changed on warehouse.calls;
    drop trigger if exists mark_days_of_gone on warehouse.calls;
    drop trigger if exists empty_kept_days on warehouse.calls;
    foreach kept in array '{calls,attempts,dials,agents}'::text[] loop
        select string_agg(quote_ident(attname), ', ' order by attnum) into names from pg_attribute
        where attrelid = format('sync.kept_%s', kept)::regclass and attnum > 0 and not attisdropped;
        execute format('create or replace view sync.now_%1$s as select %2$s from sync.made_%1$s', kept, names);
        execute format('truncate sync.kept_%s', kept);
    end loop;
    truncate sync.kept_days, sync.changed_days;
end
$$;
comment on function sync.stop_keeping() is 'Lets the marts read the calls themselves, for good: called before the tables are distributed.';
