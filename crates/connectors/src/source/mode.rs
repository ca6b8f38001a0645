//! How a stream moves: the sync modes and their measures.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::schema::Table;

use super::Window;
use super::account::instant;

/// The way in which a stream's rows are found again and again.
#[derive(Debug, Clone, Copy)]
pub enum SyncMode {
    /// Closed half-open windows over the gaps of the coverage, then the re-reads.
    Windowed(WindowPolicy),
    /// The same over a time that moves when a row changes, so that rows leave a window while it is read; a later window
    /// brings them.
    Incremental(WindowPolicy),
    /// One local calendar day for each slice, the last days again on each run.
    Daily(DailyPolicy),
    /// A list without a filter that shows the rows with the latest activity first.
    NewestFirst(FeedPolicy),
    /// Every row on each run.
    FullRefresh(Absence),
    /// Rows that exist by id only; the ids come from what the warehouse holds.
    Lookup(LookupPolicy),
}

/// The measures of a stream that is read by windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowPolicy {
    /// The longest window of one slice.
    pub max_span: TimeDelta,
    /// How far each run steps back behind what is covered.
    pub lookback: TimeDelta,
    /// How young a moment is too young to be read.
    pub delay: TimeDelta,
    /// How old a range must be when it is read for the reading to count as settled.
    pub settle: TimeDelta,
    /// What is read again, and how often, for vendors that do not say what changed; the shortest span first.
    pub rereads: &'static [Reread],
    /// Where history begins.
    pub history: History,
    /// True where the newest slice is asked for without an upper bound: rows dated in the future land too, and cover nothing.
    pub open_end: bool,
    /// How often the list is read without its time filter as well, for rows without that time. It covers nothing.
    pub unfiltered_every: Option<TimeDelta>,
    /// What a complete slice without the time filter proves to be gone.
    pub absence: Absence,
}

impl WindowPolicy {
    /// Hourly windows without any extras, to be changed field by field.
    pub const PLAIN: Self = Self {
        max_span: TimeDelta::hours(1),
        lookback: TimeDelta::zero(),
        delay: TimeDelta::zero(),
        settle: TimeDelta::zero(),
        rereads: &[],
        history: History::FromSettings,
        open_end: false,
        unfiltered_every: None,
        absence: Absence::ProvesNothing,
    };
}

/// A range that is read again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reread {
    /// How far back it reaches.
    pub span: TimeDelta,
    /// How long after one round the next begins.
    pub every: TimeDelta,
}

/// Where the history of a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// At the setting `since`: events that have happened and are over.
    FromSettings,
    /// Before everything: things that exist now, however long ago they changed last.
    Everything,
}

impl History {
    /// Before every account of any vendor.
    pub const BEGINNING: DateTime<Utc> =
        DateTime::from_timestamp(1_104_537_600, 0).expect("2005-01-01 exists");
}

/// The measures of a stream of figures by local day of the account.
#[derive(Debug, Clone, Copy)]
pub struct DailyPolicy {
    /// How many days, the present one included, each run reads again.
    pub reread_days: u32,
    /// The column of the first table that holds the day: rows of a day that its complete slice did not meet are gone.
    pub day_column: &'static str,
    /// Only those of them whose column has the value, where other streams or partitions have the same day.
    pub only: Option<RowScope>,
    /// How long a slice is.
    pub period: fn(partition: &str) -> Period,
}

/// How many local days one slice of figures is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// One day.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// Three calendar months.
    Quarter,
}

impl Period {
    /// The first day of the period of a day.
    pub fn first_day(self, day: NaiveDate) -> NaiveDate {
        use chrono::Datelike as _;
        let first_of = |month| NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
        match self {
            Self::Day => day,
            Self::Week => day - Days::new(day.weekday().num_days_from_monday().into()),
            Self::Month => first_of(day.month()),
            Self::Quarter => first_of((day.month() - 1) / 3 * 3 + 1),
        }
    }

    /// The first day of the period after that of a day.
    pub fn next_first_day(self, day: NaiveDate) -> NaiveDate {
        // No period is longer than 92 days, and none shorter than this step's rest.
        let step = match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
            Self::Quarter => 92,
        };
        self.first_day(self.first_day(day) + Days::new(step))
    }
}

