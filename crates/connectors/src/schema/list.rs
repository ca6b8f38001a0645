//! A list of leads.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// A list of leads.
    List in "lists" {
        /// Its name.
        name: String,
        /// The campaign that uses it.
        campaign_id: String,
        /// True while it is used.
        is_active: bool,
        /// When a lead of it was last called.
        last_called_at: DateTime<Utc>,
    }
}
