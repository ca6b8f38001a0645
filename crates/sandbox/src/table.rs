//! Rows with life stories: they appear, change, are deleted or archived and come back at instants of the simulated clock.
//!
//! A story may be told ahead, version by version. Whoever changes a row before the story is at its end makes another one of it: what
//! was told of later is dropped.

use std::collections::HashMap;

use serde_json::Value;

/// Whether a row is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It is.
    Present,
    /// It was deleted.
    Deleted,
    /// It was put aside.
    Archived,
}

/// A row as it stands from an instant on.
struct Version<R> {
    since: i64,
    life: Life,
    record: R,
}

/// A row and everything that becomes of it.
struct Story<R> {
    id: String,
    versions: Vec<Version<R>>,
}

/// What holds of a row at an instant.
pub(crate) struct View<'a, R> {
    pub(crate) id: &'a str,
    pub(crate) record: &'a R,
    pub(crate) life: Life,
    /// Since when.
    pub(crate) since: i64,
}

/// Rows in the order in which they were added.
pub(crate) struct Table<R> {
    stories: Vec<Story<R>>,
    places: HashMap<String, usize>,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self {
            stories: Vec::new(),
            places: HashMap::new(),
        }
    }
}

/// What a row holds.
pub(crate) trait Record: Clone {
    /// Sets a member by its name in the API. Says whether there can be such a member.
    fn set(&mut self, _member: &str, _value: Value) -> bool {
        false
    }
}

impl Record for Value {
    fn set(&mut self, member: &str, value: Value) -> bool {
        self[member] = value;
        true
    }
}

/// A table, whatever its rows hold.
pub trait Rows {
    /// The rows that are there now.
    fn ids(&self, now: i64) -> Vec<String>;
    /// Makes a row present or gone from now on. Says whether that is news.
    fn set_life(&mut self, id: &str, now: i64, life: Life) -> bool;
    /// Sets a member of a row from now on. Says whether there is such a row with such a member.
    fn set(&mut self, id: &str, now: i64, member: &str, value: Value) -> bool;
}

impl<R: Record> Rows for Table<R> {
    fn ids(&self, now: i64) -> Vec<String> {
        self.present(now).map(|(id, _)| id.to_owned()).collect()
    }

    fn set_life(&mut self, id: &str, now: i64, life: Life) -> bool {
        self.set_life(id, now, life)
    }

    fn set(&mut self, id: &str, now: i64, member: &str, value: Value) -> bool {
        let mut is_known = false;
        self.change(id, now, |record| is_known = record.set(member, value)) && is_known
    }
}

impl<R: Clone> Table<R> {
    /// A row that is there from an instant on.
    pub(crate) fn add(&mut self, id: String, since: i64, record: R) {
        self.places.insert(id.clone(), self.stories.len());
        let version = Version {
            since,
            life: Life::Present,
            record,
        };
        self.stories.push(Story {
            id,
            versions: vec![version],
        });
    }

    /// How many rows there ever were.
    pub(crate) fn len(&self) -> usize {
        self.stories.len()
    }

