//! Rows that are expected to be new, as one binary `COPY`: about as fast as the server can take them in.

use chrono::{DateTime, NaiveDate, Utc};

use connectors::schema::{Kind, Rows, Values};

use super::WarehouseError;
use super::merge::{Destination, Written};
use super::transaction::Transaction;

/// What begins every binary copy: a signature, and flags and an extension that are empty.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What ends it, in place of a number of fields.
const TRAILER: &[u8] = &(-1_i16).to_be_bytes();
/// How much is sent at once; more would only hold memory.
const PART_BYTES: usize = 128 << 10;
/// Columns of every table that are always written.
const FIXED: &str = "source, id, raw, context, content_hash, fetched_at, first_seen_at, slice_id, generation";
const FIXED_COUNT: usize = 9;
/// The version of the binary form of `jsonb`.
const JSONB_VERSION: u8 = 1;
/// The length of what is not there.
const NULL: &[u8] = &(-1_i32).to_be_bytes();
/// The server counts microseconds and days from the beginning of 2000.
const EPOCH: DateTime<Utc> = DateTime::from_timestamp(946_684_800, 0).expect("2000 exists");
const EPOCH_DAY: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).expect("2000 exists");

/// Copies rows in that are expected not to be there: one that is makes the server refuse them all. They are sorted by their
/// ids, as those of a merge. Columns without any value are left out.
pub(super) async fn copy_rows(
    connection: &mut Transaction,
    to: Destination<'_>,
    rows: &Rows,
) -> Result<Written, WarehouseError> {
    let columns = filled_columns(rows);
    let names: String = columns.iter().flat_map(|column| [", ", column.name]).collect();
    let table = rows.table().name;
    let statement = format!("copy warehouse.{table} ({FIXED}{names}) from stdin (format binary)");
    let mut copy = connection.connection_mut().copy_in_raw(&statement).await?;
    let mut tuples = Tuples(HEADER.to_vec());
    for place in 0..rows.len() {
        tuples.put_row(to, rows, &columns, place);
        if tuples.0.len() >= PART_BYTES {
            copy.send(tuples.0.as_slice()).await?;
            tuples.0.clear();
        }
    }
    tuples.0.extend_from_slice(TRAILER);
    copy.send(tuples.0.as_slice()).await?;
    let written = i64::try_from(copy.finish().await?).unwrap_or(i64::MAX);
    Ok(Written {
        inserted: written,
        first_read: written,
        written,
    })
}

/// A typed column that is written.
struct Filled<'a> {
    name: &'static str,
    kind: Kind,
    values: &'a Values,
}

fn filled_columns(rows: &Rows) -> Vec<Filled<'_>> {
    let columns = rows.table().columns.iter().zip(rows.columns());
    columns
        .filter(|(_, values)| values.has_any())
        .map(|(column, values)| Filled {
            name: column.name,
            kind: column.kind,
            values,
        })
        .collect()
}

/// Tuples in the binary form of `COPY`.
struct Tuples(Vec<u8>);

impl Tuples {
    fn put_row(&mut self, to: Destination<'_>, rows: &Rows, columns: &[Filled<'_>], place: usize) {
        let field_count = i16::try_from(FIXED_COUNT + columns.len()).expect("tables have fewer columns");
        self.0.extend_from_slice(&field_count.to_be_bytes());
        self.put(to.source.as_bytes());
        self.put(rows.ids()[place].as_bytes());
        self.put_json(Some(&rows.raws()[place]));
        self.put_json(rows.contexts().get(place).and_then(|context| context.as_deref()));
        self.put(&rows.hashes()[place]);
        let fetched_at = micros_of(rows.fetched()[place]);
        self.put(&fetched_at);
        self.put(&fetched_at);
        self.put(&to.slice.0.to_be_bytes());
        self.put(&to.generation.to_be_bytes());
        for column in columns {
            self.put_value(column, place);
        }
    }

    fn put_value(&mut self, column: &Filled<'_>, place: usize) {
        match column.values {
            Values::Text(values) if column.kind == Kind::Decimal => {
                self.put_if(values[place].as_deref().map(numeric_of));
            }
            Values::Text(values) => self.put_if(values[place].as_deref()),
            Values::Instant(values) => self.put_if(values[place].map(micros_of)),
            Values::Integer(values) => self.put_if(values[place].map(i64::to_be_bytes)),
            Values::Boolean(values) => self.put_if(values[place].map(|value| [u8::from(value)])),
            Values::Day(values) => self.put_if(values[place].map(days_of)),
        }
    }

    fn put_if(&mut self, value: Option<impl AsRef<[u8]>>) {
        match value {
            Some(value) => self.put(value.as_ref()),
            None => self.0.extend_from_slice(NULL),
        }
    }

    fn put(&mut self, value: &[u8]) {
        self.put_length(value.len());
        self.0.extend_from_slice(value);
    }

    fn put_json(&mut self, text: Option<&str>) {
        let Some(text) = text else {
            return self.0.extend_from_slice(NULL);
        };
        self.put_length(text.len() + 1);
        self.0.push(JSONB_VERSION);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn put_length(&mut self, length: usize) {
        let length = i32::try_from(length).expect("no answer is as long as 2 GiB");
        self.0.extend_from_slice(&length.to_be_bytes());
    }
}

