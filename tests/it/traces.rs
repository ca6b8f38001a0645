//! Traces, as a collector gets them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;

use crate::binary::{convene, ended};
use crate::support::env::TestEnv;
use crate::support::inbox::Inbox;

/// What a collector got: what all spans have in common, and the spans.
struct Gathered {
    process: BTreeMap<String, String>,
    spans: Vec<Span>,
}

fn gather_spans(inbox: &Inbox) -> Gathered {
    let mut gathered = Gathered {
        process: BTreeMap::new(),
        spans: Vec::new(),
    };
    for letter in inbox.letters("/v1/traces") {
        let export = ExportTraceServiceRequest::decode(letter.body).expect("it is an export of traces");
        for of_process in export.resource_spans {
            gathered.process = attributes(&of_process.resource.expect("it says of what").attributes);
            let spans = of_process.scope_spans.into_iter().flat_map(|scope| scope.spans);
            gathered.spans.extend(spans);
        }
    }
    gathered
}

fn attributes(all: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &KeyValue| match value.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    all.iter().map(|one| (one.key.clone(), text(one))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_runs_with_their_slices_requests_and_loads() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let inbox = Inbox::open().await;
    let mut command = convene(&env, &file, &["sync"]);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &inbox.url)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=blue")
        .env("OTEL_SERVICE_NAME", "convene-of-a-test");
    let done = ended(&mut command).await;
    assert_eq!(done.code, Some(0), "{} {}", done.out, done.err);
    let letters = inbox.letters("/");
    assert!(letters.iter().all(|letter| letter.headers["x-tenant"] == "blue"));
    let Gathered { process, spans } = gather_spans(&inbox);
    assert_eq!(process["service.name"], "convene-of-a-test");
    assert_eq!(process["service.version"], env!("CARGO_PKG_VERSION"));
    let parent_of = |span: &Span| spans.iter().find(|other| other.span_id == span.parent_span_id);
    let mut count = BTreeMap::new();
    for span in &spans {
        *count.entry(span.name.as_str()).or_insert(0) += 1;
        let told = attributes(&span.attributes);
        match (span.name.as_str(), parent_of(span).map(|span| span.name.as_str())) {
            ("run", None) | ("slice", Some("run")) => assert_eq!(told["outcome"], "complete", "{told:?}"),
            ("request", Some("slice")) => assert_eq!(told["http.response.status_code"], "200", "{told:?}"),
            ("load", Some("slice")) => assert!(told.contains_key("record_count"), "{told:?}"),
            other => panic!("{other:?} is no span of ours: {told:?}"),
        }
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    }
    let requests = env.sandbox.requests().len();
    assert_eq!((count["run"], count["request"]), (2, requests), "{count:?}");
    let slices = env.number("select count(*) from sync.slices").await;
    assert_eq!(i64::try_from(count["slice"]), Ok(slices), "{count:?}");
    let streams: Vec<String> = spans
        .iter()
        .filter(|span| span.name == "run")
        .map(|span| attributes(&span.attributes)["stream"].clone())
        .collect();
    assert!(streams.contains(&"calls".to_owned()), "{streams:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_collector_stalls_nothing_and_a_wrong_protocol_is_said() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", silent.local_addr().expect("it has an address"));
    let begun = Instant::now();
    let plain = ended(&mut convene(&env, &file, &["sync"])).await;
    let usual = begun.elapsed();
    assert_eq!(plain.code, Some(0), "{}", plain.err);
    let begun = Instant::now();
    let done = ended(convene(&env, &file, &["sync"]).env("OTEL_EXPORTER_OTLP_ENDPOINT", &url)).await;
    assert_eq!(done.code, Some(0), "{}", done.err);
    let slower = begun.elapsed().saturating_sub(usual);
    assert!(
        slower < Duration::from_secs(8),
        "{slower:?} for a collector that is silent"
    );
    let mut command = convene(&env, &file, &["status"]);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &url)
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    let done = ended(&mut command).await;
    assert!(
        done.err.contains("only `http/protobuf` is spoken"),
        "{}",
        done.err
    );
    let mut command = convene(&env, &file, &["status"]);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &url)
        .env("OTEL_SDK_DISABLED", "true");
    assert_eq!(ended(&mut command).await.err, "");
}
