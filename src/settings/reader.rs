//! Walks one table of the settings, takes typed values and notes the keys nobody took.

use config::{Value, ValueKind};

use super::layers::Table;
use super::nearest::hint;
use super::problems::Findings;

/// One table, with the path that leads to it.
pub(super) struct Reader<'a> {
    path: String,
    values: Table,
    known: Vec<String>,
    findings: &'a mut Findings,
}

impl<'a> Reader<'a> {
    /// The outermost table.
    pub(super) fn new(values: Table, findings: &'a mut Findings) -> Self {
        Self {
            path: String::new(),
            values,
            known: Vec::new(),
            findings,
        }
    }

    /// The keys nobody took yet, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.values.keys().cloned().collect();
        names.sort();
        names
    }

    /// The table below `key`, an empty one if there is none, or nothing if it is something else.
    pub(super) fn table(&mut self, key: &str) -> Option<Reader<'_>> {
        let values = match self.value(key).map(|value| value.kind) {
            None => Table::new(),
            Some(ValueKind::Table(values)) => values,
            Some(_) => {
                let path = self.key(key);
                self.report(key, format!("must be a table, `[{path}]`"));
                return None;
            }
        };
        let path = self.key(key);
        Some(Reader {
            path,
            values,
            known: Vec::new(),
            findings: &mut *self.findings,
        })
    }

    /// The value of `key` in its form; what does not fit the form is a problem, what is absent is not.
    pub(super) fn take<T>(
        &mut self,
        key: &str,
        form: impl FnOnce(&ValueKind) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value(key)?;
        match form(&value.kind) {
            Ok(taken) => Some(taken),
            Err(text) => {
                self.report(key, text);
                None
            }
        }
    }

    /// The value of `key` as it was given.
    pub(super) fn value(&mut self, key: &str) -> Option<Value> {
        self.known.push(key.to_owned());
        self.values.remove(key)
    }

    /// Whether `key` was given and not taken yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Notes a problem with `key`.
    pub(super) fn report(&mut self, key: &str, text: impl Into<String>) {
        self.findings.report(self.key(key), text);
    }

    /// Notes that `key` is missing.
    pub(super) fn missing(&mut self, key: &str, text: impl Into<String>) {
        self.findings.missing(self.key(key), text);
    }

    /// Ends the walk: whatever nobody asked for is a problem.
    pub(super) fn close(self) {
        for name in self.names() {
            let near = hint(&name, self.known.iter().map(String::as_str));
            self.findings
                .report(self.key(&name), format!("is not a known key{near}"));
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

    use super::{Findings, Reader, Table};

    fn table(pairs: &[(&str, ValueKind)]) -> Table {
        pairs
            .iter()
            .map(|(key, kind)| ((*key).to_owned(), Value::new(None, kind.clone())))
            .collect()
    }

    fn problems(values: Table, walk: impl FnOnce(&mut Reader<'_>)) -> String {
        let mut findings = Findings::default();
        let mut reader = Reader::new(values, &mut findings);
        walk(&mut reader);
        reader.close();
        findings
            .settle(())
            .map_or_else(|problems| problems.to_string(), |()| String::new())
    }

    #[test]
    fn keys_nobody_took_are_reported_with_their_whole_path() {
        let inner = table(&[("odd key", 1.into()), ("lease", 2.into())]);
        let values = table(&[("daemon", inner.into())]);
        let found = problems(values, |root| {
            let mut daemon = root.table("daemon").expect("a table");
            daemon.take("lease", |_| Ok(()));
            daemon.close();
        });
        assert_eq!(found, "daemon.\"odd key\": is not a known key");
    }

    #[test]
    fn an_absent_table_is_empty_and_a_value_in_its_place_is_a_problem() {
        let found = problems(table(&[("server", "x".into())]), |root| {
            assert!(root.table("warehouse").is_some());
            assert!(root.table("server").is_none());
        });
        assert_eq!(found, "server: must be a table, `[server]`");
    }

    #[test]
    fn a_value_that_does_not_fit_is_taken_and_reported() {
        let found = problems(table(&[("a", 1.into())]), |root| {
            assert!(root.take("a", |_| Err::<(), _>("is wrong".to_owned())).is_none());
        });
        assert_eq!(found, "a: is wrong");
    }
}
