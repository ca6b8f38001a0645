//! Reads one table of the settings: takes typed values, and reports the keys nobody took.

use config::{Value, ValueKind};

use super::layers::Table;
use super::nearest::hint_at;
use super::problems::Findings;

/// One table, with the path that leads to it.
pub(super) struct Reader<'a> {
    path: String,
    values: Table,
    known: Vec<String>,
    renamed: &'static [Renamed],
    findings: &'a mut Findings,
}

/// A key that has another name now.
pub(super) struct Renamed {
    /// The name that nothing has any more.
    pub(super) from: &'static str,
    /// The name it has.
    pub(super) to: &'static str,
}

impl<'a> Reader<'a> {
    /// The outermost table.
    pub(super) fn new(values: Table, findings: &'a mut Findings) -> Self {
        Self {
            path: String::new(),
            values,
            known: Vec::new(),
            renamed: &[],
            findings,
        }
    }

    /// Names keys that are unknown, so that the problem can say what they are called now.
    pub(super) fn expect_renamed(&mut self, renamed: &'static [Renamed]) {
        self.renamed = renamed;
    }

    /// The keys nobody took yet, in order.
    pub(super) fn key_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.values.keys().cloned().collect();
        names.sort();
        names
    }

    /// The table below `key`, an empty one if there is none, or nothing if it is something else.
    pub(super) fn take_table(&mut self, key: &str) -> Option<Reader<'_>> {
        let values = match self.take_raw(key).map(|value| value.kind) {
            None => Table::new(),
            Some(ValueKind::Table(values)) => values,
            Some(_) => {
                let path = self.key(key);
                self.report_key(key, format!("must be a table, `[{path}]`"));
                return None;
            }
        };
        let path = self.key(key);
        Some(Reader {
            path,
            values,
            known: Vec::new(),
            renamed: &[],
            findings: &mut *self.findings,
        })
    }

    /// The value of `key` in its form; what does not fit the form is a problem, what is absent is not.
    pub(super) fn take_value<T>(
        &mut self,
        key: &str,
        form: impl FnOnce(&ValueKind) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.take_raw(key)?;
        match form(&value.kind) {
            Ok(taken) => Some(taken),
            Err(text) => {
                self.report_key(key, text);
                None
            }
        }
    }

    /// The value of `key` as it was given.
    pub(super) fn take_raw(&mut self, key: &str) -> Option<Value> {
        self.known.push(key.to_owned());
        self.values.remove(key)
    }

    /// Whether `key` was given and not taken yet.
    pub(super) fn has_key(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Adds a problem with `key`.
    pub(super) fn report_key(&mut self, key: &str, text: impl Into<String>) {
        self.findings.add_problem(self.key(key), text);
    }

    /// Adds that `key` is missing.
    pub(super) fn report_missing(&mut self, key: &str, text: impl Into<String>) {
        self.findings.add_missing(self.key(key), text);
    }

    /// Ends the reading: whatever nobody asked for is a problem.
    pub(super) fn close_table(self) {
        for name in self.key_names() {
            let renamed = self.renamed.iter().find(|key| key.from == name);
            let near = renamed.map_or_else(
                || hint_at(&name, self.known.iter().map(String::as_str)),
                |key| format!("; did you mean `{}`?", key.to),
            );
            self.findings
                .add_problem(self.key(&name), format!("is not a known key{near}"));
        }
    }

    fn key(&self, key: &str) -> String {
        let bare = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '-';
        let key = if !key.is_empty() && key.chars().all(bare) {
            key.to_owned()
        } else {
            format!("{key:?}")
        };
        if self.path.is_empty() {
            key
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

#[cfg(test)]
mod tests {
    use config::{Value, ValueKind};

    use super::{Findings, Reader, Renamed, Table};

    fn table(pairs: &[(&str, ValueKind)]) -> Table {
        pairs
            .iter()
            .map(|(key, kind)| ((*key).to_owned(), Value::new(None, kind.clone())))
            .collect()
    }

    fn problems(values: Table, read: impl FnOnce(&mut Reader<'_>)) -> String {
        let mut findings = Findings::default();
        let mut reader = Reader::new(values, &mut findings);
        read(&mut reader);
        reader.close_table();
        findings
            .into_result(())
            .map_or_else(|problems| problems.to_string(), |()| String::new())
    }

    #[test]
    fn keys_nobody_took_are_reported_with_their_whole_path() {
        let inner = table(&[("odd key", 1.into()), ("lease", 2.into())]);
        let values = table(&[("daemon", inner.into())]);
        let found = problems(values, |root| {
            let mut daemon = root.take_table("daemon").expect("a table");
            daemon.take_value("lease", |_| Ok(()));
            daemon.close_table();
        });
        assert_eq!(found, "daemon.\"odd key\": is not a known key");
    }

    #[test]
    fn a_renamed_key_is_unknown_and_its_name_is_told() {
        const RENAMED: &[Renamed] = &[Renamed {
            from: "hire",
            to: "lease",
        }];
        let found = problems(table(&[("hire", 1.into())]), |root| {
            root.expect_renamed(RENAMED);
            root.take_value("hive", |_| Ok(()));
        });
        assert_eq!(found, "hire: is not a known key; did you mean `lease`?");
    }

    #[test]
    fn an_absent_table_is_empty_and_a_value_in_its_place_is_a_problem() {
        let found = problems(table(&[("server", "x".into())]), |root| {
            assert!(root.take_table("warehouse").is_some());
            assert!(root.take_table("server").is_none());
        });
        assert_eq!(found, "server: must be a table, `[server]`");
    }

    #[test]
    fn a_value_that_does_not_fit_is_taken_and_reported() {
        let found = problems(table(&[("a", 1.into())]), |root| {
            assert!(
                root.take_value("a", |_| Err::<(), _>("is wrong".to_owned()))
                    .is_none()
            );
        });
        assert_eq!(found, "a: is wrong");
    }
}
