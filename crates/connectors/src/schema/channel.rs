//! A way by which customers write: a page, an account of a network, a bot.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// A way by which customers write: a page, an account of a network, a bot.
    Channel in "channels" {
        /// Its name.
        name: String,
        /// The network.
        platform: String,
        /// The account it belongs to.
        account_id: String,
        /// True while it is read.
        is_active: bool,
        /// Link to it.
        link: String,
        /// How many follow it.
        follower_count: i64,
        /// When it was connected.
        created_at: DateTime<Utc>,
    }
}
