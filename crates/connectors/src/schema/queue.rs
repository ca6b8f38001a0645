//! A line in which callers wait for an agent.

use super::entity::entity;

entity! {
    /// A line in which callers wait for an agent. No list tells of queues; calls name them.
    Queue in "queues" {
        /// Its name.
        name: String,
    }
}
