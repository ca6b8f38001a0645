//! A person, or a system user, who handles calls and conversations.

use chrono::{DateTime, Utc};

use super::entity::{Decimal, entity};

entity! {
    /// A person, or a system user, who handles calls and conversations.
    Agent in "agents" {
        /// Full name.
        name: String,
        /// First name.
        first_name: String,
        /// Last name.
        last_name: String,
        /// E-mail address, in lower case.
        email: String,
        /// True while the account may be used.
        is_active: bool,
        /// True for the vendor's own non-human users.
        is_system: bool,
        /// True for users on the vendor's list of users; NULL for those that only calls name.
        is_listed: bool,
        /// True for agents that others may ask for help.
        is_expert: bool,
        /// The vendor's level of rights.
        level: i64,
        /// The account that the agent belongs to.
        account_id: String,
        /// The team of the agent.
        team: String,
        /// The department of the agent.
        department: String,
        /// The campaign that the agent works on.
        campaign_name: String,
        /// The part of the campaign that the agent works on.
        subcampaign_name: String,
        /// The agent's gender in the vendor's word.
        gender: String,
        /// The zone that the agent works in.
        time_zone: String,
        /// Hours from UTC that the agent works in.
        utc_offset_hours: Decimal,
        /// When the account was made.
        created_at: DateTime<Utc>,
        /// When the agent last signed in.
        last_login_at: DateTime<Utc>,
    }
}
