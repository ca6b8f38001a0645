//! Whether a slice is complete, and what its completion means: a pure table of what the two halves came to.

use chrono::{DateTime, TimeDelta, Utc};

use crate::warehouse::{
    Absences, ColumnValue, Completion, EvidenceLine, Flaw, Reach, RetryDelay, SliceVerdict,
};
use connectors::reader::{SeenIds, Shortfall, Verdict, has_too_many_rejects};
use connectors::source::{Absence, DailyPolicy, Extent, Remedy, RowScope, SyncMode};

use super::SyncError;
use super::fetch::FetchOutcome;
use super::load::LoadOutcome;
use super::plan::{PlannedSlice, Rank};
use super::plan_days::DayRules;
use super::stream_spec::StreamSpec;

/// The first pause of a slice that is not complete; it doubles.
const FIRST_RETRY: TimeDelta = TimeDelta::minutes(1);
/// The longest pause of a slice of the newest data.
const LONGEST_LIVE_RETRY: TimeDelta = TimeDelta::minutes(5);
/// The longest pause of any other.
const LONGEST_RETRY: TimeDelta = TimeDelta::hours(6);

/// What the two halves of a slice came to.
pub(super) struct SliceResult<'a> {
    pub(super) spec: &'a StreamSpec,
    pub(super) planned: &'a PlannedSlice,
    pub(super) fetched: FetchOutcome,
    pub(super) loaded: LoadOutcome,
    /// True where other streams of the source are answered while this one is not.
    pub(super) fails_alone: bool,
}

/// How a slice ended.
#[derive(Debug)]
pub(super) enum Verified {
    /// Everything is there, and this is proved.
    Complete,
    /// It came to its end, but something is missing.
    Incomplete {
        /// In words.
        reason: String,
        /// What mends it.
        remedy: Remedy,
    },
    /// It broke off, through no fault of its own: the process is stopping.
    Stopped,
    /// It broke off.
    Failed(SyncError),
}

impl Verified {
    /// Why it is not complete, in words.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Complete => String::new(),
            Self::Incomplete { reason, .. } => reason.clone(),
            Self::Stopped => SyncError::Stopped.to_string(),
            Self::Failed(error) => error.describe_causes(),
        }
    }
}

/// Judges a slice by what its two halves came to.
pub(super) fn verify_slice(result: &mut SliceResult<'_>) -> Verified {
    // When the loading half breaks off, the fetching half stops for that reason alone.
    if let Some(error) = result.loaded.error.take() {
        return Verified::Failed(error.into());
    }
    match result.fetched.error.take() {
        Some(SyncError::Stopped) => return Verified::Stopped,
        Some(error) => return Verified::Failed(error),
        None => (),
    }
    match std::mem::replace(&mut result.fetched.reading.verdict, Verdict::Complete) {
        Verdict::Failed(error) => return Verified::Failed(error.into()),
        Verdict::Incomplete(shortfall) => return incomplete_for(shortfall.to_string(), remedy_of(shortfall)),
        Verdict::Complete => (),
    }
    // The warehouse may have refused records besides.
    let rejected = u64::try_from(result.loaded.counts.rejected).unwrap_or(0);
    let seen = result.fetched.reading.record_count.max(rejected);
    if has_too_many_rejects(rejected, seen, result.spec.limits.slice.reject_share) {
        let shortfall = Shortfall::Unreadable { rejected, seen };
        return incomplete_for(shortfall.to_string(), remedy_of(shortfall));
    }
    Verified::Complete
}

fn incomplete_for(reason: String, remedy: Remedy) -> Verified {
    Verified::Incomplete { reason, remedy }
}

fn remedy_of(shortfall: Shortfall) -> Remedy {
    match shortfall {
        Shortfall::Unreadable { .. } | Shortfall::Conflict { .. } | Shortfall::Presumed(_) => {
            Remedy::Developer
        }
        _ => Remedy::NextRun,
    }
}

impl<'a> SliceResult<'a> {
    /// How the ends of the slice's lists were known.
    pub(super) fn evidence_lines(&self) -> Vec<EvidenceLine> {
        let lines = self.fetched.reading.evidence.iter().map(|count| EvidenceLine {
            kind: count.evidence.word().to_owned(),
            text: count.evidence.to_string(),
            count: count.list_count,
        });
        lines.collect()
    }

