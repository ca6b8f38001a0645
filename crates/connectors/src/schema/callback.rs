//! A call that was promised for a later time.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// A call that was promised for a later time.
    Callback in "callbacks" {
        /// When it was agreed on.
        created_at: DateTime<Utc>,
        /// When it last changed.
        updated_at: DateTime<Utc>,
        /// When the call is due.
        due_at: DateTime<Utc>,
        /// What became of it, in lower case without `_`.
        stage: String,
        /// The lead to be called.
        lead_id: String,
        /// The list that the lead is on.
        list_id: String,
        /// The campaign.
        campaign_id: String,
        /// The campaign's name.
        campaign_name: String,
        /// The agent who promised it.
        agent_id: String,
        /// The agent's name.
        agent_name: String,
        /// Who shall make the call.
        recipient: String,
        /// Code of the outcome that led to it.
        disposition_code: String,
        /// The number to call, as the vendor writes it.
        phone_number: String,
        /// The number to call in E.164.
        phone_e164: String,
        /// The agent's comment.
        comment: String,
    }
}
