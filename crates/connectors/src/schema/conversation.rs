//! A written conversation with one customer: a social-media thread or a chat.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// A written conversation with one customer: a social-media thread or a chat.
    Conversation in "conversations" {
        /// When it began.
        started_at: DateTime<Utc>,
        /// When anybody last wrote or was seen.
        last_activity_at: DateTime<Utc>,
        /// When the vendor last touched its record.
        updated_at: DateTime<Utc>,
        /// The time by which the vendor sorts it.
        sorted_at: DateTime<Utc>,
        /// The listing that it is in.
        kind: String,
        /// State in the vendor's own word.
        status: String,
        /// True once the vendor shows it as done.
        is_closed: bool,
        /// True where it is marked as urgent.
        is_priority: bool,
        /// True where it has private messages.
        contains_private: bool,
        /// The customer.
        contact_id: String,
        /// The browser session of the customer.
        visitor_id: String,
        /// The lead that the chat became.
        lead_id: String,
        /// The agent it is assigned to.
        agent_id: String,
        /// The channel it came in by.
        channel_id: String,
        /// How often the customer visited.
        visit_count: i64,
        /// When the customer first got an answer: the first message to them that is not older than their own first.
        first_response_at: DateTime<Utc>,
        /// How long after the customer's first message that was.
        first_response_seconds: i64,
        /// How many messages it has.
        message_count: i64,
        /// When it was settled at the earliest: the last message of one that is done. Vendors do not say when it was closed.
        resolved_at: DateTime<Utc>,
        /// The vendor's own handling times, as JSON.
        handling_times: String,
    }
}
