//! The page of one run.

use maud::{Markup, html};

use crate::server::words::{format_bytes, format_count};
use crate::warehouse::{RunRecord, SliceRecord};

use super::parts::{describe_length, render_remedy, render_second, render_slices, render_state};

/// The page of one run.
pub(super) fn render_run(run: &RunRecord, slices: &[SliceRecord]) -> Markup {
    html! {
        section #head {
            h1 {
                a href="/" { "Status" } " / "
                a href=(format!("/streams/{}/{}", run.source, run.stream)) { (run.source) "." (run.stream) }
                " / run " (run.id) " " (render_state(&run.state))
            }
            @if let Some(reason) = &run.reason { p.note.attention { (reason) (render_remedy(run.remedy.as_deref())) } }
            dl.facts {
                div { dt { "Began" } dd { (render_second(run.started_at)) " UTC" } }
                div { dt { "Took" } dd { (describe_length(run.started_at, run.ended_at)) } }
                div { dt { "Slices" } dd { (format_count(run.slice_count)) } }
                div { dt { "Requests" } dd { (format_count(run.request_count)) } }
                div { dt { "Bytes" } dd { (format_bytes(run.body_bytes)) } }
                div { dt { "Rows read" } dd { (format_count(run.rows_seen)) } }
                div { dt { "New" } dd { (format_count(run.inserted)) } }
                div { dt { "Changed" } dd { (format_count(run.updated)) } }
                div { dt { "Rejects" } dd { (format_count(run.rejected)) } }
                div { dt { "Deleted" } dd { (format_count(run.deleted)) } }
            }
        }
        section #slices { h2 { "Slices" } (render_slices(slices, None)) }
    }
}
