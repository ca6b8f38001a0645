//! Postgres as operators have it: few connections, few rights, odd defaults, locks, other encodings, failovers, a full disk.

use std::time::{Duration, Instant};

use connectors::schema::{Batch, Conversation, Entity as _};
use connectors::source::Remedy;
use convene::warehouse::Warehouse;
use convene::warehouse::{PoolOptions, Purpose, Reservation, WarehouseError};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::net::{TcpListener, TcpStream};

use crate::support::loader::{TestLoader, entry};
use crate::support::postgres::Database;

/// The same database as another role, which is made with these options.
async fn as_role(database: &Database, options: &str) -> (String, SecretString) {
    let role = format!("operator_{}", database.name());
    run(
        &database.url(),
        &format!("create role {role} login password 'p' {options}"),
    )
    .await;
    let mut url: url::Url = database.url().parse().expect("it is a URL");
    url.set_username(&role).expect("it has users");
    url.set_password(Some("p")).expect("it has passwords");
    (role, SecretString::from(url.to_string()))
}

async fn run(url: &str, statements: &str) {
    let mut connection = PgConnection::connect(url).await.expect("the server answers");
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{statements}: {error}"));
}

fn conversation(id: &str) -> Batch {
    let mut batch = Batch::default();
    let id = id.to_owned();
    batch.push(
        Conversation {
            id,
            ..Conversation::default()
        },
        "{}",
    );
    batch
}

