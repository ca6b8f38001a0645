//! More than one instance: only one works on a source, and a late one cannot write.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use connectors::source::Remedy;
use convene::commands::{self, RunReport};
use convene::engine::{Hold, Patience, Watch, hold, run};
use sandbox::Fault;
use tokio::sync::Notify;

use crate::binary::{Running, convene, ended, until};
use crate::field::{Field, SOURCE, after_each_batch};
use crate::proof::{assert_ledger, assert_proof, busy_field};

/// Long enough that nobody renews during a test.
const LONG: Duration = Duration::from_hours(1);

async fn take(field: &Field, watch: Watch) -> Hold {
    let patience = Patience::OnePeriod;
    hold(&field.warehouse, SOURCE, LONG, patience, (&field.stop, watch))
        .await
        .expect("nobody holds the source")
}

/// Runs the calls under a hold.
async fn run_calls(field: &Field, hold: &Hold) -> RunReport {
    let sources = commands::sources(&field.settings).expect("the settings are good");
    let (job, _) = &sources[0].jobs[0];
    assert_eq!(job.stream.name(), "calls");
    run(job, &hold.session, || false).await
}

async fn expire(field: &Field) {
    sqlx::query("update sync.leases set expires_at = clock_timestamp()")
        .execute(&field.pool)
        .await
        .expect("the lease runs out");
}

/// Everything that an instance could write.
async fn everything(field: &Field) -> String {
    let part = |table| {
        format!(
            "(select coalesce(md5(string_agg(t.xmin::text || t::text, ',' order by t::text)), '') from {table} as t)"
        )
    };
    let tables = [
        "warehouse.calls",
        "warehouse.recordings",
        "sync.walks",
        "sync.coverage",
        "sync.rereads",
    ];
    let parts: Vec<String> = tables.into_iter().map(part).collect();
    field.text(&format!("select {}", parts.join(" || "))).await
}

fn assert_fenced(report: &RunReport) {
    let [flaw] = report.unfinished.as_slice() else {
        panic!("{report:?}")
    };
    assert!(
        flaw.is_failed && flaw.reason.contains("was taken over by another instance"),
        "{flaw:?}"
    );
    assert_eq!(flaw.remedy, Remedy::NextTick);
    assert_eq!(report.complete_count, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_has_lost_the_source_writes_nothing() {
    let field = Field::new().await;
    let late = take(&field, commands::deaf()).await;
    expire(&field).await;
    let holder = take(&field, commands::deaf()).await;
    let before = everything(&field).await;
    assert_fenced(&run_calls(&field, &late).await);
    assert_eq!(everything(&field).await, before);
    assert!(run_calls(&field, &holder).await.is_complete());
    late.release().await;
    let held = "select count(*) from sync.leases where expires_at > clock_timestamp()";
    assert_eq!(
        field.number(held).await,
        1,
        "the late one gives nothing back that it does not have"
    );
    holder.release().await;
    field.sync_completely().await;
    field.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_loses_the_source_within_a_walk_cannot_commit_what_it_has_read() {
    let mut field = busy_field(1, 2_400).await;
    field.stream("calls").widest = Some(Duration::from_hours(48));
    let loaded = Arc::new(Notify::new());
    let told = loaded.clone();
    let late = take(&field, after_each_batch(move |_| told.notify_one())).await;
    let (at_once, later) = (Fault::Slow(Duration::ZERO), Fault::Slow(Duration::from_secs(4)));
    field.sandbox.fault("log/retrieve", at_once, 2);
    field.sandbox.fault("log/retrieve", later, 1);
    let (report, ()) = tokio::join!(run_calls(&field, &late), async {
        loaded.notified().await;
        while field.sandbox.requests().len() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        expire(&field).await;
        let holder = take(&field, commands::deaf()).await;
        assert!(run_calls(&field, &holder).await.is_complete());
        let before = everything(&field).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(
            everything(&field).await,
            before,
            "the late one has written nothing"
        );
        holder.release().await;
    });
    assert_fenced(&report);
    let closed = "select count(*) from sync.walks where state = 'failed' and epoch = 1 and inserted > 0";
    assert_eq!(
        field.number(closed).await,
        1,
        "the holder has closed the walk of the late one"
    );
    field.sync_completely().await;
    assert_proof(&field).await;
    field.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_one_of_two_daemons_works_and_the_other_takes_over_when_it_dies() {
    let field = Field::new().await;
    let file = field.settings_file("");
    let first = Running::start(&mut convene(&field, &file, &["run"]));
    until(&field, &held_by(&first)).await;
    let second = Running::start(&mut convene(&field, &file, &["run"]));
    let is_complete = "(select count(*) = 2 and bool_and(last_complete_at is not null) from sync.coverage)";
    until(&field, is_complete).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(
        field
            .number(&format!("select ({})::int::bigint", held_by(&first)))
            .await
            == 1
    );
    assert!(first.err().contains("Took the source"), "{}", first.err());
    assert!(!second.err().contains("Took the source"), "{}", second.err());
    assert_eq!(
        field.sandbox.most_in_flight(),
        1,
        "the budget of the credential is kept"
    );
    first.kill().await;
    until(&field, &held_by(&second)).await;
    let late = field.sandbox.now() - TimeDelta::minutes(30);
    let id = field.sandbox.convoso().add_call_at(late);
    until(
        &field,
        &format!("exists (select from warehouse.calls where id = '{id}')"),
    )
    .await;
    second.signal("TERM").await;
    assert_eq!(second.end().await.code, Some(0));
    let work = "select count(distinct epoch) from sync.walks";
    assert_eq!(field.number(work).await, 2);
    field.sync_completely().await;
    assert_ledger(&field).await;
    field.assert_truth().await;
}

fn held_by(daemon: &Running) -> String {
    format!(
        "(select holder like '%/{}' and expires_at > clock_timestamp() from sync.leases)",
        daemon.id()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_says_who_holds_the_source() {
    let field = Field::new().await;
    let file = field.settings_file("");
    let daemon = Running::start(&mut convene(&field, &file, &["run"]));
    until(&field, &held_by(&daemon)).await;
    let done = ended(&mut convene(&field, &file, &["sync"])).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    let holder = format!("/{} until ", daemon.id());
    let wanted = format!("Source `{SOURCE}` is held by ");
    assert!(
        done.err.contains(&wanted) && done.err.contains(&holder),
        "{done:?}"
    );
    assert!(!done.out.contains("complete"), "{done:?}");
    daemon.signal("TERM").await;
    assert_eq!(daemon.end().await.code, Some(0));
    let done = ended(&mut convene(&field, &file, &["sync"])).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    field.assert_truth().await;
}
