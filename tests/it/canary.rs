//! Canaries: what is secret or personal has a value of its own, and none of these values may come out anywhere.

use std::fmt::Write as _;
use std::time::Duration;

use sandbox::Fault;
use serde_json::json;
use tokio::process::Command;

use crate::binary::{Running, convene, ended, until};
use crate::server::{Served, eventually, send};
use crate::support::env::{SOURCE, SettingsFile, TestEnv};
use crate::support::inbox::Inbox;

/// Secrets.
const TOKEN: &str = "canary-token-ju7x";
const PASSWORD: &str = "canary-password-ju7x";
const PAGE_TOKEN: &str = "canary-page-ju7x";
const HOOK: &str = "canary-hook-ju7x";
const HEADER: &str = "canary-header-ju7x";
/// What vendors tell of people.
const NAME: &str = "Canaryanna";
const SURNAME: &str = "Canarybirdsson";
const MAIL: &str = "canary.bird@ju7x.example";
const PHONE: &str = "2025550143";
const TEXT: &str = "canary tells in confidence";
const BROKEN: &str = "canary-broken-field";
/// The lead of whom all this is told; an id is no secret.
const LEAD: &str = "70001234";

/// Columns of our own books that are made to hold records of vendors.
const BODIES: [&str; 2] = [
    // A record that could not be read, kept so that it can be read after a fix.
    "raw", // What of the page request its mapping needs.
    "context",
];

fn canaries() -> [&'static str; 11] {
    [
        TOKEN, PASSWORD, PAGE_TOKEN, HOOK, HEADER, NAME, SURNAME, MAIL, PHONE, TEXT, BROKEN,
    ]
}

fn assert_clean(what: &str, text: &str) {
    assert_free_of(&canaries(), what, text);
}

/// Fails where a text holds a canary, in whatever case or coding of blanks.
pub(crate) fn assert_free_of(canaries: &[&str], what: &str, text: &str) {
    let text = text.to_lowercase();
    for canary in canaries {
        let lower = canary.to_lowercase();
        let forms = [lower.replace(' ', "+"), lower.replace(' ', "%20"), lower];
        let Some(at) = forms.iter().find_map(|form| text.find(form.as_str())) else {
            continue;
        };
        let near: String = text[..at].chars().rev().take(300).collect();
        let near: String = near.chars().rev().collect();
        panic!("{what} tells `{canary}` behind: {near}");
    }
}

/// Fails where a table of our own books holds a canary, but for the columns that are made to hold records, and for these. What the
/// marts keep of calls is theirs.
pub(crate) async fn assert_clean_books(env: &TestEnv, canaries: &[&str], others: &[&str]) {
    let tables = "select tablename from pg_tables where schemaname = 'sync' and tablename !~ '^kept_'";
    let tables: Vec<String> = sqlx::query_scalar(tables)
        .fetch_all(&env.pool)
        .await
        .expect("the tables are listed");
    assert!(tables.len() > 20, "{tables:?}");
    let without: String = BODIES.iter().chain(others).fold(String::new(), |mut text, name| {
        let _ = write!(text, " - '{name}'");
        text
    });
    for table in tables {
        let query = format!(
            "select coalesce(string_agg((to_jsonb(t){without})::text, ' '), '') from sync.{table} as t"
        );
        assert_free_of(canaries, &format!("sync.{table}"), &env.text(&query).await);
    }
}

/// A source whose records, answers and secrets are full of canaries.
struct Cage {
    env: TestEnv,
    file: SettingsFile,
    inbox: Inbox,
    url: String,
}

