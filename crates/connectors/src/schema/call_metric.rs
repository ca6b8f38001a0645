//! A measure of one call.

use super::entity::{Decimal, entity};

entity! {
    /// A measure of one call.
    CallMetric in "call_metrics" {
        /// The call.
        call_id: String,
        /// The measure's name.
        metric: String,
        /// The value.
        value: Decimal,
    }
}
