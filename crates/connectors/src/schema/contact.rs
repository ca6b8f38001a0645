//! A customer as one network or one chat knows them; a person may be several contacts.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// A customer as one network or one chat knows them; a person may be several contacts.
    Contact in "contacts" {
        /// Full name.
        name: String,
        /// Name on the network.
        handle: String,
        /// The network.
        platform: String,
        /// Their id on that network.
        platform_id: String,
        /// E-mail address, in lower case.
        email: String,
        /// Telephone number as the vendor writes it.
        phone_number: String,
        /// Telephone number in E.164.
        phone_e164: String,
        /// City.
        city: String,
        /// Country.
        country: String,
        /// Gender in the vendor's word.
        gender: String,
        /// Where they say they are.
        location: String,
        /// Their web site.
        website: String,
        /// What they say about themselves.
        description: String,
        /// Link to their profile.
        profile_link: String,
        /// Link to their picture.
        picture_link: String,
        /// True where contact data are known.
        is_lead: bool,
        /// True once they ordered something.
        has_ordered: bool,
        /// When the vendor first met them.
        created_at: DateTime<Utc>,
        /// When they were last seen.
        last_seen_at: DateTime<Utc>,
        /// The person behind several identities.
        person_id: String,
        /// The browser session by which a chat knows them.
        visitor_id: String,
    }
}
