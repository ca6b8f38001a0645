//! A property that an agent noted of a customer.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// A property that an agent noted of a customer.
    ContactAttribute in "contact_attributes" {
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
        /// The property.
        attribute_id: String,
        /// What kind of property it is.
        attribute_type_id: String,
        /// The value.
        value: String,
    }
}
