//! Records in a list, however a PHP vendor writes the list.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Records in an array, or in an object keyed by id, each as received; no record at all may be `null` or `[]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Items<'a>(pub(super) Vec<&'a str>);

impl<'a> Items<'a> {
    /// The records as an opened envelope holds them.
    pub(super) fn whole(self) -> Vec<Cow<'a, str>> {
        self.0.into_iter().map(Cow::Borrowed).collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemsVisitor).map(Self)
    }
}

struct ItemsVisitor;

impl<'de> Visitor<'de> for ItemsVisitor {
    type Value = Vec<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("records in an array or in an object")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
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
        // Convoso's sample shows a key that differs from the id inside, so the key is not used.
        while let Some((_, record)) = records.next_entry::<IgnoredAny, &RawValue>()? {
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
            ("[]", Some(&[])),
            ("{}", Some(&[])),
            ("null", Some(&[])),
            ("\"\"", None),
            ("0", None),
            ("false", None),
        ] {
            let items = serde_json::from_str(json).ok().map(|items: Items<'_>| items.0);
            assert_eq!(items.as_deref(), wanted, "{json}");
        }
    }
}
