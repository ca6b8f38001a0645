//! How well a limit is used: a vendor that counts requests and refuses those beyond its limit, by the real clock.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::Wanted;
use crate::cases::now;
use crate::database::Databases;
use crate::measure::Figure;

/// How many requests the vendor lets through in any minute.
const LIMIT: u32 = 600;
/// An account without calls: each of its days is one request and one answer.
const NO_CALLS: &str =
    r#"{"success":true,"data":{"offset":0,"limit":500,"total_found":0,"entries":0,"results":[]}}"#;

/// Which requests came, and which of them were refused.
#[derive(Debug, Default)]
struct Arrivals {
    first: Option<Instant>,
    last: Option<Instant>,
    count: u32,
    refused: u32,
    /// Those of the last minute that were let through.
    recent: VecDeque<Instant>,
}

impl Arrivals {
    /// Counts a request; false where it is one too many for the minute that ends now.
    fn admit(&mut self, now: Instant) -> bool {
        self.first.get_or_insert(now);
        self.last = Some(now);
        self.count += 1;
        while self
            .recent
            .front()
            .is_some_and(|at| now - *at >= Duration::from_mins(1))
        {
            self.recent.pop_front();
        }
        let fits = self.recent.len() < LIMIT as usize;
        if fits {
            self.recent.push_back(now);
        } else {
            self.refused += 1;
        }
        fits
    }

    /// How many of the requests that were allowed between the first and the last one were sent.
    fn used_share(&self) -> f64 {
        let span = self
            .last
            .zip(self.first)
            .map_or(Duration::ZERO, |(last, first)| last - first);
        let allowed = span.as_secs_f64() / 60.0 * f64::from(LIMIT);
        f64::from(self.count.saturating_sub(1)) / allowed
    }
}

/// The vendor.
struct LimitedVendor {
    port: u16,
    arrivals: Arc<Mutex<Arrivals>>,
    serving: JoinHandle<()>,
}

impl LimitedVendor {
    async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let arrivals = Arc::new(Mutex::new(Arrivals::default()));
        let counted = arrivals.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, counted.clone()));
            }
        });
        Ok(Self {
            port,
            arrivals,
            serving,
        })
    }
}

impl Drop for LimitedVendor {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(stream: TcpStream, arrivals: Arc<Mutex<Arrivals>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let header = line.trim_end().to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if header.is_empty() {
                break;
            }
        }
        let fits = arrivals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .admit(Instant::now());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let status = if fits {
            "200 OK"
        } else {
            "429 Too Many Requests\r\nretry-after: 1"
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{NO_CALLS}",
            NO_CALLS.len()
        );
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
    }
}

/// Reads for so many minutes under the limit, and prints how much of it was used.
pub(crate) async fn measure_limit(wanted: &Wanted, databases: &Databases) -> anyhow::Result<()> {
    let vendor = LimitedVendor::start().await?;
    let database = databases.create("limited").await?;
    let days = i64::from(wanted.minutes * LIMIT);
    let settings = format!(
        "[sources.bench]\nvendor = \"convoso\"\nbase_url = \"http://127.0.0.1:{}\"\ntoken = \"bench\"\ntime_zone = \"UTC\"\n\
         since = \"{}\"\nrequests_per_minute = {LIMIT}\n",
        vendor.port,
        (now() - TimeDelta::days(days)).to_rfc3339()
    );
    let figure = database.run(wanted, &["sync", "bench.calls"], &settings).await?;
    print_use(&vendor, &figure);
    database.remove().await
}

fn print_use(vendor: &LimitedVendor, figure: &Figure) {
    let arrivals = vendor.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
    println!(
        "\nlimit of {LIMIT} a minute: {} requests in {:.0} s, {:.2} % of those allowed, {} refused; ours {:.1} s of processor time",
        arrivals.count,
        figure.seconds,
        arrivals.used_share() * 100.0,
        arrivals.refused,
        figure.cost.own_seconds
    );
}
