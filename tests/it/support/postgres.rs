//! One Postgres server for the whole test run, and a database of its own for each test.
//!
//! The server is the one of `DATABASE_URL`; else a container, where a Docker engine answers and can run a Postgres image;
//! else a private one from the machine's `PostgreSQL` binaries. `CONVENE_TEST_POSTGRES` (`docker` or `embedded`) forces a way.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use convene::warehouse::Warehouse;
use embedded::Embedded;
use secrecy::SecretString;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use testcontainers::core::{IntoContainerPort, Mount};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};
use tokio::sync::OnceCell;

use super::PATIENCE;

/// The image that the tests run, as `name:tag`; `CONVENE_POSTGRES_IMAGE` names another.
const IMAGE: &str = "postgres:17";
const PASSWORD: &str = "convene-test";
/// The tests kill processes of ours, never the server, so it need not wait for the disk; and they open many connections.
const SERVER_OPTIONS: [&str; 11] = [
    "postgres",
    "-c",
    "fsync=off",
    "-c",
    "full_page_writes=off",
    "-c",
    "max_connections=300",
    "-c",
    "max_wal_size=256MB",
    // A migration turns it off for the warehouse; a copy of a database does not have that.
    "-c",
    "jit=off",
];
/// Where the image keeps its data. In memory: a database per test is hundreds of files made and removed.
const DATA_FOLDER: &str = "/var/lib/postgresql/data";
/// Connections for the questions of one test.
const POOL_SIZE: u32 = 3;
/// How long a container may take to answer.
const LONGEST_START: Duration = Duration::from_mins(2);

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);
static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A server that lasts as long as the test process.
struct Server {
    /// Its address with `{}` in place of the database's name.
    url: String,
    /// Removes the container when our process has ended, however it ended.
    _reaper: Option<Child>,
}

impl Server {
    /// Starts the server on a thread of its own, whose runtime outlives every test's.
    fn start() -> Self {
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build();
            let runtime = runtime.expect("a runtime starts");
            let (server, way, _alive) = runtime.block_on(find());
            // Past the capture of the test harness: people want to know which way was taken.
            let _ = writeln!(std::io::stderr(), "Postgres for the tests: {way}");
            let _ = send.send(server);
            loop {
                std::thread::park();
            }
        });
        receive
            .recv()
            .expect("a Postgres server for the tests; see the message above")
    }
}

async fn find() -> (Server, String, Option<Embedded>) {
    let forced = std::env::var("CONVENE_TEST_POSTGRES").ok();
    if forced.is_none()
        && let Some(url) = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty())
    {
        return (
            Server {
                url: with_any_database(&url),
                _reaper: None,
            },
            "DATABASE_URL".to_owned(),
            None,
        );
    }
    if forced.as_deref() != Some("embedded") {
        match container().await {
            Ok((server, way)) => return (server, way, None),
            Err(error) => assert!(forced.is_none(), "CONVENE_TEST_POSTGRES=docker, but: {error}"),
        }
    }
    let embedded = Embedded::start_fleeting()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let way = format!("embedded, {}", embedded.way());
    (
        Server {
            url: embedded.url("{}"),
            _reaper: None,
        },
        way,
        Some(embedded),
    )
}

async fn container() -> Result<(Server, String), testcontainers::TestcontainersError> {
    let image = std::env::var("CONVENE_POSTGRES_IMAGE").unwrap_or_else(|_| IMAGE.to_owned());
    let (name, tag) = image.rsplit_once(':').unwrap_or((&image, "latest"));
    let container = GenericImage::new(name, tag)
        .with_exposed_port(5432.tcp())
        .with_env_var("POSTGRES_PASSWORD", PASSWORD)
        .with_cmd(SERVER_OPTIONS)
        .with_mount(Mount::tmpfs_mount(DATA_FOLDER))
        .start()
        .await?;
    let (host, port) = (
        container.get_host().await?,
        container.get_host_port_ipv4(5432).await?,
    );
    let reaper = reaper(&container);
    // The reaper removes it; a drop would need the runtime that is gone by then.
    std::mem::forget(container);
    let url = format!("postgres://postgres:{PASSWORD}@{host}:{port}/{{}}");
    // The image starts the server twice, the first time for its own preparations and behind closed doors.
    answers(&url.replace("{}", "postgres")).await;
    Ok((
        Server { url, _reaper: reaper },
        format!("testcontainers, image {image}"),
    ))
}

/// Waits until the server takes a connection.
async fn answers(url: &str) {
    let begin = Instant::now();
    while let Err(error) = PgConnection::connect(url).await {
        assert!(
            begin.elapsed() < LONGEST_START,
            "the container does not answer: {error}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A shell that waits for the end of our process, which closes its input, and then removes the container.
fn reaper(container: &ContainerAsync<GenericImage>) -> Option<Child> {
    use std::os::unix::process::CommandExt;
    Command::new("sh")
        .args([
            "-c",
            "cat >/dev/null; exec docker rm --force --volumes \"$0\"",
            container.id(),
        ])
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()
}

fn with_any_database(url: &str) -> String {
    let mut url: url::Url = url.parse().expect("`DATABASE_URL` is a URL");
    url.set_path("/{}");
    url.to_string().replace("%7B%7D", "{}")
}

/// A database of its own for one test, dropped with it.
pub(crate) struct Database {
    name: String,
}

impl Database {
    /// A database with the schema.
    pub(crate) async fn new() -> Self {
        Self::make(TEMPLATE.get_or_init(make_template).await).await
    }

    /// A database without the schema.
    pub(crate) async fn empty() -> Self {
        Self::make("").await
    }

    async fn make(from: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("convene_test_{}_{number}", std::process::id());
        administer(&format!("create database {name} {from}")).await;
        Self { name }
    }

    /// A database that is made with these options.
    pub(crate) async fn of(options: &str) -> Self {
        Self::make(options).await
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        SERVER.url.replace("{}", &self.name)
    }

    /// Where it is, as a secret.
    pub(crate) fn secret(&self) -> SecretString {
        SecretString::from(self.url())
    }

    /// A pool for the test's own questions.
    pub(crate) async fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(POOL_SIZE)
            .acquire_timeout(PATIENCE)
            .connect(&self.url())
            .await
            .expect("the test's database answers")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("drop database {} with (force)", self.name);
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime
                .expect("a runtime starts")
                .block_on(administer(&statement));
        });
        let _ = dropped.join();
    }
}

/// Makes a migrated database, and tells how others are copied from it: faster than migrating each.
async fn make_template() -> String {
    let database = Database::make("").await;
    let warehouse = Warehouse::connect(&database.secret(), 1)
        .await
        .expect("the template answers");
    warehouse.migrate().await.expect("the migrations apply");
    warehouse.close().await;
    // Since Postgres 15 a copy goes through the server's log unless it is told to copy files, which takes half the time.
    let version = administrator().await.server_version_num();
    let strategy = if version >= Some(150_000) {
        "strategy file_copy"
    } else {
        ""
    };
    let options = format!("template {} {strategy}", database.name);
    // Other tests copy it until the process ends; the leftovers of a foreign server are swept by the next run.
    std::mem::forget(database);
    options
}

async fn administer(statement: &str) {
    sqlx::query(AssertSqlSafe(statement.to_owned()))
        .execute(&mut administrator().await)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

async fn administrator() -> PgConnection {
    let connection = PgConnection::connect(&SERVER.url.replace("{}", "postgres")).await;
    connection.expect("the server answers")
}
