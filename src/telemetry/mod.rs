//! What the process tells while it works: logs to standard error, and traces to a collector where the environment names one.

mod collector;
mod traces;

use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use traces::Traces;

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What was started, and has to be ended so that the last traces go out.
#[must_use = "traces that wait are sent when it is ended"]
pub struct Telemetry {
    traces: Option<Traces>,
}

impl Telemetry {
    /// Starts logging at this level, unless `RUST_LOG` says another, and sends traces where the standard variables of
    /// OpenTelemetry name a collector. Needs the runtime. A second call has no effect.
    pub fn start(format: LogFormat, level: &str) -> Self {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            // Colours are for people at a terminal, not for files and collectors.
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false);
        let lines = match format {
            LogFormat::Text => lines.boxed(),
            LogFormat::Json => lines.json().flatten_event(true).boxed(),
        };
        let traces = Traces::start();
        let (spans, refusal) = match &traces {
            Ok(traces) => (traces.as_ref().map(Traces::layer), None),
            Err(refusal) => (None, Some(refusal)),
        };
        // Fails only when logging was started before.
        let _ = tracing_subscriber::registry()
            .with(lines.with_filter(filter))
            .with(spans)
            .try_init();
        if let Some(refusal) = refusal {
            tracing::error!(error = %refusal, "No traces are sent");
        }
        Self {
            traces: traces.ok().flatten(),
        }
    }

    /// Sends the traces that wait. A collector that is away delays the end by a moment only.
    pub async fn end(self) {
        if let Some(traces) = self.traces {
            traces.flush().await;
        }
    }
}
