//! The page of one stream: how it stands, and its past.

use maud::{Markup, html};

use crate::server::report::StreamReport;
use crate::server::words::{describe_span, format_count, format_minute};
use crate::warehouse::{DriftOverview, FailingSlice, FaultOverview, Lateness, StreamHistory};

use super::bar::{describe_coverage, render_coverage, render_legend, render_traffic};
use super::overview::render_pause;
use super::parts::{
    render_condition, render_events, render_failure, render_minute, render_remedy, render_runs,
    render_slices, render_window,
};

/// The page of one stream.
pub(super) fn render_stream(stream: &StreamReport, history: Result<&StreamHistory, &String>) -> Markup {
    html! {
        (render_head(stream))
        (render_flaws(stream))
        @if stream.partitions.len() > 1 { (render_partitions(stream)) }
        @match history {
            Ok(history) => (render_past(stream, history)),
            Err(error) => (render_failure(error)),
        }
    }
}

fn render_head(stream: &StreamReport) -> Markup {
    let status = &stream.status;
    html! {
        section #head {
            h1 { a href="/" { "Status" } " / " (stream.full_name()) " " (render_condition(stream.condition)) }
            @if let Some(reason) = status.bare_reason() { p.note.attention { (reason) } }
            @for pause in &stream.pauses { (render_pause(&stream.full_name(), pause)) }
            dl.facts {
                div { dt { "Complete through" } dd {
                    (render_minute(status.complete_through))
                    @if let Some(lag) = status.lag_seconds { " " span.dim { (describe_span(lag)) " ago" } }
                } }
                div { dt { "Settled through" } dd { (render_minute(status.settled_through)) } }
                div { dt { "May be behind" } dd { (stream.lag_limit_seconds.map_or_else(|| "–".to_owned(), describe_span)) } }
                div { dt { "Next run" } dd { (render_minute(stream.next_run_at)) } }
                div { dt { "Schedule" } dd { @match &stream.schedule { Some(schedule) => code { (schedule) }, None => "–" } } }
                div { dt { "Moves" } dd { (status.mode) } }
                div { dt { "Rows brought in" } dd { (format_count(status.row_count)) } }
                div { dt { "Rejects" } dd { (format_count(status.reject_count)) } }
            }
            @if let Some(coverage) = &stream.coverage {
                (render_coverage(coverage, true))
                p.dim { (describe_coverage(coverage)) "." }
                (render_legend())
            }
        }
    }
}

fn render_flaws(stream: &StreamReport) -> Markup {
    html! {
        @if !stream.failing.is_empty() { (render_failing_slices(&stream.failing)) }
        @if !stream.held.is_empty() { (render_held_deletions(stream)) }
        @if !stream.faults.is_empty() { (render_faults(&stream.faults)) }
        @if !stream.drift.is_empty() { (render_drift(&stream.drift)) }
    }
}

fn render_failing_slices(slices: &[FailingSlice]) -> Markup {
    html! {
        section #failing {
            h2 { "Slices that fail" }
            table.list {
                thead { tr {
                    th scope="col" { "Window (UTC)" } th scope="col" { "For" } th.number scope="col" { "Tried" }
                    th scope="col" { "Since" } th scope="col" { "Again at" }
                } }
                tbody {
                    @for slice in slices {
                        tr {
                            td data-label="Window" {
                                (render_window(slice.since, slice.until))
                                @if !slice.partition.is_empty() { br; span.dim { (slice.partition) } }
                            }
                            td data-label="For" { (slice.purpose) }
                            td.number data-label="Tried" { (slice.attempts) }
                            td data-label="Since" { (render_minute(Some(slice.first_failed_at))) }
                            td data-label="Again at" { (render_minute(Some(slice.next_attempt_at))) }
                        }
                        tr.reason { td colspan="5" {
                            (slice.reason)
                            @if let Some(said) = &slice.said { " The vendor said: " q { (said) } "." }
                            (render_remedy(Some(&slice.remedy)))
                        } }
                    }
                }
            }
        }
    }
}

