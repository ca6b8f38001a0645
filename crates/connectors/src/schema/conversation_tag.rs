//! A label on a conversation.

use super::entity::entity;

entity! {
    /// A label on a conversation.
    ConversationTag in "conversation_tags" {
        /// The conversation.
        conversation_id: String,
        /// The label.
        tag_id: String,
        /// The label's text.
        tag_name: String,
    }
}
