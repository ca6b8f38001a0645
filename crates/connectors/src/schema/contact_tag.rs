//! A label that an agent gave a customer, or took away.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// A label that an agent gave a customer, or took away.
    ContactTag in "contact_tags" {
        /// The customer's first identity.
        contact_id: String,
        /// The person behind several identities.
        person_id: String,
        /// What was done.
        action: String,
        /// When it was done.
        happened_at: DateTime<Utc>,
        /// Who did it.
        agent_id: String,
        /// The label.
        tag_id: String,
        /// The label's text.
        name: String,
    }
}
