//! The questions of analysts, asked of the marts, and answered again from the vendors' raw records alone.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use chrono::{NaiveTime, TimeDelta};
use convene::commands::{self, Once, SandboxOptions, Selection, Simulated};
use convene::engine::{RunReport, no_observer};
use convene::settings::{self, Alerts, History, Limits, Retention, Settings};
use convene::warehouse::Warehouse;
use sandbox::{Options, Records};
use serde_json::Value;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use tokio_util::sync::CancellationToken;

use crate::conversocial;
use crate::support::env::TestEnv;
use crate::support::postgres::Database;

/// Days of history.
const DAYS: u32 = 9;

/// What each question is asked with: the source of the dialer, its zone, and its last complete local day.
const SET_UP: &str = "
    create temp view p as select source, time_zone tz, (now() at time zone time_zone)::date - 1 d from sync.sources where vendor = 'convoso';
    create temp table k as
    -- Of two instants with one wall clock the first is meant.
    select c.id, source, case when (i.later - interval '1 hour') at time zone p.tz = (raw ->> 'call_date')::timestamp
            then i.later - interval '1 hour' else i.later end as utc,
        (raw ->> 'call_date')::timestamp as at, (raw ->> 'call_date')::timestamp::date as day, raw ->> 'status' as st,
        case raw ->> 'call_type' when 'INBOUND' then 'in' when '3WAY' then 'leg' else 'out' end as way,
        raw ->> 'user_id' as uid, raw ->> 'user_id' not in ('0', '666666', '666667', '666671') as is_person,
        nullif(raw ->> 'lead_id', '0') as lead, raw ->> 'list_id' as list, raw ->> 'campaign_id' as campaign,
        right(case raw ->> 'call_type' when 'INBOUND' then raw ->> 'phone_number' else raw ->> 'number_dialed' end, 10) as phone,
        coalesce(nullif(raw ->> 'call_length', ''), '0')::int as talk, (raw ->> 'queue_seconds')::numeric as wait,
        coalesce(raw ->> 'queue_id', case raw ->> 'queue' when 'Sales Inbound' then '31' when 'Service' then '32' when 'Español' then '35' end)
            as queue,
        -- A young call without a length is perhaps live, whatever its status says.
        raw ->> 'status' <> 'INCALL' and (
            nullif(raw ->> 'call_length', '') is not null or (c.context ->> 'read_at')::timestamptz - i.later >= interval '15 minutes'
        ) as is_over,
        coalesce(jsonb_array_length(raw -> 'recording'), 0) as recorded
    from warehouse.calls as c join p using (source)
    cross join lateral (select (raw ->> 'call_date')::timestamp at time zone p.tz as later) as i;
    create index on k (phone, utc);
    create index on k (lead, at);
    analyze k;
    create function pg_temp.seconds(text) returns int language sql as
        $$ select split_part($1, ':', 1)::int * 3600 + split_part($1, ':', 2)::int * 60 + split_part($1, ':', 3)::int $$;
";

/// A question: its number, the query, and the query over raw records that must give the same rows.
struct Question {
    name: &'static str,
    asked: &'static str,
    truth: &'static str,
}

