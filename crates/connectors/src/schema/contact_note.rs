//! A note that an agent wrote about a customer, or changed.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// A note that an agent wrote about a customer, or changed.
    ContactNote in "contact_notes" {
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
        /// The note.
        note_id: String,
        /// What was written.
        text: String,
    }
}
