//! The vendor's undecided habits, each with a switch; the first value is the likeliest.

/// How lists are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The latest activity first (seen on the list of contacts).
    #[default]
    Activity,
    /// The youngest first.
    Created,
    /// By id.
    Id,
    /// Another one with every request.
    Random,
}

/// How a refusal is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refusal {
    /// With its own HTTP status (documented of the platform).
    #[default]
    Status,
    /// With an OK status (assumed).
    InBody,
}

/// All switches of the simulated account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knobs {
    /// Rows of a page; nobody knows it.
    pub page_size: usize,
    /// Every other page is one row short and not the last.
    pub has_short_pages: bool,
    /// How lists are sorted.
    pub order: Order,
    /// How a refusal is sent.
    pub refusal: Refusal,
    /// The name of the header that carries the bot token.
    pub token_header: &'static str,
    /// Some rows lack members, hold empty ones, or unknown words.
    pub has_odd_rows: bool,
    /// Numbers of chats whose row has an unreadable `createdAt`.
    pub broken_rows: Vec<u32>,
    /// Every page is the first one.
    pub is_stuck: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            page_size: 20,
            has_short_pages: false,
            order: Order::default(),
            refusal: Refusal::default(),
            token_header: "x-bot-token",
            has_odd_rows: true,
            broken_rows: Vec::new(),
            is_stuck: false,
        }
    }
}
