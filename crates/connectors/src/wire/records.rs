//! Records in a list, however a vendor writes the list.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Records in an array, or in an object keyed by anything, each as received and read by itself later, so that one that cannot be
/// read costs no other. No record at all is `[]`, `{}`, null or false.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records<'a>(pub Vec<&'a str>);

impl<'a> Records<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The records one by one.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().copied()
    }

    /// The records as an opened envelope holds them.
    pub fn into_cows(self) -> Vec<Cow<'a, str>> {
        self.0.into_iter().map(Cow::Borrowed).collect()
    }
}

impl<'a> IntoIterator for Records<'a> {
    type Item = &'a str;
    type IntoIter = std::vec::IntoIter<&'a str>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Records<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RecordsVisitor).map(Self)
    }
}

struct RecordsVisitor;

impl<'de> Visitor<'de> for RecordsVisitor {
    type Value = Vec<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("records in an array or in an object")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        if flag {
            return Err(E::invalid_type(serde::de::Unexpected::Bool(flag), &self));
        }
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(record) = records.next_element::<&RawValue>()? {
            items.push(record.get());
        }
        Ok(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut records: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        // A key may differ from the id inside, so it is not used; nor is it looked at, for it may hold anything.
        while let Some((_, record)) = records.next_entry::<&RawValue, &RawValue>()? {
            items.push(record.get());
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_in_an_array_in_an_object_or_not_at_all() {
        for (json, wanted) in [
            (
                r#"[{"a":1}, "b", null]"#,
                Some(&[r#"{"a":1}"#, "\"b\"", "null"][..]),
            ),
            (
                r#"{"7": {"a":1}, "7": {"a":2}}"#,
                Some(&[r#"{"a":1}"#, r#"{"a":2}"#]),
            ),
            (r#"{"\ud83d": {"a":1}}"#, Some(&[r#"{"a":1}"#])),
            (r#"[{"a":"\ud83d"}]"#, Some(&[r#"{"a":"\ud83d"}"#])),
            ("[]", Some(&[])),
            ("{}", Some(&[])),
            ("null", Some(&[])),
            ("false", Some(&[])),
            ("true", None),
            ("\"\"", None),
            ("0", None),
        ] {
            let records: Option<Records<'_>> = serde_json::from_str(json).ok();
            assert_eq!(records.as_ref().map(|records| &records.0[..]), wanted, "{json}");
        }
    }
}
