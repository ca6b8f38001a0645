//! Throw-away databases: a sync into one, and a bare COPY from one into another.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use convene::warehouse::Warehouse;
use embedded::Embedded;
use futures_util::TryStreamExt as _;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::Wanted;
use crate::cases::{Case, Vendor};
use crate::measure::{Cost, Figure, parent_of, seconds_of, seconds_of_server, watch};

/// How much of a copy is sent at once.
const PART_BYTES: usize = 1 << 20;
/// How often it is looked whether a run has ended.
const LOOK_PERIOD: Duration = Duration::from_millis(50);

/// Where databases are made.
pub(crate) struct Databases {
    embedded: Arc<Embedded>,
}

impl Databases {
    /// Those of a server.
    pub(crate) fn of(embedded: Arc<Embedded>) -> Self {
        Self { embedded }
    }

    /// A database with the schema and without rows.
    pub(crate) async fn create(&self, name: &str) -> anyhow::Result<Database> {
        let mut server = PgConnection::connect(&self.embedded.url("postgres")).await?;
        for statement in [
            format!("drop database if exists {name} with (force)"),
            format!("create database {name}"),
        ] {
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut server)
                .await?;
        }
        let backend: i32 = sqlx::query_scalar("select pg_backend_pid()")
            .fetch_one(&mut server)
            .await?;
        let database = Database {
            embedded: self.embedded.clone(),
            name: name.to_owned(),
            server: parent_of(u32::try_from(backend)?).unwrap_or_default(),
        };
        let warehouse = Warehouse::connect(&SecretString::from(database.url()), 2).await?;
        warehouse.migrate().await?;
        warehouse.close().await;
        sqlx::raw_sql("checkpoint").execute(&mut server).await?;
        Ok(database)
    }
}

/// A database.
pub(crate) struct Database {
    embedded: Arc<Embedded>,
    name: String,
    /// The server's first process.
    server: u32,
}

impl Database {
    /// Where it is.
    pub(crate) fn url(&self) -> String {
        self.embedded.url(&self.name)
    }

