//! Gives each vendor's mapping a fingerprint: that of the text it is written in. What was made by another one may be stale.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What all mappings are made with.
const SHARED: [&str; 2] = ["src/wire", "src/schema"];
/// Where the vendors are.
const VENDORS: &str = "src/vendors";
/// Folders that hold no vendor.
const NO_VENDORS: [&str; 1] = ["conformance"];

fn main() {
    println!("cargo:rerun-if-changed=src");
    let mut folders = folders_of(Path::new(VENDORS));
    folders.retain(|folder| !NO_VENDORS.iter().any(|name| folder.ends_with(name)));
    let mut arms = String::new();
    for folder in folders {
        let mut digest = Fnv::default();
        for shared in SHARED {
            digest.add_folder(Path::new(shared));
        }
        digest.add_folder(&folder);
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let written = writeln!(
            arms,
            "    {:?} => {:?},",
            name.unwrap_or_default(),
            format!("{:016x}", digest.0)
        );
        written.expect("writing to a string cannot fail");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder")).join("mappings.rs");
    fs::write(out, format!("match vendor {{\n{arms}    _ => \"\",\n}}"))
        .expect("the folder can be written to");
}

/// The hash of Fowler, Noll and Vo: short, and the same everywhere.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add_folder(&mut self, folder: &Path) {
        for file in files_of(folder) {
            let text = fs::read(&file).expect("the sources can be read");
            for byte in text {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
    }
}

fn folders_of(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = entries_of(folder)
        .into_iter()
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// The sources below a folder, those of tests apart.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut entries = entries_of(folder);
    entries.sort();
    for path in entries {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if ["tests", "testing", "interleavings", "fixtures"]
            .iter()
            .any(|word| name.starts_with(word))
        {
            continue;
        }
        if path.is_dir() {
            files.extend(files_of(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn entries_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    entries
        .map(|entry| entry.expect("it can be read").path())
        .collect()
}
