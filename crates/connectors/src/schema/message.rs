//! A written message of a conversation.

use chrono::{DateTime, Utc};

use super::entity::{Decimal, entity};

entity! {
    /// A written message of a conversation.
    Message in "messages" {
        /// The conversation it belongs to.
        conversation_id: String,
        /// When it was sent.
        sent_at: DateTime<Utc>,
        /// `inbound` or `outbound`.
        direction: String,
        /// The vendor's own word for who wrote it.
        sender: String,
        /// The agent who wrote it.
        agent_id: String,
        /// The customer-side identity that wrote it.
        contact_id: String,
        /// What was written.
        text: String,
        /// The vendor's own word for the kind of message.
        message_type: String,
        /// The network it was sent on.
        platform: String,
        /// Its id on that network.
        platform_id: String,
        /// Link to the message.
        link: String,
        /// The message it answers.
        reply_to_id: String,
        /// How it sounds, in the vendor's measure.
        sentiment: Decimal,
        /// True where only the two sides could read it.
        is_private: bool,
        /// True where it is marked as urgent.
        is_priority: bool,
        /// True where the vendor shows only single messages of the conversation.
        is_sample: bool,
    }
}
