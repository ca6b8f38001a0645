//! How an entity becomes columns: one list of fields gives the struct, the table description and the encoder.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use xxhash_rust::xxh3::Xxh3;

use super::table::{Kind, Table, Values};

/// A row of the common schema before it is written.
///
/// Implemented by the `entity!` macro only, so that the order of fields, columns and values cannot drift apart.
pub trait Entity {
    /// The table that holds this entity.
    const TABLE: &'static Table;

    /// The vendor's own id, not empty.
    fn id(&self) -> &str;

    /// Appends one value to each of `columns`, which are in the order of `TABLE`, and adds them to the digest.
    fn encode(self, columns: &mut [Values], digest: &mut Xxh3);
}

/// A type that a column can hold.
pub(super) trait Value: Sized {
    /// The column's kind.
    const KIND: Kind;

    /// Appends the value to a column of its kind, and adds it to the digest of the row.
    fn encode(value: Option<Self>, column: &mut Values, digest: &mut Xxh3);
}

impl Value for String {
    const KIND: Kind = Kind::Text;

    fn encode(value: Option<Self>, column: &mut Values, digest: &mut Xxh3) {
        let value = value.map(without_nul);
        mark_value(digest, value.as_ref().map(String::as_bytes));
        let Values::Text(values) = column else {
            unreachable!("the column was made from `KIND`")
        };
        values.push(value);
    }
}

/// The text as Postgres can hold it, which has no NUL in text.
pub(super) fn without_nul(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}")
    } else {
        text
    }
}

impl Value for DateTime<Utc> {
    const KIND: Kind = Kind::Instant;

    fn encode(value: Option<Self>, column: &mut Values, digest: &mut Xxh3) {
        mark_value(
            digest,
            value
                .map(|at| at.timestamp_micros().to_le_bytes())
                .as_ref()
                .map(<[u8; 8]>::as_slice),
        );
        let Values::Instant(values) = column else {
            unreachable!("the column was made from `KIND`")
        };
        values.push(value);
    }
}

impl Value for i64 {
    const KIND: Kind = Kind::Integer;

    fn encode(value: Option<Self>, column: &mut Values, digest: &mut Xxh3) {
        mark_value(
            digest,
            value.map(i64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice),
        );
        let Values::Integer(values) = column else {
            unreachable!("the column was made from `KIND`")
        };
        values.push(value);
    }
}

impl Value for bool {
    const KIND: Kind = Kind::Boolean;

    fn encode(value: Option<Self>, column: &mut Values, digest: &mut Xxh3) {
        mark_value(
            digest,
            value.map(|yes| [u8::from(yes)]).as_ref().map(<[u8; 1]>::as_slice),
        );
        let Values::Boolean(values) = column else {
            unreachable!("the column was made from `KIND`")
        };
        values.push(value);
    }
}

impl Value for NaiveDate {
    const KIND: Kind = Kind::Day;

    fn encode(value: Option<Self>, column: &mut Values, digest: &mut Xxh3) {
        mark_value(
            digest,
            value
                .map(|day| day.num_days_from_ce().to_le_bytes())
                .as_ref()
                .map(<[u8; 4]>::as_slice),
        );
        let Values::Day(values) = column else {
            unreachable!("the column was made from `KIND`")
        };
        values.push(value);
    }
}

/// A decimal number as the vendor wrote it, checked to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal(String);

impl Decimal {
    /// Reads plain decimal notation: an optional sign, digits, and an optional fraction.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| (1..=30).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        (plain(whole) && plain(fraction)).then(|| Self(text.to_owned()))
    }
}

impl Value for Decimal {
    const KIND: Kind = Kind::Decimal;

    fn encode(value: Option<Self>, column: &mut Values, digest: &mut Xxh3) {
        String::encode(value.map(|number| number.0), column, digest);
    }
}

/// Adds one value to the digest, so that NULL, empty and neighbouring values cannot be mistaken for each other.
fn mark_value(digest: &mut Xxh3, value: Option<&[u8]>) {
    match value {
        None => digest.update(&[0]),
        Some(bytes) => {
            digest.update(&[1]);
            digest.update(&(bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        }
    }
}

/// Declares an entity: its struct, its table description and its encoder, from one list of fields.
macro_rules! entity {
    ($(#[$about:meta])* $name:ident in $table:literal { $($(#[$meaning:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            /// The vendor's own id.
            pub id: String,
            $($(#[$meaning])* pub $field: Option<$type>,)*
        }

        impl $crate::schema::entity::Entity for $name {
            const TABLE: &'static $crate::schema::Table = &$crate::schema::Table {
                name: $table,
                columns: &[$($crate::schema::Column {
                    name: stringify!($field),
                    kind: <$type as $crate::schema::entity::Value>::KIND,
                },)*],
            };

            fn id(&self) -> &str {
                &self.id
            }

            fn encode(self, columns: &mut [$crate::schema::Values], digest: &mut xxhash_rust::xxh3::Xxh3) {
                let mut columns = columns.iter_mut();
                $($crate::schema::entity::Value::encode(
                    self.$field,
                    columns.next().expect("a column for each field of the entity"),
                    digest,
                );)*
            }
        }
    };
}
pub(super) use entity;
