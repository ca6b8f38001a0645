//! The guard against circles: positions that may come once only.

use std::collections::HashMap;
use std::hash::Hash;

/// Which reading of which list it is: what came in an earlier reading of the same list may come again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pass {
    /// Which reading of the whole slice.
    pub(super) slice: u32,
    /// Which list.
    pub(super) list: u32,
    /// Which reading of the list.
    pub(super) reading: u32,
}

/// Things that may come once only, unless their list or the whole slice is read again.
#[derive(Debug)]
pub(super) struct LoopGuard<T>(HashMap<T, Pass>);

impl<T> Default for LoopGuard<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Eq + Hash> LoopGuard<T> {
    /// Remembers it; false where it has come before.
    pub(super) fn admit(&mut self, thing: T, pass: Pass) -> bool {
        let before = self.0.insert(thing, pass);
        before.is_none_or(|before| may_come_again(before, pass))
    }

    /// Whether it would be admitted.
    pub(super) fn would_admit(&self, thing: &T, pass: Pass) -> bool {
        self.0
            .get(thing)
            .is_none_or(|before| may_come_again(*before, pass))
    }
}

fn may_come_again(before: Pass, pass: Pass) -> bool {
    before.slice < pass.slice || (before.list == pass.list && before.reading < pass.reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_may_come_again_only_when_its_list_or_slice_is_read_again() {
        let mut guard = LoopGuard::default();
        for (slice, list, reading, wanted) in [
            (1, 1, 0, true),
            (1, 1, 0, false),
            (1, 1, 1, true),
            (1, 1, 1, false),
            (1, 2, 0, false),
            (1, 2, 1, true),
            (2, 3, 0, true),
            (2, 4, 0, false),
        ] {
            let pass = Pass { slice, list, reading };
            assert_eq!(guard.would_admit(&"page 2", pass), wanted, "{pass:?}");
            assert_eq!(guard.admit("page 2", pass), wanted, "{pass:?}");
        }
    }
}
