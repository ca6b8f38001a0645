//! A group of contacts.

use super::entity::entity;

entity! {
    /// A group of contacts.
    Segment in "segments" {
        /// Its name.
        name: String,
        /// The account it belongs to.
        account_id: String,
    }
}
