//! The two nights in which the account's clocks are changed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sandbox::convoso::Order;

use crate::support::env::{SOURCE, TestEnv};
use crate::support::invariants::{assert_books, execute};

const PACIFIC: Tz = Tz::America__Los_Angeles;
const BERLIN: Tz = Tz::Europe__Berlin;

/// A night in which the clocks of a zone are changed.
#[derive(Debug, Clone, Copy)]
struct Night {
    zone: Tz,
    change: &'static str,
    /// Whether an hour happens twice; otherwise one is skipped.
    repeats: bool,
}

const NIGHTS: [Night; 4] = [
    Night {
        zone: PACIFIC,
        change: "2025-11-02T09:00:00Z",
        repeats: true,
    },
    Night {
        zone: PACIFIC,
        change: "2025-03-09T10:00:00Z",
        repeats: false,
    },
    Night {
        zone: BERLIN,
        change: "2025-10-26T01:00:00Z",
        repeats: true,
    },
    Night {
        zone: BERLIN,
        change: "2025-03-30T01:00:00Z",
        repeats: false,
    },
];

impl Night {
    fn change(self) -> DateTime<Utc> {
        self.change.parse().expect("an instant")
    }

    /// When a call counts as started: its record tells the local time alone, which is taken as the first of two.
    fn told(self, start: DateTime<Utc>) -> DateTime<Utc> {
        let hour = TimeDelta::hours(1);
        let is_second = self.repeats && (self.change()..self.change() + hour).contains(&start);
        if is_second { start - hour } else { start }
    }

    /// An account without calls of its own whose only gap is the time around the change, read by windows of this width.
    async fn build_env(self, around: TimeDelta, max_span: Duration) -> TestEnv {
        let end = self.change() + around;
        let mut env = TestEnv::with(|options| {
            options.now = end;
            options.days = 0;
            options.calls_per_day = 0;
            options.time_zone = self.zone;
        })
        .await;
        let since = self.change() - around;
        env.source().time_zone = Some(self.zone);
        env.source().since = Some(since);
        env.stream("calls").max_span = Some(max_span);
        // As if everything from then to now had been read: the test needs the night alone.
        let statement = format!(
            "insert into sync.slices (source, stream, purpose, since, until, epoch, started_at, ended_at, state)
             values ('{SOURCE}', 'calls', 'window', '{end}', now() + interval '1 day', 0, now(), now(), 'complete');
             insert into sync.coverage (source, stream, since, covered)
             select source, stream, '{since}', tstzmultirange(tstzrange(since, until)) from sync.slices"
        );
        for statement in statement.split(';') {
            execute(&env, statement).await;
        }
        env
    }

    /// Calls in every corner of the night: a second before, at and after each edge of its quarters of an hour, several of one
    /// second, and some in between.
    fn fill(self, env: &TestEnv, around: TimeDelta) -> Vec<(String, DateTime<Utc>)> {
        let world = env.sandbox.convoso();
        let since = self.change() - around;
        let mut calls = Vec::new();
        for quarter in 0..around.num_minutes() * 2 / 15 {
            for (second, count) in [(0, 3), (1, 1), (613, 2), (899, 3)] {
                let start = since + TimeDelta::seconds(900 * quarter + second);
                let ids = world.add_calls(count, start, TimeDelta::zero());
                calls.extend(ids.into_iter().map(|id| (id, start)));
            }
        }
        calls
    }

    async fn assert_told(self, env: &TestEnv, calls: &[(String, DateTime<Utc>)]) {
        let ids: Vec<&str> = calls.iter().map(|(id, _)| id.as_str()).collect();
        let starts: Vec<DateTime<Utc>> = calls.iter().map(|(_, start)| self.told(*start)).collect();
        let wrong: Vec<String> = sqlx::query_scalar(
            "select v.id || ' ' || (c.raw ->> 'call_date') || ' is told as ' || c.started_at
             from unnest($1::text[], $2::timestamptz[]) as v (id, start) left join warehouse.calls as c using (id)
             where c.started_at is distinct from v.start",
        )
        .bind(&ids)
        .bind(&starts)
        .fetch_all(&env.pool)
        .await
        .expect("the comparison runs");
        assert!(wrong.is_empty(), "{self:?}: {wrong:?}");
    }
}

async fn sync(env: &TestEnv, night: Night) -> i64 {
    let reports = env.sync_only(&["calls"]).await;
    assert!(
        reports[0].is_complete(),
        "{night:?}: {:#?}",
        reports[0].unfinished
    );
    env.assert_same("calls", env.sandbox.convoso().snapshot("calls"))
        .await;
    assert_books(env).await;
    reports[0].counts.inserted + reports[0].counts.updated
}

/// Reads a night, and once more: what was read says the same.
async fn assert_read(night: Night, around: TimeDelta, max_span: Duration) {
    let env = night.build_env(around, max_span).await;
    let calls = night.fill(&env, around);
    sync(&env, night).await;
    night.assert_told(&env, &calls).await;
    let (since, end) = (night.change() - around, night.change() + around);
    let forget =
        format!("update sync.coverage set covered = covered - tstzmultirange(tstzrange('{since}', '{end}'))");
    execute(&env, &forget).await;
    assert_eq!(sync(&env, night).await, 0, "{night:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_both_nights_arrive_whatever_window_edges_fall_into_them() {
    for night in NIGHTS {
        for minutes in [30, 7 * 60] {
            assert_read(night, TimeDelta::hours(3), Duration::from_mins(minutes)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_begins_and_ends_around_the_change_is_read_whole() {
    for night in NIGHTS {
        // In a repeated hour the clock shows less at the end of the window than at its beginning, or hardly more.
        for minutes in [20, 45] {
            assert_read(night, TimeDelta::minutes(minutes), Duration::from_hours(24)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_repeated_hour_arrives_whole_in_either_order() {
    for order in [Order::Honoured, Order::Ignored] {
        let night = NIGHTS[0];
        let env = night
            .build_env(TimeDelta::hours(3), Duration::from_mins(30))
            .await;
        let world = env.sandbox.convoso();
        world.quirks(|quirks| quirks.order = order);
        let since = night.change() - TimeDelta::hours(1);
        // Fourteen in each local second, seven in each turn of the hour.
        for start in (0..7_200).step_by(24) {
            world.add_calls(7, since + TimeDelta::seconds(start), TimeDelta::zero());
        }
        sync(&env, night).await;
    }
}
