//! Which slice wrote a row: found by the row's id.

use maud::{Markup, html};

use crate::warehouse::RowTrace;

use super::parts::{render_failure, render_second};

/// The answer to a search.
pub(super) fn render_search(id: &str, found: Result<&[RowTrace], &String>) -> Markup {
    html! {
        section #found {
            h1 { a href="/" { "Status" } " / rows with the id " code { (id) } }
            @match found {
                Err(error) => (render_failure(error)),
                Ok([]) if id.trim().is_empty() => p { "Give the id of a row, exactly as the vendor writes it." },
                Ok([]) => p { "No table has a row with this id. Ids are compared exactly, with every blank and letter case." },
                Ok(rows) => (render_rows(rows)),
            }
            p.dim { "The vendor's record and all that is known of a row: " code { "convene explain TABLE SOURCE ID" } }
        }
    }
}

fn render_rows(rows: &[RowTrace]) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { "Table" } th scope="col" { "Source" } th scope="col" { "Written by" }
                th scope="col" { "First seen (UTC)" } th scope="col" { "Last changed" } th scope="col" { "Gone since" }
            } }
            tbody {
                @for row in rows {
                    tr {
                        td data-label="Table" { (row.table_name) }
                        td data-label="Source" { (row.source) }
                        td data-label="Written by" {
                            @match (row.slice_id, row.run_id) {
                                (Some(slice), Some(run)) => {
                                    a href=(format!("/runs/{run}#slice-{slice}")) { "slice " (slice) }
                                    @if let Some(stream) = &row.stream { span.dim { " of " (stream) } }
                                },
                                (Some(slice), None) => { "slice " (slice) span.dim { ", which is not in the ledger any more" } },
                                _ => "–",
                            }
                        }
                        td data-label="First seen" { (render_second(row.first_seen_at)) }
                        td data-label="Last changed" { (render_second(row.changed_at)) }
                        td data-label="Gone since" {
                            @match row.deleted_at { Some(at) => (render_second(at)), None => span.dim { "it is there" } }
                        }
                    }
                }
            }
        }
    }
}
