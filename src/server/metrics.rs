//! What Prometheus reads: counts of what this instance did since its start.

use std::sync::Arc;

use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};

use crate::engine::{Event, Observer};

/// The figures of this process.
pub(super) struct Metrics {
    registry: Registry,
    runs: IntCounterVec,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let registry = Registry::new();
        let build = IntGaugeVec::new(
            Opts::new("convene_build_info", "The program; always 1."),
            &["version"],
        )
        .expect("a fixed name is valid");
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let runs = IntCounterVec::new(
            Opts::new("convene_runs_total", "Runs that ended, by how they ended."),
            &["source", "stream", "outcome"],
        )
        .expect("a fixed name is valid");
        for collector in [
            Box::new(build) as Box<dyn prometheus::core::Collector>,
            Box::new(runs.clone()),
        ] {
            registry
                .register(collector)
                .expect("every name is registered once");
        }
        Self { registry, runs }
    }

    /// Counts what the engine does.
    pub(super) fn observer(self: Arc<Self>) -> Observer {
        Arc::new(move |event| {
            if let Event::RunEnded(report) = event {
                let outcome = if report.is_complete() {
                    "complete"
                } else {
                    "incomplete"
                };
                self.runs
                    .with_label_values(&[report.source.as_str(), report.stream.as_str(), outcome])
                    .inc();
            }
        })
    }

    /// Everything, in the text that Prometheus reads.
    pub(super) fn render_text(&self) -> String {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap_or_default()
    }
}
