//! The simulated vendors over HTTP.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use crate::options::Options;
use crate::request::{Delivery, Request, Response};
use crate::simulator::Simulator;
use crate::vendors::{conversocial, convertalk, converz, convoso};

/// Largest request body read; a vendor's request is a handful of parameters.
const BODY_BYTES: usize = 16 * 1024 * 1024;
/// Pause after a failed accept, which happens when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long a stop waits for a response that is just being rendered.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// A running server of simulated vendors; everything else about them is the [`Simulator`]'s.
///
/// It lives in a runtime of its own: its time is real even where a test pauses time, and when the runtime
/// goes, the listener and every connection go with it.
pub struct Sandbox {
    simulator: Arc<Simulator>,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Deref for Sandbox {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.simulator
    }
}

impl Sandbox {
    /// Starts on a free port of the loopback interface.
    pub async fn start(options: Options) -> io::Result<Self> {
        Self::listen(options, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Starts on the given address.
    pub async fn listen(options: Options, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let listener = listener.into_std()?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sandbox")
            .enable_io()
            .enable_time()
            .build()?;
        let simulator = Arc::new(Simulator::new(options));
        let served = Arc::clone(&simulator);
        runtime.spawn(async move {
            // The listener has to be registered with the runtime it is served by.
            if let Ok(listener) = TcpListener::from_std(listener) {
                serve(listener, served).await;
            }
        });
        Ok(Self {
            simulator,
            address,
            runtime: Some(runtime),
        })
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base URL of the simulated Convoso.
    pub fn convoso_url(&self) -> String {
        format!("{}{}", self.origin(), convoso::PREFIX)
    }

    /// The base URL of the simulated Convertalk.
    pub fn convertalk_url(&self) -> String {
        format!("{}{}", self.origin(), convertalk::PREFIX)
    }

    /// The base URL of the simulated Conversocial.
    pub fn conversocial_url(&self) -> String {
        let (prefix, api) = (conversocial::PREFIX, conversocial::MAIN_API);
        format!("{}{prefix}/{api}", self.origin())
    }

    /// The base URL of its customer profiles.
    pub fn conversocial_profiles_url(&self) -> String {
        let (prefix, api) = (conversocial::PREFIX, conversocial::PROFILES_API);
        format!("{}{prefix}/{api}", self.origin())
    }

    /// The base URL of the simulated Converz.
    pub fn converz_url(&self) -> String {
        format!("{}{}", self.origin(), converz::PREFIX)
    }

    /// Closes the listener and every connection, and returns when they are closed.
    pub async fn stop(mut self) {
        if let Some(runtime) = self.runtime.take() {
            let end = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(STOP_WAIT));
            end.await.expect("a shutdown neither panics nor is cancelled");
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting is not allowed here: the drop may happen inside another runtime.
            runtime.shutdown_background();
        }
    }
}

/// Serves until the task is dropped. HTTP is spoken by hand, because faults have to break it.
async fn serve(listener: TcpListener, simulator: Arc<Simulator>) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            // Without it small responses wait for the client's delayed acknowledgement. A failure only slows.
            let _ = stream.set_nodelay(true);
            tokio::spawn(serve_connection(stream, Arc::clone(&simulator)));
        } else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
    }
}

/// Responds to one request after the other until either side closes the connection.
async fn serve_connection(stream: TcpStream, simulator: Arc<Simulator>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream).await? {
        let flight = simulator.log.enter();
        let response = simulator.respond(&request);
        if let Delivery::Late(wait) = response.delivery {
            tokio::time::sleep(wait).await;
        }
        drop(flight);
        let head = head(&response);
        let sent = match response.delivery {
            Delivery::Dropped => return Ok(()),
            Delivery::Half => response.body.len() / 2,
            Delivery::Whole | Delivery::Late(_) => response.body.len(),
        };
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&response.body.as_bytes()[..sent]).await?;
        stream.flush().await?;
        if sent < response.body.len() || request.header("connection") == Some("close") {
            return Ok(());
        }
    }
    Ok(())
}

/// The next request; none where the client is done, or says what nobody understands.
async fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut first = String::new();
    stream.read_line(&mut first).await?;
    let mut words = first.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_lowercase(), value.trim().to_owned())),
            None => break,
        }
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    if length > BODY_BYTES {
        return Ok(None);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let request = Request::new(method, target, String::from_utf8_lossy(&body));
    let headers = headers.iter();
    Ok(Some(headers.fold(request, |request, (name, value)| {
        request.with_header(name, value)
    })))
}

fn head(response: &Response) -> String {
    let mut head = format!(
        "HTTP/1.1 {} \r\ncontent-length: {}\r\n",
        response.status,
        response.body.len()
    );
    for (name, value) in &response.headers {
        head = head + name + ": " + value + "\r\n";
    }
    head + "\r\n"
}
