//! What operators have said: heard within seconds by whoever holds a source.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::warehouse::{Pause, PendingRequest, RequestId, Warehouse, WarehouseError};

/// How often is looked although nobody was heard.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// What operators want at this moment.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Orders {
    pauses: Vec<Pause>,
    requests: Vec<PendingRequest>,
    confirmed: Vec<String>,
    /// How often the database was away and came back.
    back_count: u32,
}

/// Something that a run of a stream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// What was asked for.
    Request(RequestId),
    /// Deletions that were confirmed.
    Confirmed,
}

/// What operators want, as it changes.
pub type OrdersFeed = watch::Receiver<Arc<Orders>>;

impl Orders {
    /// Reads all of it.
    pub async fn read_orders(warehouse: &Warehouse) -> Result<Self, WarehouseError> {
        let held = warehouse.held_deletions().await?;
        let confirmed = held.into_iter().filter(|held| held.is_confirmed);
        Ok(Self {
            pauses: warehouse.list_pauses().await?,
            requests: warehouse.open_requests().await?,
            confirmed: confirmed
                .map(|held| format!("{}.{}", held.source, held.stream))
                .collect(),
            back_count: 0,
        })
    }

    /// Grows when the database comes back.
    pub(super) fn back_count(&self) -> u32 {
        self.back_count
    }

    /// True where an operator wants the stream, or its whole source, to be left alone.
    pub fn is_paused(&self, source: &str, stream: &str) -> bool {
        let mut of_operator = self.pauses.iter().filter(|pause| pause.is_of_operator());
        of_operator.any(|pause| pause.concerns(source, stream))
    }

    /// What somebody wants of a stream and no run works for yet.
    pub(super) fn wishes_of(&self, source: &str, stream: &str) -> Vec<Wish> {
        let mut wishes: Vec<Wish> = self
            .requests
            .iter()
            .filter(|request| request.is_waiting && request.source == source && request.stream == stream)
            .map(|request| Wish::Request(request.id))
            .collect();
        if self.confirmed.contains(&format!("{source}.{stream}")) {
            wishes.push(Wish::Confirmed);
        }
        wishes
    }

    /// True where somebody waits for a run of any stream of the source.
    pub(super) fn wants_any_run(&self, source: &str) -> bool {
        let mut waiting = self.requests.iter().filter(|request| request.is_waiting);
        waiting.any(|request| request.source == source)
    }

    /// When the warehouse says that a source which has failed is tried again.
    pub(super) fn tried_again_at(&self, source: &str) -> Option<DateTime<Utc>> {
        let mut of_daemon = self.pauses.iter().filter(|pause| !pause.is_of_operator());
        of_daemon.find(|pause| pause.source == source)?.until
    }
}

/// A feed of somebody to whom nobody says anything.
pub(super) fn no_orders() -> OrdersFeed {
    watch::channel(Arc::default()).1
}

/// Keeps a feed up to date until `stop`. Where the database is away, what was said last goes on to hold.
pub async fn follow_orders(warehouse: Warehouse, feed: watch::Sender<Arc<Orders>>, stop: CancellationToken) {
    let mut ear = warehouse.open_ear();
    let (mut is_away, mut back_count) = (false, 0);
    while !stop.is_cancelled() {
        match Orders::read_orders(&warehouse).await {
            Ok(mut orders) => {
                back_count += u32::from(std::mem::take(&mut is_away));
                orders.back_count = back_count;
                feed.send_if_modified(|known| {
                    let is_news = **known != orders;
                    if is_news {
                        *known = Arc::new(orders);
                    }
                    is_news
                });
            }
            Err(error) => {
                is_away = true;
                debug!(error = %error, "What operators say cannot be read");
            }
        }
        tokio::select! {
            () = stop.cancelled() => (),
            () = ear.wait(LOOK_EVERY) => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(source: &str, stream: &str, paused_by: &str) -> Pause {
        Pause {
            source: source.to_owned(),
            stream: stream.to_owned(),
            paused_by: paused_by.to_owned(),
            since: DateTime::UNIX_EPOCH,
            until: (paused_by == "daemon").then_some(DateTime::UNIX_EPOCH),
            reason: String::new(),
            remedy: None,
            failure_count: 0,
        }
    }

    #[test]
    fn a_pause_of_a_source_is_one_of_all_its_streams_and_only_an_operators_word_counts() {
        let orders = Orders {
            pauses: vec![
                pause("a", "", "operator"),
                pause("b", "calls", "operator"),
                pause("c", "", "daemon"),
            ],
            ..Orders::default()
        };
        for (source, stream, is_paused) in [
            ("a", "calls", true),
            ("a", "leads", true),
            ("b", "calls", true),
            ("b", "leads", false),
            ("c", "calls", false),
        ] {
            assert_eq!(orders.is_paused(source, stream), is_paused, "{source}.{stream}");
        }
        assert_eq!(orders.tried_again_at("c"), Some(DateTime::UNIX_EPOCH));
        assert_eq!(orders.tried_again_at("a"), None);
    }
}
