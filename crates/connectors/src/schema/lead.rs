//! Somebody who might become a customer.

use chrono::{DateTime, NaiveDate, Utc};

use super::entity::{Decimal, entity};

entity! {
    /// Somebody who might become a customer.
    Lead in "leads" {
        /// When the lead was made.
        created_at: DateTime<Utc>,
        /// When the lead last changed.
        updated_at: DateTime<Utc>,
        /// Full name.
        name: String,
        /// First name.
        first_name: String,
        /// Last name.
        last_name: String,
        /// E-mail address, in lower case.
        email: String,
        /// Telephone number as the vendor writes it.
        phone_number: String,
        /// Telephone number in E.164.
        phone_e164: String,
        /// A second number as the vendor writes it.
        alt_phone_1: String,
        /// The second number in E.164.
        alt_phone_1_e164: String,
        /// A third number as the vendor writes it.
        alt_phone_2: String,
        /// The third number in E.164.
        alt_phone_2_e164: String,
        /// Street address.
        address: String,
        /// City.
        city: String,
        /// State or province.
        state: String,
        /// Postal code.
        postal_code: String,
        /// Country.
        country: String,
        /// Hours from UTC where the lead lives.
        utc_offset_hours: Decimal,
        /// Gender in the vendor's word.
        gender: String,
        /// The day of birth.
        date_of_birth: NaiveDate,
        /// What agents have noted about them.
        notes: String,
        /// State in the vendor's own word.
        status: String,
        /// Label of the state.
        status_name: String,
        /// The agent who works on it.
        agent_id: String,
        /// The agent's name as the lead carries it.
        agent_name: String,
        /// The agent who owns it.
        owner_id: String,
        /// The user who made it.
        created_by_id: String,
        /// The user who last changed it.
        updated_by_id: String,
        /// Where it came from.
        origin_id: String,
        /// Name of where it came from.
        origin_name: String,
        /// What the account's own field `source` holds, where it has one.
        custom_source: String,
        /// The list it is on.
        list_id: String,
        /// The list's name.
        list_name: String,
        /// The campaign it belongs to.
        campaign_id: String,
        /// The campaign's name.
        campaign_name: String,
        /// The channel it came in by.
        channel_id: String,
        /// How often it was called.
        called_count: i64,
        /// How often it called.
        inbound_count: i64,
        /// When it was last called.
        last_called_at: DateTime<Utc>,
        /// When somebody first spoke with them.
        first_contacted_at: DateTime<Utc>,
        /// True once somebody spoke with them.
        is_contacted: bool,
        /// When the lead was put into the archive, from where it may come back; to the day where the vendor does not say when.
        archived_at: DateTime<Utc>,
        /// When the lead was deleted at the vendor; to the day where the vendor does not say when.
        removed_at: DateTime<Utc>,
    }
}
