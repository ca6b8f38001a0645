-- A year of one busy dialer, to see how long the questions of analysts take: psql -v calls=3000000 -f benches/questions.sql
-- against an empty database that was brought up to date (convene migrate). What matters of it is in docs/analysts.md.
\set ON_ERROR_STOP on
\if :{?calls} \else \set calls 3000000 \endif

insert into sync.sources (source, vendor, time_zone) values ('dialer', 'convoso', 'America/Los_Angeles'), ('voice', 'converz', 'America/Los_Angeles')
on conflict do nothing;
insert into sync.streams (source, stream, is_enabled, mode, fills, completes) values ('dialer', 'calls', true, 'windowed', '{calls}', '{calls}')
on conflict do nothing;
insert into sync.coverage (source, stream, since, covered, settled, last_complete_at)
select 'dialer', 'calls', now() - interval '365 days', r, r, now() from (select tstzmultirange(tstzrange(now() - interval '365 days', now())) as r) as t
on conflict do nothing;



insert into warehouse.agents (source, id, name, email, is_system, is_listed, raw, content_hash, fetched_at, first_seen_at, slice_id)
select 'dialer', id::text, 'Agent ' || id, 'agent' || id || '@sim.example', false, true, '{}'::jsonb, ''::bytea, now(), now(), 1 from generate_series(1000, 1099) as id
union all select 'dialer', id::text, 'System User', null, true, null, '{}'::jsonb, ''::bytea, now(), now(), 1 from unnest('{666666,666667,666671}'::int[]) as id;
insert into warehouse.queues (source, id, name, raw, content_hash, fetched_at, first_seen_at, slice_id)
select 'dialer', id::text, 'Queue ' || id, '{}'::jsonb, ''::bytea, now(), now(), 1 from generate_series(31, 35) as id;
insert into warehouse.dispositions (source, id, name, is_success, raw, content_hash, fetched_at, first_seen_at, slice_id)
select 'dialer', code, code, code = 'SALE', '{}'::jsonb, ''::bytea, now(), now(), 1
from unnest('{SALE,NI,NQ,CALLBK,DNC,XFERD,WN,HU,AA,AM,B,NA,DC,DROP,XDROP,PDROP,CALLHU,WAITTO}'::text[]) as code;

insert into warehouse.leads (source, id, created_at, phone_e164, email, list_id, called_count, raw, content_hash, fetched_at, first_seen_at, slice_id)
select 'dialer', id::text, now() - random() * interval '400 days', '+1213' || lpad((id % 90000)::text, 7, '5'), 'c' || id || '@sim.example',
    (1850 + id % 8)::text, 5, '{}'::jsonb, ''::bytea, now(), now(), 1
from generate_series(1, :calls / 25) as id;

-- In the order of time, as a loader writes them; a record has about a kilobyte.
insert into warehouse.calls (source, id, started_at, local_day, ended_at, duration_seconds, direction, call_type, is_final, agent_id, lead_id,
    list_id, campaign_id, campaign_name, queue_id, queue_name, queue_seconds, from_e164, to_e164, disposition_code, attempt_number, session_id,
    raw, content_hash, fetched_at, first_seen_at, slice_id)
select 'dialer', (90000000 + n)::text, at, (at at time zone 'America/Los_Angeles')::date, at + make_interval(secs => length), length, way, upper(way), true,
    (case when is_taken then 1000 + n * 7 % 100 else 666666 end)::text, lead::text, (1850 + lead % 8)::text, (410 + n % 4)::text, 'Campaign ' || n % 4,
    case when way = 'inbound' then (31 + n % 5)::text end, case when way = 'inbound' then 'Queue ' || 31 + n % 5 end,
    case when way = 'inbound' then (n * 13 % 900) / 10.0 else 0 end,
    case when way = 'inbound' then phone else '+13235550100' end, case when way = 'inbound' then '+12135550190' else phone end,
    case when is_taken then ('{SALE,NI,NQ,CALLBK,DNC,XFERD,WN,AM}'::text[])[1 + n % 8]
         when way = 'inbound' then ('{WAITTO,DROP,XDROP,CALLHU}'::text[])[1 + n % 4] else ('{AA,NA,B,DC,PDROP,AA,NA,XDROP}'::text[])[1 + n % 8] end,
    1 + n % 9, 'sess-' || n, jsonb_build_object('id', n, 'user', 'Agent', 'comment', repeat(md5(n::text), 24)), ''::bytea, now(), now(), 1
from (
    select n, now() - interval '365 days' + interval '365 days' * (n / :calls::float8) as at, 20 + n * 31 % 600 as length,
        case n % 10 when 1 then 'inbound' when 2 then 'inbound' when 3 then 'transfer' else 'outbound' end as way,
        n * 7919::bigint % 100 < 45 as is_taken, 1 + n * 7919::bigint % (:calls / 25) as lead,
        '+1213' || lpad(((1 + n * 7919::bigint % (:calls / 25)) % 90000)::text, 7, '5') as phone
    from generate_series(1, :calls) as n
) as t;

-- Another vendor has heard every fourth of the calls that somebody took.
insert into warehouse.calls (source, id, started_at, local_day, duration_seconds, direction, agent_id, summary, language, origin_system, origin_call_id,
    raw, content_hash, fetched_at, first_seen_at, slice_id)
select 'voice', (2000000000 + id::bigint)::text, started_at, local_day, duration_seconds, direction, 'a' || agent_id, 'asked about the offer', 'en', 'convoso', id,
    raw, ''::bytea, fetched_at, first_seen_at, 1
