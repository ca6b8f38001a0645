//! Which fields the records of a slice have.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};

use crate::warehouse::TableFields;
use connectors::schema::Batch;

/// More names than this are no fields but keys of some map, and say nothing.
const MOST_FIELDS: usize = 2_000;

/// The names of the fields at the top of records, by table.
#[derive(Debug, Default)]
pub(super) struct Fields(BTreeMap<&'static str, HashSet<Box<str>>>);

impl Fields {
    /// Collects the fields of a batch. Records that are no objects have none.
    pub(super) fn collect_names(&mut self, batch: &Batch) {
        for rows in batch.rows() {
            let names = self.0.entry(rows.table().name).or_default();
            for record in rows.raws() {
                let mut reader = serde_json::Deserializer::from_str(record);
                let _ = reader.deserialize_map(Names(names));
            }
        }
    }

    /// The names, sorted.
    pub(super) fn into_sorted(self) -> Vec<TableFields> {
        let tables = self.0.into_iter().filter(|(_, names)| !names.is_empty());
        tables
            .map(|(table, names)| {
                let mut fields: Vec<String> = names.into_iter().map(String::from).collect();
                fields.sort_unstable();
                TableFields { table, fields }
            })
            .collect()
    }
}

/// Reads an object for its keys.
struct Names<'a>(&'a mut HashSet<Box<str>>);

impl<'de> Visitor<'de> for Names<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_key_seed(Name(self.0))?.is_some() {
            members.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Reads one key.
struct Name<'a>(&'a mut HashSet<Box<str>>);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let name: Cow<'de, str> = serde::Deserialize::deserialize(deserializer)?;
        if !self.0.contains(name.as_ref()) && self.0.len() < MOST_FIELDS {
            self.0.insert(name.as_ref().into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connectors::schema::{Agent, Tag};

    #[test]
    fn the_fields_at_the_top_of_every_record_are_named_once() {
        let mut batch = Batch::default();
        let agent = || Agent {
            id: "1".to_owned(),
            ..Agent::default()
        };
        batch.push(
            agent(),
            r#"{"id": 1, "name": {"first": "Dana"}, "tags": [{"x": 1}]}"#,
        );
        batch.push(agent(), r#"{"na\u006de": "", "new": null}"#);
        let tag = Tag {
            id: "1".to_owned(),
            ..Tag::default()
        };
        batch.push(tag, "\"solar\"");
        let mut fields = Fields::default();
        fields.collect_names(&batch);
        let wanted = ["id", "name", "new", "tags"].map(str::to_owned).to_vec();
        let wanted = TableFields {
            table: "agents",
            fields: wanted,
        };
        assert_eq!(fields.into_sorted(), [wanted]);
    }
}
