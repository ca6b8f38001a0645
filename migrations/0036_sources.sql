-- What analysts have to know of a source to read its rows: whose it is, and in which zone its days begin.
create table sync.sources (
    source    text collate "C" primary key,
    vendor    text not null,
    time_zone text not null
);

comment on table sync.sources is 'The sources that were ever read.';
comment on column sync.sources.source is 'The source''s name in the settings.';
comment on column sync.sources.vendor is 'The vendor''s name.';
comment on column sync.sources.time_zone is 'Zone of the account''s days and of its times without an offset, as the settings have it now.';
