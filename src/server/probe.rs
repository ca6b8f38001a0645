//! A question to a running daemon, whether it is well: one request over a plain connection, so that a health check costs nothing.

use std::io;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::health::Readiness;

/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer is not longer.
const MOST_BYTES: u64 = 64 << 10;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Whether the process answers.
    IsAlive,
    /// Whether it can do its work.
    IsReady,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// Nobody answers there.
    #[error("No daemon answers at {address}; it is not running, or `server.listen` differs")]
    Silent {
        /// Where it was asked.
        address: String,
        /// What the network says.
        #[source]
        source: io::Error,
    },
    /// It takes too long.
    #[error("The daemon at {address} did not answer within {} s", PATIENCE.as_secs())]
    Slow {
        /// Where it was asked.
        address: String,
    },
    /// Somebody else answers.
    #[error("What answers at {address} is no Convene")]
    Strange {
        /// Where it was asked.
        address: String,
    },
}

/// Puts the question to the daemon that listens at this address. Of one that is merely alive there is nothing to tell.
pub async fn ask_daemon(
    address: &str,
    token: Option<&SecretString>,
    question: Question,
) -> Result<Readiness, ProbeError> {
    let address = reachable_address(address);
    let text = match timeout(PATIENCE, fetch_text(&address, token, question)).await {
        Ok(Ok(text)) => text,
        Ok(Err(source)) => return Err(ProbeError::Silent { address, source }),
        Err(_) => return Err(ProbeError::Slow { address }),
    };
    read_answer(&text, question).ok_or(ProbeError::Strange { address })
}

/// Where to ask a daemon that listens everywhere.
fn reachable_address(address: &str) -> String {
    match address.rsplit_once(':') {
        Some(("0.0.0.0", port)) => format!("127.0.0.1:{port}"),
        Some(("[::]", port)) => format!("[::1]:{port}"),
        _ => address.to_owned(),
    }
}

async fn fetch_text(address: &str, token: Option<&SecretString>, question: Question) -> io::Result<String> {
    let path = match question {
        Question::IsAlive => "/healthz",
        Question::IsReady => "/readyz",
    };
    let mut stream = TcpStream::connect(address).await?;
    let authorization = token.map_or_else(String::new, |token| {
        format!("authorization: Bearer {}\r\n", token.expose_secret())
    });
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{authorization}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn read_answer(text: &str, question: Question) -> Option<Readiness> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?;
    match question {
        Question::IsAlive if status == "200" && body.trim() == "ok" => Some(Readiness {
            ready: true,
            checks: Vec::new(),
        }),
        Question::IsReady if ["200", "503"].contains(&status) => serde_json::from_str(body).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_a_stranger_is_told_apart() {
        let ready = "HTTP/1.1 200 OK\r\na: b\r\n\r\n{\"ready\":true,\"checks\":[{\"name\":\"database\",\"ok\":true}]}";
        let read = read_answer(ready, Question::IsReady).unwrap();
        assert!(read.ready && read.checks[0].ok);
        let away = "HTTP/1.1 503 No\r\n\r\n{\"ready\":false,\"checks\":[]}";
        assert!(!read_answer(away, Question::IsReady).unwrap().ready);
        assert!(
            read_answer("HTTP/1.1 200 OK\r\n\r\nok\n", Question::IsAlive)
                .unwrap()
                .ready
        );
        for strange in [
            "",
            "HTTP/1.1 200 OK\r\n\r\n<html>",
            "HTTP/1.1 404 No\r\n\r\nok\n",
            "SSH-2.0-x\r\n",
        ] {
            assert_eq!(read_answer(strange, Question::IsReady), None);
            assert_eq!(read_answer(strange, Question::IsAlive), None);
        }
    }

    #[test]
    fn a_daemon_that_listens_everywhere_is_asked_here() {
        assert_eq!(reachable_address("0.0.0.0:9464"), "127.0.0.1:9464");
        assert_eq!(reachable_address("[::]:9464"), "[::1]:9464");
        assert_eq!(reachable_address("10.1.2.3:80"), "10.1.2.3:80");
    }
}