fn render_held_deletions(stream: &StreamReport) -> Markup {
    html! {
        section #held .callout.attention {
            h2 { "Deletions that are held" }
            ul {
                @for held in &stream.held {
                    li {
                        (format_count(held.row_count)) " of " (format_count(held.of_count)) " rows of " code { (held.table_name) }
                        " since " (format_minute(held.held_since)) " UTC: " (held.reason)
                    }
                }
            }
            p { "If they really are gone: " code { "convene confirm-deletions " (stream.full_name()) } }
        }
    }
}

fn render_faults(faults: &[FaultOverview]) -> Markup {
    html! {
        section #faults {
            h2 { "Fields that could not be read" }
            table.list {
                thead { tr {
                    th scope="col" { "Field" } th scope="col" { "What was wrong" } th.number scope="col" { "Times" } th scope="col" { "Last" }
                } }
                tbody {
                    @for fault in faults {
                        tr {
                            td data-label="Field" { code { (fault.field) } }
                            td data-label="What was wrong" { (fault.kind) }
                            td.number data-label="Times" { (format_count(fault.fault_count)) }
                            td data-label="Last" { (render_minute(Some(fault.last_seen_at))) }
                        }
                    }
                }
            }
        }
    }
}

fn render_drift(fields: &[DriftOverview]) -> Markup {
    html! {
        section #drift {
            h2 { "Fields that appeared or vanished" }
            ul.plain {
                @for drift in fields {
                    li {
                        code { (drift.field) } " of " (drift.table_name)
                        @if drift.is_new { " appeared " } @else { " vanished " } (render_minute(Some(drift.at)))
                    }
                }
            }
        }
    }
}

fn render_partitions(stream: &StreamReport) -> Markup {
    html! {
        section #partitions {
            h2 { "Partitions" }
            table.list {
                thead { tr {
                    th scope="col" { "Partition" } th scope="col" { "State" } th scope="col" { "Complete through (UTC)" }
                    th scope="col" { "Settled through" } th.number scope="col" { "Rows" } th.number scope="col" { "Requests" }
                } }
                tbody {
                    @for partition in &stream.partitions {
                        tr {
                            td data-label="Partition" { (partition.partition) }
                            td data-label="State" { (partition.state) }
                            td data-label="Complete through" { (render_minute(partition.complete_through)) }
                            td data-label="Settled through" { (render_minute(partition.settled_through)) }
                            td.number data-label="Rows" { (format_count(partition.row_count)) }
                            td.number data-label="Requests" { (format_count(partition.request_count)) }
                        }
                    }
                }
            }
        }
    }
}

fn render_past(stream: &StreamReport, history: &StreamHistory) -> Markup {
    let now = history.at;
    html! {
        section #running {
            h2 { "What runs" }
            @if stream.running.is_empty() { p.dim { "Nothing at the moment." } }
            @else { (render_slices(&stream.running, None)) }
        }
        section #traffic { h2 { "Requests of each hour" } (render_traffic(&history.traffic, now)) }
        section #runs { h2 { "Last runs" } (render_runs(&history.runs)) }
        section #lateness { h2 { "How late rows come" } (render_lateness(&history.lateness)) }
        section #slices { h2 { "Last slices" } (render_slices(&history.slices, None)) }
        @if !history.events.is_empty() { section #events { h2 { "What happened" } (render_events(&history.events)) } }
    }
}

fn render_lateness(lateness: &[Lateness]) -> Markup {
    html! {
        @if lateness.is_empty() {
            p.dim { "No window has been read again yet." }
        } @else {
            table.list {
                thead { tr {
                    th scope="col" { "Window read again after" } th.number scope="col" { "Slices" } th.number scope="col" { "Rows" }
                    th.number scope="col" { "Had come since" } th.number scope="col" { "Had changed since" }
                } }
                tbody {
                    @for age in lateness {
                        tr {
                            td data-label="After" { (describe_span(age.from_hours * 3_600)) " or more" }
                            td.number data-label="Slices" { (format_count(age.slice_count)) }
                            td.number data-label="Rows" { (format_count(age.rows_seen)) }
                            td.number data-label="Had come since" { (format_count(age.inserted)) }
                            td.number data-label="Had changed since" { (format_count(age.updated)) }
                        }
                    }
                }
            }
        }
    }
}