impl Cage {
    async fn build() -> Self {
        let mut env = TestEnv::with(|options| TOKEN.clone_into(&mut options.token)).await;
        env.only(&["calls", "agents", "leads"]);
        let account = env.sandbox.convoso();
        // The window of no slice holds them, so that whatever comes later leaves them alone.
        let lead = json!({
            "id": LEAD, "lead_id": LEAD, "created_at": "2026-01-15T09:30:12-0800", "modified_at": "2026-11-01T00:10:40-0700",
            "first_name": NAME, "last_name": SURNAME, "email": MAIL, "phone_code": "1", "phone_number": PHONE, "address1": TEXT,
            // Fields that cannot be read tell of themselves, and not what is in them.
            "called_count": BROKEN, "last_called": BROKEN, "first_contacted_at": MAIL,
        });
        // A record without its key cannot be read at all, and is kept whole.
        let broken = json!({ "email": MAIL, "first_name": NAME, "phone_number": PHONE });
        let page = json!({ "offset": 0, "limit": "2000", "total": "2", "entries": [lead, broken] });
        let page = json!({ "success": true, "data": page }).to_string();
        env.sandbox.fault("leads/search", Fault::Foreign(page), 4);
        for (call, _) in account.snapshot("calls").iter().take(5) {
            account.set_comment(call, TEXT);
        }
        let inbox = Inbox::open().await;
        let file = env.settings_file(&format!(
            "[alerts]\nwebhook_url = \"{}/{HOOK}\"\nreject_share = 0.0001\nattempts = 1\n",
            inbox.url
        ));
        let text = std::fs::read_to_string(&file.path).expect("the settings are there");
        std::fs::write(&file.path, text.replace("sandbox-token", TOKEN)).expect("they are written");
        let mut url: url::Url = env.database.url().parse().expect("the database has a URL");
        let asks = url.password().is_some();
        if !asks {
            url.set_password(Some(PASSWORD)).expect("it can have one");
        }
        Self {
            url: url.to_string(),
            env,
            file,
            inbox,
        }
    }

    /// A command that tells everything it knows.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = convene(&self.env, &self.file, arguments);
        command
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .env("DATABASE_URL", &self.url)
            .env("CONVENE__SERVER__TOKEN", PAGE_TOKEN)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &self.inbox.url)
            .env("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization={HEADER}"));
        command
    }

    /// Runs a command in both forms of the log.
    async fn assert_clean_command(&self, arguments: &[&str]) {
        for form in ["text", "json"] {
            let mut command = self.command(arguments);
            let done = ended(command.args(["--log-format", form])).await;
            assert!(
                done.code.is_some_and(|code| code < 2) || done.code == Some(101),
                "{arguments:?}: {done:?}"
            );
            assert_clean(&format!("stdout of {arguments:?} ({form})"), &done.out);
            assert_clean(&format!("stderr of {arguments:?} ({form})"), &done.err);
        }
    }

    /// Lets the vendor fail in every way that could make somebody quote what it said.
    fn fail_everywhere(&self) {
        let said =
            format!("{{\"success\": true, \"error\": {{\"email\": \"{MAIL}\"}}, \"name\": \"{NAME}\"}}");
        for fault in [
            Fault::Foreign(said.clone()),
            Fault::CutJson,
            Fault::Html(200),
            Fault::Exactly {
                status: 500,
                headers: Vec::new(),
                body: said.clone(),
            },
            Fault::Exactly {
                status: 302,
                headers: vec![(
                    "location".to_owned(),
                    format!("https://elsewhere.example/{MAIL}?auth_token={TOKEN}"),
                )],
                body: String::new(),
            },
            Fault::Exactly {
                status: 400,
                headers: Vec::new(),
                body: said,
            },
            Fault::Drop,
            Fault::Twins,
        ] {
            self.env.sandbox.fault("leads/search", fault, 1);
        }
    }

    fn assert_clean_letters(&self) {
        let letters = self.inbox.letters("/");
        assert!(
            letters.iter().any(|letter| letter.path == "/v1/traces"),
            "traces are sent"
        );
        assert!(
            letters.iter().any(|letter| letter.path.contains(HOOK)),
            "alerts are sent"
        );
        for letter in letters {
            assert_clean(
                &letter.path.replace(HOOK, "hook"),
                &String::from_utf8_lossy(&letter.body),
            );
        }
    }
}

