//! Postgres from the binaries of this machine, as our own child.

use std::env;
use std::net::TcpListener;
use std::time::Duration;

use super::account::Account;
use super::binaries::Binaries;
use super::supervisor::{Answer, Supervisor, shell};
use super::{EmbeddedError, Setup};

const SCRIPT: &str = include_str!("postgres.sh");

/// Making a cluster takes about a second and starting it a tenth; a busy machine may need many times that.
const LONGEST_STEP: Duration = Duration::from_secs(90);

/// Somebody may take the port between our look and the server's start, but hardly this often.
const PORT_TRIES: u32 = 5;

/// Starts a server with this password on a free port of the loopback interface.
pub(super) async fn start(
    binaries: &Binaries,
    setup: &Setup,
    password: &str,
) -> Result<(Supervisor, u16), EmbeddedError> {
    let mut supervisor = Supervisor::spawn(command(binaries, setup, Account::to_step_down_to().await?))?;
    match supervisor.ask(&format!("init\n{password}"), LONGEST_STEP).await? {
        Answer::Done(_) => {}
        Answer::Failed(said) => return Err(failed(binaries, said)),
        Answer::Taken => return Err(EmbeddedError::NoPort),
    }
    for _ in 0..PORT_TRIES {
        let port = free_port()?;
        match supervisor.ask(&format!("start {port}"), LONGEST_STEP).await? {
            Answer::Done(_) => return Ok((supervisor, port)),
            Answer::Failed(said) => return Err(failed(binaries, said)),
            Answer::Taken => {}
        }
    }
    Err(EmbeddedError::NoPort)
}

fn command(binaries: &Binaries, setup: &Setup, account: Option<Account>) -> tokio::process::Command {
    let folder = binaries.folder.to_string_lossy();
    let options = options(setup);
    let temporary = env::temp_dir();
    let mut arguments = vec![folder.as_ref(), options.as_str()];
    if setup.is_in_memory {
        arguments.push("/dev/shm");
    }
    let temporary = temporary.to_string_lossy();
    // The account may not be let into the first of them; the shell tries as that account, which is the only sure test.
    arguments.extend([temporary.as_ref(), "/tmp", "/var/tmp"]);
    let mut command = shell(SCRIPT, &arguments);
    if let Some(account) = account {
        account.take(&mut command);
    }
    command
}

/// Only the loopback interface, and no socket file: its path would have to stay below a hundred bytes.
fn options(setup: &Setup) -> String {
    let mut options = "-c listen_addresses=127.0.0.1 -c unix_socket_directories=''".to_owned();
    for setting in setup.settings {
        options.push_str(" -c ");
        options.push_str(setting);
    }
    options
}

fn free_port() -> Result<u16, EmbeddedError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|_| EmbeddedError::NoPort)?;
    listener
        .local_addr()
        .map(|address| address.port())
        .map_err(|_| EmbeddedError::NoPort)
}

fn failed(binaries: &Binaries, said: String) -> EmbeddedError {
    EmbeddedError::Failed {
        what: binaries.to_string(),
        said,
    }
}
