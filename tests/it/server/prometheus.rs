//! The metrics, as Prometheus and its tools see them, and the files that name them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use reqwest::Client;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::support::env::TestEnv;

use super::{Served, eventually, say_skipped, send};

/// The files for operators that name metrics.
const FILES: [&str; 2] = ["deploy/prometheus/alerts.yml", "deploy/grafana/convene.json"];

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A daemon that has read everything once.
async fn busy_daemon(env: &TestEnv) -> Served {
    let file = env.settings_file("");
    let served = Served::start(env, &file).await;
    let schedule = "insert into sync.schedules (source, stream, schedule, next_run_at, lag_limit)
         select source, stream, '0 */5 * * * *', now(), interval '1 day' from sync.streams where is_enabled
         on conflict (source, stream) do update set lag_limit = excluded.lag_limit, next_run_at = excluded.next_run_at";
    eventually(|| async {
        let written = sqlx::query(schedule).execute(&env.pool).await.ok()?;
        (written.rows_affected() == 2).then_some(())
    })
    .await;
    eventually(|| async {
        let text = served.text("/metrics").await;
        let is_whole = text.matches("condition=\"complete\"").count() == 2;
        let has_all = [
            "convene_settled_through_timestamp_seconds{",
            "convene_next_run_timestamp_seconds{",
        ];
        (is_whole && has_all.iter().all(|name| text.contains(name))).then_some(())
    })
    .await;
    served
}

/// Names of metrics within a text.
fn names_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
    words
        .filter(|word| word.starts_with("convene_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_metric_that_alerts_and_dashboards_name_is_scraped_and_every_other_is_documented() {
    let env = TestEnv::new().await;
    let served = busy_daemon(&env).await;
    let text = served.text("/metrics").await;
    let scraped: BTreeSet<String> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .map(str::to_owned)
        .collect();
    for name in FILES {
        let named = names_in(&std::fs::read_to_string(file(name)).expect("the file is there"));
        assert!(named.len() > 8, "{name}: {named:?}");
        let missing: Vec<&String> = named.difference(&scraped).collect();
        assert!(
            missing.is_empty(),
            "{name} names what is not scraped: {missing:?}"
        );
    }
    let page = std::fs::read_to_string(file("docs/operations.md")).expect("the page is there");
    for family in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = family.split(' ').next().unwrap_or_default();
        assert!(
            page.contains(&format!("`{name}`")),
            "docs/operations.md does not name {name}"
        );
    }
    let rows =
        "convene_rows_total{outcome=\"inserted\",source=\"convoso_test\",stream=\"calls\",table=\"calls\"} ";
    let counted: i64 = text
        .lines()
        .find_map(|line| line.strip_prefix(rows))
        .expect("calls were inserted")
        .parse()
        .expect("a whole number");
    assert_eq!(
        counted,
        env.count("warehouse.calls").await,
        "each row is counted once"
    );
    assert!(text.contains("convene_requests_total{source=\"convoso_test\",status=\"200\",stream=\"calls\"}"));
    served.daemon.signal("TERM").await;
    assert_eq!(served.daemon.end().await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promtool_finds_no_fault_with_metrics_and_rules() {
    if !is_here("promtool").await {
        say_skipped("no promtool is on this machine, so it has judged neither metrics nor rules");
        return;
    }
    let folder = file("deploy/prometheus");
    for arguments in [
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts_test.yml"],
    ] {
        let judged = Command::new("promtool")
            .args(arguments)
            .current_dir(&folder)
            .output()
            .await;
        let judged = judged.expect("promtool runs");
        assert!(judged.status.success(), "{arguments:?}: {judged:?}");
    }
    let env = TestEnv::new().await;
    let served = busy_daemon(&env).await;
    let text = served.text("/metrics").await;
    let mut judge = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts");
    let mut input = judge.stdin.take().expect("it is piped");
    input.write_all(text.as_bytes()).await.expect("it reads");
    drop(input);
    let judged = judge.wait_with_output().await.expect("it ends");
    let said =
        String::from_utf8_lossy(&judged.stderr).into_owned() + &String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success() && said.trim().is_empty(), "{said}");
    served.daemon.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_prometheus_scrapes_and_evaluates_the_rules() {
    if !is_here("prometheus").await {
        say_skipped("no Prometheus is on this machine, so none has scraped the daemon");
        return;
    }
    let env = TestEnv::new().await;
    let served = busy_daemon(&env).await;
    let folder = std::env::temp_dir().join(format!("convene-it-prometheus-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::copy(file("deploy/prometheus/alerts.yml"), folder.join("alerts.yml"))
        .expect("the rules are copied");
    let settings =
        std::fs::read_to_string(file("deploy/prometheus/prometheus.yml")).expect("the file is there");
    let settings = settings.replace("127.0.0.1:9464", served.address()).replace(
        "scrape_interval: 30s",
        "scrape_interval: 1s\n  evaluation_interval: 1s",
    );
    std::fs::write(folder.join("prometheus.yml"), settings).expect("the settings are written");
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        free.local_addr().expect("it has an address").port()
    };
    let mut prometheus = Command::new("prometheus")
        .arg(format!(
            "--config.file={}",
            folder.join("prometheus.yml").display()
        ))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("Prometheus starts");
    let question = format!("http://127.0.0.1:{port}/api/v1/query?query=");
    let ask = async |query: &str| -> Option<Value> {
        let answer = Client::new()
            .get(format!("{question}{query}"))
            .send()
            .await
            .ok()?;
        let answer: Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
        answer["data"]["result"].as_array()?.first().cloned()
    };
    let lag = eventually(|| {
        ask("time()%20-%20convene_complete_through_timestamp_seconds%7Bstream%3D%22calls%22%7D")
    })
    .await;
    let seconds: f64 = lag["value"][1]
        .as_str()
        .expect("a value")
        .parse()
        .expect("a number");
    // The simulated vendor's clock stands still ten minutes ago.
    assert!((0.0..3_600.0).contains(&seconds), "{lag}");
    let up = eventually(|| ask("up%7Bjob%3D%22convene%22%7D%20%3D%3D%201")).await;
    assert_eq!(up["metric"]["instance"], served.address());
    let rules = Client::new().get(format!("http://127.0.0.1:{port}/api/v1/rules"));
    let rules: Value =
        serde_json::from_str(&send(rules).await.text().await.expect("a text")).expect("it is JSON");
    let rules = rules["data"]["groups"][0]["rules"]
        .as_array()
        .expect("rules")
        .clone();
    assert_eq!(rules.len(), 12);
    assert!(rules.iter().all(|rule| rule["lastError"].is_null()), "{rules:#?}");
    prometheus.kill().await.expect("it is stopped");
    served.daemon.kill().await;
    std::fs::remove_dir_all(&folder).expect("the folder is removed");
}

async fn is_here(program: &str) -> bool {
    let version = Command::new(program).arg("--version").output().await;
    version.is_ok_and(|version| version.status.success())
}
