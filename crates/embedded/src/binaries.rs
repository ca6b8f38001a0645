//! Finds the newest Postgres whose server binaries are installed on this machine.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::EmbeddedError;

/// Multiranges, in which coverage is kept, came with Postgres 14.
const OLDEST_MAJOR: u32 = 14;

/// What a folder must hold to be of use; clients alone are often installed without the server.
const TOOLS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where packages put one folder per version: the folder above, and what comes before the version.
const PLACES: [(&str, &str); 6] = [
    ("/usr/lib/postgresql", ""),                       // Debian, Ubuntu
    ("/usr", "pgsql-"),                                // PostgreSQL's own packages for Red Hat
    ("/opt/homebrew/opt", "postgresql@"),              // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql@"),                 // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@"), // Homebrew on Linux
    ("/Applications/Postgres.app/Contents/Versions", ""),
];

/// A folder with the server's binaries, and their version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) folder: PathBuf,
    version: String,
}

impl Binaries {
    /// `PG_BIN` if it is set, else the newest that can be used, else `None`.
    pub(super) async fn find() -> Result<Option<Self>, EmbeddedError> {
        if let Some(folder) = env::var_os("PG_BIN").filter(|folder| !folder.is_empty()) {
            let folder = PathBuf::from(folder);
            // Who names a folder wants that one; another would be a surprise.
            return match Self::in_folder(&folder).await {
                Some(binaries) => Ok(Some(binaries)),
                None => Err(EmbeddedError::NotInPgBin(folder)),
            };
        }
        for folder in installed().into_iter().chain(on_the_path()) {
            if let Some(binaries) = Self::in_folder(&folder).await {
                return Ok(Some(binaries));
            }
        }
        Ok(None)
    }

    /// What is in the folder, where that can be used.
    pub(super) async fn in_folder(folder: &Path) -> Option<Self> {
        if !TOOLS.iter().all(|tool| folder.join(tool).is_file()) {
            return None;
        }
        let answer = Command::new(folder.join("postgres"))
            .arg("--version")
            .output()
            .await
            .ok()?;
        let version = version_in(&String::from_utf8_lossy(&answer.stdout))?;
        let fits = numbers(&version)
            .first()
            .is_some_and(|major| *major >= OLDEST_MAJOR);
        fits.then(|| Self {
            folder: folder.to_owned(),
            version,
        })
    }
}

impl fmt::Display for Binaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL {} from {}", self.version, self.folder.display())
    }
}

fn installed() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (above, prefix) in PLACES {
        for entry in fs::read_dir(above).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if let Some(version) = name.to_str().and_then(|name| name.strip_prefix(prefix)) {
                found.push((version.to_owned(), entry.path().join("bin")));
            }
        }
    }
    newest_first(found)
}

/// Folders whose name is no version are left out.
fn newest_first(mut found: Vec<(String, PathBuf)>) -> Vec<PathBuf> {
    found.retain(|(version, _)| !numbers(version).is_empty());
    found.sort_by_cached_key(|(version, _)| std::cmp::Reverse(numbers(version)));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn on_the_path() -> Vec<PathBuf> {
    env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default()
}

/// `postgres (Postgres) 15.18 (Debian 15.18-0+deb12u1)` is 15.18.
fn version_in(answer: &str) -> Option<String> {
    let (_, rest) = answer.split_once("(PostgreSQL) ")?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// The leading numbers of a version: `[16, 2]` for `16.2`, `[18]` for `18beta1`, none for `latest`.
fn numbers(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map_while(|part| {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            part[..digits].parse().ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers_and_not_as_text() {
        let folders = ["9.6", "17", "latest", "16.2", "16.10", "18beta1", ""];
        let found = folders
            .iter()
            .map(|name| ((*name).to_owned(), Path::new("/v").join(name)))
            .collect();
        let expected = ["18beta1", "17", "16.10", "16.2", "9.6"].map(|name| Path::new("/v").join(name));
        assert_eq!(newest_first(found), expected);
    }

    #[test]
    fn the_version_is_read_from_every_packagers_answer() {
        let cases = [
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
                Some("15.18"),
            ),
            ("postgres (PostgreSQL) 18.6\n", Some("18.6")),
            ("postgres (PostgreSQL) 19devel\n", Some("19devel")),
            ("postgres: command not found\n", None),
        ];
        for (answer, expected) in cases {
            assert_eq!(version_in(answer).as_deref(), expected, "{answer}");
        }
    }

    #[tokio::test]
    async fn a_folder_without_the_servers_tools_is_passed_over() {
        assert_eq!(Binaries::in_folder(Path::new("/")).await, None);
    }
}