const QUESTIONS: &[Question] = &[
    Question {
        name: "Q1 service level by queue",
        asked: "select queue_id, sum(offered) offered, sum(answered_20s) answered_20s, sum(abandoned) abandoned from marts.queue_hours q, p
            where q.source=p.source and local_day between p.d-6 and p.d group by 1 order by 1",
        truth: "select queue, count(*)::numeric, (count(*) filter (where is_person and wait <= 20))::numeric,
            (count(*) filter (where st in ('DROP', 'XDROP', 'PDROP', 'CALLHU', 'WAITTO')))::numeric
            from k, p where way = 'in' and is_over and day between p.d - 6 and p.d group by 1",
    },
    Question {
        name: "Q2 abandonment",
        asked: "select local_day, count(*) filter (where is_abandoned) abandoned, count(*) offered,
            round(avg(queue_seconds) filter (where is_abandoned),1) wait
            from marts.calls c, p where c.source=p.source and direction='inbound' and is_final and local_day between p.d-6 and p.d
            group by 1 order by 1",
        truth: "select day, count(*) filter (where not is_person), count(*), round(avg(wait) filter (where not is_person), 1)
            from k, p where way = 'in' and is_over and day between p.d - 6 and p.d group by 1",
    },
    Question {
        name: "Q3 handling time",
        asked: "select agent_person, round(sum(vendor_talk+wrap_seconds)::numeric/sum(vendor_calls),2) aht, min(team) team
            from marts.agent_days a, p where a.source=p.source and day between p.d-6 and p.d group by 1 order by 1",
        truth: "select e.email,
            round(sum(pg_temp.seconds(r.raw ->> 'talk_sec') + pg_temp.seconds(r.raw ->> 'wrap_sec'))::numeric / sum((r.raw ->> 'calls')::int), 2),
            (select nullif(max(t.raw ->> 'crowds_name'), '') from warehouse.agents t where lower(t.raw ->> 'email') = e.email)
            from warehouse.agent_performance r join p using (source) join warehouse.agents a on a.source = r.source and a.id = r.raw ->> 'user_id'
            cross join lateral (select lower(a.raw ->> 'email') email) e
            where split_part(split_part(r.id, ':', 2), ':', 1)::date between p.d - 6 and p.d group by e.email",
    },
    Question {
        name: "Q4 occupancy",
        asked: "select agent_id, occupancy, utilisation from marts.agent_days a, p where a.source=p.source and day=p.d order by 1",
        truth: "select r.raw ->> 'user_id', round((t + w)::numeric / nullif(t + w + i, 0), 4),
            round((t + w)::numeric / nullif(pg_temp.seconds(r.raw ->> 'total_time'), 0), 4)
            from warehouse.agent_performance r join p using (source)
            cross join lateral (select pg_temp.seconds(r.raw ->> 'talk_sec') t, pg_temp.seconds(r.raw ->> 'wrap_sec') w,
                pg_temp.seconds(r.raw ->> 'wait_sec') i) s
            where split_part(r.id, ':', 2)::date = p.d",
    },
    Question {
        name: "Q5 attempts",
        asked: "select list_id, attempt_seq, dials, contacts, sales from marts.list_attempts a, p
            where a.source=p.source and attempt_seq<=3 order by 1,2",
        truth: "select nullif(list, '0'), n, count(*), count(*) filter (where st in ('SALE', 'NI', 'NQ', 'CALLBK')), count(*) filter (where st = 'SALE')
            from (select *, row_number() over (partition by lead order by utc, id) n from k where way = 'out' and lead is not null) x
            where is_over and n <= 3 group by 1, 2",
    },
    Question {
        name: "Q6 best time",
        asked: "select local_hour, count(*), count(*) filter (where is_contact) from marts.calls c, p
            where c.source=p.source and direction='outbound' and local_day between p.d-6 and p.d group by 1 order by 1",
        truth: "select extract(hour from at)::int, count(*), count(*) filter (where st in ('SALE', 'NI', 'NQ', 'CALLBK'))
            from k, p where way = 'out' and day between p.d - 6 and p.d group by 1",
    },
    Question {
        name: "Q7 speed to lead",
        asked: "select count(*), count(*) filter (where first_dial_at is not null) called,
            percentile_cont(0.5) within group (order by seconds_to_first_dial) median
            from marts.leads where is_history_complete and source=(select source from sync.sources where vendor='convertalk')",
        truth: "select count(*), count(first), percentile_cont(0.5) within group (order by extract(epoch from first - made)::bigint)
            from (select (l.raw ->> 'createdAt')::timestamptz made, (select min(k.at at time zone p.tz) from k, p
                    where k.way = 'out' and '+1' || k.phone = l.phone_e164 and k.at at time zone p.tz >= (l.raw ->> 'createdAt')::timestamptz) first
                from warehouse.leads l join sync.sources s on s.source = l.source and s.vendor = 'convertalk') x
            where made >= (select min(day) from marts.complete_days where table_name = 'calls' and is_complete)::timestamp at time zone 'UTC'",
    },
    Question {
        name: "Q8 never called",
        asked: "select source, count(*) filter (where is_never_called) never from marts.leads group by 1 order by 1",
        truth: "select l.source, count(*) filter (where coalesce((l.raw ->> 'called_count')::int, 0) = 0 and not exists (
                select from k, p where k.way = 'out' and k.at at time zone p.tz >= l.created_at
                    and case when l.source = p.source then k.lead = l.id else '+1' || k.phone = l.phone_e164 end))
            from warehouse.leads l group by 1",
    },
    Question {
        name: "Q9 callbacks",
        asked: "select outcome, count(*) from marts.callbacks c, p where c.source=p.source and due_at < now()-interval '1 hour' group by 1 order by 1",
        truth: "select case when stage = 'dismissed' then 'dismissed' when near > 0 then 'kept' when later > 0 then 'late' else 'missed' end, count(*)
            from (select lower(c.raw ->> 'stage') stage,
                count(k.id) filter (where k.at <= due + interval '15 minutes') near, count(k.id) filter (where k.at > due + interval '15 minutes') later
                from warehouse.callbacks c cross join p
                cross join lateral (select (c.raw ->> 'callback_time')::timestamp due) d
                left join k on k.lead = c.raw ->> 'lead_id' and k.way = 'out' and k.at >= due - interval '15 minutes'
                where due at time zone p.tz < now() - interval '1 hour' group by c.id, 1) x
            group by 1",
    },
    Question {
        name: "Q10 forbidden numbers",
        asked: "select count(*), count(distinct customer_e164) from marts.do_not_contact_breaches b, p
            where b.source=p.source and started_at < now()-interval '1 hour'",
        truth: "select count(distinct k.id), count(distinct k.phone) from k, p, warehouse.do_not_contact d
            where k.way = 'out' and d.id like 'call:%' and d.raw ->> 'phone_code' = '1' and d.raw ->> 'phone_number' = k.phone
                and (d.raw ->> 'insert_date')::timestamp <= k.at and d.raw ->> 'campaign_id' in ('0', k.campaign)
                and k.at at time zone p.tz < now() - interval '1 hour'",
    },
    Question {
        name: "Q11 dials to a number",
        asked: "select count(*) filter (where dials_24h>3), count(*) filter (where dials_7d>7) from marts.dial_windows w, p
            where w.source=p.source and local_day<=p.d",
        truth: "select count(*) filter (where one > 3), count(*) filter (where seven > 7)
            from (select (select count(*) from k n where n.way = 'out' and n.phone = k.phone and n.utc <= k.utc and n.utc >= k.utc - interval '24 hours') one,
                (select count(*) from k n where n.way = 'out' and n.phone = k.phone and n.utc <= k.utc and n.utc >= k.utc - interval '7 days') seven
                from k, p where k.way = 'out' and k.day <= p.d) x",
    },
    Question {
        name: "Q12 first activity",
        asked: "select agent_id, first_at from marts.agent_days a, p where a.source=p.source and day=p.d order by 1",
        truth: "select e.raw ->> 'user_id', min(to_timestamp((e.raw ->> 'event_epoch')::bigint)) from warehouse.agent_events e join p using (source)
            where (to_timestamp((e.raw ->> 'event_epoch')::bigint) at time zone p.tz)::date = p.d
                and exists (select from k where k.uid = e.raw ->> 'user_id' and k.day = p.d) group by 1",
    },
    Question {
        name: "Q13 drop rate",
        asked: "select campaign_id, drops, drop_rate from marts.campaign_days c, p where c.source=p.source and local_day=p.d order by 1",
        truth: "select campaign, drops, round(100.0 * drops / nullif(drops + live, 0), 2)
            from (select nullif(campaign, '0') campaign, count(*) filter (where st in ('DROP', 'XDROP', 'PDROP')) drops,
                count(*) filter (where st in ('SALE', 'NI', 'NQ', 'CALLBK', 'DNC', 'XFERD', 'WN', 'HU')) live
                from k, p where way = 'out' and is_over and day = p.d group by 1) x",
    },
    Question {
        name: "Q14 recordings",
        asked: "select count(*), count(*) filter (where recording_count>0) from marts.calls c, p
            where c.source=p.source and is_agent_connected and talk_seconds>10 and local_day=p.d",
        truth: "select count(*), count(*) filter (where recorded > 0) from k, p where is_person and talk > 10 and day = p.d",
    },
    Question {
        name: "Q15 first response",
        asked: "select channel_name, count(first_response_seconds), percentile_cont(0.5) within group (order by first_response_seconds)
            from marts.conversations where is_message_complete group by 1 order by 1",
        truth: "select h.raw ->> 'name', count(x.took), percentile_cont(0.5) within group (order by x.took)
            from (select v.raw #>> '{channels,0,id}' channel, extract(epoch from (
                    select min((r.raw ->> 'created_date')::timestamp) from warehouse.messages r
                    where v.raw -> 'content_ids' ? (r.raw ->> 'id') and r.raw -> 'user' <> 'null' and (r.raw ->> 'created_date')::timestamp >= first)
                    - first)::bigint took
                from warehouse.conversations v join sync.sources s on s.source = v.source and s.vendor = 'conversocial'
                cross join lateral (select min((m.raw ->> 'created_date')::timestamp) first from warehouse.messages m
                    where v.raw -> 'content_ids' ? (m.raw ->> 'id') and m.raw -> 'user' = 'null') f) x
            join warehouse.channels h on h.id = x.channel group by 1",
    },
    Question {
        name: "Q17 legs",
        asked: "select count(*) filter (where is_leg) legs, count(*) filter (where not is_leg) calls from marts.calls c, p
            where c.source=p.source and local_day=p.d",
        truth: "select count(*) filter (where way = 'leg'), count(*) filter (where way <> 'leg') from k, p where day = p.d",
    },
    Question {
        name: "Q18 messages",
        asked: "select source, sum(inbound_messages), sum(agent_messages) from marts.conversations where is_message_complete
            and source like 'conversocial%' group by 1",
        truth: "select m.source, (count(*) filter (where m.raw -> 'user' = 'null'))::numeric, (count(*) filter (where m.raw -> 'user' <> 'null'))::numeric
            from warehouse.messages m join sync.sources s on s.source = m.source and s.vendor = 'conversocial' group by 1",
    },
    Question {
        name: "Q19 tags",
        asked: "select tag_name, sum(conversations) from marts.tag_weeks
            where source=(select source from sync.sources where vendor='conversocial') group by 1 order by 1",
        truth: "select t ->> 'name', count(*)::numeric from warehouse.conversations v join sync.sources s on s.source = v.source and s.vendor = 'conversocial',
            jsonb_array_elements(v.raw -> 'tags') t group by 1",
    },
    Question {
        name: "Q20 handling time of days",
        asked: "select day, sum(n_calls), sum(n_calls*avg_handle_time)/sum(n_calls) from marts.converz_days group by 1 order by 1 desc limit 7",
        truth: "select day, sum(n), sum(n * t) / sum(n) from (select distinct day, raw ->> 'campaign', (raw ->> 'n_calls')::numeric n,
                (raw ->> 'avg_handle_time')::numeric t from warehouse.report_metrics) x group by 1 order by 1 desc limit 7",
    },
    Question {
        name: "Q21 reconciliation",
        asked: "select count(*), count(*) filter (where calls_differ or talk_differs) from marts.agent_days a
            join marts.complete_days k on k.table_name='calls' and k.source=a.source and k.day=a.day and k.is_complete",
        truth: "select count(*), count(*) filter (where (r.raw ->> 'calls')::bigint <> n or pg_temp.seconds(r.raw ->> 'talk_sec') <> talk)
            from warehouse.agent_performance r join p using (source)
            join (select uid, day, count(*) n, sum(talk) talk from k where is_person group by 1, 2) c
                on c.uid = r.raw ->> 'user_id' and c.day = split_part(r.id, ':', 2)::date
            where c.day between (select min(day) + 1 from k) and p.d",
    },
    Question {
        name: "Q22 one row a call",
        asked: "select count(*), count(distinct call_key) from marts.calls",
        truth: "select n, n from (select (select count(*) from k) + (select count(*) from warehouse.calls z join sync.sources s on s.source = z.source
                and s.vendor = 'converz' where z.raw ->> 'vendor' not like 'chat%'
                and (z.raw ->> 'vendor' <> 'convoso' or z.raw ->> 'vendor_call_id' not in (select id from k))) n) x",
    },
    Question {
        name: "Q23 repeat contacts",
        asked: "with x as (select started_at, lead(started_at) over (partition by person_id order by started_at, id) nx from marts.contacts_made
                where kind='call' and source=(select source from p))
            select count(*), count(*) filter (where nx-started_at < interval '7 days') repeats from x
            where started_at < date_trunc('hour', now()-interval '7 days')",
        // Every customer has an e-mail address of their own; a number tells who called where one address alone goes with it.
        truth: "with known as (
                select l.source, l.id, lower(l.raw ->> 'email') email, l.raw ->> 'phone_number' phone
                from warehouse.leads l join p using (source) where l.deleted_at is null
                union all
                select c.source, c.id, lower(d ->> 'email'), right(regexp_replace(d #>> '{phone,number}', '[^0-9]', '', 'g'), 10)
                from (select source, id, raw, deleted_at from warehouse.leads union all select source, id, raw, deleted_at from warehouse.contacts) c
                join sync.sources s on s.source = c.source and s.vendor = 'convertalk'
                cross join lateral (select c.raw #> '{profile,userDetails,contact}' d) d
                where c.deleted_at is null and d ->> 'email' <> ''
            ),
            heard as (
                select k.id, k.utc, case when k.lead is not null
                    then (select email from known n where n.source = k.source and n.id = k.lead)
                    else (select min(email) from known n where n.phone = k.phone having count(distinct email) = 1) end as email, k.phone
                from k where way = 'in' and is_person
            ),
            x as (select utc, lead(utc) over (partition by coalesce(email, phone) order by utc, id) nx from heard)
            select count(*), count(*) filter (where nx - utc < interval '7 days') from x
            where utc < date_trunc('hour', now() - interval '7 days')",
    },
    Question {
        name: "Q24 chats that became leads",
        asked: "select channel_name, count(*), count(lead_id) from marts.conversations
            where source=(select source from sync.sources where vendor='convertalk') group by 1 order by 1",
        truth: "select v.context ->> 'bot', count(*), count(*) filter (where v.context ->> 'listing' = 'lead') from warehouse.conversations v
            join sync.sources s on s.source = v.source and s.vendor = 'convertalk' group by 1",
    },
    Question {
        name: "Q25 complete days",
        asked: "select k.day, count(c.call_key) from marts.complete_days k left join marts.calls c on c.source=k.source and c.local_day=k.day
            join p on p.source=k.source where k.table_name='calls' and k.is_complete group by 1 order by 1",
        truth: "select day, count(*) from k, p where day between (select min(day) + 1 from k) and p.d group by 1 order by 1",
    },
];