    /// What the ledger has to know of the end.
    pub(super) fn ledger_verdict<'b>(&'b self, verified: &'b Verified, reason: &'b str) -> SliceVerdict<'b>
    where
        'a: 'b,
    {
        match verified {
            Verified::Complete => SliceVerdict::Complete(self.describe_completion()),
            Verified::Incomplete { remedy, .. } => {
                SliceVerdict::Incomplete(self.describe_flaw(reason, *remedy, None))
            }
            Verified::Stopped => {
                let stopped = &SyncError::Stopped;
                SliceVerdict::Incomplete(self.describe_flaw(reason, stopped.remedy(), Some(stopped)))
            }
            Verified::Failed(error) => {
                SliceVerdict::Failed(self.describe_flaw(reason, error.remedy(), Some(error)))
            }
        }
    }

    fn describe_flaw<'b>(&self, reason: &'b str, remedy: Remedy, error: Option<&'b SyncError>) -> Flaw<'b> {
        // A failure of the source is no flaw of the slice: the source itself is left alone for a while, unless it answers others.
        let is_of_source = !self.fails_alone && error.is_some_and(SyncError::is_of_source);
        let longest = match self.planned.rank {
            _ if is_of_source => None,
            Rank::Live => Some(LONGEST_LIVE_RETRY),
            _ => Some(LONGEST_RETRY),
        };
        Flaw {
            reason,
            remedy,
            said: error.and_then(SyncError::said),
            retry: longest.map(|longest| RetryDelay {
                first: FIRST_RETRY,
                longest,
                not_before: None,
            }),
        }
    }

    fn describe_completion(&self) -> Completion<'_> {
        let policy = match &self.spec.mode {
            SyncMode::Lookup(policy) => Some(policy),
            _ => None,
        };
        Completion {
            reach: self.reach_of(),
            settle: self.settle_time(),
            delete_share: self.spec.limits.delete_share,
            absences: self.collect_absences(),
            not_found_times: policy.map_or(1, |policy| policy.times),
            belongings: self.spec.stream.belongings,
            fields: &self.fetched.fields,
            record_count: self.fetched.reading.record_count,
        }
    }

    fn reach_of(&self) -> Reach {
        match &self.planned.extent {
            Extent::Window { .. } => Reach::Window,
            Extent::List => Reach::Start { is_full: true },
            Extent::Recent { .. } => Reach::Start { is_full: false },
            Extent::Unfiltered => Reach::Unfiltered,
            Extent::Ids(_) => Reach::Lookup {
                ids_left: self.planned.ids_left.count,
                oldest_left: self.planned.ids_left.oldest,
            },
        }
    }

    fn settle_time(&self) -> TimeDelta {
        match &self.spec.mode {
            SyncMode::Windowed(policy) | SyncMode::Incremental(policy) => policy.settle,
            SyncMode::Daily(policy) => self.day_rules(policy).settle(),
            _ => TimeDelta::zero(),
        }
    }

    fn day_rules(&self, policy: &DailyPolicy) -> DayRules {
        DayRules {
            reread_days: policy.reread_days,
            period: (policy.period)(&self.planned.partition),
            zone: self.spec.account.time_zone,
        }
    }

    /// The rows that the slice should have met and did not.
    fn collect_absences(&self) -> Vec<Absences<'_>> {
        // A record that could not be read may be any of the rows that seem to be missing.
        if self.loaded.counts.rejected > 0 || !self.fetched.reading.proves_absence {
            return Vec::new();
        }
        self.fetched
            .reading
            .seen
            .iter()
            .map(|seen| self.absence_in(seen))
            .collect()
    }

    fn absence_in<'b>(&'b self, seen: &'b SeenIds) -> Absences<'b> {
        let (times, scope) = match self.spec.mode.absence() {
            Absence::Gone { times, only, .. } => (times, only),
            Absence::ProvesNothing => (1, None),
        };
        let usual = Absences {
            table: seen.table,
            seen: &seen.ids,
            only: scope.map(|scope| self.column_value(scope)).into_iter().collect(),
            times,
            share: self.spec.limits.delete_share,
        };
        match (&self.spec.mode, &self.planned.extent) {
            (SyncMode::Daily(policy), Extent::Window { window, .. }) => {
                let scope = policy.only.map(|scope| self.column_value(scope));
                let day = ColumnValue {
                    column: policy.day_column,
                    value: self.local_day(window.since),
                };
                Absences {
                    only: scope.into_iter().chain([day]).collect(),
                    // The figures of a day are replaced as a whole, so that any number of rows may go; only an empty answer is
                    // suspicious.
                    share: if seen.ids.is_empty() { usual.share } else { 1.0 },
                    ..usual
                }
            }
            _ => usual,
        }
    }

    fn local_day(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.spec.account.time_zone)
            .date_naive()
            .to_string()
    }

    fn column_value(&self, scope: RowScope) -> ColumnValue {
        match scope {
            RowScope::Value { column, value } => ColumnValue {
                column,
                value: value.to_owned(),
            },
            RowScope::Partition { column } => ColumnValue {
                column,
                value: self.planned.partition.clone(),
            },
        }
    }
}
