//! How many rows the vendor says there are.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::source::Faults;

use super::Field;
use super::number::{Number, drop_groups};

/// A count: a number, or a number as text, with or without thousands separators. Beside an empty list it may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(Option<u64>);

impl Count {
    /// The count beside a list of so many records. Without a number it is that of an empty list, and unknown beside any other.
    pub fn beside(self, record_count: usize) -> Option<u64> {
        self.0.or((record_count == 0).then_some(0))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        if json == "false" || Field::new("count", json).is_nothing() {
            return Ok(Self(None));
        }
        let count = read(json).ok_or_else(|| serde::de::Error::custom("a count is expected"))?;
        Ok(Self(Some(count)))
    }
}

fn read(json: &str) -> Option<u64> {
    let text = Field::new("count", json)
        .text(&Faults::new())
        .filter(|_| json != "true")?;
    // A text may be made for people, who put points between thousands too; a count has no fraction to be mistaken for them.
    let dotted = json
        .starts_with('"')
        .then(|| drop_groups(&text, &['.']))
        .flatten();
    match dotted {
        Some(digits) => digits.parse().ok(),
        None => Number::parse(&text)?.whole_count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_a_number_in_any_dress() {
        for (json, wanted) in [
            ("1200", Some(1_200)),
            ("0", Some(0)),
            ("1200.0", Some(1_200)),
            ("\"1200\"", Some(1_200)),
            ("\" 1200 \"", Some(1_200)),
            ("\"1,200\"", Some(1_200)),
            ("\"1 200\"", Some(1_200)),
            ("\"1.200\"", Some(1_200)),
            ("\"1,234,567\"", Some(1_234_567)),
            ("1.5", None),
            ("\"1,20\"", None),
            ("-1", None),
            ("\"many\"", None),
            ("true", None),
            ("[1]", None),
            ("{\"value\": 1}", None),
        ] {
            let count: Option<Count> = serde_json::from_str(json).ok();
            assert_eq!(count.map(|count| count.beside(7)), wanted.map(Some), "{json}");
        }
    }

    #[test]
    fn no_number_is_the_count_of_an_empty_list_alone() {
        for json in ["null", "\"\"", "false", "[]"] {
            let count: Count = serde_json::from_str(json).unwrap();
            assert_eq!((count.beside(0), count.beside(7)), (Some(0), None), "{json}");
        }
    }
}
