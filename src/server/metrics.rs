//! What Prometheus reads of this process: counts and durations of what it did since its start. No label is without bounds: sources
//! and streams come from the settings, tables and outcomes from the program, statuses from HTTP.

use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

use crate::engine::{Event, Observer};
use crate::warehouse::TableCounts;

/// Seconds that a request may take: vendors answer within a tenth of a second or within minutes.
const REQUEST_SECONDS: [f64; 12] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
];
/// Seconds that the loading of a batch may take.
const LOAD_SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// The figures of this process.
pub(super) struct Metrics {
    registry: Registry,
    runs: IntCounterVec,
    slices: IntCounterVec,
    rows: IntCounterVec,
    requests: IntCounterVec,
    retries: IntCounterVec,
    bytes: IntCounterVec,
    request_seconds: HistogramVec,
    load_seconds: HistogramVec,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            register_collector(&registry, IntCounterVec::new(Opts::new(name, help), labels))
        };
        let histogram = |name: &str, help: &str, bounds: &[f64]| {
            let options = HistogramOpts::new(name, help).buckets(bounds.to_vec());
            register_collector(&registry, HistogramVec::new(options, &["source", "stream"]))
        };
        let stream = ["source", "stream"];
        Self {
            runs: counter(
                "convene_runs_total",
                "Runs that ended, by outcome: complete, incomplete or failed.",
                &["source", "stream", "outcome"],
            ),
            slices: counter(
                "convene_slices_total",
                "Slices that ended, by outcome: complete, incomplete or failed.",
                &["source", "stream", "outcome"],
            ),
            rows: counter(
                "convene_rows_total",
                "Rows by the table that they belong to and by what became of them: inserted, updated, unchanged, duplicate, rejected or deleted.",
                &["source", "stream", "table", "outcome"],
            ),
            requests: counter(
                "convene_requests_total",
                "Requests sent, failed and repeated ones included, by HTTP status; none where no answer came.",
                &["source", "stream", "status"],
            ),
            retries: counter(
                "convene_request_retries_total",
                "Requests that repeated an earlier one.",
                &stream,
            ),
            bytes: counter(
                "convene_response_bytes_total",
                "Bytes of the answers, unpacked.",
                &stream,
            ),
            request_seconds: histogram(
                "convene_request_duration_seconds",
                "How long requests took, from sending to the end of the answer.",
                &REQUEST_SECONDS,
            ),
            load_seconds: histogram(
                "convene_load_duration_seconds",
                "How long the loading of a batch took, its commit included.",
                &LOAD_SECONDS,
            ),
            registry,
        }
    }

    /// Counts what the engine does.
    pub(super) fn observer(self: Arc<Self>) -> Observer {
        Arc::new(move |event| self.count_event(event))
    }

    /// What was counted.
    pub(super) fn gather(&self) -> Vec<prometheus::proto::MetricFamily> {
        self.registry.gather()
    }

    fn count_event(&self, event: Event<'_>) {
        match event {
            Event::RunEnded(report) => {
                let labels = [report.source.as_str(), &report.stream, report.state().word()];
                self.runs.with_label_values(&labels).inc();
            }
            Event::SliceEnded {
                source,
                stream,
                outcome,
            } => self.slices.with_label_values(&[source, stream, outcome]).inc(),
            Event::RequestEnded {
                source,
                stream,
                attempt,
            } => {
                let status = attempt.status.map(|status| status.to_string());
                let status = status.as_deref().unwrap_or("none");
                self.requests.with_label_values(&[source, stream, status]).inc();
                if attempt.number > 1 {
                    self.retries.with_label_values(&[source, stream]).inc();
                }
                self.bytes
                    .with_label_values(&[source, stream])
                    .inc_by(u64::try_from(attempt.body_bytes).unwrap_or(u64::MAX));
                self.request_seconds
                    .with_label_values(&[source, stream])
                    .observe(attempt.elapsed.as_secs_f64());
            }
            Event::BatchLoaded {
                source,
                stream,
                tables,
                elapsed,
                ..
            } => {
                self.load_seconds
                    .with_label_values(&[source, stream])
                    .observe(elapsed.as_secs_f64());
                for table in tables {
                    self.count_rows(source, stream, table);
                }
            }
            Event::RunPlanned { source, stream, .. } => self.begin_at_zero(source, stream),
        }
    }

    fn count_rows(&self, source: &str, stream: &str, table: &TableCounts) {
        let counts = &table.counts;
        for (outcome, count) in [
            ("inserted", counts.inserted),
            ("updated", counts.updated),
            ("unchanged", counts.unchanged),
            ("duplicate", counts.duplicates),
            ("rejected", counts.rejected),
            ("deleted", counts.deleted),
        ] {
            let labels = [source, stream, table.table, outcome];
            let counter = self.rows.with_label_values(&labels);
            counter.inc_by(u64::try_from(count).unwrap_or(0));
        }
    }

    /// Shows what has not happened yet as 0, so that its first time is seen as a rise.
    fn begin_at_zero(&self, source: &str, stream: &str) {
        for outcome in ["complete", "incomplete", "failed"] {
            let labels = [source, stream, outcome];
            self.runs.with_label_values(&labels);
            self.slices.with_label_values(&labels);
        }
        self.retries.with_label_values(&[source, stream]);
        self.bytes.with_label_values(&[source, stream]);
        self.request_seconds.with_label_values(&[source, stream]);
        self.load_seconds.with_label_values(&[source, stream]);
    }
}

/// Registers a collector. Names and labels are fixed, so that nothing about them can fail at run time.
pub(super) fn register_collector<C: Collector + Clone + 'static>(
    registry: &Registry,
    made: prometheus::Result<C>,
) -> C {
    let collector = made.expect("a fixed name with fixed labels is valid");
    registry
        .register(Box::new(collector.clone()))
        .expect("every name is registered once");
    collector
}
