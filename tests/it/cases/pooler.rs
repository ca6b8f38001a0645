//! Behind pgbouncer: as Debian ships it, by sessions and by transactions.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use super::lists::CALLS;
use super::stub::{Answers, Stub};
use super::{ask, run_convene, started_at};
use crate::server::eventually;
use crate::support::postgres::Database;

/// A pooler before a database; ended when dropped.
struct Pooler {
    process: Child,
    folder: std::path::PathBuf,
    url: String,
}

impl Pooler {
    /// Starts it; nothing where it is not installed.
    async fn start(database: &Database, mode: &str, own: &str) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists())?;
        let server: url::Url = database.url().parse().expect("it is a URL");
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .ok()?
            .local_addr()
            .ok()?
            .port();
        let folder = std::env::temp_dir().join(format!("convene-pooler-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let settings = format!(
            "[databases]\n* = host={} port={} user={} password={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = {mode}\ndefault_pool_size = 3\n{own}\n",
            server.host_str().expect("it has a host"),
            server.port().unwrap_or(5432),
            server.username(),
            server.password().unwrap_or_default(),
        );
        let path = folder.join("pgbouncer.ini");
        std::fs::write(&path, settings).expect("the settings are written");
        let mut command = Command::new(program);
        command
            .arg("-q")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // It refuses to run as root; the folder must be readable by whom it becomes.
        let is_root =
            std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        if is_root {
            command.args(["-u", "nobody"]);
            let _ = Command::new("chmod").args(["-R", "a+rX"]).arg(&folder).status();
        }
        let process = command.spawn().ok()?;
        let url = format!("postgres://convene:x@127.0.0.1:{port}/{}", database.name());
        let pooler = Self { process, folder, url };
        eventually(|| async { tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok() }).await;
        Some(pooler)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

struct Setup {
    name: &'static str,
    mode: &'static str,
    settings: &'static str,
    is_told_pooler: bool,
    told: &'static [&'static str],
}

const SETUPS: [Setup; 4] = [
    Setup {
        name: "by sessions, as it comes",
        mode: "session",
        settings: "",
        is_told_pooler: false,
        told: &[],
    },
    Setup {
        name: "by transactions, and we know",
        mode: "transaction",
        settings: "",
        is_told_pooler: true,
        told: &[],
    },
    Setup {
        name: "by transactions with one session, and we know",
        mode: "transaction",
        settings: "max_db_connections = 2",
        is_told_pooler: true,
        told: &[],
    },
    Setup {
        name: "by transactions, and we do not know",
        mode: "transaction",
        settings: "",
        is_told_pooler: false,
        told: &["warehouse.pooler = true"],
    },
];

/// What is wrong behind a pooler; nothing where there is none on this machine.
async fn try_setup(setup: &Setup) -> Vec<String> {
    let mut wrong = Vec::new();
    let database = Database::empty().await;
    let pool = database.pool().await;
    let Some(pooler) = Pooler::start(&database, setup.mode, setup.settings).await else {
        return wrong;
    };
    let answers: Answers = Arc::new(|heard| {
        if heard.path == "log/retrieve" {
            CALLS.answer(heard, &[])
        } else {
            super::stub::Reply::json(
                "{\"success\":true,\"data\":{\"total\":0,\"entries\":[],\"results\":[]}}",
            )
        }
    });
    let stub = Stub::start(answers).await;
    let own = CALLS.settings("s", &stub.url, "", started_at(&pool).await);
    // All streams side by side, as an operator has them.
    let own = own.replace("enabled = false", "enabled = true");
    let settings = format!("[warehouse]\npooler = {}\n{own}", setup.is_told_pooler);
    let exit = i32::from(!setup.told.is_empty());
    for command in ["check", "sync", "sync", "check"] {
        let done = run_convene(&pooler.url, &settings, &[command]).await;
        let told = format!("{}{}", done.out, done.err);
        let is_database = |line: &str| line.contains("arehouse");
        let is_wrong = if exit == 0 {
            told.lines()
                .any(|line| is_database(line) && line.contains("SQLSTATE"))
        } else {
            done.code != Some(1) || setup.told.iter().any(|word| !told.contains(word))
        };
        if is_wrong {
            wrong.push(format!(
                "=== {}: {command} ends with {:?}:\n{told}",
                setup.name, done.code
            ));
            break;
        }
    }
    if exit == 0 {
        let rows = ask(&pool, "select count(*)::text from warehouse.calls").await;
        if rows != "5" {
            wrong.push(format!("=== {}: {rows} calls", setup.name));
        }
    }
    drop(pooler);
    wrong
}

/// Tries set-ups one after the other.
async fn try_setups(setups: &[Setup]) {
    let mut wrong = Vec::new();
    for setup in setups {
        wrong.append(&mut try_setup(setup).await);
    }
    assert!(
        wrong.is_empty(),
        "{} set-ups are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_is_worked_behind() {
    try_setups(&SETUPS[..2]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_with_one_session_is_worked_behind_and_another_told_what_to_set() {
    try_setups(&SETUPS[2..]).await;
}
