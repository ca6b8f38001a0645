-- Who is there to share the sources, and when each stream runs next.
create table sync.instances (
    instance   text collate "C" primary key,
    version    text not null,
    sources    text[] not null,
    started_at timestamptz not null,
    seen_at    timestamptz not null,
    expires_at timestamptz not null
);

comment on table sync.instances is 'The daemons that are running, and which sources each would take. Each renews its line; a line that ran out is a daemon that is gone.';
comment on column sync.instances.instance is 'Host and process.';
comment on column sync.instances.version is 'Its version.';
comment on column sync.instances.sources is 'The sources of its settings.';
comment on column sync.instances.started_at is 'When it began.';
comment on column sync.instances.seen_at is 'When it last renewed this line.';
comment on column sync.instances.expires_at is 'When it counts as gone, unless it renews this line.';

create table sync.schedules (
    source      text collate "C" not null,
    stream      text collate "C" not null,
    schedule    text not null,
    next_run_at timestamptz,
    lag_limit   interval not null,
    primary key (source, stream)
);

comment on table sync.schedules is 'When each stream of a running daemon runs, and how far behind it may be.';
comment on column sync.schedules.source is 'The source''s name in the settings.';
comment on column sync.schedules.stream is 'The stream''s name.';
comment on column sync.schedules.schedule is 'The cron pattern, seconds first, in UTC.';
comment on column sync.schedules.next_run_at is 'When its schedule wakes it next; NULL where no daemon keeps it.';
comment on column sync.schedules.lag_limit is 'How far its completeness may be behind before it counts as lagging.';
