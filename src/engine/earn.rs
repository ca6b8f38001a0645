//! What a complete walk earns, by its cursor: how far the stream is complete, and which rows are gone.

use chrono::TimeDelta;

use crate::warehouse::{Absences, Earned, Purpose, Reach};
use connectors::schema::Table;
use connectors::source::{Absence, Cursor, Daily};

use super::errand::Fetched;
use super::job::Job;
use super::load::Loaded;
use super::plan::Step;

/// What a walk found, to be judged by its cursor.
pub(super) struct Finding<'a> {
    pub(super) job: &'a Job,
    pub(super) step: Step,
    /// The tables whose ids were gathered.
    pub(super) gathered: &'a [&'static Table],
    pub(super) fetched: &'a Fetched,
    pub(super) loaded: &'a Loaded,
    /// Ids that are due and were not asked for.
    pub(super) keys_left: i64,
}

impl<'a> Finding<'a> {
    /// What it earns.
    pub(super) fn earned(&self) -> Earned<'a> {
        let (reach, settle) = match &self.job.cursor {
            Cursor::Window(windowing) | Cursor::KeySet(windowing) => (Reach::Window, windowing.settle),
            Cursor::Days(daily) => (Reach::Window, TimeDelta::days(i64::from(daily.again))),
            Cursor::Keys(_) if self.keys_left > 0 => (Reach::Nowhere, TimeDelta::zero()),
            Cursor::Keys(_) | Cursor::Whole(_) => (Reach::Start { is_full: true }, TimeDelta::zero()),
            Cursor::Activity(_) => {
                let is_full = self.step.purpose == Purpose::Whole;
                (Reach::Start { is_full }, TimeDelta::zero())
            }
        };
        Earned {
            reach,
            settle,
            absences: self.absences(),
            fields: &self.fetched.fields,
            record_count: self.fetched.record_count,
        }
    }

    fn absences(&self) -> Vec<Absences<'a>> {
        // A record that could not be read may be any of the rows that seem to be missing.
        if self.loaded.counts.rejected > 0 || self.fetched.is_doubtful {
            return Vec::new();
        }
        let met = self.gathered.iter().zip(&self.fetched.ids);
        met.map(|(table, seen)| match &self.job.cursor {
            Cursor::Days(daily) => self.absent_on_day(table, seen, daily),
            cursor => self.absent(table, seen, cursor.absence()),
        })
        .collect()
    }

    fn absent(&self, table: &'static Table, seen: &'a [String], absence: Absence) -> Absences<'a> {
        let (walks, only) = match absence {
            Absence::Gone { walks, only, .. } => (walks, only),
            Absence::ProvesNothing => (1, None),
        };
        Absences {
            stream: self.job.stream.name(),
            table,
            seen,
            only: only.map(|(column, value)| (column, value.to_owned())),
            walks,
            limit: self.job.limits.delete_share,
        }
    }

    /// The figures of a day are replaced as a whole, so that any number of rows may go; only an empty answer is suspicious.
    fn absent_on_day(&self, table: &'static Table, seen: &'a [String], daily: &Daily) -> Absences<'a> {
        let limit = if seen.is_empty() {
            self.job.limits.delete_share
        } else {
            1.0
        };
        Absences {
            only: Some((daily.column, daily.day(self.step.window.since).to_string())),
            limit,
            ..self.absent(table, seen, Absence::ProvesNothing)
        }
    }
}
