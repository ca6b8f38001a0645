//! A stream as a value: the facts of one list of a vendor, and the plain functions that read it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use xxhash_rust::xxh3::Xxh3;

use crate::reader::OpenSlice;
use crate::schema::{Batch, Table};

use super::{Account, Envelope, Faults, MapError, ReadError, Response, SyncMode};

/// One list of a vendor. Every fact of it stands here and nowhere else.
pub struct StreamDef {
    /// Its name, unique within its vendor.
    pub name: &'static str,
    /// The tables it fills; the vendor's totals count the rows of the first.
    pub fills: &'static [&'static Table],
    /// The tables that are not complete without it.
    pub completes: &'static [&'static Table],
    /// How it moves.
    pub mode: SyncMode,
    /// The API host it is read from; the main one has no name. A source without that host does not have the stream.
    pub host: &'static str,
    /// When it runs, where that is not when its vendor's streams run; cron with seconds.
    pub schedule: Option<&'static str>,
    /// True where it runs unless settings say another.
    pub is_on: bool,
    /// Its partitions, each with a coverage of its own. Without any there is nothing to read.
    pub partitions: fn(&Account) -> Vec<String>,
    /// Options of the vendor that change what is read, and so what the coverage means.
    pub shaped_by: &'static [&'static str],
    /// The column of its first table that holds the time by which its windows are filtered, where the vendor's total of a window
    /// counts the rows of that time.
    pub dated_by: Option<&'static str>,
    /// How a record is put together again from what is stored, where the record of its first table's row is only a part of it.
    pub put_together: Option<PutTogether>,
    /// Rows of other tables that it brings with the rows they belong to.
    pub belongings: &'static [Belonging],
    /// The option that names fields of its first table's records which a view shows as columns.
    pub promoted_by: Option<&'static str>,
    /// How its pages follow each other.
    pub paging: &'static dyn OpenSlice,
    /// True where rows do not tell which request they answer: by their time, their id or their members.
    pub has_unmarked_rows: bool,
    /// Opens the envelope, strictly.
    pub envelope: EnvelopeReader,
    /// Reads one record, leniently, into rows.
    pub map: fn(&Item<'_>, &mut Batch) -> Result<(), MapError>,
    /// What an answer says whose status is not a good one.
    pub explain: fn(&Response) -> ReadError,
    /// True where a 404 says, by its body, that the row does not exist; a bare 404 proves nothing.
    pub says_gone: fn(&Response) -> bool,
}

/// Rows of a table that are parts of rows of another one, and have no life of their own: where the vendor has an owner no more, it
/// has nothing of it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Belonging {
    /// The table of the rows that own others.
    pub owner: &'static Table,
    /// The table of those that belong to them.
    pub table: &'static Table,
    /// Its column that names the owner.
    pub column: &'static str,
}

/// A record that is stored in parts: that of a row, and those of the rows of another table that belong to it.
#[derive(Debug, Clone, Copy)]
pub struct PutTogether {
    /// The table of the other parts.
    pub table: &'static Table,
    /// Its column that names the row.
    pub column: &'static str,
    /// Makes the record of its parts.
    pub join: fn(&str, &[String]) -> String,
}

/// Opens the envelope of an answer. The position's context tells answers of different lists of one slice apart.
pub type EnvelopeReader = for<'a> fn(&'a str, &Context) -> Result<Envelope<'a>, ReadError>;

/// A record, with what one has to know to read it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The record, as received.
    pub record: &'a str,
    /// What of the page request it needs.
    pub context: &'a Context,
    /// The account that it is from.
    pub account: &'a Account,
    /// Where fields that cannot be read are counted.
    pub faults: &'a Faults,
}

/// What of a page request the mapping of its records needs: the day, the list, the report. It is stored with the row, so that
/// a row can be mapped again without the vendor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<Cow<'static, str>, String>);

impl Context {
    /// The context with one more value.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.0.insert(Cow::Borrowed(key), value.to_string());
        self
    }

    /// A value.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The context that was stored as a JSON object; an empty one where nothing was stored, none where it is no such object.
    pub fn from_json(stored: Option<&str>) -> Option<Self> {
        let Some(text) = stored else {
            return Some(Self::default());
        };
        let values: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
        let owned = values.into_iter().map(|(key, value)| (Cow::Owned(key), value));
        Some(Self(owned.collect()))
    }

    /// The context as a JSON object; nothing where it is empty.
    pub fn to_json(&self) -> Option<String> {
        let object = || serde_json::to_string(&self.0).expect("texts are JSON");
        (!self.0.is_empty()).then(object)
    }
}

/// The partition of a stream that has only one.
pub fn one_partition(_: &Account) -> Vec<String> {
    vec![String::new()]
}

/// What a status says by itself.
pub fn explain_status(got: &Response) -> ReadError {
    match got.status {
        404 | 410 => ReadError::NotFound,
        status => ReadError::Rejected {
            code: status.into(),
            said: None,
        },
    }
}

/// True where the body of a 404 is a JSON object: the API itself speaks, and not a proxy on the way.
pub fn says_gone_in_json(got: &Response) -> bool {
    let object: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(&got.body);
    matches!(got.status, 404 | 410) && object.is_ok_and(|members| !members.is_empty())
}

impl StreamDef {
    /// A fingerprint of everything that shapes what is read from a partition. Coverage under another one says nothing.
    pub fn identity(&self, vendor: &str, account: &Account, partition: &str) -> String {
        let mut digest = Xxh3::new();
        let mut add = |part: &str| {
            digest.update(&(part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        };
        add(vendor);
        add(self.name);
        add(partition);
        add(account.time_zone.name());
        add(account.region.code());
        for (name, url) in &account.options.hosts {
            add(name);
            add(url);
        }
        for key in account.options.identity.iter().chain(self.shaped_by) {
            add(key);
            for value in account.list(key) {
                add(value);
            }
        }
        format!("{:032x}", digest.digest128())
    }
}

impl std::fmt::Debug for StreamDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamDef")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
