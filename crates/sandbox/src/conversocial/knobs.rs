//! The vendor's undecided habits, each with a switch; the default is the likeliest.

/// Which header tells how long a refused client should wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RateHeader {
    /// None (nothing is documented).
    #[default]
    None,
    /// `Retry-After`.
    RetryAfter,
    /// `X-RateLimit-Reset`, in seconds (seen for version 3.0).
    Reset,
}

/// All switches of the simulated account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Knobs {
    /// How many requests a token may send in 60 seconds; the vendor allows 30, and none is counted here without a number.
    pub requests_per_minute: Option<usize>,
    /// The minute is the calendar's, and does not slide.
    pub is_calendar_minute: bool,
    /// Which header tells how long to wait.
    pub rate_header: RateHeader,
    /// A list of conversations without status and priority is empty instead of an error.
    pub bare_list_is_empty: bool,
    /// A filter that nobody knows is an error instead of being passed over.
    pub refuses_unknown_filters: bool,
    /// Conversations do not show `oldest_sort_date`.
    pub omits_sort_date: bool,
    /// Links to the next page lead to another host.
    pub has_foreign_links: bool,
    /// Links to the next page lead to the page itself.
    pub has_circular_links: bool,
    /// Each list of conversations begins with an empty page.
    pub begins_with_empty_page: bool,
    /// Links of the profiles have a blank in the middle.
    pub has_blank_links: bool,
    /// Events come as a real list and not as JSON in a text.
    pub has_plain_documents: bool,
    /// Resources such as `tags` that are refused with an OK status.
    pub unpermitted: Vec<String>,
    /// Resources such as `tags` that are refused with status 403.
    pub forbidden: Vec<String>,
    /// Ids of conversations whose status is of an unknown form.
    pub broken: Vec<String>,
    /// New reports fail instead of becoming ready.
    pub reports_fail: bool,
}
