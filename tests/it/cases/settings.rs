//! Settings: every problem at once, exit code 2, each with its key; and what was meant, where that is plain.

use std::sync::Arc;

use super::run_convene;
use super::stub::{Answers, Reply, Stub};
use crate::binary::{bare, ended};
use crate::support::postgres::Database;

/// Settings that are wrong: what the file says, and what is told of it.
const WRONG: &[(&str, &[&str])] = &[
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken = \"t\"\nlead_fields = [\"Credit Score\", \"ok\"]\n",
        &["sources.a.lead_fields"],
    ),
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken = \"t\"\nlead_fields = [\"a\", \"a\"]\n",
        &["sources.a.lead_fields"],
    ),
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken = \"t\"\ndefault_region = \"XX\"\n",
        &["sources.a.default_region"],
    ),
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken = \"t\"\ntime_zone = \"Pacific\"\n",
        &["sources.a.time_zone"],
    ),
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken = \"t\"\nschedule = \"every day\"\n",
        &["sources.a.schedule"],
    ),
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken = \"t\"\nsince = \"31.12.2025\"\n",
        &["sources.a.since"],
    ),
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken = \"\"\n",
        &["sources.a.token"],
    ),
    ("[sources.a]\nvendor = \"convoso\"\n", &["sources.a.token"]),
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken = \"a\u{200b}b\"\n",
        &["sources.a.token"],
    ),
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken_file = \"/nowhere/token\"\n",
        &["sources.a.token_file"],
    ),
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken = \"t\"\nbase_url = \"api.convoso.com\"\n",
        &["sources.a.base_url"],
    ),
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken = \"t\"\nbase_url = \"http://api.convoso.com\"\n",
        &["sources.a.base_url"],
    ),
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken = \"t\"\nrequests_per_minute = 0\n",
        &["sources.a.requests_per_minute"],
    ),
    (
        "[sources.a]\nvendor = \"convoso\"\ntoken = \"t\"\n[sources.a.streams.call]\nenabled = false\n",
        &["call", "calls"],
    ),
    (
        "[sources.a]\nvendor = \"convertalk\"\nbot_token = \"t\"\ncustomer_id = \"c\"\nbot_ids = []\n",
        &["sources.a.bot_ids"],
    ),
    (
        "[sources.a]\nvendor = \"convertalk\"\nbot_token = \"t\"\ncustomer_id = \"c\"\nbot_ids = [\"b\", \"b\"]\n",
        &["sources.a.bot_ids"],
    ),
    (
        "[sources.a]\nvendor = \"convertalk\"\nbot_token = \"t\"\ncustomer_id = \"c\"\nbot_ids = [\"b\"]\ntoken_header = \"x-token\"\n",
        &["sources.a.token_header"],
    ),
    (
        "[sources.a]\nvendor = \"converz\"\napi_key = \"t\"\n",
        &["sources.a.base_url"],
    ),
    (
        "[sources.a]\nvendor = \"converz\"\napi_key = \"t\"\nbase_url = \"https://a.converz.co/api/v1\"\nreports = [\"date:\"]\n",
        &["sources.a.reports"],
    ),
    (
        "[sources.a]\nvendor = \"converz\"\napi_key = \"t\"\nbase_url = \"https://a.converz.co/api/v1\"\npage_size = 5\n",
        &["sources.a.page_size"],
    ),
    (
        "[sources.a]\nvendor = \"conversocial\"\ntoken_secret = \"t\"\n",
        &["sources.a.token_name"],
    ),
    ("[warehouse]\nurl = \"mysql://a/b\"\n", &["warehouse.url"]),
    (
        "[warehouse]\nurl = \"postgres://u@one,two/db\"\n",
        &["warehouse.url", "several hosts"],
    ),
    (
        "[warehouse]\nurl = \"postgres://u@[::1/db\"\n",
        &["warehouse.url"],
    ),
    (
        "[warehouse]\nurl = \"postgres://u@h/db?sslmode=on\"\n",
        &["warehouse.url", "sslmode"],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_setting_ends_with_2_and_its_key() {
    let folder = std::env::temp_dir();
    let mut wrong = Vec::new();
    for (place, (text, words)) in WRONG.iter().enumerate() {
        let path = folder.join(format!("convene-settings-{}-{place}.toml", std::process::id()));
        // A second problem at the other end of the file is told too.
        std::fs::write(&path, format!("{text}[sources.z]\nvendor = \"nobody\"\n")).expect("they are written");
        for command in ["check", "sync"] {
            let done = ended(bare(&[command]).arg("--config").arg(&path)).await;
            let all_told = words
                .iter()
                .chain(&["sources.z.vendor"])
                .all(|word| done.err.contains(word));
            if done.code != Some(2) || !all_told {
                wrong.push(format!("{command} {text}: {:?} {}", done.code, done.err));
            }
        }
        let _ = std::fs::remove_file(&path);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_what_was_meant() {
    let heard_token: Arc<std::sync::Mutex<String>> = Arc::default();
    let heard = heard_token.clone();
    let answers: Answers = Arc::new(move |asked| {
        let token = asked.parameter("auth_token");
        token.clone_into(&mut heard.lock().expect("no answer panics"));
        Reply::json("{\"success\":true,\"data\":{\"total\":0,\"results\":[]}}")
    });
    let stub = Stub::start(answers).await;
    let database = Database::new().await;
    let file = std::env::temp_dir().join(format!("convene-secret-{}", std::process::id()));
    for (name, bytes) in [
        ("a byte order mark and CRLF", b"\xef\xbb\xbfs3cret\r\n".as_slice()),
        ("blanks around", b"  s3cret \t\n\n"),
        ("a space that does not break", "\u{a0}s3cret\u{a0}".as_bytes()),
        ("plain", b"s3cret"),
    ] {
        std::fs::write(&file, bytes).expect("the secret is written");
        let settings = format!(
            "[sources.s]\nvendor = \"convoso\"\nbase_url = \"{}\"\ntoken_file = \"{}\"\nrequests_per_minute = 60000\n",
            stub.url,
            file.display()
        );
        let done = run_convene(&database.url(), &settings, &["sync", "s.agents"]).await;
        assert_eq!(
            (done.code, heard_token.lock().expect("no answer panics").as_str()),
            (Some(0), "s3cret"),
            "{name}: {done:#?}"
        );
    }
    let _ = std::fs::remove_file(&file);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_around_a_value_of_the_environment_are_told() {
    for value in ["\"t\"", "'t'"] {
        let done = ended(
            bare(&["check"])
                .arg("--config")
                .arg("/dev/null")
                .env("CONVENE__SOURCES__A__VENDOR", "convoso")
                .env("CONVENE__SOURCES__A__TOKEN", value),
        )
        .await;
        assert_eq!(done.code, Some(2), "{done:#?}");
        assert!(
            done.err.contains("sources.a.token") && done.err.contains("quotes"),
            "{done:#?}"
        );
    }
}
