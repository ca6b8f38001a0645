//! The first page: one sentence, and then each source with its streams.

use maud::{Markup, html};

use crate::server::report::{Condition, Report, SourceReport, StreamReport};
use crate::server::verdict::{Finding, Mood, Verdict};
use crate::server::words::{count_things, describe_span, format_count, format_minute};
use crate::warehouse::{OpenRequest, PauseOverview};

use super::bar::{render_coverage, render_legend};
use super::parts::{describe_length, render_condition, render_events, render_minute, render_state};

/// The first page.
pub(super) fn render_overview(report: &Report) -> Markup {
    html! {
        (render_verdict(&report.verdict))
        @if !report.requests.is_empty() { (render_requests(&report.requests)) }
        @if !report.sources.is_empty() { section #legend .legend-line { (render_legend()) } }
        @for source in &report.sources { (render_source(source)) }
        @if report.sources.is_empty() {
            section #empty .callout.attention { p { "No source is configured. " code { "config/example.toml" } " shows how." } }
        }
        (render_instances(report))
        @if !report.events.is_empty() {
            section #events { h2 { "What happened" } (render_events(&report.events)) }
        }
    }
}

fn mood_class(mood: Mood) -> &'static str {
    match mood {
        Mood::Complete => "good",
        Mood::Working => "working",
        Mood::Attention => "attention",
        Mood::Broken => "bad",
    }
}

fn render_verdict(verdict: &Verdict) -> Markup {
    html! {
        section #verdict .verdict.(mood_class(verdict.mood)) aria-live="polite" {
            h1 { (verdict.sentence) }
            @if let Some(todo) = &verdict.todo { p.todo { (with_commands(todo)) } }
            @if verdict.mood != Mood::Complete && let Some(through) = verdict.complete_through {
                p { "Everything is complete through " (render_minute(Some(through))) " UTC." }
            }
            @if !verdict.others.is_empty() {
                details #others open[verdict.others.len() <= 4] {
                    summary { (verdict.others.len()) " more" }
                    ul { @for other in &verdict.others { (render_finding(other)) } }
                }
            }
        }
    }
}

fn render_finding(finding: &Finding) -> Markup {
    html! {
        li {
            span.dot.(mood_class(finding.mood)) aria-hidden="true" {} " "
            (finding.sentence.trim_end_matches('.')) ". "
            @if let Some(todo) = &finding.todo { span.todo { (with_commands(todo)) } }
        }
    }
}

/// A text whose parts between backticks are commands.
fn with_commands(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn render_requests(requests: &[OpenRequest]) -> Markup {
    html! {
        section #requests .callout.working {
            h2 { "Asked for" }
            ul {
                @for request in requests {
                    li {
                        b { (request.kind) " " (request.source) "." (request.stream) } " "
                        @if let (Some(since), Some(until)) = (request.since, request.until) {
                            "from " (format_minute(since)) " to " (format_minute(until)) " UTC "
                        }
                        (request.state)
                        @if request.slice_count > 0 {
                            ": " (request.ended_slices) " of " (request.slice_count) " slices "
                            progress max=(request.slice_count) value=(request.ended_slices) aria-label="slices" {}
                        }
                    }
                }
            }
        }
    }
}

fn render_source(source: &SourceReport) -> Markup {
    html! {
        section id=(format!("source-{}", source.source)) .source aria-labelledby=(format!("name-{}", source.source)) {
            header {
                h2 id=(format!("name-{}", source.source)) { (source.source) }
                (render_condition(source.condition))
                span.dim { (source.vendor) @if let Some(zone) = &source.time_zone { " · " (zone) } }
                span.dim {
                    @match &source.holder {
                        Some(holder) => { "worked on by " (holder) },
                        None => "nobody works on it",
                    }
                }
                (render_budget(source))
                @if !source.is_configured { span.dim { "not in this daemon's settings" } }
            }
            @for pause in &source.pauses { (render_pause(&source.source, pause)) }
            @if let Some(reason) = &source.reason { p.note.bad { (reason) } }
            @if source.streams.is_empty() {
                p.dim { "Its streams are not known yet." }
            } @else {
                table.streams {
                    thead { tr {
                        th scope="col" { "Stream" } th scope="col" { "State" } th scope="col" { "Complete through (UTC)" }
                        th scope="col" { "Settled through" } th scope="col" { "Coverage" } th scope="col" { "Last run" }
                        th scope="col" { "Next run" }
                    } }
                    tbody { @for stream in &source.streams { (render_stream(stream)) } }
                }
            }
        }
    }
}

