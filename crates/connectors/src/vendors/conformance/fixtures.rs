//! The recorded answers of a stream, with the story they tell.

use std::path::{Path, PathBuf};
use std::{env, fs};

use super::{Subject, vendors};
use crate::source::{Response, Vendor};

/// The file that holds the story, beside the pages.
const STORY: &str = "story.txt";

/// When this variable is `1`, the stories told now replace those on disk. Read the difference before you keep it.
const VARIABLE: &str = "CONVENE_BLESS";

/// Where vendors are: those of the register, and the example.
const ROOTS: [&str; 2] = ["src/vendors", "src/vendors/conformance"];

/// The folder of one stream: `01.json`, `02.json` and so on, in the order of the page requests. An answer whose status is
/// another than 200 has it in its name: `03.404.json`.
pub(super) struct Fixtures {
    folder: PathBuf,
    /// The answers, in order.
    pub(super) answers: Vec<Response>,
}

impl Fixtures {
    /// The fixtures of a stream.
    pub(super) fn of(subject: Subject) -> Self {
        let folder = folder_of(subject.vendor)
            .join("fixtures")
            .join(subject.stream.name);
        let names = names(&folder);
        let pages = names.iter().filter(|name| *name != STORY).enumerate();
        let answers = pages.map(|(place, name)| Response {
            status: status(name, place, &folder),
            body: read_file(&folder.join(name)),
        });
        Self {
            answers: answers.collect(),
            folder,
        }
    }

    /// Fails with the first line that differs from the story on disk.
    pub(super) fn compare_story(&self, told: &str) {
        let path = self.folder.join(STORY);
        if env::var_os(VARIABLE).is_some_and(|value| value == "1") {
            fs::write(&path, told).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        let kept = read_file(&path);
        let (mut kept_lines, mut told_lines) = (kept.lines(), told.lines());
        for number in 1.. {
            match (kept_lines.next(), told_lines.next()) {
                (None, None) => break,
                (kept, told) => assert!(
                    kept == told,
                    "{}:{number}: the story differs\n  kept {}\n  told {}\nIf it is right, run the test with {VARIABLE}=1.",
                    path.display(),
                    kept.unwrap_or("nothing more"),
                    told.unwrap_or("nothing more"),
                ),
            }
        }
    }
}

/// The streams that a vendor has fixtures for.
pub(super) fn recorded_streams(vendor: &Vendor) -> Vec<String> {
    names(&folder_of(vendor).join("fixtures"))
}

/// The folder of a vendor.
pub(super) fn folder_of(vendor: &Vendor) -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ROOTS.map(|root| crate_folder.join(root).join(vendor.name));
    let folder = folders.into_iter().find(|folder| folder.is_dir());
    folder.unwrap_or_else(|| panic!("{} has no folder", vendor.name))
}

/// The file as text.
pub(super) fn read_file(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The status of an answer by the name of its file.
fn status(name: &str, place: usize, folder: &Path) -> u16 {
    let middle = name
        .strip_prefix(&format!("{:02}.", place + 1))
        .and_then(|rest| rest.strip_suffix("json"));
    let status = match middle {
        Some("") => Some(200),
        Some(middle) => middle.strip_suffix('.').and_then(|status| status.parse().ok()),
        None => None,
    };
    status.unwrap_or_else(|| panic!("{}: `{name}` is not the next page", folder.display()))
}

/// What is in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.expect("an entry");
        entry.file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn every_folder_of_fixtures_belongs_to_a_stream() {
    for vendor in vendors() {
        let mut names: Vec<&str> = vendor.streams.iter().map(|stream| stream.name).collect();
        names.sort_unstable();
        assert_eq!(recorded_streams(vendor), names, "{}", vendor.name);
    }
}
