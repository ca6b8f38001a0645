//! A campaign that calls are made for.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// A campaign that calls are made for.
    Campaign in "campaigns" {
        /// Its name.
        name: String,
        /// True while it runs.
        is_active: bool,
        /// When its last call was made.
        last_call_at: DateTime<Utc>,
    }
}
