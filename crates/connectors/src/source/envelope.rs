//! An answer, opened.

use std::borrow::Cow;

/// What an answer holds, before its records are read one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The records, as received; put together where the vendor scatters what belongs together.
    pub records: Vec<Cow<'a, str>>,
    /// How many rows the vendor says the list has in all.
    pub total: Option<u64>,
    /// True where the vendor's answer means "none" only perhaps.
    pub is_ambiguous_empty: bool,
    /// The vendor's link to the next page.
    pub link: Option<String>,
    /// What an operator should know about the answer.
    pub warning: Option<&'static str>,
}
