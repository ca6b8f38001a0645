//! Cases from public reports: what people who do this job met elsewhere, tried with a vendor whose every byte is ours.
//!
//! A case reads: this list of that vendor, with this oddity in it, gives these values in the warehouse, this exit code and these
//! words. The usual list has five records, of which the second is the odd one.

mod bodies;
mod ends;
mod fields;
mod keys;
mod lists;
mod phones;
mod pooler;
mod postgres;
mod settings;
mod stub;
mod waits;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, PgPool};

use crate::binary::{Ended, bare, ended};
use crate::support::postgres::Database;

use lists::List;
use stub::{Answers, Heard, Reply, Stub};

/// So many cases are sources of one run.
const AT_ONCE: usize = 12;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A case. The answers, the questions and the words are the part to read.
pub(crate) struct Case {
    name: String,
    list: &'static List,
    answers: Answers,
    settings: String,
    is_complete: bool,
    values: Vec<(String, String)>,
    words: Vec<String>,
    unsaid: Vec<String>,
}

impl Case {
    /// A list that is read without any oddity: all its records land and everything is complete.
    pub(crate) fn of(list: &'static List, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            list,
            answers: Arc::new(|heard| list.answer(heard, &[])),
            settings: String::new(),
            is_complete: true,
            values: Vec::new(),
            words: Vec::new(),
            unsaid: Vec::new(),
        }
    }

    /// The second record has these members too, or in place of its own.
    pub(crate) fn odd(self, members: &str) -> Self {
        let members = members.to_owned();
        let list = self.list;
        self.answers(move |heard| list.answer(heard, &[(2, &members)]))
    }

    /// The answers are the usual ones, changed.
    pub(crate) fn changed(self, change: impl Fn(Reply) -> Reply + Send + Sync + 'static) -> Self {
        let before = self.answers.clone();
        self.answers(move |heard| change(before(heard)))
    }

    /// The answers are these.
    pub(crate) fn answers(self, answers: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            answers: Arc::new(answers),
            ..self
        }
    }

    /// Further lines in the settings of the source.
    pub(crate) fn settings(self, settings: &str) -> Self {
        Self {
            settings: format!("{}{settings}\n", self.settings),
            ..self
        }
    }

    /// So many rows are in the list's table, and nothing was rejected.
    pub(crate) fn lands(self, rows: usize) -> Self {
        let query = format!(
            "select (select count(*) from warehouse.{}) || ' rows, ' || (select count(*) from sync.rejects) || ' rejects'",
            self.list.table
        );
        self.gives(&query, &format!("{rows} rows, 0 rejects"))
    }

    /// So many rows are in the list's table, and so many records were rejected.
    pub(crate) fn lands_and_rejects(self, rows: usize, rejects: usize) -> Self {
        let query = format!(
            "select (select count(*) from warehouse.{}) || ' rows, ' || (select count(*) from sync.rejects) || ' rejects'",
            self.list.table
        );
        self.gives(&query, &format!("{rows} rows, {rejects} rejects"))
    }

    /// A query gives this text; `nothing` stands for NULL.
    pub(crate) fn gives(mut self, query: &str, wanted: &str) -> Self {
        self.values.push((query.to_owned(), wanted.to_owned()));
        self
    }

    /// A column of the odd row is this; `nothing` stands for NULL.
    pub(crate) fn column(self, column: &str, wanted: &str) -> Self {
        let query = format!(
            "select {column}::text from warehouse.{} where id = '{}'",
            self.list.table,
            (self.list.id)(2)
        );
        self.gives(&query, wanted)
    }

    /// The run is not complete, and says these words.
    pub(crate) fn fails(self, words: &[&str]) -> Self {
        Self {
            is_complete: false,
            ..self
        }
        .says(words)
    }

    /// The run says these words.
    pub(crate) fn says(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    /// The run does not say these words.
    pub(crate) fn does_not_say(mut self, words: &[&str]) -> Self {
        self.unsaid.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    /// What is wrong with the run of the case's source.
    async fn judge(&self, pool: &PgPool, source: &str, told: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let own: Vec<&str> = told
            .lines()
            .filter(|line| line.contains(&format!("{source}.")))
            .collect();
        let own = own.join("\n");
        let incomplete = ask(pool, &of_source(COMPLETE, source)).await;
        if incomplete != self.is_complete.to_string() {
            wrong.push(format!("every slice is complete: {incomplete}"));
        }
        let lacks = self.words.iter().filter(|word| !own.contains(*word));
        wrong.extend(lacks.map(|word| format!("does not say `{word}`")));
        let says = self.unsaid.iter().filter(|word| own.contains(*word));
        wrong.extend(says.map(|word| format!("says `{word}`")));
        for (query, wanted) in &self.values {
            let value = ask(pool, &of_source(query, source)).await;
            if value != *wanted {
                wrong.push(format!("{query}: {value}, not {wanted}"));
            }
        }
        if !wrong.is_empty() {
            wrong.push(format!("it said: {own}"));
            for query in [
                "select 'faults: ' || string_agg(field || ' ' || kind, ', ') from sync.field_faults",
                "select 'rejects: ' || string_agg(reason, ', ') from sync.rejects",
                "select 'reasons: ' || string_agg(reason, ', ') from sync.slices",
            ] {
                wrong.push(ask(pool, &of_source(query, source)).await);
            }
        }
        wrong
    }
}

/// Whether every run of a source was complete.
const COMPLETE: &str = "select coalesce(bool_and(state = 'complete'), false)::text from sync.runs";

/// The query about one source alone.
fn of_source(query: &str, source: &str) -> String {
    let mut own = String::new();
    let mut rest = query;
    while let Some((at, schema)) = ["warehouse.", "sync."]
        .iter()
        .filter_map(|schema| Some((rest.find(schema)?, *schema)))
        .min()
    {
        let name: String = rest[at + schema.len()..]
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || *c == '_')
            .collect();
        own.push_str(&rest[..at]);
        own = format!("{own}(select * from {schema}{name} where source = '{source}') as {name}");
        rest = &rest[at + schema.len() + name.len()..];
    }
    own + rest
}

