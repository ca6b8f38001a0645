//! What can be wrong with an answer, named after what mends it.

use thiserror::Error;

/// What mends an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The same request, soon.
    Again,
    /// The next scheduled run.
    NextRun,
    /// A person who can change settings or the vendor's account.
    Operator,
    /// A change of our code.
    Developer,
}

impl Remedy {
    /// One word for logs and the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Again => "again",
            Self::NextRun => "next run",
            Self::Operator => "operator",
            Self::Developer => "developer",
        }
    }
}

/// Why an answer is not a page. None of them quotes the answer.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The credential is not accepted, or not for this list.
    #[error(
        "The vendor refused the credential (code {code}); check the token, its rights and the allowed addresses"
    )]
    Refused {
        /// The vendor's code.
        code: i64,
    },
    /// The vendor does not accept the request.
    #[error("The vendor did not accept the request (code {code}{})", said.as_ref().map_or_else(String::new, |said| format!(": {said}")))]
    Rejected {
        /// The vendor's code.
        code: i64,
        /// The vendor's own words, where they hold no value of a record.
        said: Option<String>,
    },
    /// What was asked for is not there, and nothing proves that it ought not to be.
    #[error("The vendor says 404 (not found), and not in its own words")]
    NotFound,
    /// The vendor says that it failed.
    #[error("The vendor says that it failed{}", said.as_ref().map_or_else(String::new, |said| format!(": {said}")))]
    Failed {
        /// The vendor's own words, where they hold no value of a record.
        said: Option<String>,
    },
    /// A web page came instead of data.
    #[error("The answer is a web page, not data; check `base_url`, and for a proxy in between")]
    WebPage,
    /// The text ends in the middle.
    #[error("The answer ends in the middle")]
    Truncated,
    /// There is no text at all.
    #[error("The answer is empty, which does not say that there is nothing")]
    Empty,
    /// The answer is JSON, of a shape that nobody described.
    #[error("The answer has an unknown shape (line {line}, column {column}){}", seen.as_ref().map_or_else(String::new, |seen| format!(": it is {seen}")))]
    Shape {
        /// Where it differs.
        line: usize,
        /// Where it differs.
        column: usize,
        /// What it is instead, without any value.
        seen: Option<String>,
    },
    /// More rows came than asked for, or fewer although there are more, so that no answer proves to be whole.
    #[error("The vendor does not keep to the page size that was asked for; set one that it keeps to")]
    PageSize,
    /// A row came that the filter should have kept out, whatever else it lets through.
    #[error("Rows came that the filter should have kept out: the vendor does not heed it")]
    FilterIgnored,
    /// The rows lie outside what was asked for.
    #[error(
        "The rows lie outside what was asked for: it is the answer to another request, or the vendor does not heed the filter; where it stays, check `time_zone`, and for a cache on the way"
    )]
    OtherAnswer,
    /// More rows than the vendor lets anyone reach, in a span that cannot be divided further.
    #[error("{total} rows lie in a span that cannot be divided, and the vendor shows at most {reachable}")]
    Unreachable {
        /// How many there are.
        total: u64,
        /// How many can be reached.
        reachable: u64,
    },
    /// A list that goes on and on.
    #[error("The list did not end within {pages} pages; `limits.max_pages` raises that")]
    TooManyPages {
        /// How many pages were read.
        pages: u64,
    },
    /// A slice of which too much came.
    #[error("More than {bytes} bytes came; `limits.max_bytes` raises that")]
    TooManyBytes {
        /// How many bytes are let through.
        bytes: u64,
    },
    /// The vendor's paging leads in a circle.
    #[error("The vendor gives the same page again and again")]
    PagingLoop,
}

impl ReadError {
    /// What mends it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Truncated | Self::Empty | Self::OtherAnswer => Remedy::Again,
            Self::Failed { .. } | Self::NotFound => Remedy::NextRun,
            Self::Refused { .. }
            | Self::WebPage
            | Self::PageSize
            | Self::FilterIgnored
            | Self::TooManyPages { .. }
            | Self::TooManyBytes { .. } => Remedy::Operator,
            Self::Rejected { .. } | Self::Shape { .. } | Self::Unreachable { .. } | Self::PagingLoop => {
                Remedy::Developer
            }
        }
    }

    /// Keeps the place of a JSON error and drops its text, which may quote the answer.
    pub fn json(error: &serde_json::Error) -> Self {
        if error.is_eof() {
            return Self::Truncated;
        }
        Self::Shape {
            line: error.line(),
            column: error.column(),
            seen: None,
        }
    }

    /// Says what was seen in place of the shape that is known.
    #[must_use]
    pub fn with_sight(self, describe: impl FnOnce() -> String) -> Self {
        match self {
            Self::Shape {
                line,
                column,
                seen: None,
            } => Self::Shape {
                line,
                column,
                seen: Some(describe()),
            },
            error => error,
        }
    }
}

/// Why a record could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MapError {
    /// The record is not an object of the kind that was expected.
    #[error("The record has an unknown form (column {0})")]
    Record(usize),
    /// A field that every row needs is missing or empty.
    #[error("Field `{0}` is missing")]
    Missing(&'static str),
    /// A field holds something that cannot be understood.
    #[error("Field `{0}` has an unknown form")]
    Unknown(&'static str),
}

impl MapError {
    /// Keeps the place of a JSON error and drops its text, which may quote the record.
    pub fn json(error: &serde_json::Error) -> Self {
        Self::Record(error.column())
    }
}