fn micros_of(at: DateTime<Utc>) -> [u8; 8] {
    // Instants lie within the years that chrono has, of which each microsecond has a number.
    let micros = at.timestamp_micros() - EPOCH.timestamp_micros();
    micros.to_be_bytes()
}

fn days_of(day: NaiveDate) -> [u8; 4] {
    let days = day.signed_duration_since(EPOCH_DAY).num_days();
    i32::try_from(days).unwrap_or(i32::MAX).to_be_bytes()
}

/// A decimal number, in plain notation, as groups of four digits around the point.
fn numeric_of(text: &str) -> Vec<u8> {
    const GROUP: usize = 4;
    const NEGATIVE: u16 = 0x4000;
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let lead = whole.len().next_multiple_of(GROUP) - whole.len();
    let tail = fraction.len().next_multiple_of(GROUP) - fraction.len();
    let padded = [&"0000"[..lead], whole, fraction, &"0000"[..tail]].concat();
    let value = |group: &[u8]| {
        group
            .iter()
            .fold(0_u16, |sum, digit| sum * 10 + u16::from(digit - b'0'))
    };
    let groups: Vec<u16> = padded.as_bytes().chunks(GROUP).map(value).collect();
    let leading = groups.iter().take_while(|group| **group == 0).count();
    let significant = &groups[leading..];
    let kept = significant.len() - significant.iter().rev().take_while(|group| **group == 0).count();
    let significant = &significant[..kept];
    let weight = (whole.len() + lead) / GROUP;
    let weight = if kept == 0 {
        0
    } else {
        i16::try_from(weight).unwrap_or(i16::MAX) - 1 - i16::try_from(leading).unwrap_or(0)
    };
    let sign = if text.starts_with('-') && kept > 0 {
        NEGATIVE
    } else {
        0
    };
    let scale = u16::try_from(fraction.len()).unwrap_or(u16::MAX);
    let mut encoded = Vec::with_capacity(8 + 2 * kept);
    encoded.extend_from_slice(&u16::try_from(kept).unwrap_or(u16::MAX).to_be_bytes());
    encoded.extend_from_slice(&weight.to_be_bytes());
    encoded.extend_from_slice(&sign.to_be_bytes());
    encoded.extend_from_slice(&scale.to_be_bytes());
    for group in significant {
        encoded.extend_from_slice(&group.to_be_bytes());
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_groups_of_four_digits_around_the_point() {
        for (text, weight, sign, scale, groups) in [
            ("0", 0, 0, 0, vec![]),
            ("-0.00", 0, 0, 2, vec![]),
            ("1", 0, 0, 0, vec![1]),
            ("-12345.678", 1, 0x4000, 3, vec![1, 2345, 6780]),
            ("0.00012", -1, 0, 5, vec![1, 2000]),
            ("+10000", 1, 0, 0, vec![1]),
            ("000120000.5000", 1, 0, 4, vec![12, 0, 5000]),
        ] {
            let mut wanted: Vec<u8> = Vec::new();
            wanted.extend(u16::try_from(groups.len()).unwrap().to_be_bytes());
            wanted.extend(i16::to_be_bytes(weight));
            wanted.extend(u16::to_be_bytes(sign));
            wanted.extend(u16::to_be_bytes(scale));
            wanted.extend(groups.into_iter().flat_map(u16::to_be_bytes));
            assert_eq!(numeric_of(text), wanted, "{text}");
        }
    }

    #[test]
    fn times_count_from_the_beginning_of_2000() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(micros_of(at("2000-01-01T00:00:01Z")), 1_000_000_i64.to_be_bytes());
        assert_eq!(
            micros_of(at("1999-12-31T23:59:59Z")),
            (-1_000_000_i64).to_be_bytes()
        );
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(days_of(day("2000-01-02")), 1_i32.to_be_bytes());
        assert_eq!(days_of(day("1999-12-31")), (-1_i32).to_be_bytes());
    }
}
