//! A channel of a conversation.

use super::entity::entity;

entity! {
    /// A channel of a conversation.
    ConversationChannel in "conversation_channels" {
        /// The conversation.
        conversation_id: String,
        /// The channel.
        channel_id: String,
    }
}
