//! The recorded pages of a stream, with the story they tell.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::source::Endpoint;
use crate::vendors::Vendor;

/// The file that holds the story, beside the pages.
const STORY: &str = "story.txt";

/// When this variable is `write`, the stories told now replace those on disk. Read the difference before you keep it.
const VARIABLE: &str = "STORIES";

/// The folder of one stream: `01.json`, `02.json` and so on, in the order of the questions.
pub(super) struct Fixtures {
    folder: PathBuf,
    /// The bodies, in order.
    pub(super) pages: Vec<String>,
}

impl Fixtures {
    /// The fixtures of a stream.
    pub(super) fn of(vendor: &Vendor, stream: &Endpoint) -> Self {
        let folder = root(vendor).join(stream.name);
        let names = names(&folder);
        let pages = names.iter().filter(|name| *name != STORY).enumerate();
        let pages = pages.map(|(place, name)| {
            let wanted = format!("{:02}.json", place + 1);
            assert_eq!(*name, wanted, "{}: pages are numbered", folder.display());
            read(&folder.join(name))
        });
        Self {
            pages: pages.collect(),
            folder,
        }
    }

    /// Fails with the first line that differs from the story on disk.
    pub(super) fn compare(&self, told: &str) {
        let path = self.folder.join(STORY);
        if env::var_os(VARIABLE).is_some_and(|value| value == "write") {
            fs::write(&path, told).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        let kept = read(&path);
        let (mut kept_lines, mut told_lines) = (kept.lines(), told.lines());
        for number in 1.. {
            match (kept_lines.next(), told_lines.next()) {
                (None, None) => break,
                (kept, told) => assert!(
                    kept == told,
                    "{}:{number}: the story differs\n  kept {}\n  told {}\nIf it is right, run the test with {VARIABLE}=write.",
                    path.display(),
                    kept.unwrap_or("nothing more"),
                    told.unwrap_or("nothing more"),
                ),
            }
        }
    }
}

/// The streams that a vendor has fixtures for.
pub(super) fn recorded(vendor: &Vendor) -> Vec<String> {
    names(&root(vendor))
}

fn root(vendor: &Vendor) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/vendors/{}/fixtures", vendor.name))
}

/// What is in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
