-- What outcomes of calls mean for rates: the vendors have hundreds of codes, and rates need seven words.
create schema if not exists marts;
comment on schema marts is 'Answers to the questions of analysts: views over schema warehouse in which a call is counted once, days are those of the account, and every definition stands in a comment.';

create table sync.outcome_classes (
    vendor text collate "C" not null,
    source text collate "C" not null default '',
    code   text collate "C" not null,
    class  text check (class in ('contact', 'live', 'machine', 'no_answer', 'bad_number', 'drop', 'live_now')),
    primary key (vendor, source, code)
);
comment on table sync.outcome_classes is 'What an outcome of a call means: the defaults of each vendor, and what the settings of a source say instead. Written when a source is taken.';
comment on column sync.outcome_classes.vendor is 'The vendor''s name.';
comment on column sync.outcome_classes.source is 'The source whose settings say so; empty for what holds without a setting.';
comment on column sync.outcome_classes.code is 'Code of the outcome (dispositions.id).';
comment on column sync.outcome_classes.class is 'contact (spoke with the right person), live (a person answered), machine, no_answer, bad_number, drop (hung up on or gave up before an agent came) or live_now (the call lasts). NULL where a setting says that the code has no class.';

insert into sync.outcome_classes (vendor, code, class)
select 'convoso', code, class
from (values
    ('contact', '{SALE,NI,NQ,CALLBK}'::text[]),
    ('live', '{DNC,XFERD,WN,HU}'),
    ('machine', '{AA,AM}'),
    ('no_answer', '{B,NA}'),
    ('bad_number', '{DC}'),
    ('drop', '{DROP,XDROP,PDROP,CALLHU,WAITTO}'),
    ('live_now', '{INCALL}')
) as known (class, codes)
cross join unnest(codes) as u (code);

create view marts.outcome_classes as
select s.source, s.vendor, k.code, k.class, k.source <> '' as is_own
from sync.sources as s
join sync.outcome_classes as k on k.vendor = s.vendor and k.source in ('', s.source)
where k.source <> '' or not exists (
    select from sync.outcome_classes as own where own.vendor = k.vendor and own.source = s.source and own.code = k.code
);
comment on view marts.outcome_classes is 'What each outcome of a call means at each source; settings (outcome_classes) override and extend what is known of the vendor.';
comment on column marts.outcome_classes.source is 'The source''s name in the settings.';
comment on column marts.outcome_classes.vendor is 'The vendor''s name.';
comment on column marts.outcome_classes.code is 'Code of the outcome (dispositions.id).';
comment on column marts.outcome_classes.class is 'contact: spoke with the right person. live: another person answered, or the call was passed on. machine: an answering machine. no_answer: busy or nobody. bad_number: no such number. drop: no agent came before the call ended. live_now: the call lasts. NULL: a setting says that it is none of them.';
comment on column marts.outcome_classes.is_own is 'True where the settings of the source say so.';

create view marts.unknown_outcomes as
select
    k.source, k.code, coalesce(d.name, k.name) as name, k.call_count, k.last_used_at
from (
    select source, disposition_code as code, max(disposition_name) as name, count(*) as call_count, max(started_at) as last_used_at
    from warehouse.calls where disposition_code is not null and deleted_at is null group by source, disposition_code
    union all
    select d.source, d.id, d.name, 0, null from warehouse.dispositions as d
    where d.deleted_at is null and not exists (
        select from warehouse.calls as c where c.source = d.source and c.disposition_code = d.id and c.deleted_at is null
    )
) as k
left join warehouse.dispositions as d on d.source = k.source and d.id = k.code
where not exists (select from marts.outcome_classes as o where o.source = k.source and o.code = k.code);
comment on view marts.unknown_outcomes is 'Outcomes that no rate knows: neither the vendor''s defaults nor the setting outcome_classes say what they mean. Their calls have the class NULL.';
comment on column marts.unknown_outcomes.source is 'The source''s name in the settings.';
comment on column marts.unknown_outcomes.code is 'Code of the outcome (dispositions.id).';
comment on column marts.unknown_outcomes.name is 'Label of the outcome.';
comment on column marts.unknown_outcomes.call_count is 'Calls that ended so.';
comment on column marts.unknown_outcomes.last_used_at is 'Start of the last of them; NULL where there is none.';
