//! Tells open pages that something changed, so that they fetch themselves anew.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::App;

/// How often it is looked for changes while a page is open.
const PERIOD: Duration = Duration::from_secs(2);
/// A page is renewed at least this often: what is shown grows older even where nothing changes.
const MOST_QUIET_PERIODS: u32 = 5;
/// Pages that may listen at once.
const MOST_LISTENERS: u64 = 32;

/// Counts the pages that listen.
#[derive(Debug, Default, Clone)]
pub(super) struct Listeners(Arc<AtomicU64>);

/// A place among those that listen.
struct Place(Arc<AtomicU64>);

impl Listeners {
    fn take_place(&self) -> Option<Place> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        // Given back when it goes out of scope, also where there was none to have.
        let place = Place(self.0.clone());
        (before < MOST_LISTENERS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What one page has been told.
struct Listening {
    app: App,
    stop: CancellationToken,
    seen: Option<u64>,
    _place: Place,
}

/// A stream of `changed` for as long as the page is open.
pub(super) async fn show_updates(State(app): State<App>) -> Response {
    let Some(place) = app.listeners.take_place() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "Too many pages are open.\n").into_response();
    };
    let listening = Listening {
        stop: app.stop.clone(),
        app,
        seen: None,
        _place: place,
    };
    let events = unfold(listening, |mut listening| async move {
        let mark = listening.wait_for_change().await?;
        let event = Event::default().event("changed").data(format!("{mark:x}"));
        Some((Ok::<_, Infallible>(event), listening))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

impl Listening {
    /// Waits until something differs from what the page has seen; nothing once the daemon stops.
    async fn wait_for_change(&mut self) -> Option<u64> {
        for _ in 0..MOST_QUIET_PERIODS {
            if self.seen.is_some() {
                tokio::select! {
                    () = self.stop.cancelled() => return None,
                    () = sleep(PERIOD) => (),
                }
            }
            let mark = self.app.change_mark().await;
            if self.seen.replace(mark).is_some_and(|seen| seen != mark) {
                return Some(mark);
            }
        }
        self.seen
    }
}
