-- What happened, and what lasts, in one place: for people, pages and alerts, over restarts.
create table sync.events (
    id             bigint generated always as identity primary key,
    kind           text collate "C" not null,
    source         text collate "C" not null default '',
    stream         text collate "C" not null default '',
    subject        text collate "C" not null default '',
    text           text not null,
    remedy         text,
    instance       text not null default '',
    at             timestamptz not null default clock_timestamp(),
    ended_at       timestamptz,
    told_at        timestamptz,
    told_end_at    timestamptz,
    next_try_at    timestamptz,
    constraint events_end_after_they_begin check (ended_at >= at),
    constraint events_are_told_in_order check (told_end_at is null or told_at is not null)
);

-- What lasts is there once, whoever notices it first.
create unique index events_open on sync.events (kind, source, stream, subject) where ended_at is null;
create index events_untold on sync.events (id) where told_at is null or told_end_at is null;

comment on table sync.events is 'What happened and what lasts: pauses, failures, drift, held deletions, reloads, starts and stops. The oldest are removed after a while.';
comment on column sync.events.id is 'Number of the event.';
comment on column sync.events.kind is 'What it is: started, stopped, reloaded, paused, paused by operator, resumed, failing, poisoned, lagging, rejects, drift, deletions held, refused, database away, request.';
comment on column sync.events.source is 'The source''s name in the settings; empty where it is about the whole instance.';
comment on column sync.events.stream is 'The stream''s name; empty where it is about the whole source.';
comment on column sync.events.subject is 'What of it exactly, where a stream may have several of the kind, such as the field of a drift; empty otherwise.';
comment on column sync.events.text is 'What happened, for people. Holds no value of any record and no secret.';
comment on column sync.events.remedy is 'What to do about it, for people; NULL where there is nothing to do.';
comment on column sync.events.instance is 'The instance that noticed it: host and process.';
comment on column sync.events.at is 'When it happened, or began.';
comment on column sync.events.ended_at is 'When it was over; the same as at for what does not last, NULL while it lasts.';
comment on column sync.events.told_at is 'When the alert about its beginning was delivered, or found needless; NULL before.';
comment on column sync.events.told_end_at is 'When the alert about its end was delivered, or found needless; NULL before.';
comment on column sync.events.next_try_at is 'Before this instant no other instance delivers an alert about it; NULL where nobody has tried.';
