//! A vendor that is scripted: what it hears, what it says, and what becomes of it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use secrecy::SecretString;

use super::*;
use crate::transport::InMemoryBudget;
use connectors::source::{Auth, Remedy};

/// What a script says to close the connection without a word.
const HANG_UP: &[u8] = b"";
/// What a script says to keep the client waiting until it goes.
const SILENCE: &[u8] = b"(silence)";

/// No request of these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A vendor that answers each request with the next lines of its script, and the last ones ever after.
struct Vendor {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Vendor {
    fn start(script: &[&[u8]]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let script: Vec<Vec<u8>> = script.iter().map(|said| said.to_vec()).collect();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ears = heard.clone();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let said = &script[number.min(script.len() - 1)];
                answer(stream.unwrap(), said, &ears);
            }
        });
        Self { address, heard }
    }

    fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The first line of each request.
    fn heard_lines(&self) -> Vec<String> {
        let first = |heard: &String| heard.lines().next().unwrap_or_default().to_owned();
        self.heard().iter().map(first).collect()
    }
}

fn answer(mut stream: TcpStream, said: &[u8], heard: &Mutex<Vec<String>>) {
    let mut bytes = [0; 4_096];
    let count = stream.read(&mut bytes).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
    heard.lock().unwrap().push(text);
    if said == SILENCE {
        let _ = stream.read(&mut bytes);
    } else {
        let _ = stream.write_all(said);
    }
}

