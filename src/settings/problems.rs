//! What is wrong with the settings, gathered until everything has been read.

use thiserror::Error;

/// Every problem of the settings, one line each, in the order of their keys.
#[derive(Debug, Error)]
#[error("{}", .0.join("\n"))]
pub struct Problems(Vec<String>);

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: Vec<(String, String)>,
    unread_file: bool,
}

impl Findings {
    /// Adds a problem; `text` never holds a value.
    pub(super) fn add_problem(&mut self, key: impl Into<String>, text: impl Into<String>) {
        self.found.push((key.into(), text.into()));
    }

    /// Adds a problem with a whole file, whose keys therefore count as unknown rather than missing.
    pub(super) fn add_file_problem(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.unread_file = true;
        self.add_problem(path, text);
    }

    /// Adds that a key is missing, unless a file that may hold it could not be read.
    pub(super) fn add_missing(&mut self, key: impl Into<String>, text: impl Into<String>) {
        if !self.unread_file {
            self.add_problem(key, text);
        }
    }

    /// Gives `settings` only if nothing was found.
    pub(super) fn into_result<T>(mut self, settings: T) -> Result<T, Problems> {
        if self.found.is_empty() {
            return Ok(settings);
        }
        self.found.sort();
        // A key that two rules miss is missing once.
        self.found.dedup();
        Err(Problems(
            self.found
                .iter()
                .map(|(key, text)| format_line(key, text))
                .collect(),
        ))
    }
}

// Keys and paths come from outside; a line break in one must not forge a second problem.
fn format_line(key: &str, text: &str) -> String {
    let mut line = String::new();
    for sign in format!("{key}: {text}").chars() {
        if sign.is_control() {
            line.extend(sign.escape_default());
        } else {
            line.push(sign);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::Findings;

    fn lines(findings: Findings) -> String {
        findings
            .into_result(())
            .expect_err("something was found")
            .to_string()
    }

    #[test]
    fn problems_come_in_the_order_of_their_keys() {
        let mut findings = Findings::default();
        findings.add_problem("b", "late");
        findings.add_problem("a_b", "early, but after its shorter neighbour");
        findings.add_problem("a", "first");
        assert_eq!(
            lines(findings),
            "a: first\na_b: early, but after its shorter neighbour\nb: late"
        );
    }

    #[test]
    fn a_key_cannot_forge_a_second_line() {
        let mut findings = Findings::default();
        findings.add_problem("a\nb: fine", "c");
        assert_eq!(lines(findings), "a\\nb: fine: c");
    }

    #[test]
    fn nothing_counts_as_missing_while_a_file_is_unread() {
        let mut findings = Findings::default();
        findings.add_file_problem("local.toml", "cannot be read");
        findings.add_missing("sources.x.vendor", "is missing");
        assert_eq!(lines(findings), "local.toml: cannot be read");
    }

    #[test]
    fn what_is_found_twice_is_told_once() {
        let mut findings = Findings::default();
        findings.add_problem("a", "is missing");
        findings.add_problem("a", "is missing");
        assert_eq!(lines(findings), "a: is missing");
    }

    #[test]
    fn settings_without_problems_are_given_out() {
        assert_eq!(Findings::default().into_result(7).expect("nothing was found"), 7);
    }
}
