//! The fetching half of a slice: drives the slice machine, and sends its pages on. The next request is on its way while the
//! records of a page are mapped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::Sender;
use tokio_util::task::AbortOnDropHandle;
use tracing::field::Empty;
use tracing::{Instrument as _, debug_span};

use crate::transport::{ApiClient, Priority, Reply, TransportError};
use crate::warehouse::{TableFields, Traffic};
use connectors::reader::{ReadPage, ReadSlice, Reading};
use connectors::source::{ReadError, Remedy, Request};

use super::SyncError;
use super::failpoint::reach_failpoint;
use super::fields::Fields;
use super::observer::{Event, Observer};
use super::page_room::PageRoom;
use super::session::Session;
use super::stream_spec::StreamSpec;

/// How often a request is sent again whose answer ends in the middle.
const TRUNCATED_ATTEMPTS: u32 = 4;
/// First wait after an answer that ends in the middle; it doubles.
const TRUNCATED_WAIT: Duration = Duration::from_millis(250);

/// What is to be fetched, and where its pages go.
pub(super) struct FetchSpec {
    /// The slice.
    pub(super) reader: Box<dyn ReadSlice>,
    /// Whether it may wait behind others.
    pub(super) priority: Priority,
    /// Where the pages go.
    pub(super) pages: Sender<FetchedPage>,
}

/// A page on its way to the warehouse.
#[derive(Debug)]
pub(super) struct FetchedPage {
    /// When the request began that brought it.
    pub(super) at: DateTime<Utc>,
    /// What it holds.
    pub(super) page: ReadPage,
    /// What it took to get it.
    pub(super) traffic: Traffic,
    /// What it takes of the memory for answers.
    pub(super) room: PageRoom,
}

impl FetchedPage {
    /// True where the warehouse has nothing to learn from it.
    pub(super) fn is_empty(&self) -> bool {
        let ReadPage {
            batch,
            rejects,
            faults,
            duplicate_count,
            lookup,
        } = &self.page;
        batch.is_empty()
            && rejects.is_empty()
            && faults.is_empty()
            && *duplicate_count == 0
            && lookup.is_none()
    }
}

/// A request that was sent before the page before it was mapped.
struct SentEarly {
    request: Request,
    reply: AbortOnDropHandle<Result<Reply, TransportError>>,
}

impl SentEarly {
    fn send(way: Way, request: Request) -> Self {
        let wanted = request.clone();
        let reply = async move { way.send(&wanted).await };
        let reply = AbortOnDropHandle::new(tokio::spawn(reply.in_current_span()));
        Self { request, reply }
    }
}

/// How the requests of a slice go out, and who hears of each attempt.
#[derive(Clone)]
struct Way {
    client: Arc<ApiClient>,
    priority: Priority,
    source: String,
    stream: &'static str,
    observer: Observer,
}

impl Way {
    /// Sends a request until it has an answer. Its path is kept out of the trace: it may name a record.
    async fn send(&self, request: &Request) -> Result<Reply, TransportError> {
        let span = debug_span!(
            "request",
            otel.kind = "client",
            http.response.status_code = Empty,
            attempts = Empty,
            body_bytes = Empty,
            otel.status_code = Empty
        );
        let sent = self.send_watched(request).instrument(span.clone()).await;
        match &sent {
            Ok(reply) => {
                span.record("http.response.status_code", reply.response.status);
                span.record("attempts", reply.attempts);
                span.record("body_bytes", reply.response.body.len());
            }
            Err(error) => {
                span.record("attempts", error.attempts());
                span.record("otel.status_code", "ERROR");
            }
        }
        sent
    }

    async fn send_watched(&self, request: &Request) -> Result<Reply, TransportError> {
        let watch = |attempt| {
            (self.observer)(Event::RequestEnded {
                source: &self.source,
                stream: self.stream,
                attempt,
            });
        };
        self.client.send_watched(request, self.priority, &watch).await
    }
}

/// What the fetching half came to.
#[derive(Debug)]
pub(super) struct FetchOutcome {
    /// What the slice machine says.
    pub(super) reading: Reading,
    /// Why the fetching broke off.
    pub(super) error: Option<SyncError>,
    /// Requests and bytes of the whole slice, failed attempts too.
    pub(super) traffic: Traffic,
    /// The fields of the records, by table.
    pub(super) fields: Vec<TableFields>,
}

