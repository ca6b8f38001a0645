//! The main job, end to end.

use crate::support::env::TestEnv;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_sync_brings_everything_and_says_up_to_when() {
    let env = TestEnv::new().await;
    env.sync_completely().await;
    env.assert_truth().await;
    let fresh = env.warehouse.list_freshness().await.expect("freshness is told");
    let tables: Vec<&str> = fresh.iter().map(|fresh| fresh.table_name.as_str()).collect();
    assert_eq!(tables, ["agents", "calls", "queues", "recordings"]);
    let anchor = env.sandbox.now();
    assert!(
        fresh.iter().all(|fresh| fresh.complete_through > Some(anchor)),
        "{fresh:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_sync_reads_again_and_writes_nothing() {
    let mut env = TestEnv::new().await;
    env.sync_completely().await;
    let places =
        "select md5(string_agg(xmin::text || ctid::text || id, ',' order by id)) from warehouse.calls";
    let before = env.text(places).await;
    let counted = env.tuples_written().await;
    assert!(counted > 0);
    let reports = env.sync_completely().await;
    assert!(reports.iter().any(|report| report.counts.unchanged > 0));
    assert!(
        reports
            .iter()
            .all(|report| report.counts.inserted + report.counts.updated == 0),
        "{reports:?}"
    );
    assert_eq!(env.text(places).await, before);
    assert_eq!(env.tuples_written().await, counted);
}
