//! How everything stands, for programs.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::App;

/// The report as JSON; docs/operations.md describes it.
pub(super) async fn show_status(State(app): State<App>) -> Response {
    Json(app.report().await).into_response()
}
