//! Parts that several pages show.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::server::report::Condition;
use crate::server::words::{describe_span, format_bytes, format_count, format_minute, format_second};
use crate::warehouse::{EventRecord, RunRecord, SliceRecord};

/// The word for a condition, and the class that colours it.
pub(super) fn condition_words(condition: Condition) -> (&'static str, &'static str) {
    match condition {
        Condition::Complete => ("complete", "good"),
        Condition::Disabled => ("off", "off"),
        Condition::Reading => ("reading", "working"),
        Condition::Unread => ("not read yet", "working"),
        Condition::Incomplete => ("incomplete", "working"),
        Condition::Paused => ("paused", "attention"),
        Condition::Held => ("deletions held", "attention"),
        Condition::Behind => ("behind", "attention"),
        Condition::Failing => ("failing", "bad"),
        Condition::LeftAlone => ("left alone", "bad"),
        Condition::Refused => ("refused", "bad"),
    }
}

/// A condition as a badge.
pub(super) fn render_condition(condition: Condition) -> Markup {
    let (word, class) = condition_words(condition);
    html! { span.badge.(class) { (word) } }
}

/// The state of a run or slice as a badge.
pub(super) fn render_state(state: &str) -> Markup {
    let class = match state {
        "complete" => "good",
        "running" => "working",
        "incomplete" => "attention",
        _ => "bad",
    };
    html! { span.badge.(class) { (state) } }
}

/// An instant, to the minute.
pub(super) fn render_minute(at: Option<DateTime<Utc>>) -> Markup {
    html! {
        @match at {
            Some(at) => time datetime=(at.to_rfc3339()) { (format_minute(at)) },
            None => span.dim { "–" },
        }
    }
}

/// An instant, to the second.
pub(super) fn render_second(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) { (format_second(at)) } }
}

/// A window, or what is read where there is none.
pub(super) fn render_window(since: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Markup {
    html! {
        @match (since, until) {
            (Some(since), Some(until)) => { (render_minute(Some(since))) " – " (render_minute(Some(until))) },
            _ => "the whole list",
        }
    }
}

/// How long something took, or has taken so far.
pub(super) fn describe_length(since: DateTime<Utc>, until: Option<DateTime<Utc>>) -> String {
    until.map_or_else(
        || "running".to_owned(),
        |until| {
            let length = until - since;
            if length.num_seconds() < 10 {
                format!("{} ms", length.num_milliseconds())
            } else {
                describe_span(length.num_seconds())
            }
        },
    )
}

/// A list of runs.
pub(super) fn render_runs(runs: &[RunRecord]) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { "Run" } th scope="col" { "Began (UTC)" } th scope="col" { "State" }
                th.number scope="col" { "Took" } th.number scope="col" { "Slices" } th.number scope="col" { "Requests" }
                th.number scope="col" { "Read" } th.number scope="col" { "New" } th.number scope="col" { "Changed" }
                th.number scope="col" { "Rejects" }
            } }
            tbody {
                @for run in runs {
                    tr {
                        td data-label="Run" { a href=(format!("/runs/{}", run.id)) { (run.id) } }
                        td data-label="Began" { (render_second(run.started_at)) }
                        td data-label="State" { (render_state(&run.state)) }
                        td.number data-label="Took" { (describe_length(run.started_at, run.ended_at)) }
                        td.number data-label="Slices" { (format_count(run.slice_count)) }
                        td.number data-label="Requests" { (format_count(run.request_count)) }
                        td.number data-label="Read" { (format_count(run.rows_seen)) }
                        td.number data-label="New" { (format_count(run.inserted)) }
                        td.number data-label="Changed" { (format_count(run.updated)) }
                        td.number data-label="Rejects" { (format_count(run.rejected)) }
                    }
                    @if let Some(reason) = &run.reason {
                        tr.reason { td colspan="10" { (reason) (render_remedy(run.remedy.as_deref())) } }
                    }
                }
            }
        }
    }
}

/// What mends something.
pub(super) fn render_remedy(remedy: Option<&str>) -> Markup {
    html! {
        @match remedy {
            Some("operator") => span.remedy { " For the operator." },
            Some("developer") => span.remedy { " For the developers." },
            Some("next run") => span.remedy { " The next run tries it again." },
            _ => "",
        }
    }
}

/// A list of slices, each with its evidence.
pub(super) fn render_slices(slices: &[SliceRecord], linked: Option<i64>) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { "Slice" } th scope="col" { "Window (UTC)" } th scope="col" { "For" } th scope="col" { "State" }
                th.number scope="col" { "Took" } th.number scope="col" { "Requests" } th.number scope="col" { "Bytes" }
                th.number scope="col" { "Read" } th.number scope="col" { "New" } th.number scope="col" { "Changed" }
                th scope="col" { "Evidence of its end" }
            } }
            tbody {
                @for slice in slices {
                    tr id=(format!("slice-{}", slice.id)) .marked[linked == Some(slice.id)] {
                        td data-label="Slice" {
                            @match slice.run_id {
                                Some(run) => a href=(format!("/runs/{run}#slice-{}", slice.id)) { (slice.id) },
                                None => (slice.id),
                            }
                        }
                        td data-label="Window" {
                            (render_window(slice.since, slice.until))
                            @if !slice.partition.is_empty() { br; span.dim { (slice.partition) } }
                        }
                        td data-label="For" { (slice.purpose) }
                        td data-label="State" { (render_state(&slice.state)) }
                        td.number data-label="Took" { (describe_length(slice.started_at, slice.ended_at)) }
                        td.number data-label="Requests" { (format_count(slice.request_count)) }
                        td.number data-label="Bytes" { (format_bytes(slice.body_bytes)) }
                        td.number data-label="Read" {
                            (format_count(slice.rows_seen))
                            @if let Some(total) = slice.vendor_total { br; span.dim { "vendor: " (format_count(total)) } }
                        }
                        td.number data-label="New" { (format_count(slice.inserted)) }
                        td.number data-label="Changed" { (format_count(slice.updated)) }
                        td.wide data-label="Evidence" { (slice.evidence) }
                    }
                    @if let Some(reason) = &slice.reason {
                        tr.reason { td colspan="11" {
                            (reason)
                            @if let Some(said) = &slice.said { " The vendor said: " q { (said) } "." }
                            (render_remedy(slice.remedy.as_deref()))
                        } }
                    }
                }
            }
        }
    }
}

/// A list of what happened.
pub(super) fn render_events(events: &[EventRecord]) -> Markup {
    html! {
        ol.events {
            @for event in events {
                li .lasting[event.ended_at.is_none()] {
                    (render_second(event.at)) " "
                    span.kind { (event.kind) } " "
                    @if !event.source.is_empty() {
                        b { (event.source) @if !event.stream.is_empty() { "." (event.stream) } } " "
                    }
                    (event.text)
                    @match event.ended_at {
                        None => span.dim { " – lasts" },
                        Some(ended) if ended > event.at => { span.dim { " – until " (format_second(ended)) } },
                        Some(_) => "",
                    }
                }
            }
        }
    }
}

/// Says that something could not be asked.
pub(super) fn render_failure(error: &str) -> Markup {
    html! { section #failure .callout.bad { h1 { "The database does not answer" } p { (error) } } }
}

/// Says something where there is nothing else.
pub(super) fn render_notice(text: &str) -> Markup {
    html! { section #notice .callout.attention { h1 { (text) } p { a href="/" { "To the overview" } } } }
}
