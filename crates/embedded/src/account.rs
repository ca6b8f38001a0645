//! The account Postgres runs as when we are root, because its tools refuse to run as root.

use std::fs;

use tokio::process::Command;

use super::EmbeddedError;

/// In the order of preference; every Unix has the second.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// An account of this machine that is not root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// The account to step down to, or `None` where we are not root and stay who we are.
    pub(super) async fn to_step_down_to() -> Result<Option<Self>, EmbeddedError> {
        if !we_are_root().await? {
            return Ok(None);
        }
        let list = fs::read_to_string("/etc/passwd").unwrap_or_default();
        preferred(&list).map(Some).ok_or(EmbeddedError::OnlyRoot)
    }

    /// Makes the command run as this account.
    pub(super) fn take(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }
}

/// The standard library cannot ask for the effective user, and the commonest tool can.
pub(super) async fn we_are_root() -> Result<bool, EmbeddedError> {
    let answer = Command::new("id")
        .arg("-u")
        .output()
        .await
        .map_err(EmbeddedError::Spawn)?;
    Ok(answer.stdout.trim_ascii() == b"0")
}

fn preferred(list: &str) -> Option<Account> {
    NAMES
        .iter()
        .find_map(|name| list.lines().find_map(|line| parse(line, name)))
}

/// One line is `name:password:user:group:…`.
fn parse(line: &str, name: &str) -> Option<Account> {
    let mut fields = line.split(':');
    if fields.next() != Some(name) {
        return None;
    }
    let user = fields.nth(1)?.parse().ok().filter(|user| *user != 0)?;
    let group = fields.next()?.parse().ok()?;
    Some(Account { user, group })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_comes_before_nobody_wherever_it_stands() {
        let list =
            "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/x\npostgres:x:101:104:,,,:/var:/bin/sh\n";
        assert_eq!(
            preferred(list),
            Some(Account {
                user: 101,
                group: 104
            })
        );
    }

    #[test]
    fn without_postgres_it_is_nobody() {
        let list = "postgresql:x:7:7::/:/x\nnobody:x:65534:65533::/:/x\n";
        assert_eq!(
            preferred(list),
            Some(Account {
                user: 65534,
                group: 65533
            })
        );
    }

    #[test]
    fn an_account_that_is_root_again_or_unreadable_is_none() {
        assert_eq!(preferred("postgres:x:0:0::/:/x\nnobody:*:-2:-2::/:/x\n"), None);
    }
}