/// A picture of the memory would hold everything.
fn assert_no_core_dumps(served: &Served) {
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", served.daemon.id())).unwrap_or_default();
    for line in limits
        .lines()
        .filter(|line| line.starts_with("Max core file size"))
    {
        let numbers: Vec<&str> = line.split_whitespace().skip(4).take(2).collect();
        assert!(numbers.iter().all(|number| ["0", "1"].contains(number)), "{line}");
    }
}

async fn read_page(served: &Served, path: &str) -> String {
    let client = reqwest::Client::new();
    let answer = send(
        client
            .get(format!("{}{path}", served.url))
            .bearer_auth(PAGE_TOKEN),
    )
    .await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.expect("it has a text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_and_nothing_personal_comes_out_anywhere() {
    let cage = Cage::build().await;
    for command in [&["check"][..], &["sync"]] {
        cage.assert_clean_command(command).await;
    }
    let lead = "select count(*) from warehouse.leads where email = 'canary.bird@ju7x.example'";
    assert_eq!(cage.env.number(lead).await, 1, "the canaries are in the tables");
    let kept = "select count(*) from sync.rejects where raw::text like '%canary.bird%'";
    assert!(
        cage.env.number(kept).await > 0,
        "a record that cannot be read is kept whole"
    );
    let mut command = cage.command(&["run", "--log-format", "json"]);
    command.env("CONVENE__SERVER__LISTEN", "127.0.0.1:0");
    let daemon = Running::start(&mut command);
    let url = eventually(|| async {
        let text = daemon.err();
        let (_, rest) = text.split_once("The status page is at ")?;
        Some(rest.split('/').take(3).collect::<Vec<_>>().join("/"))
    })
    .await;
    let served = Served { daemon, url };
    assert_no_core_dumps(&served);
    cage.fail_everywhere();
    until(
        &cage.env,
        "(select count(*) > 0 from sync.slices where state <> 'complete' and ended_at is not null)",
    )
    .await;
    until(
        &cage.env,
        "(select count(*) > 0 from sync.events where kind in ('rejects', 'poisoned', 'paused', 'lagging'))",
    )
    .await;
    eventually(|| async { (!cage.inbox.letters(&format!("/{HOOK}")).is_empty()).then_some(()) }).await;
    let run = cage
        .env
        .number("select max(run_id) from sync.slices where state = 'failed'")
        .await;
    for path in [
        "/".to_owned(),
        format!("/streams/{SOURCE}/leads"),
        format!("/streams/{SOURCE}/calls"),
        format!("/runs/{run}"),
        format!("/search?id={LEAD}"),
        "/metrics".to_owned(),
        "/api/status".to_owned(),
        "/readyz".to_owned(),
        "/healthz".to_owned(),
    ] {
        assert_clean(&path, &read_page(&served, &path).await);
    }
    served.daemon.signal("TERM").await;
    let done = served.daemon.end().await;
    assert_clean("the daemon's stdout", &done.out);
    assert_clean("the daemon's log", &done.err);
    assert!(done.err.contains("TRACE"), "it tells everything");
    for command in [
        &["status"][..],
        &["runs"],
        &["explain", "leads", SOURCE, LEAD],
        &["explain", "leads", SOURCE, LEAD, "--json"],
        &["rejects", "list"],
        &["drift"],
        &["config"],
        &["top"],
        &["top", "--json"],
    ] {
        cage.assert_clean_command(command).await;
    }
    cage.env.sandbox.clear_faults();
    let mut command = cage.command(&["sync"]);
    command
        .env("CONVENE_FAILPOINT", "after answer")
        .env("CONVENE_FAILPOINT_PANICS", "1");
    let panicked = ended(&mut command).await;
    assert!(
        panicked.err.contains("the failpoint `after answer` was reached"),
        "{}",
        panicked.err
    );
    assert_clean("a panic", &panicked.err);
    assert_clean_books(&cage.env, &canaries(), &[]).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    cage.assert_clean_letters();
}
