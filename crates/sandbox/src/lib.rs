//! The simulated vendors: a small HTTP server whose state is drawn from a seed, for the demo and the tests.

mod cast;
mod clock;
mod fault;
mod json;
mod local;
mod options;
mod people;
mod question;
mod seen;
mod server;
mod valve;

pub mod conversocial;
pub mod convertalk;
pub mod converz;
pub mod convoso;

#[cfg(test)]
mod over_http;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

pub use fault::Fault;
pub use options::Options;
pub use seen::Seen;

use server::House;

/// How long a stop waits for an answer that is just being rendered.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// A running server of simulated vendors.
///
/// It lives in a runtime of its own: its time is real even where a test pauses time, and when the runtime
/// goes, the listener and every connection go with it.
pub struct Sandbox {
    house: Arc<House>,
    address: SocketAddr,
    runtime: Option<Runtime>,
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
        let house = Arc::new(House::new(&options));
        let served = Arc::clone(&house);
        runtime.spawn(async move {
            // The listener has to be registered with the runtime it is served by.
            match TcpListener::from_std(listener) {
                Ok(listener) => server::serve(listener, served).await,
                Err(error) => Err(error),
            }
        });
        Ok(Self {
            house,
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

    /// The simulated Convoso account, to look at and to change.
    pub fn convoso(&self) -> &Arc<convoso::World> {
        &self.house.convoso
    }

    /// The base URL of the simulated Convertalk.
    pub fn convertalk_url(&self) -> String {
        format!("{}{}", self.origin(), convertalk::PREFIX)
    }

    /// The simulated Convertalk account, to look at and to change.
    pub fn convertalk(&self) -> &Arc<convertalk::World> {
        &self.house.convertalk
    }

    /// The base URL of the simulated Conversocial.
    pub fn conversocial_url(&self) -> String {
        format!("{}{}/{}", self.origin(), conversocial::PREFIX, conversocial::MAIN)
    }

    /// The base URL of its customer profiles.
    pub fn conversocial_profiles_url(&self) -> String {
        format!(
            "{}{}/{}",
            self.origin(),
            conversocial::PREFIX,
            conversocial::PROFILES
        )
    }

    /// The simulated Conversocial account, to look at and to change.
    pub fn conversocial(&self) -> &Arc<conversocial::World> {
        &self.house.conversocial
    }

    /// The base URL of the simulated Converz.
    pub fn converz_url(&self) -> String {
        format!("{}{}", self.origin(), converz::PREFIX)
    }

    /// The simulated Converz tenant, to look at and to change.
    pub fn converz(&self) -> &Arc<converz::World> {
        &self.house.converz
    }

    /// The requests received so far, oldest first; a bounded log keeps the newest.
    pub fn requests(&self) -> Vec<Seen> {
        self.house.log.all()
    }

    /// Forgets the requests received so far.
    pub fn clear_requests(&self) {
        self.house.log.clear();
    }

    /// The greatest number of requests that were being answered at once.
    pub fn most_in_flight(&self) -> usize {
        self.house.log.most_in_flight()
    }

    /// The next `times` requests whose path ends with `path` meet this fault; faults of one path queue up.
    pub fn fault(&self, path: &str, fault: Fault, times: u32) {
        self.house.faults.add(path, fault, times);
    }

    /// Forgets the faults still waiting.
    pub fn clear_faults(&self) {
        self.house.faults.clear();
    }

    /// Moves the simulated clock.
    pub fn advance(&self, by: chrono::Duration) {
        self.house.clock.advance(by);
    }

    /// The simulated time.
    pub fn now(&self) -> DateTime<Utc> {
        self.house.clock.now()
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
