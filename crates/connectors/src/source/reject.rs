//! A record that could not be read.

/// A record that could not be read. It is kept whole, so that nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The record's place on its page, from 0.
    pub position: usize,
    /// What was wrong: names a field, never a value.
    pub reason: String,
    /// The vendor's record.
    pub raw: String,
    /// What of the page request its mapping needs, as JSON.
    pub context: Option<String>,
}
