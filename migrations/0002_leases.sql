-- One instance at a time works on a source; the epoch lets a transaction notice that another has taken over.
create table sync.leases (
    source     text collate "C" primary key,
    holder     text not null,
    epoch      bigint not null,
    expires_at timestamptz not null
);

comment on table sync.leases is 'Which instance works on which source.';
comment on column sync.leases.source is 'The source''s name in the settings.';
comment on column sync.leases.holder is 'Host and process that hold the source.';
comment on column sync.leases.epoch is 'Grows with every change of holder; a transaction of an older epoch is refused.';
comment on column sync.leases.expires_at is 'When another instance may take the source; in the past when it was released.';