/// An answer with these headers and this body.
fn say(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

fn http() -> HttpClient {
    HttpClient::new(Arc::new(InMemoryBudget::default()), b"key").unwrap()
}

fn limits() -> ApiLimits {
    ApiLimits {
        requests_per_minute: 60_000,
        max_in_flight: 2,
        timeout: Duration::from_millis(300),
        max_body_bytes: 1_000,
        allow_plain_http: false,
    }
}

fn api_of(http: &HttpClient, url: &str) -> ApiClient {
    open(http, url, limits())
}

fn open(http: &HttpClient, url: &str, limits: ApiLimits) -> ApiClient {
    let access = HostAccess {
        base_url: url.parse().unwrap(),
        auth: Auth::Field("auth_token"),
        user: None,
        secret: SecretString::from("sandbox-secret"),
    };
    http.open_api("acme", BTreeMap::from([("", access)]), limits)
        .unwrap()
}

fn api(url: &str) -> ApiClient {
    api_of(&http(), url)
}

fn once(mut request: Request) -> Request {
    request.is_repeatable = false;
    request
}

async fn fail(api: &ApiClient, request: &Request) -> TransportError {
    let sent = tokio::time::timeout(PATIENCE, api.send_request(request, Priority::Live)).await;
    sent.expect("it ends soon").unwrap_err()
}

#[tokio::test]
async fn answers_that_can_be_read_are_delivered_decoded() {
    for (said, status, body) in [
        (say("200", "", b"{}"), 200, "{}"),
        (say("200", "", b"\xef\xbb\xbf{}"), 200, "{}"),
        (say("200", "content-encoding: gzip\r\n", b"{}"), 200, "{}"),
        (
            say("200", "content-type: text/json; charset=iso-8859-1\r\n", b"\xe9"),
            200,
            "é",
        ),
        (say("204", "", b""), 204, ""),
        (say("400", "", b"{\"code\":7}"), 400, "{\"code\":7}"),
        (say("404", "", b"none"), 404, "none"),
        (say("422", "retry-after: 9\r\n", b"no"), 422, "no"),
    ] {
        let vendor = Vendor::start(&[&said]);
        let reply = api(&vendor.url())
            .send_request(&Request::post_form("a"), Priority::Live)
            .await;
        let reply = reply.unwrap();
        assert_eq!((reply.response.status, reply.attempts), (status, 1));
        assert_eq!(reply.response.body, body, "{status}");
    }
}

#[tokio::test]
async fn gzip_is_asked_for() {
    let vendor = Vendor::start(&[&say("200", "", b"")]);
    let reply = api(&vendor.url())
        .send_request(&Request::get("a"), Priority::Live)
        .await;
    assert!(reply.is_ok());
    assert!(
        vendor.heard()[0].contains("accept-encoding: gzip\r\n"),
        "{:?}",
        vendor.heard()
    );
}

#[tokio::test]
async fn what_passes_is_met_within_the_request_and_every_attempt_is_counted() {
    let fine = say("200", "", b"{}");
    for trouble in [
        &say("500", "", b""),
        &say("503", "retry-after: 0\r\n", b""),
        &say("429", "retry-after: 0.2, 0.1\r\n", b""),
        &say("425", "", b""),
        &b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\n{".to_vec(),
        &say("200", "", b"\x1f\x8b\x08cut"),
        &HANG_UP.to_vec(),
        &SILENCE.to_vec(),
    ] {
        let vendor = Vendor::start(&[trouble, trouble, &fine]);
        let reply = api(&vendor.url())
            .send_request(&Request::post_form("a"), Priority::History)
            .await;
        let said = String::from_utf8_lossy(trouble);
        assert_eq!(reply.unwrap().attempts, 3, "{said}");
        assert_eq!(vendor.heard().len(), 3, "{said}");
    }
}

#[tokio::test]
async fn each_failure_has_its_own_words_with_the_host_and_its_remedy() {
    let (next, operator) = (Remedy::NextRun, Remedy::Operator);
    let developer = Remedy::Developer;
    for (said, words, remedy) in [
        (
            say("401", "", b""),
            "refused the credential (status 401)",
            operator,
        ),
        (
            say("403", "", b""),
            "refused the credential (status 403)",
            operator,
        ),
        (say("407", "", b""), "A proxy on the way to", operator),
        (
            say("500", "", b""),
            "answers with status 500, tried 1 times",
            next,
        ),
        (say("408", "", b""), "answers with status 408", next),
        (
            say("429", "retry-after: 3600\r\n", b""),
            "left alone for 3600 more seconds",
            next,
        ),
        (say("304", "", b""), "status 304, which says nothing", developer),
        (
            say("200", "", &[b' '; 1_001]),
            "larger than 1000 bytes; `limits.max_body_bytes`",
            operator,
        ),
        (HANG_UP.to_vec(), "the connection broke", next),
        (SILENCE.to_vec(), "did not come in time; `timeout`", next),
        (
            b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\n{".to_vec(),
            "the answer broke off",
            next,
        ),
        (b"SSH-2.0\r\n".to_vec(), "the connection broke", next),
    ] {
        let vendor = Vendor::start(&[&said]);
        let request = once(Request::get("a").with("key", "hidden"));
        let error = fail(&api(&vendor.url()), &request).await;
        let text = error.to_string();
        assert!(
            text.contains(words) && text.contains(&vendor.address.to_string()),
            "{text}"
        );
        assert!(!format!("{error:?} {text}").contains("hidden"), "{error:?}");
        assert_eq!((error.remedy(), error.attempts()), (remedy, 1), "{text}");
    }
}

#[tokio::test]
async fn each_way_not_to_be_reached_has_its_own_words() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let plain = Vendor::start(&[&say("400", "", b"")]);
    for (url, words, remedy) in [
        (
            format!("http://{closed}"),
            "the connection was refused",
            Remedy::NextRun,
        ),
        (
            "https://nobody.invalid".to_owned(),
            "its name has no address",
            Remedy::NextRun,
        ),
        (
            format!("https://{}", plain.address),
            "no secure connection",
            Remedy::Operator,
        ),
    ] {
        let failure = fail_once(&url).await;
        let error = TransportError::Unreachable {
            host: "api.vendor.example".to_owned(),
            failure,
            attempts: 6,
        };
        assert!(error.to_string().contains(words), "{url}: {error}");
        assert_eq!(error.remedy(), remedy, "{url}");
    }
}

/// A request after its first attempt.
fn trip<'a>(api: &'a ApiClient, request: &'a Request) -> Trip<'a> {
    let host = &api.hosts[""];
    Trip {
        host,
        request,
        url: host.access.address_request(request).unwrap(),
        attempts: 1,
        max_attempts: 1,
        was_redirected: false,
    }
}

/// How one attempt fails.
async fn fail_once(url: &str) -> Failure {
    let patient = ApiLimits {
        timeout: PATIENCE,
        ..limits()
    };
    let (api, request) = (open(&http(), url, patient), Request::get("a"));
    match api.send_attempt(&trip(&api, &request)).await {
        Attempt::Broken(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_that_is_not_safe_to_repeat_is_sent_once() {
    for trouble in [say("500", "", b""), HANG_UP.to_vec()] {
        let vendor = Vendor::start(&[&trouble]);
        let error = fail(&api(&vendor.url()), &once(Request::post_form("a"))).await;
        assert_eq!((error.attempts(), vendor.heard().len()), (1, 1), "{error}");
    }
}

#[tokio::test]
async fn what_is_to_be_sent_once_is_not_sent_again_whatever_happens() {
    for trouble in [
        say("500", "", b""),
        say("429", "", b""),
        say("503", "retry-after: 1\r\n", b""),
        HANG_UP.to_vec(),
    ] {
        let vendor = Vendor::start(&[&trouble]);
        let api = api(&vendor.url());
        let error = api
            .send_once(&Request::get("a"), Priority::Live)
            .await
            .unwrap_err();
        assert_eq!((error.attempts(), vendor.heard().len()), (1, 1), "{error}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let api = api(&format!("http://{closed}"));
    let error = api
        .send_once(&Request::get("a"), Priority::Live)
        .await
        .unwrap_err();
    assert_eq!(error.attempts(), 1, "{error}");
}

#[tokio::test]
async fn a_long_pause_holds_for_everyone_who_uses_the_credential() {
    let vendor = Vendor::start(&[&say("429", "retry-after: 3600\r\n", b""), &say("200", "", b"")]);
    let http = http();
    let (first, second) = (api_of(&http, &vendor.url()), api_of(&http, &vendor.url()));
    let error = fail(&first, &Request::get("a")).await;
    assert!(
        matches!(error, TransportError::Throttled { attempts: 1, .. }),
        "{error}"
    );
    let error = fail(&second, &Request::get("a")).await;
    assert!(
        matches!(error, TransportError::Throttled { attempts: 0, .. }),
        "{error}"
    );
    assert_eq!(vendor.heard().len(), 1);
}

#[tokio::test]
async fn those_who_share_a_credential_share_its_narrowest_limit() {
    let (vendor, http) = (Vendor::start(&[SILENCE]), http());
    let wide = api_of(&http, &vendor.url());
    let access = || HostAccess {
        base_url: vendor.url().parse().unwrap(),
        auth: Auth::Field("auth_token"),
        user: None,
        secret: SecretString::from("sandbox-secret"),
    };
    let narrow = ApiLimits {
        max_in_flight: 1,
        ..limits()
    };
    for (name, vendor, shares) in [("same vendor", "acme", true), ("another vendor", "other", false)] {
        let open = http
            .open_api(vendor, BTreeMap::from([("", access())]), narrow)
            .unwrap();
        let is_one = Arc::ptr_eq(&wide.hosts[""].pace, &open.hosts[""].pace);
        assert_eq!(is_one, shares, "{name}");
    }
    let pace = &wide.hosts[""].pace;
    let _held = pace.admit_request(Priority::Live, Duration::ZERO).await.unwrap();
    let second = pace.admit_request(Priority::Live, Duration::ZERO);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), second)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_short_pause_is_kept_by_everyone_who_uses_the_credential() {
    let vendor = Vendor::start(&[&say("429", "retry-after: 1.5\r\n", b""), &say("200", "", b"")]);
    let http = http();
    let (first, second) = (api_of(&http, &vendor.url()), api_of(&http, &vendor.url()));
    let begin = Instant::now();
    let request = Request::get("a");
    let other = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let reply = second.send_request(&request, Priority::Live).await;
        (reply.unwrap().attempts, begin.elapsed())
    };
    let (reply, (attempts, waited)) = tokio::join!(first.send_request(&request, Priority::Live), other);
    assert_eq!((reply.unwrap().attempts, attempts), (2, 1));
    assert!(waited >= Duration::from_millis(1_500), "{waited:?}");
}

#[tokio::test]
async fn a_redirect_is_followed_once_and_only_to_the_host_itself() {
    let to = |status: &str, location: &str| say(status, &format!("location: {location}\r\n"), b"");
    let fine = say("200", "", b"");
    let get = || Request::get("a").with("key", "1");
    for (said, request, wanted) in [
        (
            vec![to("301", "/v1/a/?key=1"), fine.clone()],
            get(),
            Ok("GET /v1/a/?key=1&auth_token=sandbox-secret HTTP/1.1"),
        ),
        (
            vec![to("308", "b"), fine.clone()],
            get(),
            Ok("GET /v1/b?auth_token=sandbox-secret HTTP/1.1"),
        ),
        (
            vec![to("301", "/v1/a/"), to("301", "/v2/a"), fine.clone()],
            get(),
            Err("/v2/a` instead"),
        ),
        (vec![to("302", "/login?back=1")], get(), Err("/login` instead")),
        (
            vec![to("301", "https://new.vendor.example/v2?x=1")],
            get(),
            Err("`https://new.vendor.example/v2` instead"),
        ),
        (
            vec![to("301", "/v2/a")],
            Request::post_form("a"),
            Err("/v2/a` instead"),
        ),
    ] {
        let said: Vec<&[u8]> = said.iter().map(Vec::as_slice).collect();
        let vendor = Vendor::start(&said);
        match (
            api(&vendor.url()).send_request(&request, Priority::Live).await,
            wanted,
        ) {
            (Ok(reply), Ok(line)) => {
                assert_eq!(vendor.heard_lines().last().map(String::as_str), Some(line));
                assert_eq!(reply.attempts, 2, "{line}");
            }
            (Err(error), Err(words)) => {
                let text = error.to_string();
                assert!(text.contains(words) && text.contains("`base_url`"), "{text}");
                assert!(!text.contains('?'), "{text}");
                assert_eq!(error.remedy(), Remedy::Operator, "{text}");
                assert_eq!(error.attempts() as usize, vendor.heard().len());
            }
            (sent, wanted) => panic!("{sent:?}, wanted {wanted:?}"),
        }
    }
}

#[tokio::test]
async fn a_host_that_wants_https_is_not_asked_in_a_circle() {
    let vendor = Vendor::start(&[SILENCE]);
    let api = api(&vendor.url());
    let request = Request::get("a").with("key", "1");
    let mut trip = trip(&api, &request);
    let answer = Answer {
        status: 301,
        outcome: Outcome::Status {
            status: 301,
            hint: None,
        },
        location: Some(format!("https://{}/v1/a?key=1", vendor.address)),
        body: String::new(),
    };
    let error = trip.follow_redirect(&answer).unwrap_err().to_string();
    assert!(
        error.contains(&format!("`https://{}/v1/a`", vendor.address)),
        "{error}"
    );
}

#[tokio::test]
async fn a_link_that_has_expired_is_left_to_the_next_run() {
    for (status, is_expired) in [
        ("404", true),
        ("410", true),
        ("400", true),
        ("422", true),
        ("409", false),
    ] {
        let vendor = Vendor::start(&[&say(status, "", b"{}")]);
        let link = Request::get("a").follow_link("?cursor=x".to_owned());
        match api(&vendor.url()).send_request(&link, Priority::Live).await {
            Ok(reply) => assert!(!is_expired, "{reply:?}"),
            Err(error) => {
                assert!(matches!(error, TransportError::ExpiredLink { .. }), "{error:?}");
                assert_eq!((is_expired, error.remedy()), (true, Remedy::NextRun), "{status}");
            }
        }
    }
}

#[tokio::test]
async fn a_credential_never_goes_to_another_host() {
    let (own, other) = (
        Vendor::start(&[&say("200", "", b"")]),
        Vendor::start(&[&say("200", "", b"")]),
    );
    let link = Request::get("a").follow_link(format!("{}/a", other.url()));
    let error = fail(&api(&own.url()), &link).await;
    assert!(matches!(error, TransportError::ForeignLink { .. }), "{error:?}");
    assert!(own.heard().is_empty() && other.heard().is_empty());
}

#[tokio::test]
async fn a_host_that_the_settings_do_not_name_is_an_error() {
    let error = fail(
        &api("https://api.vendor.example"),
        &Request::get("a").to_host("side"),
    )
    .await;
    assert!(error.to_string().contains("`side`"), "{error}");
    assert_eq!((error.remedy(), error.attempts()), (Remedy::Operator, 0));
}

#[test]
fn the_credential_shows_nowhere() {
    let http = http();
    let api = api_of(&http, "https://api.vendor.example");
    let shown = format!("{http:?} {api:?} {:?}", Request::post_form("x").with("a", 1));
    assert!(!shown.contains("sandbox-secret"), "{shown}");
}
