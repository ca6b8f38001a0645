-- A row tells what its mapping needed besides the record, which slice wrote it, and under which generation it was read.
do $$
declare
    each text;
begin
    for each in select tablename from pg_tables where schemaname = 'warehouse' loop
        execute format('alter table warehouse.%I rename column walk_id to slice_id', each);
        execute format('alter table warehouse.%I add column context jsonb, add column generation integer not null default 1', each);
        execute format('comment on column warehouse.%I.slice_id is %L', each, 'The slice that wrote this version; see sync.slices.');
        execute format('comment on column warehouse.%I.context is %L', each, 'What of the page request the typed columns depend on besides the record, such as the day or the report; NULL where nothing.');
        execute format('comment on column warehouse.%I.generation is %L', each, 'Generation of the source''s coverage under which the row was read last; a row is stale where sync.streams has a newer one.');
        execute format('comment on column warehouse.%I.content_hash is %L', each, 'Hash of the record as received, or of its lasting part, and of the typed columns; empty where only a second-hand list has shown the row.');
    end loop;
end
$$;
