//! That a contact belongs to a group.

use super::entity::entity;

entity! {
    /// That a contact belongs to a group.
    ContactSegment in "contact_segments" {
        /// The contact.
        contact_id: String,
        /// The group.
        segment_id: String,
    }
}