/// How long a request waits at most for a vendor that wants to be left alone.
const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemas_that_an_administrator_has_made_are_enough_and_so_is_no_right_to_create() {
    let database = Database::empty().await;
    let (role, secret) = as_role(&database, "").await;
    let administrator = "select current_user";
    let mut connection = PgConnection::connect(&database.url())
        .await
        .expect("the server answers");
    let administrator: String = sqlx::query_scalar(administrator)
        .fetch_one(&mut connection)
        .await
        .expect("it tells");
    let schemas = ["warehouse", "sync", "marts", "history", "people"];
    let made = schemas.map(|schema| format!("create schema {schema} authorization {role};"));
    let warehouse = Warehouse::connect(&secret, 2).await.expect("it answers");
    let problems = warehouse.check_rights().await.expect("it is checked");
    assert_eq!(problems.len(), schemas.len(), "{problems:?}");
    assert!(problems[0].contains("create on database"), "{problems:?}");
    let denied = warehouse.migrate().await.expect_err("nothing may be made");
    assert_eq!(denied.remedy(), Remedy::Operator, "{denied}");
    run(&database.url(), &made.concat()).await;
    assert!(warehouse.check_rights().await.expect("it is checked").is_empty());
    warehouse
        .migrate()
        .await
        .expect("nothing has to be made that is not ours");
    for schema in schemas {
        run(&database.url(), &format!("revoke create on schema {schema} from {role}; alter schema {schema} owner to {administrator}; grant usage on schema {schema} to {role}")).await;
    }
    warehouse.migrate().await.expect("nothing has to be made");
    assert!(warehouse.check_rights().await.expect("it is checked").is_empty());
    run(
        &database.url(),
        &format!(
            "alter table warehouse.calls owner to {administrator}; revoke all on warehouse.calls from {role}"
        ),
    )
    .await;
    let problems = warehouse.check_rights().await.expect("it is checked");
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("insert on warehouse.calls")),
        "{problems:?}"
    );
    warehouse.close().await;
    run(
        &database.url(),
        &format!("drop owned by {role} cascade; drop role {role}"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_gives_few_connections_is_made_do_with() {
    let database = Database::new().await;
    let (role, secret) = as_role(&database, "connection limit 2").await;
    run(&database.url(), &format!("grant usage on schema sync, warehouse to {role}; grant all on all tables in schema sync, warehouse to {role}")).await;
    let warehouse = Warehouse::connect(&secret, 8).await.expect("it answers");
    let tasks: Vec<_> = (0..14)
        .map(|number| {
            let warehouse = warehouse.clone();
            tokio::spawn(async move {
                for _ in 0..5 {
                    warehouse
                        .acquire_lease(&format!("s{number}"), "test", Duration::ZERO)
                        .await?;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Ok::<(), WarehouseError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await
            .expect("it does not panic")
            .expect("it gets a connection");
    }
    warehouse.close().await;
    run(
        &database.url(),
        &format!("drop owned by {role} cascade; drop role {role}"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_on_its_way_back_is_waited_for_where_no_other_is_given() {
    let database = Database::new().await;
    let (role, secret) = as_role(&database, "connection limit 1").await;
    run(
        &database.url(),
        &format!("grant usage on schema sync to {role}; grant all on all tables in schema sync to {role}"),
    )
    .await;
    let warehouse = Warehouse::connect(&secret, 8).await.expect("it answers");
    let mut attempts = 0;
    for _ in 0..10 {
        let asked_at = Instant::now();
        warehouse.now().await.expect("it answers");
        warehouse
            .acquire_lease("s", "test", Duration::ZERO)
            .await
            .expect("it is free");
        let reserved = warehouse
            .reserve_request("c", Duration::from_millis(1), PATIENCE)
            .await;
        assert!(matches!(reserved, Ok(Reservation::After(_))), "{reserved:?}");
        // Asking for another one in vain takes three seconds.
        attempts += usize::from(asked_at.elapsed() > Duration::from_millis(2_900));
    }
    assert!(attempts < 3, "another connection was asked for {attempts} times");
    warehouse.close().await;
    run(
        &database.url(),
        &format!("drop owned by {role} cascade; drop role {role}"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_schema_and_a_missing_one_are_told_apart() {
    let database = Database::new().await;
    let warehouse = Warehouse::connect(&database.secret(), 2)
        .await
        .expect("it answers");
    warehouse.check_schema().await.expect("it is ours");
    run(
        &database.url(),
        "insert into sync.schema values (9999, 'from the future', now(), true, '', 0)",
    )
    .await;
    for outcome in [warehouse.check_schema().await, warehouse.migrate().await] {
        let told = outcome.expect_err("it is not ours").to_string();
        assert!(
            told.contains("newer version of Convene (migration 9999"),
            "{told}"
        );
    }
    let empty = Database::empty().await;
    let warehouse = Warehouse::connect(&empty.secret(), 2).await.expect("it answers");
    assert!(matches!(
        warehouse.check_schema().await,
        Err(WarehouseError::Unmigrated)
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_hold_every_character_is_refused_in_words() {
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let database = Database::of(&format!("encoding '{encoding}' locale 'C' template template0")).await;
        let refused = Warehouse::connect(&database.secret(), 2)
            .await
            .expect_err("it is refused");
        assert!(refused.to_string().contains(encoding), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_state_what_they_rely_on_whatever_the_defaults_are() {
    let loader = TestLoader::new().await;
    let name = loader.database.name();
    for setting in [
        "default_transaction_isolation = 'serializable'",
        "timezone = 'Asia/Tokyo'",
        "search_path = 'nowhere'",
        // The last, for it holds for who sets the next one too.
        "statement_timeout = '20ms'",
    ] {
        run(
            &loader.database.url(),
            &format!("alter database {name} set {setting}"),
        )
        .await;
    }
    for is_pooled in [false, true] {
        let options = PoolOptions {
            max_connections: 1,
            is_pooled,
        };
        let warehouse = Warehouse::connect(&loader.database.secret(), options)
            .await
            .expect("it answers");
        for _ in 0..2 {
            let reserved = warehouse
                .reserve_request("c", Duration::from_millis(1), PATIENCE)
                .await;
            assert!(matches!(reserved, Ok(Reservation::After(_))), "{reserved:?}");
        }
        let told = warehouse
            .run_example(
                "select current_setting('transaction_isolation') as isolation, current_setting('TimeZone') as zone,
                    current_setting('statement_timeout') as statements, current_setting('search_path') as path,
                    (select count(*) from pg_prepared_statements) > 0 as is_prepared",
            )
            .await
            .expect("it answers");
        let wanted = [
            "read committed",
            "UTC",
            "2min",
            "\"\"",
            if is_pooled { "false" } else { "true" },
        ];
        assert_eq!(told[1], wanted, "pooled: {is_pooled}");
        let lease = warehouse
            .acquire_lease("other", "test", Duration::ZERO)
            .await
            .expect("it is free");
        let tables: &[&connectors::schema::Table] = &[Conversation::TABLE];
        let registered = warehouse
            .register_streams(
                &lease,
                &[convene::warehouse::StreamEntry {
                    fills: tables,
                    ..entry("s", &[])
                }],
            )
            .await;
        registered.expect("it is registered");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_does_not_wait_for_batches_and_a_takeover_does() {
    let loader = TestLoader::new().await;
    let mut batch = PgConnection::connect(&loader.database.url())
        .await
        .expect("it answers");
    // What every transaction of ours begins with.
    sqlx::raw_sql("begin; select 1 from sync.leases where source = 'social' for key share")
        .execute(&mut batch)
        .await
        .expect("it is locked");
    let period = Duration::ZERO;
    let renewed = tokio::time::timeout(
        Duration::from_secs(5),
        loader.warehouse.renew_lease(&loader.lease, period),
    );
    renewed.await.expect("it does not wait").expect("it is renewed");
    let taking = loader
        .warehouse
        .acquire_lease("social", "other", Duration::from_mins(1));
    let mut taking = Box::pin(taking);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut taking).await;
    assert!(early.is_err(), "it was taken in the middle of a transaction");
    sqlx::raw_sql("commit")
        .execute(&mut batch)
        .await
        .expect("it commits");
    assert_eq!(taking.await.expect("it is taken").epoch(), 2);
    let late = loader.warehouse.renew_lease(&loader.lease, period).await;
    assert!(matches!(late, Err(WarehouseError::Fenced { .. })), "{late:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_and_a_deadlock_repeat_the_transaction() {
    let loader = TestLoader::new().await;
    let slice = loader.begin(Purpose::Full, None).await;
    loader
        .execute(
            "create function sync.stumble() returns trigger language plpgsql as $$
         declare n bigint; begin
             n := nextval('sync.stumbles');
             if n = 1 then raise exception using errcode = '40P01'; end if;
             if n = 2 then raise exception using errcode = '40001'; end if;
             if n = 3 then perform pg_terminate_backend(pg_backend_pid()); end if;
             return new;
         end $$;",
        )
        .await;
    loader.execute("create sequence sync.stumbles").await;
    loader.execute("create trigger stumble before insert on warehouse.conversations for each row execute function sync.stumble()")
        .await;
    let counts = loader
        .load(&slice, conversation("a"), |_| ())
        .await
        .expect("it lands");
    assert_eq!(counts.inserted, 1);
    assert_eq!(
        loader.texts("select last_value::text from sync.stumbles").await,
        ["4"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_lacks_is_told_in_words_with_what_mends_it() {
    let loader = TestLoader::new().await;
    loader
        .execute(
            "create function sync.refuse() returns trigger language plpgsql as $$
         begin raise exception using errcode = new.status; end $$;",
        )
        .await;
    loader.execute("create trigger refuse before insert on warehouse.conversations for each row execute function sync.refuse()")
        .await;
    let slice = loader.begin(Purpose::Full, None).await;
    for (code, words, remedy) in [
        ("53100", "disk of the warehouse is full", Remedy::Operator),
        ("53300", "warehouse.max_connections", Remedy::Operator),
        ("57014", "sessions that hold locks", Remedy::NextRun),
        ("55P03", "sessions that hold locks", Remedy::NextRun),
        ("08P01", "warehouse.pooler = true", Remedy::Operator),
        ("26000", "warehouse.pooler = true", Remedy::Operator),
        ("42501", "denies a right", Remedy::Operator),
        ("42P01", "convene migrate", Remedy::Operator),
    ] {
        let mut batch = Batch::default();
        let status = Some(code.to_owned());
        batch.push(
            Conversation {
                id: "a".to_owned(),
                status,
                ..Conversation::default()
            },
            "{}",
        );
        let refused = loader
            .load(&slice, batch, |_| ())
            .await
            .expect_err("it is refused");
        assert!(refused.to_string().contains(words), "{code}: {refused}");
        assert_eq!(refused.remedy(), remedy, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_turned_read_only_are_given_up() {
    let loader = TestLoader::new().await;
    let name = loader.database.name();
    // As after a failover: the old sessions stay with a server that takes no writes, new ones find one that does.
    run(
        &loader.database.url(),
        &format!("alter database {name} set default_transaction_read_only = on"),
    )
    .await;
    let stale = Warehouse::connect(&loader.database.secret(), 1)
        .await
        .expect("it answers");
    let refused = stale
        .reserve_request("c", Duration::from_secs(1), PATIENCE)
        .await
        .expect_err("it takes no writes");
    assert!(
        matches!(refused, WarehouseError::ReadOnly) && refused.remedy() == Remedy::Operator,
        "{refused}"
    );
    let mut writer = PgConnection::connect(&loader.database.url())
        .await
        .expect("it answers");
    for statement in [
        "set default_transaction_read_only = off".to_owned(),
        format!("alter database {name} reset default_transaction_read_only"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut writer)
            .await
            .expect("it is reset");
    }
    stale
        .reserve_request("c", Duration::from_secs(1), PATIENCE)
        .await
        .expect("a new session takes writes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_uses_a_credential_shares_its_budget() {
    let loader = TestLoader::new().await;
    let other = Warehouse::connect(&loader.database.secret(), 2)
        .await
        .expect("it answers");
    let interval = Duration::from_secs(10);
    let wait = async |warehouse: &Warehouse, credential| {
        let reserved = warehouse.reserve_request(credential, interval, PATIENCE).await;
        match reserved.expect("it is reserved") {
            Reservation::After(wait) => wait.as_secs_f64().round(),
            Reservation::Paused(pause) => -pause.as_secs_f64().round(),
        }
    };
    assert!(wait(&loader.warehouse, "one").await < 1.0);
    assert!((wait(&other, "one").await - 10.0).abs() < 2.0);
    assert!((wait(&loader.warehouse, "one").await - 20.0).abs() < 2.0);
    assert!(wait(&loader.warehouse, "two").await < 1.0);
    // A long pause takes no place in the queue, and a shorter one does not end it.
    for pause in [300, 1] {
        let postponed = other.postpone_requests("two", Duration::from_secs(pause)).await;
        postponed.expect("it is postponed");
        for _ in 0..3 {
            assert!((wait(&loader.warehouse, "two").await + 300.0).abs() < 5.0);
        }
    }
}

/// A way to a server, which knows its connections by the port.
async fn relay(url: &str) -> (SecretString, u16) {
    let mut url: url::Url = url.parse().expect("it is a URL");
    let server = (
        url.host_str().expect("it has a host").to_owned(),
        url.port().expect("it has a port"),
    );
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("there is a port");
    let port = listener.local_addr().expect("it has an address").port();
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let mut to = TcpStream::connect(server.clone())
                .await
                .expect("the server listens");
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut from, &mut to).await });
        }
    });
    url.set_port(Some(port)).expect("it has ports");
    (SecretString::from(url.to_string()), port)
}

/// Of each socket of this process that leads to a port, whether it sends at once. None where the system shows no process its own
/// sockets, as in some containers.
#[cfg(target_os = "linux")]
fn send_at_once(port: u16) -> Option<Vec<bool>> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

    let process = pidfd_open(getpid(), PidfdFlags::empty()).ok()?;
    let files = std::fs::read_dir("/proc/self/fd").expect("Linux lists them");
    let numbers = files.filter_map(|file| file.ok()?.file_name().to_str()?.parse().ok());
    let mut all = Vec::new();
    for number in numbers {
        let file = match pidfd_getfd(&process, number, PidfdGetfdFlags::empty()) {
            Ok(file) => file,
            Err(rustix::io::Errno::PERM) => return None,
            Err(_) => continue,
        };
        let peer = rustix::net::getpeername(&file).ok().flatten();
        let peer = peer.and_then(|peer| std::net::SocketAddr::try_from(peer).ok());
        if peer.is_some_and(|peer| peer.port() == port) {
            all.push(rustix::net::sockopt::tcp_nodelay(&file).expect("it is a TCP socket"));
        }
    }
    Some(all)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_written_is_sent_at_once() {
    let database = Database::new().await;
    let (url, port) = relay(&database.url()).await;
    let warehouse = Warehouse::connect(&url, 2).await.expect("the server answers");
    if let Some(all) = send_at_once(port) {
        assert!(
            !all.is_empty() && all.iter().all(|is_at_once| *is_at_once),
            "{all:?}"
        );
    }
    warehouse.close().await;
}