fn render_budget(source: &SourceReport) -> Markup {
    html! {
        @if let Some(limit) = source.requests_per_minute_limit {
            span.dim.budget {
                (format!("{:.1}", source.requests_per_minute)) " of " (limit) " requests a minute "
                meter min="0" max=(limit) value=(format!("{:.1}", source.requests_per_minute.min(f64::from(limit))))
                    aria-label=(format!("Budget of {}", source.source)) {}
            }
        }
    }
}

/// Why something is left alone, and what to do.
pub(super) fn render_pause(name: &str, pause: &PauseOverview) -> Markup {
    let class = if pause.paused_by == "operator" {
        "attention"
    } else {
        "bad"
    };
    html! {
        p.note.(class) {
            @if pause.paused_by == "operator" { "Paused by an operator" } @else { "Left alone" }
            " since " (format_minute(pause.since)) " UTC"
            @if let Some(until) = pause.until { " until " (format_minute(until)) " UTC" }
            @if pause.failure_count > 1 { ", after " (pause.failure_count) " failures in a row" }
            ": " (pause.reason.trim_end_matches('.')) ". "
            @if pause.paused_by == "operator" || pause.remedy.as_deref() == Some("operator") {
                "To go on: " code { "convene resume " (name) } "."
            }
        }
    }
}

fn render_stream(stream: &StreamReport) -> Markup {
    let status = &stream.status;
    let address = format!("/streams/{}/{}", status.source, status.stream);
    html! {
        tr .off[stream.condition == Condition::Disabled] {
            th scope="row" data-label="Stream" { a href=(address) id=(format!("link-{}", stream.full_name())) { (status.stream) } }
            td data-label="State" {
                (render_condition(stream.condition))
                @if !stream.running.is_empty() && stream.condition != Condition::Reading { " " span.chip.working { "reading" } }
                (render_chips(stream))
            }
            td data-label="Complete through" {
                (render_minute(status.complete_through))
                @if let Some(lag) = status.lag_seconds {
                    " " span.dim.late[stream.condition == Condition::Behind] { (describe_span(lag)) " ago" }
                }
            }
            td data-label="Settled through" { (render_minute(status.settled_through)) }
            td.line data-label="Coverage" {
                @match &stream.coverage {
                    Some(coverage) => (render_coverage(coverage, false)),
                    None => span.dim { @if status.mode == "lookup" { "read by id" } @else { "read whole" } },
                }
            }
            td data-label="Last run" {
                @match &stream.last_run {
                    Some(run) => {
                        a href=(format!("/runs/{}", run.id)) { (render_minute(Some(run.started_at))) } " "
                        (render_state(&run.state)) " "
                        span.dim {
                            (count_things(run.rows_seen, "row")) ", " (format_count(run.inserted)) " new, "
                            (count_things(run.request_count, "request"))
                            @if run.ended_at.is_some() { ", " (describe_length(run.started_at, run.ended_at)) }
                        }
                    },
                    None => span.dim { "–" },
                }
            }
            td data-label="Next run" { (render_minute(stream.next_run_at)) }
        }
        @if let Some(reason) = telling_reason(stream) {
            tr.reason { td colspan="7" { (reason) } }
        }
    }
}

/// Why a stream is not further, where its state alone does not say it.
fn telling_reason(stream: &StreamReport) -> Option<&str> {
    let says_all = [Condition::Disabled, Condition::Reading, Condition::Unread];
    let reason = stream.status.bare_reason()?;
    (!says_all.contains(&stream.condition)).then_some(reason)
}

/// What stands out besides the state.
fn render_chips(stream: &StreamReport) -> Markup {
    let held: i64 = stream.held.iter().map(|held| held.row_count).sum();
    let chips = [
        (held, "held deletion"),
        (stream.status.reject_count, "reject"),
        (stream.fault_count(), "field fault"),
        (
            i64::try_from(stream.drift.len()).unwrap_or(i64::MAX),
            "drifted field",
        ),
        (
            i64::try_from(stream.failing.len()).unwrap_or(i64::MAX),
            "failing slice",
        ),
    ];
    html! {
        @for (count, word) in chips.iter().filter(|(count, _)| *count > 0) {
            " " span.chip { (count_things(*count, word)) }
        }
    }
}

fn render_instances(report: &Report) -> Markup {
    html! {
        @if !report.instances.is_empty() {
            section #instances {
                h2 { "Daemons" }
                ul.plain {
                    @for instance in &report.instances {
                        li {
                            b { (instance.instance) } " " span.dim { "version " (instance.version) ", since " (format_minute(instance.started_at)) " UTC" }
                            ": " @if instance.held.is_empty() { "stands by" } @else { "works on " (instance.held.join(", ")) }
                        }
                    }
                }
            }
        }
    }
}
