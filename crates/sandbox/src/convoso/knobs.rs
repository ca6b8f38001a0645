//! The vendor's undecided habits, each with a switch; the first value is the likeliest.

use serde_json::{Value, json};

/// How a bad token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenRefusal {
    /// HTTP 200 with code 5001 in the body (seen in client programs).
    #[default]
    Body5001,
    /// HTTP 401 (documented).
    Status401,
    /// HTTP 403 (documented).
    Status403,
}

/// What happens to a `limit` beyond the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OverLimit {
    /// The greatest is taken instead (assumed).
    #[default]
    Clamp,
    /// Code 7230 (seen on another endpoint).
    Refuse,
}

/// Whether `order` is obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// `ASC` and `DESC` both work (documented).
    #[default]
    Honoured,
    /// Always newest first (assumed of old versions).
    Ignored,
}

/// The order of calls of the same second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// Another one with every request (assumed: nothing is promised).
    #[default]
    Random,
    /// By id.
    Stable,
}

/// The answer to a search that finds no user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyUsers {
    /// `results` is `[]` although it is an object otherwise (assumed).
    #[default]
    EmptyArray,
    /// Code 6005 (documented as "missing users").
    Code6005,
}

/// The answer to a search that finds no lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyLeads {
    /// An empty list (assumed).
    #[default]
    EmptyArray,
    /// Code 6000 (documented as "missing lists").
    Code6000,
}

/// The answer to a search that finds no callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyCallbacks {
    /// An empty list (assumed).
    #[default]
    EmptyArray,
    /// Code 6000 (documented as "missing callbacks").
    Code6000,
}

/// The answer where no agent did anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyAgents {
    /// Code 6031 (documented as "missing agents").
    #[default]
    Code6031,
    /// `data` is `[]` although it is an object otherwise (assumed).
    EmptyArray,
}

/// All switches of the simulated account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Knobs {
    /// How a bad token is refused.
    pub token_refusal: TokenRefusal,
    /// Totals come as JSON numbers instead of texts.
    pub counts_as_numbers: bool,
    /// What happens to a `limit` beyond the greatest.
    pub over_limit: OverLimit,
    /// Whether `order` is obeyed.
    pub order: Order,
    /// The order of calls of the same second.
    pub ties: Ties,
    /// The answer to a search that finds no user.
    pub empty_users: EmptyUsers,
    /// The answer to a search that finds no lead.
    pub empty_leads: EmptyLeads,
    /// The answer to a search that finds no callback.
    pub empty_callbacks: EmptyCallbacks,
    /// The answer where no agent did anything.
    pub empty_agents: EmptyAgents,
    /// The ids of leads come as JSON numbers.
    pub lead_ids_as_numbers: bool,
    /// leads/search answers with the rows alone, as an array.
    pub leads_as_array: bool,
    /// lists/search refuses a question without a status.
    pub strict_lists: bool,
    /// Paths such as `log/retrieve` that the token may not use: code 403 in the body.
    pub unticked: Vec<String>,
    /// A share of the call rows deviates: unknown fields, nulls, numbers for texts, missing fields.
    pub dirty_rows: bool,
    /// Ids of calls whose row has an unreadable `call_date`.
    pub broken_rows: Vec<String>,
}

impl Knobs {
    /// A count that is a text in the documented samples, and a number in what some clients saw.
    pub(super) fn count(&self, count: usize) -> Value {
        if self.counts_as_numbers {
            json!(count)
        } else {
            json!(count.to_string())
        }
    }

    /// A count that is a number in the documented samples, and a text elsewhere.
    pub(super) fn number(&self, count: usize) -> Value {
        if self.counts_as_numbers {
            json!(count.to_string())
        } else {
            json!(count)
        }
    }
}