    /// A connection of the benchmark's own.
    pub(crate) async fn connect(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.url()).await?)
    }

    /// The list of leads without its time filter was read just now: a first load would read everything twice.
    pub(crate) async fn skip_unfiltered(&self, case: &Case) -> anyhow::Result<()> {
        sqlx::query(
            "insert into sync.coverage (source, stream, unfiltered_read_at) values ('bench', $1, clock_timestamp())",
        )
        .bind(case.stream)
        .execute(&mut self.connect().await?)
        .await?;
        Ok(())
    }

    /// One run of the daemon's program over a stream. Its time and cost are those until every row is loaded and what is complete is
    /// written; what is made of the rows afterwards, which a daemon does beside its loads, has a time of its own.
    pub(crate) async fn sync(&self, wanted: &Wanted, case: &Case, vendor: &Vendor) -> anyhow::Result<Figure> {
        let stream = format!("bench.{}", case.stream);
        let mut connection = self.connect().await?;
        let ended_before = count_ended_runs(&mut connection).await?;
        let before = seconds_of_server(self.server);
        let settings = case.settings(wanted.scale, vendor);
        let process = self.start(wanted, &["sync", &stream], &settings, "off")?;
        let (begin, number) = (Instant::now(), process.id());
        let watching = tokio::spawn(watch(process, &[0]));
        while !watching.is_finished() && count_ended_runs(&mut connection).await? == ended_before {
            tokio::time::sleep(LOOK_PERIOD).await;
        }
        let seconds = begin.elapsed().as_secs_f64();
        let (own_seconds, server_seconds) = (seconds_of(number), seconds_of_server(self.server) - before);
        let (all_seconds, cost) = watching.await??;
        Ok(Figure {
            rows: 0,
            seconds,
            derive_seconds: all_seconds - seconds,
            cost: Cost {
                own_seconds,
                server_seconds,
                ..cost
            },
        })
    }

    /// One run of the daemon's program.
    pub(crate) async fn run(
        &self,
        wanted: &Wanted,
        arguments: &[&str],
        settings: &str,
    ) -> anyhow::Result<Figure> {
        let before = seconds_of_server(self.server);
        let process = self.start(wanted, arguments, settings, "off")?;
        // `status` tells by its code that a stream was not read, which the benchmark means to leave so.
        let good: &[i32] = if arguments == ["status"] { &[0, 1] } else { &[0] };
        let (seconds, cost) = watch(process, good).await?;
        Ok(Figure {
            rows: 0,
            seconds,
            derive_seconds: 0.0,
            cost: Cost {
                server_seconds: seconds_of_server(self.server) - before,
                ..cost
            },
        })
    }

    /// Starts the daemon's program, which answers at an address or, with `off`, at none.
    pub(crate) fn start(
        &self,
        wanted: &Wanted,
        arguments: &[&str],
        settings: &str,
        listen: &str,
    ) -> anyhow::Result<Child> {
        let file = self.settings_path();
        std::fs::write(&file, settings)?;
        Ok(Command::new(&wanted.binary)
            .args(arguments)
            .arg("--config")
            .arg(&file)
            .env("DATABASE_URL", self.url())
            .env("CONVENE__SERVER__LISTEN", listen)
            .stdout(Stdio::null())
            .spawn()?)
    }

    /// Everything that is covered is to be read again, as a re-read does.
    pub(crate) async fn make_due_again(&self) -> anyhow::Result<()> {
        let due = "insert into sync.rereads (source, stream, partition, span, round_started_at, pending)
             select source, stream, partition, '10000 days', now(), covered from sync.coverage where covered is not null";
        sqlx::raw_sql(due).execute(&mut self.connect().await?).await?;
        Ok(())
    }

    /// What the server does by itself within minutes of a large load, so that it does not fall into the next measurement.
    pub(crate) async fn calm(&self) -> anyhow::Result<()> {
        let mut connection = self.connect().await?;
        sqlx::raw_sql("vacuum analyze").execute(&mut connection).await?;
        sqlx::raw_sql("checkpoint").execute(&mut connection).await?;
        Ok(())
    }

    /// The tables of the warehouse that hold rows.
    async fn tables(&self, connection: &mut PgConnection) -> anyhow::Result<Vec<(String, i64)>> {
        let names: Vec<String> = sqlx::query_scalar(
            "select tablename::text from pg_tables where schemaname = 'warehouse' order by 1",
        )
        .fetch_all(&mut *connection)
        .await?;
        let mut tables = Vec::new();
        for name in names {
            let count = AssertSqlSafe(format!("select count(*) from warehouse.{name}"));
            let count: i64 = sqlx::query_scalar(count).fetch_one(&mut *connection).await?;
            if count > 0 {
                tables.push((name, count));
            }
        }
        Ok(tables)
    }

    /// How many rows the warehouse holds.
    pub(crate) async fn count_rows(&self) -> anyhow::Result<i64> {
        let tables = self.tables(&mut self.connect().await?).await?;
        Ok(tables.iter().map(|(_, count)| count).sum())
    }

    /// Tuples of the warehouse that were ever written.
    pub(crate) async fn tuples_written(&self) -> anyhow::Result<i64> {
        let mut connection = self.connect().await?;
        // Sessions tell what they did when they end, and within a second.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        Ok(sqlx::query_scalar(
            "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint from pg_stat_user_tables
             where schemaname = 'warehouse'",
        )
        .fetch_one(&mut connection)
        .await?)
    }

    /// The limit: the rows as binary tuples, in one statement a table, on one connection.
    pub(crate) async fn copy_into(&self, twin: &Self) -> anyhow::Result<Figure> {
        let (mut from, mut to) = (self.connect().await?, twin.connect().await?);
        let mut figure = Figure {
            rows: 0,
            seconds: 0.0,
            derive_seconds: 0.0,
            cost: Cost::default(),
        };
        for (table, _) in self.tables(&mut from).await? {
            let columns: String = sqlx::query_scalar(
                "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
                 where attrelid = ('warehouse.' || $1)::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
            )
            .bind(&table)
            .fetch_one(&mut from)
            .await?;
            let mut tuples = tempfile()?;
            let out = format!("copy warehouse.{table} ({columns}) to stdout (format binary)");
            let mut parts = from.copy_out_raw(&out).await?;
            while let Some(part) = parts.try_next().await? {
                tuples.write_all(&part)?;
            }
            drop(parts);
            tuples.seek(SeekFrom::Start(0))?;
            let before = seconds_of_server(self.server);
            let begin = Instant::now();
            let into = format!("copy warehouse.{table} ({columns}) from stdin (format binary)");
            let mut copy = to.copy_in_raw(&into).await?;
            let mut part = vec![0; PART_BYTES];
            loop {
                let length = tuples.read(&mut part)?;
                if length == 0 {
                    break;
                }
                copy.send(&part[..length]).await?;
            }
            figure.rows += i64::try_from(copy.finish().await?)?;
            figure.seconds += begin.elapsed().as_secs_f64();
            figure.cost.server_seconds += seconds_of_server(self.server) - before;
        }
        Ok(figure)
    }

    fn settings_path(&self) -> PathBuf {
        std::env::temp_dir().join(format!("convene-bench-{}-{}.toml", std::process::id(), self.name))
    }

    /// Removes it.
    pub(crate) async fn remove(self) -> anyhow::Result<()> {
        // Where nothing ran there is none.
        let _ = std::fs::remove_file(self.settings_path());
        let mut server = PgConnection::connect(&self.embedded.url("postgres")).await?;
        let statement = format!("drop database {} with (force)", self.name);
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut server)
            .await?;
        Ok(())
    }
}

async fn count_ended_runs(connection: &mut PgConnection) -> anyhow::Result<i64> {
    let count = "select count(*) from sync.runs where ended_at is not null";
    Ok(sqlx::query_scalar(count).fetch_one(connection).await?)
}

/// A file that has no name any more, and goes with its last user.
fn tempfile() -> anyhow::Result<std::fs::File> {
    let path = std::env::temp_dir().join(format!("convene-bench-{}.tuples", std::process::id()));
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
