//! What lists have in common: pages, and orders that nobody promises.

use std::ops::Range;

use fastrand::Rng;

/// Whether a word is among words with blanks between them.
pub(crate) fn is_among(words: &str, word: &str) -> bool {
    words.split(' ').any(|own| own == word)
}

/// The rows of a page.
pub(crate) fn page_of<T>(rows: &[T], offset: usize, limit: usize) -> &[T] {
    let first = offset.min(rows.len());
    &rows[first..first.saturating_add(limit).min(rows.len())]
}

/// Shuffles every group of rows with one key that the page touches, also the parts beyond its edges. Within one answer
/// nothing repeats, and between two answers rows change places.
pub(crate) fn shuffle_ties<T, K: PartialEq>(
    rows: &mut [T],
    page: Range<usize>,
    key: impl Fn(&T) -> K,
    rng: &mut Rng,
) {
    if page.is_empty() {
        return;
    }
    let mut from = page.start;
    while from > 0 && key(&rows[from - 1]) == key(&rows[page.start]) {
        from -= 1;
    }
    while from < page.end {
        let own = key(&rows[from]);
        let group = rows[from..].iter().take_while(|row| key(row) == own).count();
        rng.shuffle(&mut rows[from..from + group]);
        from += group;
    }
}

/// One page of many places in an order that is drawn for this answer: every place comes exactly once over all pages of one
/// draw, and nothing is stored for it.
pub(crate) fn shuffled_places(count: usize, page: Range<usize>, rng: &mut Rng) -> Vec<usize> {
    let (step, shift) = (coprime(count, rng), rng.usize(..count.max(1)));
    let place = |place: usize| (place as u128 * step as u128 + shift as u128) % count as u128;
    page.map(|at| usize::try_from(place(at)).expect("a place"))
        .collect()
}

fn coprime(count: usize, rng: &mut Rng) -> usize {
    let divisor = |mut one: usize, mut other: usize| {
        while other > 0 {
            (one, other) = (other, one % other);
        }
        one
    };
    let mut step = rng.usize(..count.max(1)).max(1);
    while divisor(count, step) > 1 {
        step += 1;
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_change_places_over_the_edge_of_a_page_but_never_repeat_in_it() {
        let mut is_repeated = false;
        for seed in 0..20 {
            let mut rng = Rng::with_seed(seed);
            let pages: Vec<Vec<usize>> = (0..6)
                .map(|page| {
                    let mut rows: Vec<usize> = (0..60).collect();
                    let own = page * 10..page * 10 + 10;
                    shuffle_ties(&mut rows, own.clone(), |row| row / 20, &mut rng);
                    rows[own].to_vec()
                })
                .collect();
            for (index, page) in pages.iter().enumerate() {
                let mut distinct = page.clone();
                distinct.sort_unstable();
                distinct.dedup();
                assert_eq!(distinct.len(), 10);
                assert!(
                    page.iter().all(|row| row / 20 == index / 2),
                    "groups keep their order"
                );
            }
            is_repeated |= pages[0].iter().any(|row| pages[1].contains(row));
        }
        assert!(is_repeated, "the two pages of one group overlap");
    }

    #[test]
    fn a_draw_names_every_place_once_and_another_draw_in_another_order() {
        for count in [1, 2, 9, 10, 97, 1_000] {
            let mut all = shuffled_places(count, 0..count, &mut Rng::with_seed(1));
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
        let first = |seed| shuffled_places(1_000, 0..10, &mut Rng::with_seed(seed));
        assert_ne!(first(1), first(2));
        assert!(shuffled_places(0, 0..0, &mut Rng::with_seed(1)).is_empty());
        assert_eq!(page_of(&[1, 2, 3], 2, 5), [3]);
        assert!(page_of(&[1, 2, 3], 9, 5).is_empty());
    }
}
