//! Somebody to whom the daemon sends: it takes everything, and tells what came.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Something that came.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    /// The path that it was sent to.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// What is in it.
    pub body: Bytes,
}

type Letters = Arc<Mutex<Vec<Letter>>>;

/// A place that takes what is sent there.
pub(crate) struct Inbox {
    /// Where it is.
    pub url: String,
    letters: Letters,
    task: JoinHandle<()>,
}

impl Inbox {
    /// Opens one at a free port.
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let letters = Letters::default();
        let router = Router::new().fallback(take_letter).with_state(letters.clone());
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it listens");
        });
        Self {
            url: format!("http://{address}"),
            letters,
            task,
        }
    }

    /// What came so far to paths that begin so.
    pub(crate) fn letters(&self, path: &str) -> Vec<Letter> {
        let letters = self.letters.lock().expect("nobody panics with it");
        letters
            .iter()
            .filter(|letter| letter.path.starts_with(path))
            .cloned()
            .collect()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take_letter(State(letters): State<Letters>, uri: Uri, headers: HeaderMap, body: Bytes) {
    letters.lock().expect("nobody panics with it").push(Letter {
        path: uri.path().to_owned(),
        headers,
        body,
    });
}
