//! How instances share the sources: a pure function that every instance computes alike.

use std::collections::BTreeMap;

use crate::warehouse::{Holder, Instance};

/// Which sources are this instance's share: as many as everybody else's, give or take one. A source stays where it is unless its
/// holder has too many. `instances` are those that are running, the oldest first.
pub fn share_sources(me: &str, instances: &[Instance], holders: &[Holder]) -> Vec<String> {
    // Who wants a source, in the order of the instances; the same list for everybody.
    let mut candidates: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for instance in instances {
        for source in &instance.sources {
            candidates.entry(source).or_default().push(&instance.instance);
        }
    }
    let most = candidates.len().div_ceil(instances.len().max(1));
    let holders: BTreeMap<&str, &Holder> = holders
        .iter()
        .map(|holder| (holder.source.as_str(), holder))
        .collect();
    let mut loads: BTreeMap<&str, usize> = BTreeMap::new();
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for (source, wanting) in &candidates {
        let holder = holders.get(source);
        let holder = holder.and_then(|holder| wanting.iter().find(|name| **name == holder.holder));
        if let Some(holder) = holder {
            let load = loads.entry(holder).or_default();
            if *load < most {
                *load += 1;
                owners.insert(source, holder);
            }
        }
    }
    for (source, wanting) in &candidates {
        if owners.contains_key(source) {
            continue;
        }
        // The first of those who have the least.
        let least = wanting
            .iter()
            .min_by_key(|name| loads.get(**name).copied().unwrap_or(0));
        if let Some(owner) = least {
            *loads.entry(owner).or_default() += 1;
            owners.insert(source, owner);
        }
    }
    let mine = owners.into_iter().filter(|(_, owner)| *owner == me);
    mine.map(|(source, _)| source.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn instance(name: &str, sources: &[&str]) -> Instance {
        Instance {
            instance: name.to_owned(),
            version: String::new(),
            sources: sources.iter().map(|source| (*source).to_owned()).collect(),
            started_at: DateTime::UNIX_EPOCH,
        }
    }

    fn holders(pairs: &[(&str, &str)]) -> Vec<Holder> {
        let holder = |(source, holder): &(&str, &str)| Holder {
            source: (*source).to_owned(),
            holder: (*holder).to_owned(),
            expires_at: DateTime::UNIX_EPOCH,
            is_daemon: true,
        };
        pairs.iter().map(holder).collect()
    }

    const ALL: [&str; 5] = ["a", "b", "c", "d", "e"];

    #[test]
    fn an_instance_alone_takes_everything() {
        assert_eq!(share_sources("one", &[instance("one", &ALL)], &[]), ALL);
    }

    #[test]
    fn a_second_instance_takes_its_part_of_what_the_first_one_holds() {
        let both = [instance("one", &ALL), instance("two", &ALL)];
        let held = holders(&ALL.map(|source| (source, "one")));
        assert_eq!(share_sources("one", &both, &held), ["a", "b", "c"]);
        assert_eq!(share_sources("two", &both, &held), ["d", "e"]);
    }

    #[test]
    fn what_is_shared_evenly_stays_where_it_is() {
        let both = [instance("one", &ALL), instance("two", &ALL)];
        let held = holders(&[
            ("a", "two"),
            ("b", "one"),
            ("c", "two"),
            ("d", "one"),
            ("e", "one"),
        ]);
        assert_eq!(share_sources("one", &both, &held), ["b", "d", "e"]);
        assert_eq!(share_sources("two", &both, &held), ["a", "c"]);
    }

    #[test]
    fn nobody_gets_a_source_that_it_does_not_know_and_every_source_has_one_owner() {
        let both = [instance("one", &["a", "b"]), instance("two", &["b", "c", "d"])];
        for held in [
            holders(&[]),
            holders(&[("b", "one"), ("a", "gone"), ("c", "a command")]),
            holders(&[("a", "one"), ("b", "two"), ("c", "two"), ("d", "two")]),
        ] {
            let mut all = share_sources("one", &both, &held);
            assert!(all.iter().all(|source| ["a", "b"].contains(&source.as_str())));
            let two = share_sources("two", &both, &held);
            assert!(
                two.iter()
                    .all(|source| ["b", "c", "d"].contains(&source.as_str()))
            );
            all.extend(two);
            all.sort();
            assert_eq!(all, ["a", "b", "c", "d"]);
        }
    }
}
