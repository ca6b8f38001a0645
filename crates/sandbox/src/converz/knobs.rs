//! The vendor's undecided habits, each with a switch; the first value is the likeliest.

/// The order of rows, which nobody promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By id (assumed).
    #[default]
    ById,
    /// Another one with every request (assumed).
    Shuffled,
}

/// How a missing value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nulls {
    /// As `null`.
    #[default]
    Present,
    /// Not at all (documented as possible).
    Missing,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// An array of rows (documented).
    #[default]
    Rows,
    /// A list of values for each column (documented for writing).
    Columns,
    /// One object around the array (assumed).
    Wrapped,
}

/// How times are written in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Times {
    /// With seconds (assumed).
    #[default]
    Seconds,
    /// Like those of filters (assumed).
    Minutes,
    /// With a `T` and an offset (assumed).
    Offset,
}

/// How `after` and `before` are compared with the start of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ends {
    /// With its minute, so that the last minute belongs to the span (assumed).
    #[default]
    Minutes,
    /// With its second, so that nothing but the first second of the last minute does (assumed).
    Seconds,
}

/// All switches of the simulated tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Knobs {
    /// The order of rows.
    pub order: Order,
    /// How a missing value is written.
    pub nulls: Nulls,
    /// How rows are written.
    pub form: Form,
    /// How times are written.
    pub times: Times,
    /// How the bounds of a span are compared.
    pub ends: Ends,
    /// Flags are `true` and `false` instead of `1` and `0`.
    pub booleans: bool,
    /// `call_id` is a text.
    pub ids_as_text: bool,
    /// A size beyond a million is taken as a million instead of being refused.
    pub clamps: bool,
    /// `page=0` means the first page instead of being refused.
    pub page_zero: bool,
    /// So many rows are the most that come, without a word.
    pub cap: Option<usize>,
    /// Parameters that are not heeded.
    pub ignored: Vec<String>,
    /// Filters take repeated parameters only; a list with commas matches nothing.
    pub repeated_only: bool,
    /// Parameters that nobody knows are refused instead of being passed over.
    pub is_strict: bool,
    /// Measures that nobody knows are passed over instead of being refused.
    pub forgives_metrics: bool,
    /// Minutes after its start until a call has a summary.
    pub summary_minutes: i64,
    /// A part of the calls changes its campaign ten days after.
    pub late_campaigns: bool,
    /// Columns that somebody has emptied by accident.
    pub nulled: Vec<String>,
    /// A column that has come into being.
    pub new_column: Option<String>,
    /// Calls whose start is unreadable.
    pub broken: Vec<u64>,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            order: Order::default(),
            nulls: Nulls::default(),
            form: Form::default(),
            times: Times::default(),
            ends: Ends::default(),
            booleans: false,
            ids_as_text: false,
            clamps: false,
            page_zero: false,
            cap: None,
            ignored: Vec::new(),
            repeated_only: false,
            is_strict: false,
            forgives_metrics: false,
            summary_minutes: 30,
            late_campaigns: true,
            nulled: Vec::new(),
            new_column: None,
            broken: Vec::new(),
        }
    }
}
