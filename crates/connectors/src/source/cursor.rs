//! How a stream moves through time.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::schema::Table;

use super::account::instant;
use super::{Account, Request, Window};

/// The way in which a stream's rows are found again and again.
#[derive(Debug, Clone)]
pub enum Cursor {
    /// Closed half-open windows over the gaps of the coverage, then the trailing re-reads.
    Window(Windowing),
    /// The same over a time that moves when a row changes, so that rows leave a window while it is read; the next window
    /// brings them. The list must be read by the last time seen and not by offset.
    KeySet(Windowing),
    /// One local calendar day of the account for each walk, the last days again on each run.
    Days(Daily),
    /// A list without a filter that shows the rows with the latest activity first.
    Activity(Feed),
    /// Every row on each run.
    Whole(Absence),
    /// Rows that exist by id only; the ids come from what the warehouse holds.
    Keys(Keys),
}

/// The measures of a stream that is read by windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Windowing {
    /// The longest window of one walk.
    pub widest: TimeDelta,
    /// How far each run steps back behind what is covered.
    pub overlap: TimeDelta,
    /// How young a moment is too young to be read.
    pub delay: TimeDelta,
    /// How old a range must be when it is read for the reading to count as settled.
    pub settle: TimeDelta,
    /// How far beyond the present the windows reach, for times that lie in the future.
    pub ahead: TimeDelta,
    /// What is read again, and how often, for vendors that do not say what changed.
    pub trailing: Vec<Trailing>,
}

/// A trailing re-read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailing {
    /// How far back it reaches.
    pub span: TimeDelta,
    /// How long after one round the next begins.
    pub every: TimeDelta,
}

/// The measures of a stream of figures by local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daily {
    /// How many days, the present one included, each run reads again.
    pub again: u32,
    /// The column of the first table that holds the day: rows of a day that its complete walk did not meet are gone.
    pub column: &'static str,
    /// The zone of the days.
    pub zone: Tz,
}

impl Daily {
    /// The local day of an instant.
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// A local day from midnight to midnight.
    pub fn window(&self, day: NaiveDate) -> Option<Window> {
        let midnight = |day: NaiveDate| instant(day.and_time(NaiveTime::MIN), self.zone);
        Window::new(midnight(day)?, midnight(day.checked_add_days(Days::new(1))?)?)
    }
}

/// The measures of a list that is read from its newest activity on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feed {
    /// How far behind the start of the walk before a quick walk goes.
    pub margin: TimeDelta,
    /// How long after one walk to the end of the list the next is due; the walks between are quick.
    pub full_every: TimeDelta,
    /// What a walk to the end of the list proves to be gone.
    pub absence: Absence,
}

/// Which rows are gone when a complete walk of the whole list did not meet them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// None: the list does not hold everything.
    ProvesNothing,
    /// Those of these tables.
    Gone {
        /// The tables.
        tables: &'static [&'static Table],
        /// After how many complete walks in a row.
        walks: u32,
        /// Only rows whose column has this value, where other streams fill the tables too.
        only: Option<(&'static str, &'static str)>,
    },
}

/// Where the ids of a stream come from that can only be asked for by id.
#[derive(Debug, Clone, Copy)]
pub struct Keys {
    /// Columns of other tables that name the ids, with a filter where not every row counts.
    pub references: &'static [Reference],
    /// How long after it was looked up an id is looked up again.
    pub renew_after: TimeDelta,
    /// How many ids one run looks up at most.
    pub budget: u32,
    /// The question about one id.
    pub question: fn(&str, &Account) -> Request,
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

impl Cursor {
    /// The measures of its windows, where it has any.
    pub fn windowing(&self) -> Option<&Windowing> {
        match self {
            Self::Window(windowing) | Self::KeySet(windowing) => Some(windowing),
            _ => None,
        }
    }

    /// Its windows' measures, to be changed.
    pub fn windowing_mut(&mut self) -> Option<&mut Windowing> {
        match self {
            Self::Window(windowing) | Self::KeySet(windowing) => Some(windowing),
            _ => None,
        }
    }

    /// What a complete walk of the whole list proves to be gone.
    pub fn absence(&self) -> Absence {
        match self {
            Self::Whole(absence) | Self::Activity(Feed { absence, .. }) => *absence,
            _ => Absence::ProvesNothing,
        }
    }
}