/// Fetches the pages of a slice until the slice machine wants no more.
pub(super) async fn fetch_pages(spec: &StreamSpec, session: &Session, fetch: FetchSpec) -> FetchOutcome {
    let FetchSpec {
        reader,
        priority,
        pages,
    } = fetch;
    let way = Way {
        client: spec.client.clone(),
        priority,
        source: spec.source.clone(),
        stream: spec.name(),
        observer: session.observer.clone(),
    };
    let mut fetching = Fetching {
        spec,
        session,
        reader,
        way,
        pages,
        early: None,
        traffic: Traffic::default(),
        fields: Fields::default(),
        until: Instant::now() + spec.limits.max_slice_time,
    };
    let error = fetching.fetch_all().await.err();
    FetchOutcome {
        error,
        traffic: fetching.traffic,
        fields: fetching.fields.into_sorted(),
        reading: fetching.reader.finish(),
    }
}

/// The state of the fetching half.
struct Fetching<'a> {
    spec: &'a StreamSpec,
    session: &'a Session,
    reader: Box<dyn ReadSlice>,
    way: Way,
    pages: Sender<FetchedPage>,
    early: Option<SentEarly>,
    traffic: Traffic,
    fields: Fields,
    until: Instant,
}

impl Fetching<'_> {
    async fn fetch_all(&mut self) -> Result<(), SyncError> {
        while let Some(request) = self.reader.request() {
            if Instant::now() > self.until {
                return Err(SyncError::TooLong(self.spec.limits.max_slice_time));
            }
            reach_failpoint("before request");
            let page = self.fetch_page(&request).await?;
            reach_failpoint("after answer");
            // The loading half is gone only after an error of its own, which is the one to be told.
            self.pages.send(page).await.map_err(|_| SyncError::Stopped)?;
        }
        Ok(())
    }

    /// The answer to a request, read; one that ends in the middle is asked for again.
    async fn fetch_page(&mut self, request: &Request) -> Result<FetchedPage, SyncError> {
        let mut attempt = 1;
        let mut traffic = Traffic::default();
        loop {
            let reply = self.send_request(request).await?;
            traffic += traffic_of(&reply);
            let room = self.wait_for_room(&reply).await?;
            match self.accept_answer(&reply) {
                Ok(page) => return Ok(self.stamp_page(page, &reply, traffic, room)),
                Err(error) if error.remedy() == Remedy::Again && attempt < TRUNCATED_ATTEMPTS => {
                    self.pause_fetching(TRUNCATED_WAIT * 2_u32.pow(attempt - 1))
                        .await?;
                    attempt += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads an answer; the next request, where it is certain, is sent meanwhile.
    fn accept_answer(&mut self, reply: &Reply) -> Result<ReadPage, ReadError> {
        let way = &self.way;
        let (early, is_in_time) = (&mut self.early, Instant::now() <= self.until);
        let mut send = |request: Request| {
            if is_in_time && request.is_repeatable {
                *early = Some(SentEarly::send(way.clone(), request));
            }
        };
        self.reader.accept_early(&reply.response, &mut send)
    }

    async fn wait_for_room(&self, reply: &Reply) -> Result<PageRoom, SyncError> {
        tokio::select! {
            biased;
            () = self.session.stop.cancelled() => Err(SyncError::Stopped),
            room = PageRoom::of_body(reply.response.body.len()) => Ok(room),
        }
    }

    fn stamp_page(
        &mut self,
        mut page: ReadPage,
        reply: &Reply,
        traffic: Traffic,
        room: PageRoom,
    ) -> FetchedPage {
        let at = self.session.clock.at(reply.began);
        page.batch.stamp(at);
        self.fields.collect_names(&page.batch);
        FetchedPage {
            at,
            page,
            traffic,
            room,
        }
    }

    async fn send_request(&mut self, request: &Request) -> Result<Reply, SyncError> {
        let sent = tokio::select! {
            biased;
            () = self.session.stop.cancelled() => return Err(SyncError::Stopped),
            sent = self.reply_to(request) => sent,
        };
        match sent {
            Ok(reply) => {
                self.traffic += traffic_of(&reply);
                Ok(reply)
            }
            Err(error) => {
                self.traffic.request_count += i64::from(error.attempts());
                Err(error.into())
            }
        }
    }

    /// The answer to a request, which may be on its way already.
    async fn reply_to(&mut self, request: &Request) -> Result<Reply, TransportError> {
        match self.early.take().filter(|early| early.request == *request) {
            // Nobody aborts it but whoever drops this future.
            Some(early) => early
                .reply
                .await
                .unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic())),
            None => self.way.send(request).await,
        }
    }

    async fn pause_fetching(&mut self, time: Duration) -> Result<(), SyncError> {
        tokio::select! {
            () = self.session.stop.cancelled() => Err(SyncError::Stopped),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }
}

fn traffic_of(reply: &Reply) -> Traffic {
    Traffic {
        request_count: i64::from(reply.attempts),
        body_bytes: i64::try_from(reply.response.body.len()).unwrap_or(i64::MAX),
    }
}
