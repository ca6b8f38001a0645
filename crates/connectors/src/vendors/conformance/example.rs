//! The document about adding a vendor shows the example as it is.

use std::path::Path;

use super::acme;
use super::fixtures::{folder_of, read_file};

/// What an excerpt leaves out.
const GAP: &str = "// …";

/// The files that the document has to show.
const FILES: [&str; 5] = [
    "mod.rs",
    "envelope.rs",
    "values.rs",
    "streams/tickets.rs",
    "fixtures/tickets/story.txt",
];

/// A piece of code in the document, and the file that the heading above it names.
struct Excerpt<'a> {
    file: &'a str,
    code: Vec<&'a str>,
}

/// The excerpts under headings that name a file of the example.
fn excerpts(document: &str) -> Vec<Excerpt<'_>> {
    let mut excerpts = Vec::new();
    let mut file = None;
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if line.starts_with('#') {
            let named = line.split('`').nth(1);
            file = FILES.into_iter().find(|file| named == Some(file));
        } else if line.starts_with("```") {
            let code = lines
                .by_ref()
                .take_while(|line| !line.starts_with("```"))
                .collect();
            excerpts.extend(file.map(|file| Excerpt { file, code }));
        }
    }
    excerpts
}

#[test]
fn every_excerpt_of_the_document_stands_in_the_example() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = read_file(&crate_folder.join("../../docs/adding-a-vendor.md"));
    let excerpts = excerpts(&document);
    for file in FILES {
        assert!(
            excerpts.iter().any(|excerpt| excerpt.file == file),
            "`{file}` is not shown"
        );
    }
    for Excerpt { file, code } in excerpts {
        let whole = read_file(&folder_of(&acme::VENDOR).join(file));
        let mut rest = whole.as_str();
        for part in code.split(|line| line.trim() == GAP) {
            let part = part.join("\n");
            let part = part.trim();
            let place = rest
                .find(part)
                .unwrap_or_else(|| panic!("not in `{file}`, or not in this order:\n{part}"));
            rest = &rest[place + part.len()..];
        }
    }
}
