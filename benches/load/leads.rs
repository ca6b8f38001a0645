//! A server that has leads and nothing else, each drawn from its number when it is asked for: the vendor costs as little as can be.

use std::fmt::Write as _;
use std::io;

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Pads notes, so that a lead is 1.25 KB of JSON.
const NOTE_BYTES: usize = 470;
/// The greatest page.
const PAGE_ROWS: usize = 2_000;
/// When the first lead was changed; each later one a second after.
const FIRST: DateTime<chrono::Utc> = DateTime::from_timestamp(1_700_000_000, 0).expect("2023 exists");

/// The server.
pub(crate) struct LeadServer {
    port: u16,
    serving: JoinHandle<()>,
}

impl LeadServer {
    /// Starts it with so many leads.
    pub(crate) async fn start(leads: u32) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, leads));
            }
        });
        Ok(Self { port, serving })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for LeadServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(stream: TcpStream, leads: u32) -> io::Result<()> {
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
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let body = answer(&body, leads);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        stream.flush().await?;
    }
}

/// The leads of a span, from an offset on.
fn answer(form: &[u8], leads: u32) -> String {
    let parameter = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(form);
        pairs
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    let second = |name: &str| {
        let text = parameter(name)?;
        let at = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S").ok()?;
        Some(at.and_utc().signed_duration_since(FIRST).num_seconds())
    };
    let all = i64::from(leads);
    let first = second("updated_at_start_date").unwrap_or(0).clamp(0, all);
    let end = second("updated_at_end_date")
        .map_or(all, |last| last + 1)
        .clamp(first, all);
    let offset = parameter("offset")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let mut body = format!(
        "{{\"success\":true,\"data\":{{\"total\":{},\"offset\":{offset},\"entries\":[",
        end - first
    );
    body.reserve(PAGE_ROWS * 1_300);
    let note = "Asked to be called back after the holidays. ".repeat(NOTE_BYTES / 44);
    for (place, number) in (first + offset..end).take(PAGE_ROWS).enumerate() {
        let at = FIRST + TimeDelta::seconds(number);
        let comma = if place == 0 { "" } else { "," };
        let written = write!(
            body,
            "{comma}{{\"id\":\"{id}\",\"lead_id\":\"{id}\",\"created_at\":\"{at}\",\"modified_at\":\"{at}\",\"first_name\":\"Dana\",\
             \"last_name\":\"Example\",\"email\":\"lead{id}@sim.example\",\"status\":\"NEW\",\"status_name\":\"New Lead\",\
             \"user_id\":\"0\",\"owner_id\":\"1000777\",\"created_by\":\"1000001\",\"last_modified_by\":\"0\",\"source_id\":\"WEB\",\
             \"source_name\":\"Web form\",\"list_id\":\"{list}\",\"directory_name\":\"List {list}\",\"campaign_uid\":\"1042\",\
             \"campaign_name\":\"Spring\",\"locale_gmt\":\"-8.00\",\"called_since_last_reset\":\"N\",\"phone_code\":\"1\",\
             \"phone_number\":\"213{phone:07}\",\"alt_phone_1\":\"415{phone:07}\",\"alt_phone_2\":\"+44 20 7946 {short:04}\",\
             \"address1\":\"{short} Sample Street\",\"address2\":\"\",\"city\":\"Exampleville\",\"state\":\"CA\",\
             \"postal_code\":\"{postal:05}\",\"country\":\"US\",\"gender\":\"X\",\"called_count\":\"0\",\"called_count_inbound\":\"0\",\
             \"last_called\":\"\",\"first_contacted_at\":\"\",\"is_contacted\":\"0\",\"field_1\":\"{note}\",\"field_84\":\"x\"}}",
            id = 7_000_000 + number,
            at = at.format("%Y-%m-%d %H:%M:%S"),
            list = 300 + number % 7,
            phone = 2_000_000 + number % 7_000_000,
            short = number % 1_000,
            postal = number % 99_999,
        );
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
    body.push_str("]}}");
    body
}
