//! What Prometheus reads of the database and of the process: made anew for each scrape, so that what is gone leaves no figure behind.

use std::fs;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use prometheus::{GaugeVec, Opts, Registry, TextEncoder};

use super::App;
use super::metrics::register_collector;
use super::report::{Condition, Report, StreamReport};
use crate::warehouse::PoolState;

/// The form of metrics in text that Prometheus reads.
const FORM: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Ticks of a second in which the kernel counts the time of a process, on every machine that Linux runs on.
const TICKS: f64 = 100.0;

/// Everything, in the text that Prometheus reads.
pub(super) async fn show_metrics(State(app): State<App>) -> Response {
    let report = app.report().await;
    let scrape = Scrape {
        registry: Registry::new(),
    };
    scrape.add_report(&report);
    scrape.add_pool(app.warehouse.pool_state());
    scrape.add_process();
    let mut families = app.metrics.gather();
    families.extend(scrape.registry.gather());
    let text = TextEncoder::new().encode_to_string(&families).unwrap_or_default();
    ([(CONTENT_TYPE, FORM)], text).into_response()
}

/// The figures of one scrape.
struct Scrape {
    registry: Registry,
}

impl Scrape {
    fn gauge(&self, name: &str, help: &str, labels: &[&str]) -> GaugeVec {
        register_collector(&self.registry, GaugeVec::new(Opts::new(name, help), labels))
    }

    fn add_report(&self, report: &Report) {
        self.gauge("convene_build_info", "The program; always 1.", &["version"])
            .with_label_values(&[report.version])
            .set(1.0);
        self.gauge(
            "convene_database_up",
            "1 where the database answered the last question.",
            &[],
        )
        .with_label_values::<&str>(&[])
        .set(truth(report.database.ok));
        self.add_sources(report);
        self.add_instants(report);
        self.add_amounts(report);
        let conditions = self.gauge(
            "convene_stream_condition",
            "1 for the condition in which a stream is, such as complete, behind, failing or held.",
            &["source", "stream", "condition"],
        );
        for stream in report.wanted_streams() {
            let status = &stream.status;
            conditions
                .with_label_values(&[
                    status.source.as_str(),
                    status.stream.as_str(),
                    condition_word(stream.condition),
                ])
                .set(1.0);
        }
    }

    fn add_sources(&self, report: &Report) {
        let held = self.gauge(
            "convene_source_held",
            "1 where some daemon works on the source.",
            &["source"],
        );
        let paused = self.gauge(
            "convene_source_paused",
            "1 where the source is left alone as a whole, by whom: operator or daemon.",
            &["source", "by"],
        );
        let used = self.gauge(
            "convene_budget_used_ratio",
            "Share of the requests that the credential allows which were sent within the last ten minutes.",
            &["source"],
        );
        for source in report.sources.iter().filter(|source| source.is_configured) {
            held.with_label_values(&[&source.source])
                .set(truth(source.holder.is_some()));
            for by in ["operator", "daemon"] {
                let is_paused = source.pauses.iter().any(|pause| pause.paused_by == by);
                paused
                    .with_label_values(&[source.source.as_str(), by])
                    .set(truth(is_paused));
            }
            if let Some(limit) = source.requests_per_minute_limit {
                used.with_label_values(&[&source.source])
                    .set(source.requests_per_minute / f64::from(limit.max(1)));
            }
        }
    }

    fn add_instants(&self, report: &Report) {
        type Find = fn(&StreamReport) -> Option<f64>;
        let instants: [(&str, &str, Find); 4] = [
            (
                "convene_complete_through_timestamp_seconds",
                "Everything of the stream before this instant is loaded; absent while its beginning is missing.",
                |stream| stream.status.complete_through.map(seconds_of),
            ),
            (
                "convene_settled_through_timestamp_seconds",
                "Everything of the stream before this instant was read again after late corrections had their time.",
                |stream| stream.status.settled_through.map(seconds_of),
            ),
            (
                "convene_next_run_timestamp_seconds",
                "When the stream's schedule wakes it next.",
                |stream| stream.next_run_at.map(seconds_of),
            ),
            (
                "convene_lag_limit_seconds",
                "How far the stream's completeness may be behind.",
                #[expect(clippy::cast_precision_loss, reason = "limits are days at most")]
                |stream| stream.lag_limit_seconds.map(|limit| limit as f64),
            ),
        ];
        for (name, help, find) in instants {
            self.add_of_streams(report, name, help, find);
        }
    }

