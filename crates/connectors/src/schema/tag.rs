//! A label for conversations and messages.

use super::entity::entity;

entity! {
    /// A label for conversations and messages.
    Tag in "tags" {
        /// Its text.
        name: String,
        /// True while it may be used.
        is_active: bool,
    }
}
