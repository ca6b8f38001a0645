//! What the settings want of a source, written to the warehouse before anything is read.

use xxhash_rust::xxh3::Xxh3;

use crate::warehouse::{SourceEntry, StreamEntry};
use connectors::schema::Table;
use connectors::source::{OUTCOME_CLASSES, OutcomeClass, SyncMode};
use connectors::vendors::mapping_of;

use super::SyncError;
use super::session::Session;
use super::stream_spec::StreamSpec;

/// One partition of a stream, with what shapes its reading.
struct Partition<'a> {
    spec: &'a StreamSpec,
    name: String,
    identity: String,
    depends_on: Vec<&'static Table>,
}

/// Writes the streams and partitions that the settings want. Whatever else the source had no longer counts.
pub(super) async fn register_streams(specs: &[&StreamSpec], session: &Session) -> Result<(), SyncError> {
    let partitions: Vec<Partition<'_>> = specs.iter().flat_map(|spec| partitions_of(spec)).collect();
    let entries: Vec<StreamEntry<'_>> = partitions
        .iter()
        .map(|partition| StreamEntry {
            stream: partition.spec.name(),
            partition: &partition.name,
            mode: partition.spec.mode.word(),
            fills: partition.spec.stream.fills,
            completes: partition.spec.stream.completes,
            depends_on: &partition.depends_on,
            identity: &partition.identity,
        })
        .collect();
    session
        .warehouse
        .register_streams(&session.lease, &entries)
        .await?;
    for spec in specs {
        let mapping = mapping_of(spec.vendor.name);
        session
            .warehouse
            .record_mapping(&session.lease, spec.name(), mapping)
            .await?;
    }
    Ok(())
}

fn partitions_of(spec: &StreamSpec) -> Vec<Partition<'_>> {
    let partition = |name: String| Partition {
        identity: spec.stream.identity(spec.vendor.name, &spec.account, &name),
        name,
        spec,
        depends_on: tables_naming_ids(&spec.mode),
    };
    spec.partitions().into_iter().map(partition).collect()
}

/// The tables whose rows name the ids of a lookup.
fn tables_naming_ids(mode: &SyncMode) -> Vec<&'static Table> {
    let SyncMode::Lookup(policy) = mode else {
        return Vec::new();
    };
    let mut tables: Vec<&'static Table> = policy
        .references
        .iter()
        .map(|reference| reference.table)
        .collect();
    tables.dedup();
    tables
}

/// What the settings say of the account behind a source, without its secrets.
pub(super) fn source_entry<'a>(
    spec: &'a StreamSpec,
    account: &'a str,
    outcome_classes: &'a [OutcomeClass<'a>],
) -> SourceEntry<'a> {
    SourceEntry {
        outcome_classes,
        vendor: spec.vendor.name,
        time_zone: spec.account.time_zone.name(),
        account,
    }
}

/// What the settings say of outcomes of calls.
pub(super) fn outcome_classes(spec: &StreamSpec) -> Vec<OutcomeClass<'_>> {
    let lines = spec.account.list(OUTCOME_CLASSES).iter();
    lines.filter_map(|line| OutcomeClass::read(line)).collect()
}

/// A fingerprint of what the settings say of whose account it is.
pub(super) fn account_fingerprint(spec: &StreamSpec) -> String {
    let mut digest = Xxh3::new();
    let mut add = |part: &str| {
        digest.update(&(part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    };
    add(spec.vendor.name);
    let options = &spec.account.options;
    for (host, url) in &options.hosts {
        add(host);
        add(url);
    }
    for key in options.identity {
        add(key);
        spec.account.list(key).iter().for_each(|value| add(value));
    }
    format!("{:032x}", digest.digest128())
}
