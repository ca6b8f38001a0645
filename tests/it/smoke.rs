//! The main job, end to end.

use crate::field::Field;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_sync_brings_everything_and_says_up_to_when() {
    let field = Field::new().await;
    field.sync_completely().await;
    field.assert_truth().await;
    let fresh = field.warehouse.freshness().await.expect("freshness is told");
    let tables: Vec<&str> = fresh.iter().map(|fresh| fresh.table_name.as_str()).collect();
    assert_eq!(tables, ["agents", "calls", "recordings"]);
    let anchor = field.sandbox.now();
    assert!(
        fresh.iter().all(|fresh| fresh.complete_through > Some(anchor)),
        "{fresh:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_sync_reads_again_and_writes_nothing() {
    let mut field = Field::new().await;
    field.sync_completely().await;
    let places =
        "select md5(string_agg(xmin::text || ctid::text || id, ',' order by id)) from warehouse.calls";
    let before = field.text(places).await;
    let counted = field.tuples_written().await;
    assert!(counted > 0);
    let reports = field.sync_completely().await;
    assert!(reports.iter().any(|report| report.counts.unchanged > 0));
    assert!(
        reports
            .iter()
            .all(|report| report.counts.inserted + report.counts.updated == 0),
        "{reports:?}"
    );
    assert_eq!(field.text(places).await, before);
    assert_eq!(field.tuples_written().await, counted);
}
