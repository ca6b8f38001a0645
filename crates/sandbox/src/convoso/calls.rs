//! The index of all calls by the text of their `call_date`, and pages cut from it.

use fastrand::Rng;

/// One call; everything else about it is drawn from its number when it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    /// What the account's wall clock showed at its start; the vendor's column holds no more than that.
    pub(super) local: i64,
    pub(super) number: u32,
    /// Its start in UTC.
    pub(super) start: i64,
}

/// All calls, past and coming, ordered by wall clock.
#[derive(Default)]
pub(super) struct Calls {
    rows: Vec<Call>,
}

impl Calls {
    pub(super) fn add(&mut self, more: impl IntoIterator<Item = Call>) {
        let before = self.rows.len();
        self.rows.extend(more);
        if !self.rows[before.saturating_sub(1)..].is_sorted() {
            // The stable sort merges a short tail into a long sorted run cheaply.
            self.rows.sort();
        }
    }

    pub(super) fn all(&self) -> &[Call] {
        &self.rows
    }

    /// The calls of a stretch of wall-clock time; both ends belong to it.
    pub(super) fn between(&self, since: i64, until: i64) -> &[Call] {
        let from = self.rows.partition_point(|call| call.local < since);
        let to = self.rows.partition_point(|call| call.local <= until);
        self.rows.get(from..to).unwrap_or_default()
    }
}

/// Where a page lies, and in which order the calls stand.
pub(super) struct Cut {
    pub(super) offset: usize,
    pub(super) limit: usize,
    pub(super) newest_first: bool,
}

/// One page of the `found` positions of `window`. With dice, calls of the same second change places, but
/// within one answer nothing repeats.
pub(super) fn page(window: &[Call], mut found: Vec<u32>, cut: &Cut, dice: Option<&mut Rng>) -> Vec<Call> {
    if cut.newest_first {
        found.reverse();
    }
    let start = cut.offset.min(found.len());
    let end = (start + cut.limit).min(found.len());
    if let Some(dice) = dice {
        shuffle_ties(window, &mut found, start..end, dice);
    }
    found[start..end].iter().map(|&at| window[at as usize]).collect()
}

/// Shuffles every group of equal seconds that the page touches, also the parts beyond its edges.
fn shuffle_ties(window: &[Call], found: &mut [u32], page: std::ops::Range<usize>, dice: &mut Rng) {
    if page.is_empty() {
        return;
    }
    let second = |at: u32| window[at as usize].local;
    let mut from = page.start;
    while from > 0 && second(found[from - 1]) == second(found[page.start]) {
        from -= 1;
    }
    while from < page.end {
        let group = found[from..]
            .iter()
            .take_while(|&&at| second(at) == second(found[from]))
            .count();
        dice.shuffle(&mut found[from..from + group]);
        from += group;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(seconds: &[i64]) -> Calls {
        let mut calls = Calls::default();
        calls.add((0..).zip(seconds).map(|(number, &local)| Call {
            local,
            number,
            start: local,
        }));
        calls
    }

    fn pages(calls: &Calls, limit: usize, newest_first: bool, mut dice: Option<Rng>) -> Vec<Vec<u32>> {
        let window = calls.all();
        let found: Vec<u32> = (0..).take(window.len()).collect();
        (0..window.len())
            .step_by(limit)
            .map(|offset| {
                let cut = Cut {
                    offset,
                    limit,
                    newest_first,
                };
                page(window, found.clone(), &cut, dice.as_mut())
                    .iter()
                    .map(|call| call.number)
                    .collect()
            })
            .collect()
    }

    #[test]
    fn both_ends_of_a_window_belong_to_it() {
        let calls = calls(&[5, 1, 3, 3, 9]);
        let numbers = |since, until| -> Vec<u32> {
            calls
                .between(since, until)
                .iter()
                .map(|call| call.number)
                .collect()
        };
        assert_eq!(numbers(1, 5), [1, 2, 3, 0]);
        assert_eq!(numbers(2, 4), [2, 3]);
        assert_eq!(numbers(9, 1), [0_u32; 0]);
    }

    #[test]
    fn stable_pages_cover_everything_once_in_either_order() {
        let calls = calls(&[1, 2, 2, 2, 3]);
        assert_eq!(pages(&calls, 2, false, None), [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(pages(&calls, 2, true, None), [vec![4, 3], vec![2, 1], vec![0]]);
    }

    #[test]
    fn ties_change_places_over_the_edge_of_a_page_but_never_repeat_in_it() {
        let seconds: Vec<i64> = (0..60).map(|at| at / 20).collect();
        let calls = calls(&seconds);
        let mut repeated = false;
        for seed in 0..20 {
            let pages = pages(&calls, 10, false, Some(Rng::with_seed(seed)));
            for (index, page) in (0_u32..).zip(&pages) {
                let mut distinct = page.clone();
                distinct.sort_unstable();
                distinct.dedup();
                assert_eq!(distinct.len(), 10);
                assert!(
                    page.iter().all(|number| number / 20 == index / 2),
                    "groups keep their order"
                );
            }
            repeated |= pages[0].iter().any(|number| pages[1].contains(number));
        }
        assert!(repeated, "the two pages of one second overlap");
    }

    #[test]
    fn late_calls_take_their_place() {
        let mut calls = calls(&[1, 5, 9]);
        calls.add([
            Call {
                local: 5,
                number: 9,
                start: 5,
            },
            Call {
                local: 2,
                number: 8,
                start: 2,
            },
        ]);
        let order: Vec<u32> = calls.all().iter().map(|call| call.number).collect();
        assert_eq!(order, [0, 8, 1, 9, 2]);
    }
}
