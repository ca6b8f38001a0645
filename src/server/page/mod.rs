//! The status page: rendered here, readable without a script, and kept up to date by one where there is one.

mod assets;
mod bar;
mod layout;
mod overview;
mod parts;
mod run;
mod search;
mod stream;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::Markup;
use serde::Deserialize;

use crate::warehouse::{RunRecord, SliceRecord, Warehouse, WarehouseError};

use super::App;
use super::report::Report;

use layout::{Frame, lay_out};

/// How many slices of a run its page shows.
const MOST_SLICES: i64 = 1_000;

/// The pages and what they are made of.
pub(super) fn page_routes() -> Router<App> {
    Router::new()
        .route("/", get(show_overview))
        .route("/streams/{source}/{stream}", get(show_stream))
        .route("/runs/{id}", get(show_run))
        .route("/search", get(show_search))
        .merge(assets::asset_routes())
}

async fn show_overview(State(app): State<App>) -> Response {
    let report = app.report().await;
    render_page(
        StatusCode::OK,
        "Status",
        &report,
        overview::render_overview(&report),
    )
}

async fn show_stream(State(app): State<App>, Path((source, stream)): Path<(String, String)>) -> Response {
    let report = app.report().await;
    let Some(found) = report.find_stream(&source, &stream) else {
        return render_no_stream(&report);
    };
    let history = app.ask(app.warehouse.stream_history(&source, &stream)).await;
    let body = stream::render_stream(found, history.as_ref());
    render_page(StatusCode::OK, &found.full_name(), &report, body)
}

async fn show_run(State(app): State<App>, Path(id): Path<i64>) -> Response {
    let report = app.report().await;
    match app.ask(find_run(&app.warehouse, id)).await {
        Ok(Some((run, slices))) => {
            let title = format!("Run {id}");
            render_page(StatusCode::OK, &title, &report, run::render_run(&run, &slices))
        }
        Ok(None) => render_missing(
            &report,
            "There is no such run; old ones are removed after a while.",
        ),
        Err(error) => render_unanswered(&report, &error),
    }
}

/// A run and its slices, the last of them.
async fn find_run(
    warehouse: &Warehouse,
    id: i64,
) -> Result<Option<(RunRecord, Vec<SliceRecord>)>, WarehouseError> {
    let Some(run) = warehouse.find_run(id).await? else {
        return Ok(None);
    };
    Ok(Some((run, warehouse.list_slices(id, Some(MOST_SLICES)).await?)))
}

/// What is looked for.
#[derive(Debug, Deserialize)]
struct Wanted {
    #[serde(default)]
    id: String,
}

async fn show_search(State(app): State<App>, Query(wanted): Query<Wanted>) -> Response {
    let report = app.report().await;
    let id = wanted.id.as_str();
    let found = if id.trim().is_empty() {
        Ok(Vec::new())
    } else {
        app.ask(app.warehouse.find_rows(id)).await
    };
    render_page(
        StatusCode::OK,
        "Search",
        &report,
        search::render_search(id, found.as_deref()),
    )
}

/// Without an overview nobody knows which streams there are.
fn render_no_stream(report: &Report) -> Response {
    if report.at.is_some() {
        return render_missing(report, "There is no such stream.");
    }
    let error = report.database.error.as_deref();
    render_unanswered(report, error.unwrap_or("No answer has come yet"))
}

fn render_unanswered(report: &Report, error: &str) -> Response {
    render_page(
        StatusCode::SERVICE_UNAVAILABLE,
        "No answer",
        report,
        parts::render_failure(error),
    )
}

fn render_missing(report: &Report, text: &str) -> Response {
    render_page(
        StatusCode::NOT_FOUND,
        "Not found",
        report,
        parts::render_notice(text),
    )
}

fn render_page(status: StatusCode, title: &str, report: &Report, body: Markup) -> Response {
    let page = lay_out(&Frame { title, report }, &body);
    let form = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    (status, form, page.into_string()).into_response()
}
