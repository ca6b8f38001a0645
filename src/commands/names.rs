//! What an operator means by `SOURCE` or `SOURCE.STREAM`, whether the settings still want it or only the warehouse knows it.

use std::collections::BTreeSet;

use crate::settings::{Settings, hint_at};
use crate::warehouse::Warehouse;

use super::once::SelectionError;

/// A source, one of its streams, or everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    /// The source; everything without one.
    pub source: Option<String>,
    /// The stream; all of the source without one.
    pub stream: Option<String>,
}

/// The source or stream of this name; an unknown one is an error that names the nearest.
pub async fn resolve_name(
    warehouse: &Warehouse,
    settings: &Settings,
    wanted: Option<&str>,
) -> anyhow::Result<Name> {
    let Some(wanted) = wanted else {
        return Ok(Name::default());
    };
    let mut known: BTreeSet<String> = BTreeSet::new();
    for source in settings.sources.values() {
        known.insert(source.name.clone());
        let streams = source.vendor.streams.iter();
        known.extend(streams.map(|stream| format!("{}.{}", source.name, stream.name)));
    }
    for stream in warehouse.known_streams().await? {
        known.insert(format!("{}.{}", stream.source, stream.stream));
        known.insert(stream.source);
    }
    Ok(find_name(wanted, &known)?)
}

fn find_name(wanted: &str, known: &BTreeSet<String>) -> Result<Name, SelectionError> {
    if known.contains(wanted) {
        let (source, stream) = match wanted.split_once('.') {
            Some((source, stream)) => (source, Some(stream)),
            None => (wanted, None),
        };
        return Ok(Name {
            source: Some(source.to_owned()),
            stream: stream.map(str::to_owned),
        });
    }
    // Of a source that is known, its streams are what could be meant.
    let source = wanted.split('.').next().unwrap_or_default();
    let own = format!("{source}.");
    let mut near: Vec<&str> = known.iter().map(String::as_str).collect();
    if known.contains(source) {
        near.retain(|name| name.starts_with(&own));
    }
    let listed = near
        .iter()
        .filter(|name| known.contains(source) || !name.contains('.'))
        .copied();
    Err(SelectionError::NoSuchName {
        wanted: wanted.to_owned(),
        hint: hint_at(wanted, near.iter().copied()),
        known: listed.collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_or_the_nearest_is_told() {
        let known: BTreeSet<String> = ["us", "us.calls", "us.leads", "emea", "emea.calls"]
            .map(str::to_owned)
            .into();
        let name = find_name("us.calls", &known).expect("it is known");
        assert_eq!(
            (name.source.as_deref(), name.stream.as_deref()),
            (Some("us"), Some("calls"))
        );
        for (wanted, told) in [
            (
                "us.cals",
                "`us.cals` is neither a source nor a stream; did you mean `us.calls`?; there are: us.calls, us.leads",
            ),
            (
                "emae",
                "`emae` is neither a source nor a stream; there are: emea, us",
            ),
            (
                "emeaa",
                "`emeaa` is neither a source nor a stream; did you mean `emea`?; there are: emea, us",
            ),
        ] {
            assert_eq!(find_name(wanted, &known).expect_err(wanted).to_string(), told);
        }
    }
}
