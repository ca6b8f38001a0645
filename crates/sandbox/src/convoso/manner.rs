//! The fields of a row, written as usual or in one of the ways other accounts and versions are known for.

use crate::json::{Object, push_number};
use crate::local;
use crate::people::scatter;

/// How one row deviates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Usual,
    /// Fields nobody knows.
    Unknown,
    /// Null where a text is usual.
    Nulls,
    /// JSON numbers where texts of digits are usual.
    Numbers,
    /// Only the fields of the oldest known version.
    Old,
}

/// What `Manner::Nulls` leaves empty.
const NULLS: [&str; 10] = [
    "campaign",
    "user",
    "user_id",
    "status_name",
    "called_count",
    "caller_id_displayed",
    "call_type",
    "queue_position",
    "queue_seconds",
    "term_reason",
];

impl Manner {
    /// Four of eleven rows deviate, each in one way.
    pub(super) fn of(number: u32) -> Self {
        match scatter(0xD1, u64::from(number)) % 11 {
            0 => Self::Unknown,
            1 => Self::Nulls,
            2 => Self::Numbers,
            3 => Self::Old,
            _ => Self::Usual,
        }
    }
}

/// A row under construction.
pub(super) struct Row<'a> {
    object: Object<'a>,
    manner: Manner,
    is_over: bool,
}

impl<'a> Row<'a> {
    pub(super) fn open(out: &'a mut String, manner: Manner) -> Self {
        Self {
            object: Object::open(out),
            manner,
            is_over: false,
        }
    }

    /// Where the value goes, if this row has the field.
    pub(super) fn key(&mut self, key: &str) -> Option<&mut String> {
        (!self.is_over).then(|| self.object.key(key))
    }

    pub(super) fn text(&mut self, key: &str, value: Option<&str>) {
        if !self.is_over {
            self.object.maybe(key, value.filter(|_| !self.is_null(key)));
        }
    }

    /// A number as a text of digits, which is how the vendor writes all of them.
    pub(super) fn digits(&mut self, key: &str, value: Option<u64>) {
        match value.filter(|_| !self.is_null(key)) {
            _ if self.is_over => {}
            Some(value) if self.manner == Manner::Numbers => self.object.number(key, value),
            Some(value) => self.object.digits(key, value),
            None => self.object.verbatim(key, "null"),
        }
    }

    /// A local time, or a text that is none.
    pub(super) fn date(&mut self, key: &str, local: Option<i64>) {
        let Some(out) = self.key(key) else { return };
        out.push('"');
        match local {
            Some(local) => local::push(out, local),
            None => out.push_str("not a date"),
        }
        out.push('"');
    }

    /// Seconds from tenths, with decimals where there are any (assumed).
    pub(super) fn wait(&mut self, key: &str, tenths: u32) {
        if tenths.is_multiple_of(10) || self.is_null(key) {
            return self.digits(key, Some(u64::from(tenths / 10)));
        }
        let quote = if self.manner == Manner::Numbers { "" } else { "\"" };
        let Some(out) = self.key(key) else { return };
        out.push_str(quote);
        push_number(out, u64::from(tenths / 10));
        out.push('.');
        push_number(out, u64::from(tenths % 10));
        out.push_str(quote);
    }

    pub(super) fn session(&mut self, key: &str, leg: u32) {
        let Some(out) = self.key(key) else { return };
        out.push_str("\"sess-");
        push_number(out, u64::from(leg));
        out.push_str("@sim.example\"");
    }

    /// The oldest known version has no field beyond this place (seen in client programs).
    pub(super) fn end_of_old(&mut self) {
        self.is_over = self.manner == Manner::Old;
    }

    pub(super) fn close(mut self) {
        if self.manner == Manner::Unknown {
            self.object.verbatim("revenue", "\"12.50\"");
            self.object
                .verbatim("extra_field_01", r#"{"seen":[1,2.5,null,true]}"#);
        }
        self.object.close();
    }

    fn is_null(&self, key: &str) -> bool {
        self.manner == Manner::Nulls && NULLS.contains(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(manner: Manner) -> serde_json::Value {
        let mut out = String::new();
        let mut row = Row::open(&mut out, manner);
        row.digits("id", Some(5));
        row.text("user", Some("Dana Example"));
        row.end_of_old();
        row.wait("queue_seconds", 125);
        row.session("session_id", 3);
        row.close();
        serde_json::from_str(&out).unwrap()
    }

    #[test]
    fn each_manner_deviates_in_its_own_way() {
        let usual = serde_json::json!({
            "id": "5", "user": "Dana Example", "queue_seconds": "12.5", "session_id": "sess-3@sim.example"
        });
        assert_eq!(row(Manner::Usual), usual);
        assert_eq!(row(Manner::Unknown)["extra_field_01"]["seen"][0], 1);
        assert_eq!(row(Manner::Unknown)["id"], "5");
        assert_eq!(
            (&row(Manner::Nulls)["user"], &row(Manner::Nulls)["id"]),
            (&serde_json::Value::Null, &usual["id"])
        );
        assert_eq!(
            (
                &row(Manner::Numbers)["id"],
                &row(Manner::Numbers)["queue_seconds"]
            ),
            (&5.into(), &12.5.into())
        );
        assert_eq!(
            row(Manner::Old),
            serde_json::json!({"id": "5", "user": "Dana Example"})
        );
    }

    #[test]
    fn most_rows_are_usual() {
        let usual = (0..11_000)
            .filter(|&number| Manner::of(number) == Manner::Usual)
            .count();
        assert!((6_500..7_500).contains(&usual), "{usual}");
    }
}