/// A span of local days from midnight to midnight.
pub fn window_of_days(first: NaiveDate, end: NaiveDate, zone: Tz) -> Option<Window> {
    let midnight = |day: NaiveDate| instant(day.and_time(NaiveTime::MIN), zone);
    Window::new(midnight(first)?, midnight(end)?)
}

/// The measures of a list that is read from its newest activity on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedPolicy {
    /// How far behind the start of the slice before a quick slice goes.
    pub lookback: TimeDelta,
    /// How long after one slice to the end of the list the next is due; the slices between are quick.
    pub full_every: TimeDelta,
    /// What a slice to the end of the list proves to be gone.
    pub absence: Absence,
}

/// Which rows are gone when a complete slice of the whole list did not meet them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// None: the list does not hold everything.
    ProvesNothing,
    /// Those of these tables.
    Gone {
        /// The tables.
        tables: &'static [&'static Table],
        /// After how many complete slices in a row.
        times: u32,
        /// Only rows whose column has the value, where other streams or partitions fill the tables too.
        only: Option<RowScope>,
    },
}

/// A part of a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowScope {
    /// Rows whose column has this value.
    Value {
        /// The column.
        column: &'static str,
        /// The value, as text.
        value: &'static str,
    },
    /// Rows whose column names the partition.
    Partition {
        /// The column.
        column: &'static str,
    },
}

/// Where the ids of a stream come from that can only be asked for by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookupPolicy {
    /// Columns of other tables that name the ids, with a filter where not every row counts.
    pub references: &'static [Reference],
    /// How long after it was looked up an id is looked up again.
    pub renew_after: TimeDelta,
    /// How many ids one run looks up at most.
    pub budget: u32,
    /// How many times in a row an id must not be found before its row is believed to be gone.
    pub times: u32,
}

/// A column that names ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The table.
    pub table: &'static Table,
    /// The column, or `id`.
    pub column: &'static str,
    /// The column that tells which rows are the newest; their ids come first.
    pub newest_by: &'static str,
    /// Only rows for which this column is not true.
    pub unless: Option<&'static str>,
}

impl SyncMode {
    /// The measures of its windows, where it has any.
    pub fn window_policy(&self) -> Option<&WindowPolicy> {
        match self {
            Self::Windowed(policy) | Self::Incremental(policy) => Some(policy),
            _ => None,
        }
    }

    /// Its windows' measures, to be changed.
    pub fn window_policy_mut(&mut self) -> Option<&mut WindowPolicy> {
        match self {
            Self::Windowed(policy) | Self::Incremental(policy) => Some(policy),
            _ => None,
        }
    }

    /// What a complete slice of the whole list proves to be gone.
    pub fn absence(&self) -> Absence {
        match self {
            Self::FullRefresh(absence)
            | Self::NewestFirst(FeedPolicy { absence, .. })
            | Self::Windowed(WindowPolicy { absence, .. })
            | Self::Incremental(WindowPolicy { absence, .. }) => *absence,
            _ => Absence::ProvesNothing,
        }
    }

    /// The word for it in the ledger and in `status`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Windowed(_) => "windowed",
            Self::Incremental(_) => "incremental",
            Self::Daily(_) => "daily",
            Self::NewestFirst(_) => "newest first",
            Self::FullRefresh(_) => "full refresh",
            Self::Lookup(_) => "lookup",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_and_end_where_the_calendar_says() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (period, of, first, next) in [
            (Period::Day, "2026-11-27", "2026-11-27", "2026-11-28"),
            (Period::Week, "2026-11-27", "2026-11-23", "2026-11-30"),
            (Period::Week, "2026-11-23", "2026-11-23", "2026-11-30"),
            (Period::Month, "2026-02-28", "2026-02-01", "2026-03-01"),
            (Period::Month, "2026-12-31", "2026-12-01", "2027-01-01"),
            (Period::Quarter, "2026-11-27", "2026-10-01", "2027-01-01"),
            (Period::Quarter, "2026-02-01", "2026-01-01", "2026-04-01"),
            (Period::Quarter, "2026-07-15", "2026-07-01", "2026-10-01"),
        ] {
            assert_eq!(period.first_day(day(of)), day(first), "{period:?} {of}");
            assert_eq!(period.next_first_day(day(of)), day(next), "{period:?} {of}");
        }
    }
}
