//! What the vendor and the network do wrong: nothing is lost, doubled or claimed falsely, and the next run heals it.

use std::time::Duration;

use connectors::source::Remedy;
use convene::engine::{RunReport, UnfinishedSlice};
use sandbox::{Fault, Options, RequestRecord, Sandbox};

use crate::support::env::{TestEnv, after_each_batch};
use crate::support::invariants::{assert_proof, busy_field, busy_field_with};

const CALLS: &str = "log/retrieve";
/// So many page requests are answered before a fault, so that it strikes in the middle of a run.
const QUIET: u32 = 3;
const AT_ONCE: Fault = Fault::Slow(Duration::ZERO);

/// A field whose windows have several pages each.
async fn build_env() -> TestEnv {
    let mut env = busy_field(1, 2_400).await;
    env.stream("calls").max_span = Some(Duration::from_hours(12));
    env.sandbox.fault(CALLS, AT_ONCE, QUIET);
    env
}

/// Ends with a run without faults, after which everything must be there.
async fn heal(env: &TestEnv) {
    env.sandbox.clear_faults();
    env.sync_completely().await;
    assert_proof(env).await;
    env.assert_truth().await;
}

/// A fault that passes is met within the slice: the run is complete, and the ledger counts every request. It strikes again
/// two page requests later, so that the middle of a slice is met as well as its beginning.
async fn passes(fault: Fault, times: u32) {
    let mut env = build_env().await;
    env.source().timeout = Some(Duration::from_millis(700));
    for (fault, times) in [(&fault, times), (&AT_ONCE, 1), (&fault, 1)] {
        env.sandbox.fault(CALLS, fault.clone(), times);
    }
    let reports = env.sync().await;
    assert!(
        reports.iter().all(RunReport::is_complete),
        "{fault:?}: {reports:#?}"
    );
    assert_proof(&env).await;
    env.assert_truth().await;
    let asked = page_requests(&env, CALLS);
    let again = asked
        .windows(2)
        .filter(|pair| pair[0].parameters == pair[1].parameters)
        .count();
    // A window without a row is asked for twice whatever happens: it may be the present day's.
    let empty =
        "select count(*) from sync.slices where stream = 'calls' and state = 'complete' and rows_seen = 0";
    let empty = usize::try_from(env.number(empty).await).expect("a count of slices");
    assert_eq!(
        again,
        times as usize + 1 + empty,
        "{fault:?}: page requests sent again"
    );
    let sent = i64::try_from(env.sandbox.requests().len()).expect("a count of requests");
    let booked = env
        .number("select sum(request_count)::bigint from sync.slices")
        .await;
    assert_eq!(
        booked, sent,
        "{fault:?}: requests in the ledger, and requests sent"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_cut_is_asked_for_again() {
    tokio::join!(passes(Fault::Cut, 2), passes(Fault::CutJson, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_connection_is_made_again() {
    passes(Fault::Drop, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_too_late_is_asked_for_again() {
    passes(Fault::Slow(Duration::from_millis(1_500)), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_is_unwell_for_a_while_is_asked_again() {
    tokio::join!(
        passes(Fault::Status(500, None), 2),
        passes(Fault::Status(503, Some("0".to_owned())), 4),
        passes(Fault::Html(502), 1),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_is_asked_too_often_is_given_the_time_that_it_wants() {
    tokio::join!(
        passes(Fault::Status(429, Some("1".to_owned())), 2),
        waits("2", 1_900),
        waits("DATE", 1_000)
    );
}

/// After a 429 with this header, or one with the date in five seconds, the page request comes again, but not before its time.
async fn waits(header: &str, least_ms: u64) {
    let env = build_env().await;
    let form = "Dy, DD Mon YYYY HH24:MI:SS";
    let date = format!("select to_char(now() at time zone 'UTC' + '5 s', '{form}') || ' GMT'");
    let header = header.replace("DATE", &env.text(&date).await);
    let fault = Fault::Status(429, Some(header.clone()));
    env.sandbox.fault(CALLS, fault, 1);
    env.sync_completely().await;
    env.assert_truth().await;
    let seen = page_requests(&env, CALLS);
    let (met, next) = (&seen[QUIET as usize], &seen[QUIET as usize + 1]);
    assert_eq!(
        met.parameters, next.parameters,
        "the same page request comes again"
    );
    let waited = next.arrived - met.arrived;
    assert!(
        waited >= Duration::from_millis(least_ms),
        "{header}: only {waited:?}"
    );
}

fn page_requests(env: &TestEnv, path: &str) -> Vec<RequestRecord> {
    let mut seen = env.sandbox.requests();
    seen.retain(|seen| seen.path.ends_with(path));
    seen
}

/// A fault that stays: the run says which window is not complete and why, and the next one heals it. Returns the flaws, and
/// how many page requests met the fault.
async fn stays(fault: Fault, reason: &str, remedy: Remedy) -> (Vec<UnfinishedSlice>, usize) {
    lasts(fault, 1_000, reason, remedy).await
}

/// The same with a fault that meets so many page requests.
async fn lasts(fault: Fault, times: u32, reason: &str, remedy: Remedy) -> (Vec<UnfinishedSlice>, usize) {
    let env = build_env().await;
    env.sandbox.fault(CALLS, fault.clone(), times);
    let reports = env.sync_only(&["calls"]).await;
    let flaws = reports[0].unfinished.clone();
    let asked = page_requests(&env, CALLS).len() - QUIET as usize;
    for flaw in &flaws {
        assert!(flaw.reason.contains(reason), "{fault:?}: {flaw:?}");
        assert_eq!(flaw.remedy, remedy, "{fault:?}: {flaw:?}");
        let window = flaw.window.expect("a window is named");
        let told = env
            .number(&format!(
                "select count(*) from sync.slices where state <> 'complete' and reason = '{}' and since = '{}' and until = '{}'",
                flaw.reason, window.since, window.until
            ))
            .await;
        assert_eq!(told, 1, "the ledger tells of {flaw:?}");
    }
    assert!(
        env.count("warehouse.calls").await > 0,
        "{fault:?}: what came stays"
    );
    assert_proof(&env).await;
    heal(&env).await;
    (flaws, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_web_page_instead_of_data_needs_an_operator_and_is_not_asked_for_again() {
    let ((page, page_asked), (none, none_asked)) = tokio::join!(
        stays(Fault::Html(200), "is a web page", Remedy::Operator),
        stays(Fault::Html(404), "is a web page", Remedy::Operator),
    );
    assert_eq!((page.len(), page_asked), (1, 1), "{page:?}");
    assert_eq!((none.len(), none_asked), (1, 1), "{none:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_needs_a_developer_and_leaves_the_other_windows_their_turn() {
    let refusal = Fault::Refusal {
        code: 6004,
        text: "Unknown Campaign ID".to_owned(),
    };
    let (flaws, asked) = stays(refusal.clone(), "code 6004", Remedy::Developer).await;
    assert_eq!((flaws.len(), asked), (3, 3), "three in a row are enough");
    let env = build_env().await;
    env.sandbox.fault(CALLS, refusal, 1);
    let reports = env.sync_only(&["calls"]).await;
    let [flaw] = reports[0].unfinished.as_slice() else {
        panic!("{reports:?}")
    };
    assert!(reports[0].complete_count >= 3, "{reports:?}");
    let window = flaw.window.expect("a window is named");
    let touched = format!(
        "select count(*) from sync.coverage where covered && tstzrange('{}', '{}')",
        window.since, window.until
    );
    assert_eq!(env.number(&touched).await, 0, "{flaw:?} is not covered");
    assert_proof(&env).await;
    heal(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_envelope_that_nobody_knows_needs_a_developer() {
    let check = async |text: &str| {
        let (flaws, asked) = stays(
            Fault::Foreign(text.to_owned()),
            "unknown shape",
            Remedy::Developer,
        )
        .await;
        assert_eq!((flaws.len(), asked), (3, 3), "{text}");
    };
    tokio::join!(
        check(r#"{"rows":[]}"#),
        check(r#"{"success":true,"data":{"results":[]}}"#),
        check(r#"{"success":1,"data":{"results":[],"total_found":0}}"#),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_stays_unwell_is_left_to_the_next_run() {
    // The waits between attempts are long, so that only one window is poisoned: it costs no other its turn.
    let status = "status 500, tried 6 times";
    let poisoned = lasts(Fault::Status(500, None), 6, status, Remedy::NextRun);
    let cut = stays(Fault::CutJson, "ends in the middle", Remedy::NextRun);
    let ((poisoned, _), (cut, cut_requests)) = tokio::join!(poisoned, cut);
    assert_eq!(poisoned.len(), 1, "{poisoned:?}");
    // Three in a row are enough.
    assert_eq!((cut.len(), cut_requests), (3, 3 * 4), "{cut:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_dies_in_the_middle_of_a_slice_costs_nothing_but_time() {
    let mut options = None;
    let mut env = busy_field_with(1, 2_400, |own| options = Some(own.clone())).await;
    let options: Options = options.expect("the field was made with options");
    let home = env.source().base_url.clone();
    let mut doomed = Some(Sandbox::start(options).await.expect("another sandbox starts"));
    let url = doomed.as_ref().map(Sandbox::convoso_url);
    env.source().base_url = url.map(|url| url.parse().expect("it has a URL"));
    let watch = after_each_batch(move |count| {
        if count == 3 {
            drop(doomed.take());
        }
    });
    let reports = env.try_sync(&["calls"], watch).await;
    let report = reports[0].as_ref().expect("the source runs");
    let [flaw] = report.unfinished.as_slice() else {
        panic!("{report:?}")
    };
    assert!(
        flaw.reason.contains("cannot be reached") && flaw.window.is_some(),
        "{flaw:?}"
    );
    assert_eq!(flaw.remedy, Remedy::NextRun);
    assert_proof(&env).await;
    env.source().base_url = home;
    heal(&env).await;
}
