//! What can be wrong with an answer, named after what mends it.

use thiserror::Error;

/// What mends an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The same question, soon.
    Again,
    /// The next scheduled run.
    NextTick,
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
            Self::NextTick => "next run",
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
    /// The vendor does not accept the question.
    #[error("The vendor did not accept the question (code {code})")]
    Question {
        /// The vendor's code.
        code: i64,
    },
    /// The vendor says that it failed, and not why.
    #[error("The vendor says that it failed, and not why")]
    Failed,
    /// A web page came instead of data.
    #[error("The answer is a web page, not data; check `base_url`, and for a proxy in between")]
    WebPage,
    /// The text ends in the middle.
    #[error("The answer ends in the middle")]
    Cut,
    /// The answer is JSON, of a shape that nobody described.
    #[error("The answer has an unknown shape (line {line}, column {column})")]
    Shape {
        /// Where it differs.
        line: usize,
        /// Where it differs.
        column: usize,
    },
    /// More rows came than asked for, or fewer although there are more, so that no answer proves to be whole.
    #[error("The vendor does not keep to the page size that was asked for; set one that it keeps to")]
    PageSize,
    /// The rows lie far outside the span of time that was asked for.
    #[error("Most rows lie far outside the time that was asked for: the vendor does not heed the filter")]
    Astray,
    /// More rows than the vendor lets anyone reach, in a span that cannot be divided further.
    #[error("{total} rows lie in a span that cannot be divided, and the vendor shows at most {reachable}")]
    Unreachable {
        /// How many there are.
        total: u64,
        /// How many can be reached.
        reachable: u64,
    },
    /// A list without a total that goes on and on.
    #[error("The list did not end within {pages} pages")]
    Endless {
        /// How many pages were read.
        pages: u32,
    },
}

impl ReadError {
    /// What mends it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Cut => Remedy::Again,
            Self::Failed => Remedy::NextTick,
            Self::Refused { .. } | Self::WebPage | Self::PageSize | Self::Astray => Remedy::Operator,
            Self::Question { .. } | Self::Shape { .. } | Self::Unreachable { .. } | Self::Endless { .. } => {
                Remedy::Developer
            }
        }
    }

    /// Keeps the place of a JSON error and drops its text, which may quote the answer.
    pub fn json(error: &serde_json::Error) -> Self {
        if error.is_eof() {
            return Self::Cut;
        }
        Self::Shape {
            line: error.line(),
            column: error.column(),
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
