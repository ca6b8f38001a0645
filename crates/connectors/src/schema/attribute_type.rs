//! A kind of property that customers may have.

use super::entity::entity;

entity! {
    /// A kind of property that customers may have.
    AttributeType in "attribute_types" {
        /// Its name.
        name: String,
        /// How its values look.
        format: String,
        /// True while it may be used.
        is_active: bool,
    }
}