from warehouse.calls where source = 'dialer' and id::bigint % 4 = 0 and agent_id < '2';

insert into warehouse.recordings (source, id, call_id, lead_id, started_at, raw, content_hash, fetched_at, first_seen_at, slice_id)
select source, id, id, lead_id, started_at, '{}'::jsonb, ''::bytea, fetched_at, first_seen_at, 1
from warehouse.calls where source = 'dialer' and agent_id < '2' and id::bigint % 2 = 0;
insert into warehouse.callbacks (source, id, lead_id, due_at, stage, agent_id, raw, content_hash, fetched_at, first_seen_at, slice_id)
select 'dialer', n::text, (1 + n * 11 % (:calls / 25))::text, now() - random() * interval '300 days', 'completed', (1000 + n % 100)::text, '{}'::jsonb, ''::bytea, now(), now(), 1
from generate_series(1, 20000) as n;
insert into warehouse.do_not_contact (source, id, channel, phone_e164, campaign_id, added_at, raw, content_hash, fetched_at, first_seen_at, slice_id)
select 'dialer', 'call:' || n, 'call', '+1213' || lpad((n * 17 % 90000)::text, 7, '5'), ('{410,411}'::text[])[n % 4], now() - random() * interval '300 days',
    '{}'::jsonb, ''::bytea, now(), now(), 1
from generate_series(1, 2000) as n;
insert into warehouse.agent_performance (source, id, agent_id, day, call_count, talk_seconds, wait_seconds, pause_seconds, wrap_seconds, total_seconds,
    raw, content_hash, fetched_at, first_seen_at, slice_id)
select source, agent_id || ':' || local_day, agent_id, local_day, count(*), sum(duration_seconds), 9000, 3000, 60 * count(*),
    sum(duration_seconds) + 12000 + 60 * count(*), '{}'::jsonb, ''::bytea, now(), now(), 1
from warehouse.calls where source = 'dialer' and agent_id < '2' group by 1, 3, 4;
vacuum analyze warehouse.calls;
vacuum analyze warehouse.leads;
vacuum analyze warehouse.recordings;
vacuum analyze warehouse.agent_performance;
analyze;

-- Until the days are made, everything is read from the calls.
\prompt 'Run convene remake against this database, then press return: ' nothing
vacuum analyze sync.kept_calls;
vacuum analyze sync.kept_days;

create temp view p as select source, time_zone tz, (now() at time zone time_zone)::date - 1 d from sync.sources where vendor = 'convoso';
\timing on
\o /dev/null
\echo Q1
select queue_id, sum(offered), sum(answered_20s), sum(abandoned) from marts.queue_hours q, p where q.source = p.source and local_day between p.d - 6 and p.d group by 1;
\echo Q2
select local_day, count(*) filter (where is_abandoned), count(*), round(avg(queue_seconds) filter (where is_abandoned), 1) from marts.calls c, p
where c.source = p.source and direction = 'inbound' and is_final and local_day between p.d - 6 and p.d group by 1;
\echo Q3
select agent_person, round(sum(vendor_talk + wrap_seconds)::numeric / sum(vendor_calls), 2), min(team) from marts.agent_days a, p
where a.source = p.source and day between p.d - 6 and p.d group by 1;
\echo Q4 and Q12
select agent_id, occupancy, utilisation, first_at from marts.agent_days a, p where a.source = p.source and day = p.d;
\echo Q5
select list_id, attempt_seq, dials, contacts, sales from marts.list_attempts a, p where a.source = p.source and attempt_seq <= 3 order by 1, 2;
\echo Q6
select local_hour, count(*), count(*) filter (where is_contact) from marts.calls c, p
where c.source = p.source and direction = 'outbound' and local_day between p.d - 6 and p.d group by 1;
\echo Q7
select count(*), count(first_dial_at), percentile_cont(0.5) within group (order by seconds_to_first_dial) from marts.leads where is_history_complete and source = 'dialer';
\echo Q8
select source, count(*) filter (where is_never_called) from marts.leads group by 1;
\echo Q9
select outcome, count(*) from marts.callbacks c, p where c.source = p.source and due_at < now() - interval '1 hour' group by 1;
\echo Q10
select count(*), count(distinct customer_e164) from marts.do_not_contact_breaches b, p where b.source = p.source and started_at < now() - interval '1 hour';
\echo Q11
select count(*) filter (where dials_24h > 3), count(*) filter (where dials_7d > 7) from marts.dial_windows w, p where w.source = p.source and local_day <= p.d;
\echo Q13
select campaign_id, drops, drop_rate from marts.campaign_days c, p where c.source = p.source and local_day = p.d;
\echo Q14
select count(*), count(*) filter (where recording_count > 0) from marts.calls c, p
where c.source = p.source and is_agent_connected and talk_seconds > 10 and local_day = p.d;
\echo Q17
select count(*) filter (where is_leg), count(*) filter (where not is_leg) from marts.calls c, p where c.source = p.source and local_day = p.d;
\echo Q21
select count(*), count(*) filter (where calls_differ or talk_differs) from marts.agent_days a
join marts.complete_days k on k.table_name = 'calls' and k.source = a.source and k.day = a.day and k.is_complete;
\echo Q22
select count(*), count(distinct call_key) from marts.calls;
\echo Q25
select k.day, count(c.call_key) from marts.complete_days k left join marts.calls c on c.source = k.source and c.local_day = k.day
join p on p.source = k.source where k.table_name = 'calls' and k.is_complete group by 1;
