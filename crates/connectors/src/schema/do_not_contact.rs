//! A number that must not be called, or not be written to.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// A number that must not be called, or not be written to.
    DoNotContact in "do_not_contact" {
        /// `call` or `sms`.
        channel: String,
        /// The number as the vendor writes it.
        phone_number: String,
        /// The number in E.164.
        phone_e164: String,
        /// Country code of the number.
        country_code: String,
        /// The campaign that it holds for; NULL for all.
        campaign_id: String,
        /// The campaign's name.
        campaign_name: String,
        /// What it forbids.
        purpose: String,
        /// Why.
        reason: String,
        /// When it was entered.
        added_at: DateTime<Utc>,
    }
}