/// Rows of a query as text, in an order of their own.
async fn rows(connection: &mut PgConnection, query: &str) -> Vec<String> {
    let query = format!("select t::text from ({query}) as t order by 1");
    sqlx::query_scalar(AssertSqlSafe(query.clone()))
        .fetch_all(connection)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"))
}

fn settings_of(simulated: &Simulated, database: &Database) -> Settings {
    let since = simulated.server.now() - TimeDelta::days(i64::from(DAYS));
    let sources = simulated.sources.iter().cloned().map(|source| settings::Source {
        since: Some(since),
        ..source
    });
    Settings {
        warehouse: settings::Warehouse {
            url: database.secret(),
            max_connections: 8,
            pooler: false,
        },
        limits: Limits::default(),
        history: History::default(),
        lease: Duration::from_secs(30),
        server: settings::Server::off(),
        alerts: Alerts::default(),
        retention: Retention::default(),
        sources: sources.map(|source| (source.name.clone(), source)).collect(),
    }
}

/// A warehouse that has read all simulated vendors completely.
struct Asked {
    connection: PoolConnection<Postgres>,
    /// Dropped last.
    database: Database,
}

impl Asked {
    async fn new() -> Self {
        let database = Database::new().await;
        let simulated = commands::start_sandbox(&SandboxOptions {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 7,
            days: DAYS,
            calls_per_day: 260,
            comment_bytes: 0,
            is_frozen: true,
        })
        .await
        .expect("the sandbox starts");
        let warehouse = Warehouse::connect(&database.secret(), 8)
            .await
            .expect("it answers");
        let settings = settings_of(&simulated, &database);
        let once = Once {
            selection: &Selection::default(),
            stop: &CancellationToken::new(),
            observer: no_observer(),
        };
        let reports = commands::sync_once(&warehouse, &settings, once)
            .await
            .expect("it runs");
        let reports: Vec<RunReport> = reports.into_iter().map(|r| r.expect("the source runs")).collect();
        assert!(reports.iter().all(RunReport::is_complete), "{reports:#?}");
        let pool = database.pool().await;
        Self {
            connection: pool.acquire().await.expect("the database answers"),
            database,
        }
    }
}

