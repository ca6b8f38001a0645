//! How a stream moves through time.

use chrono::TimeDelta;

/// The way in which a stream's rows are found again and again.
#[derive(Debug, Clone, PartialEq)]
pub enum Cursor {
    /// Closed half-open windows over the gaps of the coverage, then the trailing re-reads.
    Window(Windowing),
    /// Every row on each run; rows missing from a complete walk are gone.
    Whole,
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
