//! Rows as a body: an array of them, or by columns; in order, or shuffled cheaply.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::{Map, Value};

use super::knobs::Form;
use super::world::Row;
use crate::question::Answer;

/// The answer with these rows.
pub(super) fn answer(rows: Vec<Row>, form: Form) -> Answer {
    let value = match form {
        // An empty list has no columns, and nothing to be wrapped.
        _ if rows.is_empty() => Value::Array(Vec::new()),
        Form::Rows => array(rows),
        Form::Columns => Value::Object(columns(rows)),
        Form::Wrapped => Value::Object([("rows".to_owned(), array(rows))].into_iter().collect()),
    };
    Answer::json(value.to_string())
}

fn array(rows: Vec<Row>) -> Value {
    Value::Array(rows.into_iter().map(Value::Object).collect())
}

fn columns(mut rows: Vec<Row>) -> Map<String, Value> {
    let names: BTreeSet<String> = rows.iter().flat_map(|row| row.keys().cloned()).collect();
    let column = |name: String| {
        let cells = rows.iter_mut().map(|row| row.remove(&name).unwrap_or_default());
        let cells = cells.collect();
        (name, Value::Array(cells))
    };
    names.into_iter().map(column).collect()
}

/// One page of many places, in order or, with dice, in an order that is thrown for this answer: every place comes exactly once
/// over all pages of one throw, and nothing is stored for it.
pub(super) fn page(count: usize, from: usize, room: usize, dice: Option<Rng>) -> Vec<usize> {
    let places = from.min(count)..from.saturating_add(room).min(count);
    let Some(mut dice) = dice else {
        return places.collect();
    };
    let (step, shift) = (coprime(count, &mut dice), dice.usize(..count.max(1)));
    let shuffled = |place: usize| (place as u128 * step as u128 + shift as u128) % count as u128;
    places
        .map(|place| usize::try_from(shuffled(place)).expect("a place"))
        .collect()
}

fn coprime(count: usize, dice: &mut Rng) -> usize {
    let divisor = |mut one: usize, mut other: usize| {
        while other > 0 {
            (one, other) = (other, one % other);
        }
        one
    };
    let mut step = dice.usize(..count.max(1)).max(1);
    while divisor(count, step) > 1 {
        step += 1;
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throw_names_every_place_once_and_another_throw_in_another_order() {
        for count in [1, 2, 9, 10, 97, 1_000] {
            let throw = |seed| page(count, 0, count, Some(Rng::with_seed(seed)));
            let mut all = throw(1);
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
        let first = |seed| page(1_000, 0, 10, Some(Rng::with_seed(seed)));
        assert_ne!(first(1), first(2));
        assert_eq!(page(10, 8, 5, None), [8, 9]);
        assert!(page(0, 0, 5, Some(Rng::with_seed(1))).is_empty());
    }
}
