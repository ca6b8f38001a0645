//! An outcome that a call may have.

use super::entity::entity;

entity! {
    /// An outcome that a call may have.
    Disposition in "dispositions" {
        /// Its label.
        name: String,
        /// True where no further call follows.
        is_final: bool,
        /// True where somebody answered.
        is_reached: bool,
        /// True where it is what was hoped for.
        is_success: bool,
        /// True where the number must not be called again.
        is_do_not_call: bool,
        /// True where a later call was agreed on.
        is_callback: bool,
        /// True where the right person was spoken with.
        is_contact: bool,
        /// True where a machine answered.
        is_voicemail: bool,
        /// True where the account made it.
        is_custom: bool,
    }
}
