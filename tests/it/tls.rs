//! TLS to the database: each `sslmode` against servers with and without it, with a certificate that is trusted, and one that is not.

use convene::warehouse::Warehouse;
use embedded::Embedded;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// How the server is set up.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Offer {
    /// It has no certificate.
    Plain,
    /// It takes connections of both kinds.
    Both,
    /// It refuses connections that are not encrypted.
    OnlyTls,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Open,
    Encrypted,
    Refused,
}

use Offer::{Both, OnlyTls, Plain};
use Outcome::{Encrypted, Open, Refused};

/// The end of an address, and what becomes of it with each kind of server. The certificate is for `localhost`, by an issuer
/// that only `ROOT` names.
const MODES: [(&str, [Outcome; 3]); 10] = [
    ("127.0.0.1 sslmode=disable", [Open, Open, Refused]),
    ("127.0.0.1 sslmode=allow", [Open, Open, Refused]),
    ("127.0.0.1 sslmode=prefer", [Open, Encrypted, Encrypted]),
    ("127.0.0.1 ", [Open, Encrypted, Encrypted]),
    ("127.0.0.1 sslmode=require", [Refused, Encrypted, Encrypted]),
    ("localhost sslmode=verify-ca", [Refused, Refused, Refused]),
    (
        "127.0.0.1 sslmode=verify-ca&sslrootcert=ROOT",
        [Refused, Encrypted, Encrypted],
    ),
    ("localhost sslmode=verify-full", [Refused, Refused, Refused]),
    (
        "localhost sslmode=verify-full&sslrootcert=ROOT",
        [Refused, Encrypted, Encrypted],
    ),
    (
        "127.0.0.1 sslmode=verify-full&sslrootcert=ROOT",
        [Refused, Refused, Refused],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mode_of_tls_does_what_its_name_promises() {
    let server = Embedded::start().await.unwrap_or_else(|error| panic!("{error}"));
    let admin = server.url("postgres");
    let root = std::env::temp_dir().join(format!("convene-root-{}.pem", std::process::id()));
    let mut wrong = Vec::new();
    for (index, offer) in [Plain, Both, OnlyTls].into_iter().enumerate() {
        match offer {
            Plain => (),
            Both => {
                let (certificate, key, issuer) = certify("localhost");
                std::fs::write(&root, issuer).expect("it is written");
                encrypt(&admin, &certificate, &key).await;
            }
            OnlyTls => require_tls(&admin).await,
        }
        for (mode, wanted) in MODES {
            let (host, query) = mode.split_once(' ').expect("a host and a mode");
            let mut url: url::Url = admin.parse().expect("it is a URL");
            url.set_host(Some(host)).expect("it is a host");
            let query = query.replace("ROOT", &root.to_string_lossy());
            url.set_query(Some(&query).filter(|query| !query.is_empty()).map(String::as_str));
            let (outcome, told) = try_connection(&admin, url.as_str()).await;
            if outcome != wanted[index] {
                wrong.push(format!(
                    "{offer:?} {mode}: {outcome:?} instead of {:?}: {told}",
                    wanted[index]
                ));
            }
            let is_said = told.contains("TLS") || told.contains("certificate") || told.contains("login");
            if outcome == Refused && !is_said {
                wrong.push(format!("{offer:?} {mode}: nobody can tell why from: {told}"));
            }
        }
    }
    std::fs::remove_file(&root).expect("it was written");
    server.stop().await.expect("the server stops");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A certificate for a name with its key, and the certificate of its issuer.
fn certify(name: &str) -> (String, String, String) {
    let mut parameters = CertificateParams::new(Vec::new()).expect("no name is wrong");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer =
        CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key")).expect("it is signed");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new([name.to_owned()])
        .and_then(|parameters| parameters.signed_by(&key, &issuer))
        .expect("it is signed");
    (certificate.pem(), key.serialize_pem(), issuer.pem())
}

/// Gives the server a certificate. It writes the files itself, so that they are its own.
async fn encrypt(admin: &str, certificate: &str, key: &str) {
    for (name, text) in [("certificate.pem", certificate), ("key.pem", key)] {
        let text = text.replace('\n', "|");
        let copy = format!("copy (select '{text}') to program 'umask 077; tr \"|\" \"\\n\" > {name}'");
        execute(admin, &copy).await;
    }
    execute(admin, "alter system set ssl_cert_file = 'certificate.pem'").await;
    execute(admin, "alter system set ssl_key_file = 'key.pem'").await;
    execute(admin, "alter system set ssl = on").await;
    reload(admin).await;
}

/// Lets the server take encrypted connections only.
async fn require_tls(admin: &str) {
    execute(
        admin,
        "copy (select 'hostssl all all all trust') to program 'cat > pg_hba.conf'",
    )
    .await;
    reload(admin).await;
}

async fn reload(admin: &str) {
    execute(admin, "select pg_reload_conf()").await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
}

async fn execute(url: &str, statement: &str) {
    let mut connection = PgConnection::connect(url).await.expect("the server answers");
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(&mut connection)
        .await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// Connects as the daemon does.
async fn try_connection(admin: &str, url: &str) -> (Outcome, String) {
    let warehouse = match Warehouse::connect(&SecretString::from(url.to_owned()), 1).await {
        Ok(warehouse) => warehouse,
        Err(error) => return (Refused, format!("{:#}", anyhow::Error::from(error))),
    };
    let mut connection = PgConnection::connect(admin).await.expect("the server answers");
    let is_encrypted: Option<bool> = sqlx::query_scalar(
        "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid)
         where backend_type = 'client backend' and pid <> pg_backend_pid()",
    )
    .fetch_one(&mut connection)
    .await
    .expect("it tells");
    warehouse.close().await;
    let outcome = if is_encrypted.expect("the connection is there") {
        Encrypted
    } else {
        Open
    };
    (outcome, String::new())
}