/// Runs cases, each as a source of its own, some in one run of the binary, and tells of all that went wrong.
pub(crate) async fn run_cases(cases: Vec<Case>) {
    let only = std::env::var("CASE").unwrap_or_default();
    let chosen: Vec<Case> = cases
        .into_iter()
        .filter(|case| case.name.contains(&only))
        .collect();
    let mut wrong = Vec::new();
    for cases in chosen.chunks(AT_ONCE) {
        run_some(cases, &mut wrong).await;
    }
    assert!(
        wrong.is_empty(),
        "{} cases are wrong:{}",
        wrong.len(),
        wrong.concat()
    );
}

async fn run_some(cases: &[Case], wrong: &mut Vec<String>) {
    let database = Database::new().await;
    let pool = database.pool().await;
    let since = started_at(&pool).await;
    // A list that never ends is given up soon.
    let mut settings = "[limits]\nmax_pages = 300\n".to_owned();
    let mut stubs = Vec::new();
    for (place, case) in cases.iter().enumerate() {
        let stub = Stub::start(case.answers.clone()).await;
        settings.push_str(
            &case
                .list
                .settings(&source_name(place), &stub.url, &case.settings, since),
        );
        stubs.push(stub);
    }
    let done = run_convene(&database.url(), &settings, &["sync"]).await;
    let told = format!("{}{}", done.out, done.err);
    let is_complete = cases.iter().all(|case| case.is_complete);
    if done.code != Some(i32::from(!is_complete)) {
        wrong.push(format!("\n=== the exit code is {:?}: {told}", done.code));
    }
    for (place, case) in cases.iter().enumerate() {
        let own = case.judge(&pool, &source_name(place), &told).await;
        if !own.is_empty() {
            wrong.push(format!(
                "\n=== {}\n  {}\n  it asked: {:?}",
                case.name,
                own.join("\n  "),
                asked(&stubs[place])
            ));
        }
    }
}

/// The name of the source of a case: none is the beginning of another.
fn source_name(place: usize) -> String {
    format!("case{place:03}")
}

fn asked(stub: &Stub) -> Vec<String> {
    let heard = stub.heard().into_iter().take(6);
    heard
        .map(|heard| format!("{} {:?}", heard.path, heard.parameters))
        .collect()
}

/// Runs the binary with these settings.
pub(crate) async fn run_convene(database: &str, settings: &str, arguments: &[&str]) -> Ended {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("convene-case-{}-{number}.toml", std::process::id()));
    std::fs::write(&path, settings).expect("the settings are written");
    let mut command = bare(arguments);
    command.arg("--config").arg(&path).env("DATABASE_URL", database);
    let done = ended(&mut command).await;
    let _ = std::fs::remove_file(&path);
    assert!(!done.err.contains("panicked"), "{done:#?}");
    done
}

/// Six hours before the present: where the history of a case begins.
async fn started_at(pool: &PgPool) -> DateTime<Utc> {
    let now: DateTime<Utc> = sqlx::query_scalar("select now()")
        .fetch_one(pool)
        .await
        .expect("the server tells the time");
    now - TimeDelta::hours(6)
}

/// The one text that a query gives; `nothing` where that is NULL or no row.
pub(crate) async fn ask(pool: &PgPool, query: &str) -> String {
    let told: Result<Option<Option<String>>, sqlx::Error> =
        sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .fetch_optional(pool)
            .await;
    match told {
        Ok(told) => told.flatten().unwrap_or_else(|| "nothing".to_owned()),
        Err(error) => format!("{error}"),
    }
}
