-- A mended mapping takes stored records up again; besides the record it needs what of the page request the record depends on.
alter table sync.rejects
    add column context    text,
    add column partition  text collate "C" not null default '',
    add column generation integer not null default 1;

comment on column sync.rejects.context is 'What of the page request its mapping needs besides the record, as JSON; NULL where nothing, or where it was met before this was kept.';
comment on column sync.rejects.partition is 'The part of the stream that it was met in last; empty where there is only one.';
comment on column sync.rejects.generation is 'Generation of the source''s coverage under which it was met last.';
