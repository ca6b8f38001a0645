//! A telephone call: one dial or one answered ring, as the vendor counts them.

use chrono::{DateTime, NaiveDate, Utc};

use super::entity::{Decimal, entity};

entity! {
    /// A telephone call: one dial or one answered ring, as the vendor counts them.
    Call in "calls" {
        /// When the call started.
        started_at: DateTime<Utc>,
        /// The local day of the account on which it started.
        local_day: NaiveDate,
        /// When it ended; an estimate where the vendor gives only a length.
        ended_at: DateTime<Utc>,
        /// How long it lasted; NULL while it is live.
        duration_seconds: i64,
        /// `inbound`, `outbound` or `transfer`.
        direction: String,
        /// The vendor's own word for the kind of call.
        call_type: String,
        /// True once the vendor shows the call as over.
        is_final: bool,
        /// The agent who took the call.
        agent_id: String,
        /// The agent's name as the call carries it.
        agent_name: String,
        /// The lead that was called.
        lead_id: String,
        /// The list that the lead was on.
        list_id: String,
        /// The campaign of the call.
        campaign_id: String,
        /// The campaign's name as the call carries it.
        campaign_name: String,
        /// The part of the campaign.
        subcampaign_name: String,
        /// The department that the call belongs to.
        department: String,
        /// The queue.
        queue_id: String,
        /// The queue's name.
        queue_name: String,
        /// How long the caller waited in the queue.
        queue_seconds: Decimal,
        /// Place in the queue.
        queue_position: i64,
        /// The calling number as the vendor writes it.
        from_number: String,
        /// The calling number in E.164.
        from_e164: String,
        /// The called number as the vendor writes it.
        to_number: String,
        /// The called number in E.164.
        to_e164: String,
        /// The customer's first name.
        first_name: String,
        /// The customer's last name.
        last_name: String,
        /// Code of the outcome.
        disposition_code: String,
        /// Label of the outcome.
        disposition_name: String,
        /// Who or what ended the call.
        end_reason: String,
        /// The agent's comment.
        comment: String,
        /// What the call was about, as the vendor's machine puts it.
        summary: String,
        /// The language that was spoken.
        language: String,
        /// True where it was passed on to somebody who decides.
        is_escalated: bool,
        /// Which attempt on this lead it was.
        attempt_number: i64,
        /// The agent who transferred the call.
        transferred_from_agent_id: String,
        /// The telephone session; legs of one conversation may share it.
        session_id: String,
        /// The telephone system that the call came from.
        origin_system: String,
        /// The id of the call in that system.
        origin_call_id: String,
    }
}
