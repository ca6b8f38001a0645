//! Style, script and icon: part of the program, with names that change with their content.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use xxhash_rust::xxh3::xxh3_64;

use super::App;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const ICON: &str = include_str!("icon.svg");

/// Where the style is.
pub(super) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| path_of("page.css", STYLE));
/// Where the script is.
pub(super) static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| path_of("page.js", SCRIPT));
/// Where the icon is.
pub(super) static ICON_PATH: LazyLock<String> = LazyLock::new(|| path_of("icon.svg", ICON));

/// A browser keeps what it has as long as the name is the same.
fn path_of(name: &str, text: &str) -> String {
    format!("/assets/{:016x}/{name}", xxh3_64(text.as_bytes()))
}

pub(super) fn asset_routes() -> Router<App> {
    Router::new().route("/assets/{version}/{name}", get(show_asset))
}

async fn show_asset(Path((_, name)): Path<(String, String)>) -> Response {
    let (form, text) = match name.as_str() {
        "page.css" => ("text/css; charset=utf-8", STYLE),
        "page.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let headers = [
        (CONTENT_TYPE, form),
        (CACHE_CONTROL, "private, max-age=31536000, immutable"),
    ];
    (headers, text).into_response()
}