    fn add_amounts(&self, report: &Report) {
        type Count = fn(&StreamReport) -> i64;
        let amounts: [(&str, &str, Count); 7] = [
            (
                "convene_failing_slices",
                "Slices that are not complete and are tried again.",
                |stream| count_of(stream.failing.len()),
            ),
            (
                "convene_running_slices",
                "Slices that are being read.",
                |stream| count_of(stream.running.len()),
            ),
            (
                "convene_held_deletions",
                "Rows that seem to be gone at the vendor and wait for an operator's word.",
                |stream| stream.held.iter().map(|held| held.row_count).sum(),
            ),
            (
                "convene_rejects",
                "Records that could not be read and are kept.",
                |stream| stream.status.reject_count,
            ),
            (
                "convene_field_faults",
                "How often fields could not be read, by the books of the database.",
                StreamReport::fault_count,
            ),
            (
                "convene_drifted_fields",
                "Fields that appeared at the vendor, or vanished.",
                |stream| count_of(stream.drift.len()),
            ),
            (
                "convene_stored_rows",
                "Rows that the stream has brought in, by the books of the database.",
                |stream| stream.status.row_count,
            ),
        ];
        for (name, help, count) in amounts {
            #[expect(clippy::cast_precision_loss, reason = "a count beyond 2^53 is not to be had")]
            self.add_of_streams(report, name, help, |stream| Some(count(stream) as f64));
        }
    }

    fn add_of_streams(
        &self,
        report: &Report,
        name: &str,
        help: &str,
        find: impl Fn(&StreamReport) -> Option<f64>,
    ) {
        let gauge = self.gauge(name, help, &["source", "stream"]);
        for stream in report.wanted_streams() {
            if let Some(value) = find(stream) {
                gauge
                    .with_label_values(&[&stream.status.source, &stream.status.stream])
                    .set(value);
            }
        }
    }

    fn add_pool(&self, pool: PoolState) {
        let connections = self.gauge(
            "convene_database_connections",
            "Connections to the database that are open, and how many of them are idle.",
            &["state"],
        );
        connections.with_label_values(&["open"]).set(f64::from(pool.open));
        connections.with_label_values(&["idle"]).set(f64::from(pool.idle));
        self.gauge(
            "convene_database_connections_limit",
            "Connections that may be open.",
            &[],
        )
        .with_label_values::<&str>(&[])
        .set(f64::from(pool.limit));
    }

    /// What the kernel tells of the process; nothing where it tells it in another way.
    fn add_process(&self) {
        let figures = [
            (
                "process_resident_memory_bytes",
                "Resident memory size in bytes.",
                status_field("VmRSS:").map(|kib| kib * 1024.0),
            ),
            (
                "process_virtual_memory_bytes",
                "Virtual memory size in bytes.",
                status_field("VmSize:").map(|kib| kib * 1024.0),
            ),
            (
                "process_threads",
                "Number of OS threads in the process.",
                status_field("Threads:"),
            ),
            (
                "process_open_fds",
                "Number of open file descriptors.",
                fs::read_dir("/proc/self/fd")
                    .ok()
                    .map(|files| f64::from(u32::try_from(files.count()).unwrap_or(u32::MAX))),
            ),
            (
                "process_start_time_seconds",
                "Start time of the process since unix epoch in seconds.",
                start_seconds(),
            ),
        ];
        for (name, help, value) in figures {
            if let Some(value) = value {
                self.gauge(name, help, &[])
                    .with_label_values::<&str>(&[])
                    .set(value);
            }
        }
        if let Some(seconds) = stat_field(11)
            .zip(stat_field(12))
            .map(|(user, system)| (user + system) / TICKS)
        {
            let options = Opts::new(
                "process_cpu_seconds_total",
                "Total user and system CPU time spent in seconds.",
            );
            let counter = register_collector(&self.registry, prometheus::Counter::with_opts(options));
            counter.inc_by(seconds);
        }
    }
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

fn count_of(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit")]
fn seconds_of(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}

fn condition_word(condition: Condition) -> &'static str {
    match condition {
        Condition::Complete => "complete",
        Condition::Disabled => "disabled",
        Condition::Reading => "reading",
        Condition::Unread => "unread",
        Condition::Incomplete => "incomplete",
        Condition::Paused => "paused",
        Condition::Held => "held",
        Condition::Behind => "behind",
        Condition::Failing => "failing",
        Condition::LeftAlone => "left_alone",
        Condition::Refused => "refused",
    }
}

fn status_field(name: &str) -> Option<f64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A field of the process's line, counted from behind its name, which may hold blanks.
fn stat_field(place: usize) -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    rest.split_whitespace().nth(place)?.parse().ok()
}

fn start_seconds() -> Option<f64> {
    let boot = fs::read_to_string("/proc/stat").ok()?;
    let boot: f64 = boot
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?
        .trim()
        .parse()
        .ok()?;
    Some(boot + stat_field(19)? / TICKS)
}
