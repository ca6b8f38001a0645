//! An account at the vendor.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// An account at the vendor.
    Account in "accounts" {
        /// Its name.
        name: String,
        /// What it is for.
        description: String,
        /// The plan that was bought.
        plan: String,
        /// When it was made.
        created_at: DateTime<Utc>,
    }
}
