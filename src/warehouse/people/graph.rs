//! Records and the keys that tie them: who is one person is a function of these alone.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::RecordKey;
use super::keys::{Holders, Key};
use super::members::Member;

/// Records whose persons are decided together, with everything that ties them.
#[derive(Debug)]
pub(super) struct Graph {
    /// The records, in the order of their keys.
    pub(super) members: Vec<Member>,
    /// Records that are gone, with the persons that they stood for.
    pub(super) gone: Vec<Member>,
    /// The keys of each member.
    ties: Vec<Vec<Tie>>,
}

/// A key of a record.
#[derive(Debug, Clone)]
struct Tie {
    kind: TieKind,
    key: String,
    holders: Holders,
}

/// Kinds of keys, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum TieKind {
    Record,
    Profile,
    Email,
    Number,
}

impl TieKind {
    fn of(word: &str) -> Self {
        match word {
            "record" => Self::Record,
            "profile" => Self::Profile,
            "email" => Self::Email,
            _ => Self::Number,
        }
    }
}

impl Tie {
    /// Whether everybody who has the key is one person. A number with several addresses is shared by several people.
    fn joins(&self) -> bool {
        self.holders.are_few() && (self.kind != TieKind::Number || self.holders.email_count <= 1)
    }
}

/// Why a record stands for its person.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decision {
    /// The rule.
    pub(super) rule: &'static str,
    /// How sure it is, as a decimal number.
    pub(super) confidence: &'static str,
    /// What the rule saw.
    pub(super) evidence: Value,
}

impl Graph {
    /// The graph of these records. The keys come in the order of the records.
    pub(super) fn of(
        members: Vec<Member>,
        gone: Vec<Member>,
        keys: Vec<(RecordKey, Key)>,
        holders: &HashMap<Key, Holders>,
    ) -> Self {
        let mut ties = vec![Vec::new(); members.len()];
        let places: HashMap<_, _> = members
            .iter()
            .enumerate()
            .map(|(place, member)| (member.record.clone(), place))
            .collect();
        for (record, key) in keys {
            if let (Some(place), Some(holders)) = (places.get(&record), holders.get(&key)) {
                ties[*place].push(Tie {
                    kind: TieKind::of(&key.0),
                    key: key.1,
                    holders: *holders,
                });
            }
        }
        Self { members, gone, ties }
    }

    /// The places of the records of each person. The record that was seen first comes first, and so does its person.
    pub(super) fn persons(&self) -> Vec<Vec<usize>> {
        let mut roots: Vec<usize> = (0..self.members.len()).collect();
        let mut holders: HashMap<(TieKind, &str), usize> = HashMap::new();
        for (place, ties) in self.ties.iter().enumerate() {
            for tie in ties.iter().filter(|tie| tie.joins()) {
                match holders.get(&(tie.kind, tie.key.as_str())) {
                    Some(holder) => {
                        let (one, other) = (root_of(&mut roots, place), root_of(&mut roots, *holder));
                        roots[one] = other;
                    }
                    None => {
                        holders.insert((tie.kind, &tie.key), place);
                    }
                }
            }
        }
        let mut parts: HashMap<usize, Vec<usize>> = HashMap::new();
        for place in 0..self.members.len() {
            parts.entry(root_of(&mut roots, place)).or_default().push(place);
        }
        let age = |place: usize| {
            let member = &self.members[place];
            (member.first_seen_at, &member.record)
        };
        let mut persons: Vec<Vec<usize>> = parts.into_values().collect();
        for person in &mut persons {
            person.sort_by(|one, other| age(*one).cmp(&age(*other)));
        }
        persons.sort_by(|one, other| age(one[0]).cmp(&age(other[0])));
        persons
    }

    /// The strongest key that ties a record to another one.
    pub(super) fn decide(&self, place: usize) -> Decision {
        let ties = self.ties[place].iter();
        let tie = ties
            .filter(|tie| tie.joins() && tie.holders.record_count > 1)
            .min_by_key(|tie| (tie.kind, &tie.key));
        let Some(tie) = tie else {
            return Decision {
                rule: "same_record",
                confidence: "1.0",
                evidence: json!({}),
            };
        };
        let (rule, confidence, name) = match tie.kind {
            TieKind::Record => ("same_record", "1.0", "record"),
            TieKind::Profile => ("vendor_profile", "1.0", "profile"),
            TieKind::Email => ("email", "0.95", "email"),
            TieKind::Number => ("unique_number", "0.9", "number"),
        };
        let mut evidence = json!({ name: tie.key, "records": tie.holders.record_count });
        if tie.kind == TieKind::Number {
            evidence["emails"] = json!(tie.holders.email_count);
        }
        Decision {
            rule,
            confidence,
            evidence,
        }
    }
}

fn root_of(roots: &mut [usize], mut place: usize) -> usize {
    while roots[place] != place {
        roots[place] = roots[roots[place]];
        place = roots[place];
    }
    place
}
