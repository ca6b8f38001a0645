//! A process that ends at each step of its work: what it leaves is honest, and the next one brings what a process that never
//! ended brings.

use convene::engine::FAILPOINTS;

use crate::binary::{convene, ended};
use crate::support::env::TestEnv;
use crate::support::invariants::{busy_field, execute};

/// Places that it comes to again and again, and the number of the time at which it ends there.
const LATER: [&str; 4] = [
    "before request:3",
    "after load:3",
    "before end of slice:3",
    "after end of slice:3",
];
const COUNTS: &str = "select count(*) from sync.slices where state = 'failed'
    and reason = 'the process ended before the slice did'";

/// What analysts see of calls, whenever and by which slice it came; the context says when that was.
const CONTENT: &str = "select md5(string_agg(whole, ',' order by whole)) from (
     select (to_jsonb(t) - '{fetched_at,first_seen_at,changed_at,slice_id,generation,context}'::text[])::text as whole from warehouse.calls as t
     union all
     select (to_jsonb(t) - '{fetched_at,first_seen_at,changed_at,slice_id,generation,context}'::text[])::text from warehouse.recordings as t
 ) as rows";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_ends_at_any_step_costs_nothing_but_time() {
    let env = busy_field(2, 400).await;
    let streams = "[sources.convoso_test.streams.calls]\nmax_span = \"1h\"";
    let file = env.settings_file(&format!("time_zone = \"UTC\"\n{streams}"));
    let end = FAILPOINTS.iter().position(|point| *point == "before end of run");
    let end = end.expect("a run ends");
    // A run that comes to its end leaves no slice to die in.
    for point in FAILPOINTS[..end].iter().chain(&LATER).chain(&FAILPOINTS[end..]) {
        execute(&env, "update sync.leases set expires_at = clock_timestamp()").await;
        let mut command = convene(&env, &file, &["sync", "convoso_test.calls"]);
        let done = ended(command.env("CONVENE_FAILPOINT", point)).await;
        assert_eq!(done.code, None, "{point} is reached: {done:?}");
        super::assert_covered_calls(&env).await;
    }
    execute(&env, "update sync.leases set expires_at = clock_timestamp()").await;
    let done = ended(&mut convene(&env, &file, &["sync"])).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    super::assert_convoso(&env).await;
    assert!(env.number(COUNTS).await >= 8, "deaths struck slices");
    assert_eq!(
        env.text(CONTENT).await,
        content_of_an_undisturbed_sync(&env).await
    );
}

/// The same of a second warehouse, which one run has filled from the same account.
async fn content_of_an_undisturbed_sync(env: &TestEnv) -> String {
    let database = crate::support::postgres::Database::new().await;
    let warehouse = convene::warehouse::Warehouse::connect(&database.secret(), 8)
        .await
        .expect("the second warehouse answers");
    let once = convene::commands::Once {
        selection: &convene::commands::Selection::default(),
        stop: &env.stop,
        observer: convene::engine::no_observer(),
    };
    let reports = convene::commands::sync_once(&warehouse, &env.settings, once)
        .await
        .expect("there is a source");
    assert!(reports.iter().all(|report| {
        let report = report.as_ref().expect("the source runs");
        report.is_complete()
    }));
    sqlx::query_scalar(CONTENT)
        .fetch_one(&database.pool().await)
        .await
        .expect("the content is read")
}
