//! From a request to an answer: the log, the faults, and the vendor whose prefix the path has.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use tokio::net::TcpListener;

use super::clock::Clock;
use super::conversocial;
use super::converz;
use super::fault::{Fault, Faults};
use super::options::Options;
use super::question::{Answer, Question};
use super::seen::{RequestLog, Seen};
use super::valve::{Door, Valve};
use super::{convertalk, convoso};

/// Largest request body read; a vendor's question is a handful of parameters.
const BODY_BYTES: usize = 64 * 1024;
/// Rough size of an answer's head, so that a cut falls into the body.
const HEAD_BYTES: u64 = 120;

/// A simulated vendor, as the server sees it.
pub(super) trait Vendor: Send + Sync {
    /// What the paths of all its addresses begin with.
    fn prefix(&self) -> &'static str;

    /// The parameters that carry a credential.
    fn secrets(&self) -> &'static [&'static str];

    /// The answer to a question; the path is what follows the prefix and a slash.
    fn answer(&self, path: &str, question: &Question) -> Answer;

    /// A refusal in the vendor's own words.
    fn refusal(&self, code: i64, text: &str) -> Answer;
}

/// Everything the server knows.
pub(super) struct House {
    pub(super) clock: Arc<Clock>,
    pub(super) conversocial: Arc<conversocial::World>,
    pub(super) convoso: Arc<convoso::World>,
    pub(super) convertalk: Arc<convertalk::World>,
    pub(super) converz: Arc<converz::World>,
    pub(super) faults: Faults,
    pub(super) log: RequestLog,
}

impl House {
    pub(super) fn new(options: &Options) -> Self {
        let clock = Arc::new(Clock::new(options.now, options.running));
        let conversocial = Arc::new(conversocial::World::new(options, Arc::clone(&clock)));
        let convoso = Arc::new(convoso::World::new(options, Arc::clone(&clock)));
        let convertalk = Arc::new(convertalk::World::new(options, Arc::clone(&clock)));
        let converz = converz::World::new(options, Arc::clone(&clock), Arc::clone(&convoso));
        Self {
            clock,
            conversocial,
            convoso,
            convertalk,
            converz: Arc::new(converz),
            faults: Faults::default(),
            log: RequestLog::default(),
        }
    }

    fn vendors(&self) -> [&dyn Vendor; 4] {
        [
            &*self.conversocial,
            &*self.convertalk,
            &*self.converz,
            &*self.convoso,
        ]
    }

    /// The vendor that is asked, and the path within its part of the server.
    fn vendor<'a>(&'a self, path: &'a str) -> Option<(&'a dyn Vendor, &'a str)> {
        self.vendors().into_iter().find_map(|vendor| {
            let rest = path.strip_prefix(vendor.prefix())?.strip_prefix('/')?;
            Some((vendor, rest))
        })
    }

    fn ordinary(&self, question: &Question) -> Answer {
        match self.vendor(&question.path) {
            Some((vendor, path)) => vendor.answer(path, question),
            None => Answer::html(404),
        }
    }

    /// The answer, and after how many bytes the connection shall close, if it shall.
    fn answer(&self, question: &Question, fault: Option<Fault>) -> (Answer, Option<u64>) {
        match fault {
            None | Some(Fault::Slow(_)) => (self.ordinary(question), None),
            Some(Fault::Status(status, retry_after)) => (Answer::empty(status, retry_after), None),
            Some(Fault::Html(status)) => (Answer::html(status), None),
            Some(Fault::Refusal { code, text }) => {
                let refusal = self
                    .vendor(&question.path)
                    .map(|(vendor, _)| vendor.refusal(code, text));
                (refusal.unwrap_or_else(|| Answer::html(404)), None)
            }
            Some(Fault::Foreign(text)) => (Answer::json(text.to_owned()), None),
            Some(Fault::Drop) => (Answer::empty(200, None), Some(0)),
            Some(Fault::Cut) => {
                let whole = self.ordinary(question);
                let sent = HEAD_BYTES + whole.body.len() as u64 / 2;
                (whole, Some(sent))
            }
            Some(Fault::CutJson) => {
                let mut half = self.ordinary(question);
                half.body
                    .truncate(half.body.floor_char_boundary(half.body.len() / 2));
                (half, None)
            }
        }
    }

    fn note(&self, question: &Question, arrived: Instant) {
        let secrets = self
            .vendor(&question.path)
            .map_or(&[][..], |(vendor, _)| vendor.secrets());
        let secret = |name: &str| secrets.contains(&name);
        self.log.note(Seen {
            method: question.method.clone(),
            path: question.path.clone(),
            parameters: question
                .parameters
                .iter()
                .filter(|(name, _)| !secret(name))
                .cloned()
                .collect(),
            token_in_url: question
                .parameters
                .iter()
                .take(question.in_url)
                .any(|(name, _)| secret(name)),
            arrived,
        });
    }
}

/// Serves until the task is dropped.
pub(super) async fn serve(listener: TcpListener, house: Arc<House>) -> io::Result<()> {
    let rooms = Router::new().fallback(handle).with_state(house);
    axum::serve(
        Door(listener),
        rooms.into_make_service_with_connect_info::<Valve>(),
    )
    .await
}

async fn handle(
    State(house): State<Arc<House>>,
    ConnectInfo(valve): ConnectInfo<Valve>,
    request: Request,
) -> Response {
    let _flight = house.log.enter();
    let arrived = Instant::now();
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES).await else {
        return send(Answer::empty(413, None));
    };
    let question = Question::read(&head, &body);
    house.note(&question, arrived);
    let fault = house.faults.take(&question.path);
    if let Some(Fault::Slow(wait)) = &fault {
        tokio::time::sleep(*wait).await;
    }
    let (answer, cut) = house.answer(&question, fault);
    if let Some(byte_count) = cut {
        valve.close_after(byte_count);
    }
    send(answer)
}

fn send(answer: Answer) -> Response {
    let mut response = Response::builder()
        .status(answer.status)
        .header(header::CONTENT_TYPE, answer.media);
    if let Some(text) = answer.retry_after {
        response = response.header(header::RETRY_AFTER, text);
    }
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap_or_else(|_| {
        // A test asked for a status or a header that HTTP cannot carry.
        let mut failed = Response::new(Body::empty());
        *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}
