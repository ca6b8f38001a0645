//! What an agent did on one local day.

use chrono::NaiveDate;

use super::entity::entity;

entity! {
    /// What an agent did on one local day.
    AgentPerformance in "agent_performance" {
        /// The agent.
        agent_id: String,
        /// The agent's name.
        agent_name: String,
        /// The local day of the account.
        day: NaiveDate,
        /// What the figures are of: `account`, or the campaign that they are limited to.
        scope: String,
        /// The campaign that the figures are limited to; NULL for those of the whole account.
        campaign_id: String,
        /// How many calls.
        call_count: i64,
        /// How many a person answered.
        human_answered_count: i64,
        /// How many a machine answered.
        machine_count: i64,
        /// How many a machine did not answer.
        other_count: i64,
        /// Time spent talking.
        talk_seconds: i64,
        /// Time spent waiting.
        wait_seconds: i64,
        /// Time spent in pauses.
        pause_seconds: i64,
        /// Time spent on work after calls.
        wrap_seconds: i64,
        /// Time signed in.
        total_seconds: i64,
    }
}
