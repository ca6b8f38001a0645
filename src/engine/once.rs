//! The guard against circles: questions and pages that may come once only.

use std::collections::HashMap;
use std::hash::Hash;

/// Which reading of which list it is: what came in an earlier reading of the same list may come again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Turn {
    pub(super) window: u32,
    pub(super) list: u32,
    pub(super) reading: u32,
}

/// Things that may come once only, unless their list or the whole window is read again.
#[derive(Debug)]
pub(super) struct Once<T>(HashMap<T, Turn>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Eq + Hash> Once<T> {
    /// Notes it; false where it has come before.
    pub(super) fn is_new(&mut self, thing: T, turn: Turn) -> bool {
        let before = self.0.insert(thing, turn);
        before.is_none_or(|before| {
            before.window < turn.window || (before.list == turn.list && before.reading < turn.reading)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_may_come_again_only_when_its_list_or_window_is_read_again() {
        let mut asked = Once::default();
        for (window, list, reading, wanted) in [
            (1, 1, 0, true),
            (1, 1, 0, false),
            (1, 1, 1, true),
            (1, 1, 1, false),
            (1, 2, 0, false),
            (1, 2, 1, true),
            (2, 3, 0, true),
            (2, 4, 0, false),
        ] {
            let turn = Turn {
                window,
                list,
                reading,
            };
            assert_eq!(asked.is_new("page 2", turn), wanted, "{turn:?}");
        }
    }
}