/// Both on one account: to read it takes longer than to ask.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_question_is_answered_as_the_vendors_records_answer_it_and_every_statement_of_the_page_runs() {
    let Asked {
        mut connection,
        database,
    } = Asked::new().await;
    assert_answers(&mut connection).await;
    // The page begins with the same set-up.
    let mut connection = database
        .pool()
        .await
        .acquire()
        .await
        .expect("the database answers");
    assert_statements_run(&mut connection).await;
}

/// Holds what is answered to each question against the vendors' own records.
async fn assert_answers(connection: &mut PgConnection) {
    sqlx::raw_sql(SET_UP)
        .execute(&mut *connection)
        .await
        .expect("it is set up");
    let mut wrong = Vec::new();
    for Question { name, asked, truth } in QUESTIONS {
        let answer = rows(connection, asked).await;
        let wanted = rows(connection, truth).await;
        if answer.is_empty() || answer != wanted {
            wrong.push(format!("{name}\n  answered: {answer:?}\n  in truth: {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The names on the analysts' page that are those of the reader's own account, and what they are here.
const NAMES: [(&str, &str); 3] = [
    ("convoso_us", "convoso_sandbox"),
    ("conversocial_main", "conversocial_sandbox"),
    // Nothing is known of the time before the rows were first read.
    ("'2026-11-01'", "'now'"),
];

/// The statements of the analysts' page, in order.
fn statements_of_the_page() -> Vec<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/analysts.md");
    let page = fs::read_to_string(path).expect("the page is there");
    let mut blocks = String::new();
    let mut is_sql = false;
    for line in page.lines() {
        match line.trim() {
            "```sql" => is_sql = true,
            "```" => is_sql = false,
            line if is_sql && !line.starts_with("--") => blocks.extend([line, "\n"]),
            _ => (),
        }
    }
    let statements = blocks.split(';').map(str::trim).filter(|text| !text.is_empty());
    statements.map(str::to_owned).collect()
}

/// Runs the statements of the analysts' page, each of which must bring rows.
async fn assert_statements_run(connection: &mut PgConnection) {
    let known =
        "select person_id from marts.timeline where source = 'convoso_sandbox' and kind = 'call' limit 1";
    let person: String = sqlx::query_scalar(known)
        .fetch_one(&mut *connection)
        .await
        .expect("somebody was called");
    let statements = statements_of_the_page();
    assert!(statements.len() >= 27, "{} statements", statements.len());
    let mut idle = Vec::new();
    for statement in statements {
        let named = statement.replace("lead:convoso_us:12345", &person);
        let named = NAMES
            .iter()
            .fold(named, |text, (theirs, ours)| text.replace(theirs, ours));
        if named.starts_with("create") {
            let made = sqlx::raw_sql(AssertSqlSafe(named)).execute(&mut *connection);
            made.await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        } else if rows(connection, &named).await.is_empty() {
            idle.push(statement);
        }
    }
    assert!(idle.is_empty(), "nothing came of: {idle:#?}");
}

/// What was true of rows at a moment of the server's clock.
struct Moment<T> {
    at: String,
    truth: T,
}

impl<T> Moment<T> {
    async fn of(env: &TestEnv, truth: T) -> Self {
        Self {
            at: env.text("select clock_timestamp()::text").await,
            truth,
        }
    }
}

/// How many records have each status; the text for one that says nothing is empty.
fn by_status(records: Records) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (_, record) in records {
        let record: Value = serde_json::from_str(&record).expect("it is JSON");
        let status = record["status"].as_str().unwrap_or_default().to_owned();
        *counts.entry(status).or_default() += 1;
    }
    counts
}

/// The question about open conversations, word for word but for the last of its days, which ends at a moment.
async fn assert_backlogs(env: &TestEnv, moments: &[Moment<usize>]) {
    for Moment { at, truth } in moments {
        let asked = format!(
            "select coalesce(sum(n), 0)::bigint from (select day, source, count(*) n
             from generate_series('{at}'::timestamptz - interval '8 days', '{at}'::timestamptz - interval '1 day', '1 day') day
             join history.states h on h.table_name='conversations' and h.valid_from < day+interval '1 day'
                 and (h.valid_to >= day+interval '1 day' or h.valid_to is null) and h.is_closed is distinct from true
             group by 1,2) x"
        );
        assert_eq!(
            usize::try_from(env.number(&asked).await).ok(),
            Some(*truth),
            "{at}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_backlog_of_a_past_moment_is_what_was_open_then_at_conversocial() {
    let env = conversocial::build_env(|options| options.now -= TimeDelta::hours(30)).await;
    let world = env.sandbox.conversocial();
    let mut moments = Vec::new();
    for turn in 0..4 {
        if turn > 0 {
            let ids = world.ids("conversations");
            for (place, id) in ids.iter().enumerate() {
                match (place + turn) % 9 {
                    0 => _ = world.set_status(id, "archived"),
                    1 => _ = world.set_status(id, "unread"),
                    _ => (),
                }
            }
            env.sandbox.advance(TimeDelta::hours(7));
        }
        conversocial::sync_all(&env).await;
        let open = by_status(world.snapshot("conversations"));
        let open = open.iter().filter(|(status, _)| *status != "archived");
        moments.push(Moment::of(&env, open.map(|(_, count)| count).sum()).await);
    }
    assert!(moments.windows(2).any(|pair| pair[0].truth != pair[1].truth));
    assert_backlogs(&env, &moments).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leads_of_a_past_moment_have_the_status_that_they_had_then() {
    let mut env = TestEnv::with(|options| options.calls_per_day = 5_000).await;
    env.only(&["leads", "deleted_leads", "archived_leads"]);
    let world = env.sandbox.convoso().clone();
    let (mut moments, mut gone) = (Vec::new(), None);
    for turn in 0..4_usize {
        if turn > 0 {
            let ids = world.ids("leads");
            assert!(world.delete("leads", &ids[turn]) && world.archive("leads", &ids[10 + turn]));
            // One that went comes back, and begins another state.
            assert!(
                gone.replace(ids[turn].clone())
                    .is_none_or(|id| world.restore_lead(&id))
            );
            world.add_leads(3);
            env.sandbox.advance(TimeDelta::minutes(2));
        }
        env.sync_completely().await;
        env.assert_same("leads", world.snapshot("leads")).await;
        moments.push(Moment::of(&env, by_status(world.snapshot("leads"))).await);
    }
    assert!(moments.windows(2).all(|pair| pair[0].truth != pair[1].truth));
    let mut connection = env.pool.acquire().await.expect("the database answers");
    for Moment { at, truth } in moments {
        let asked = format!(
            "select status, count(*) from history.states where table_name='leads' and valid_from <= '{at}'
             and (valid_to > '{at}' or valid_to is null) group by 1"
        );
        let answer = rows(&mut connection, &asked).await;
        let mut wanted: Vec<String> = truth
            .iter()
            .map(|(status, count)| format!("({status},{count})"))
            .collect();
        wanted.sort();
        assert_eq!(answer, wanted, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_that_is_older_than_the_calls_is_none_whose_first_call_is_known() {
    let more = |options: &mut Options| (options.days, options.leads) = (4, 2_000);
    let mut env = TestEnv::with(more).await;
    env.only(&["calls", "leads"]);
    // In the evening of Los Angeles UTC has the next day, which is then the first whole one; two days ago, it has ended by now.
    let day = (env.sandbox.now() - TimeDelta::days(2)).date_naive();
    let since = day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(5);
    env.source().since = Some(since);
    env.sync_completely().await;
    let young = format!(
        "select count(*) from marts.leads where created_at between '{since}'::timestamptz - interval '5 hours' and '{since}'"
    );
    assert!(env.number(&young).await > 20);
    let claimed =
        format!("select count(*) from marts.leads where created_at < '{since}' and is_history_complete");
    assert_eq!(env.number(&claimed).await, 0);
    let known = "select count(*) from marts.leads where is_history_complete and first_dial_at is not null";
    assert!(env.number(known).await > 0);
}