    /// What holds of every row that has appeared by now, present or gone.
    pub(crate) fn all(&self, now: i64) -> impl DoubleEndedIterator<Item = View<'_, R>> {
        self.stories.iter().filter_map(move |story| story.at(now))
    }

    /// The rows that are there now.
    pub(crate) fn present(&self, now: i64) -> impl DoubleEndedIterator<Item = (&str, &R)> {
        let present = self.all(now).filter(|view| view.life == Life::Present);
        present.map(|view| (view.id, view.record))
    }

    /// A row, unless it is gone.
    pub(crate) fn get(&self, id: &str, now: i64) -> Option<&R> {
        let view = self.story(id)?.at(now)?;
        (view.life == Life::Present).then_some(view.record)
    }

    /// A row, whatever became of it.
    pub(crate) fn find(&self, id: &str, now: i64) -> Option<&R> {
        Some(self.story(id)?.at(now)?.record)
    }

    /// Changes a row from now on. Says whether there is such a row.
    pub(crate) fn change(&mut self, id: &str, now: i64, change: impl FnOnce(&mut R)) -> bool {
        self.go_on(id, now, |version| change(&mut version.record))
            .is_some()
    }

    /// Changes what a row is now, and leaves no story of it. Says whether there is such a row.
    pub(crate) fn amend(&mut self, id: &str, change: impl FnOnce(&mut R)) -> bool {
        let place = self.places.get(id).copied();
        let story = place.and_then(|place| self.stories[place].versions.last_mut());
        story.map(|version| change(&mut version.record)).is_some()
    }

    /// Makes a row present or gone from now on. Says whether that is news.
    pub(crate) fn set_life(&mut self, id: &str, now: i64, life: Life) -> bool {
        let before = self
            .story(id)
            .and_then(|story| story.at(now))
            .map(|view| view.life);
        let is_news = match (before, life) {
            (None, _) => false,
            (Some(before), Life::Present) => before != Life::Present,
            (Some(before), _) => before == Life::Present,
        };
        is_news && self.go_on(id, now, |version| version.life = life).is_some()
    }

    fn story(&self, id: &str) -> Option<&Story<R>> {
        self.places.get(id).map(|place| &self.stories[*place])
    }

    fn go_on(&mut self, id: &str, now: i64, change: impl FnOnce(&mut Version<R>)) -> Option<()> {
        let story = &mut self.stories[*self.places.get(id)?];
        while story.versions.len() > 1 && story.versions.last()?.since > now {
            story.versions.pop();
        }
        let last = story.versions.last()?;
        if last.since < now {
            let next = Version {
                since: now,
                life: last.life,
                record: last.record.clone(),
            };
            story.versions.push(next);
        }
        story.versions.last_mut().map(change)
    }
}

impl<R> Story<R> {
    fn at(&self, now: i64) -> Option<View<'_, R>> {
        let version = self.versions.iter().rfind(|version| version.since <= now)?;
        Some(View {
            id: &self.id,
            record: &version.record,
            life: version.life,
            since: version.since,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_appears_changes_goes_and_comes_back() {
        let mut table = Table::default();
        table.add("a".to_owned(), 10, 1);
        assert!(table.change("a", 20, |record| *record = 2) && !table.change("b", 20, |_| ()));
        assert!(table.set_life("a", 30, Life::Archived) && !table.set_life("a", 31, Life::Deleted));
        assert!(table.set_life("a", 40, Life::Present) && !table.set_life("a", 41, Life::Present));
        let seen: Vec<Option<&i32>> = [5, 10, 25, 35, 40].map(|now| table.get("a", now)).to_vec();
        assert_eq!(seen, [None, Some(&1), Some(&2), None, Some(&2)]);
        assert_eq!((table.find("a", 35), table.present(35).count()), (Some(&2), 0));
        let gone = table.all(35).next().map(|view| (view.life, view.since));
        assert_eq!(gone, Some((Life::Archived, 30)));
    }

    #[test]
    fn what_was_told_ahead_comes_unless_somebody_changes_the_row_before() {
        let told = || {
            let mut table = Table::default();
            table.add("a".to_owned(), 10, 1);
            assert!(table.change("a", 20, |record| *record = 2) && table.set_life("a", 30, Life::Deleted));
            table
        };
        let mut table = told();
        assert_eq!(
            [15, 25, 35].map(|now| table.get("a", now)),
            [Some(&1), Some(&2), None]
        );
        assert!(table.change("a", 15, |record| *record = 9));
        assert_eq!(
            [12, 15, 35].map(|now| table.get("a", now)),
            [Some(&1), Some(&9), Some(&9)]
        );
        let mut table = told();
        assert!(table.set_life("a", 25, Life::Archived));
        assert_eq!(
            table.all(40).next().map(|view| (view.life, view.since)),
            Some((Life::Archived, 25))
        );
        // A row that is not there yet keeps its beginning.
        let mut table = told();
        assert!(table.change("a", 5, |record| *record = 7));
        assert_eq!(
            [5, 10, 40].map(|now| table.get("a", now)),
            [None, Some(&7), Some(&7)]
        );
    }
}
