//! The vendor's undecided habits, each with a switch; the first value is the likeliest.

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

/// All switches of the simulated account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// Paths such as `log/retrieve` that the token may not use: code 403 in the body.
    pub unticked: Vec<String>,
    /// A share of the call rows deviates: unknown fields, nulls, numbers for texts, missing fields.
    pub dirty_rows: bool,
    /// Ids of calls whose row has an unreadable `call_date`.
    pub broken_rows: Vec<String>,
}
