//! A change of what an agent is doing.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// A change of what an agent is doing.
    AgentEvent in "agent_events" {
        /// The agent.
        agent_id: String,
        /// The agent's name.
        agent_name: String,
        /// When it began.
        started_at: DateTime<Utc>,
        /// Start plus duration.
        ended_at: DateTime<Utc>,
        /// How long it lasted.
        duration_seconds: i64,
        /// The state, in the vendor's word.
        state: String,
        /// Code of why the agent is not available.
        availability_code: String,
        /// Label of why the agent is not available.
        availability_name: String,
        /// The campaign.
        campaign_id: String,
        /// The campaign's name.
        campaign_name: String,
    }
}
