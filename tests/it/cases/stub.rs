//! A vendor whose every byte a case decides.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as the stub heard it.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    /// The path behind the base address, such as `tags`.
    pub path: String,
    /// The parameters, whether in the address or in a form.
    pub parameters: BTreeMap<String, String>,
    /// How many requests came before it.
    pub before: usize,
    /// The address of the stub.
    pub base: String,
}

impl Heard {
    /// A parameter; empty where there is none.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }
}

/// An answer, byte for byte.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, besides those that HTTP needs.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A good answer of JSON.
    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("Content-Type", "application/json".to_owned())],
            body: body.into(),
        }
    }

    /// The answer with another status.
    pub(crate) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The answer with a header, in place of one of the same name.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} X\r\nConnection: close\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        if self.status == 204 {
            bytes.extend(b"\r\n");
            return bytes;
        }
        bytes.extend(format!("Content-Length: {}\r\n\r\n", self.body.len()).into_bytes());
        bytes.extend(&self.body);
        bytes
    }
}

/// What a stub answers.
pub(crate) type Answers = Arc<dyn Fn(&Heard) -> Reply + Send + Sync>;

/// A vendor that listens on this machine until it is dropped.
pub(crate) struct Stub {
    /// Its address.
    pub url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    listener: JoinHandle<()>,
}

impl Stub {
    /// Starts it.
    pub(crate) async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!(
            "http://{}",
            listener.local_addr().expect("the listener has an address")
        );
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let (base, all) = (url.clone(), Arc::clone(&heard));
        let listener = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer_one(stream, base.clone(), all.clone(), answers.clone()));
            }
        });
        Self { url, heard, listener }
    }

    /// What it has heard so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("no answer panics").clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn answer_one(mut stream: TcpStream, base: String, all: Arc<Mutex<Vec<Heard>>>, answers: Answers) {
    let Some((line, body)) = read_request(&mut stream).await else {
        return;
    };
    let target = line.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let heard = {
        let mut all = all.lock().expect("no answer panics");
        let heard = Heard {
            path: path.trim_start_matches('/').to_owned(),
            parameters: url::form_urlencoded::parse(query.as_bytes())
                .chain(url::form_urlencoded::parse(body.as_bytes()))
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
            before: all.len(),
            base,
        };
        all.push(heard.clone());
        heard
    };
    let _ = stream.write_all(&answers(&heard).to_bytes()).await;
    let _ = stream.shutdown().await;
}

/// The first line of a request, and its body.
async fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length.then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                let line = head.lines().next().unwrap_or_default().to_owned();
                return Some((line, body.to_owned()));
            }
        }
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
}
