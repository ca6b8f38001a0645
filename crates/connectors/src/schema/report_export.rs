//! A file that the vendor generates on request.

use chrono::{DateTime, NaiveDate, Utc};

use super::entity::entity;

entity! {
    /// A file that the vendor generates on request.
    ReportExport in "report_exports" {
        /// Its name.
        name: String,
        /// The account it is about.
        account_id: String,
        /// `queued`, `generating`, `ready` or `failed`.
        state: String,
        /// What failed, in the vendor's words.
        failure: String,
        /// When its generation began.
        started_at: DateTime<Utc>,
        /// When it was ready.
        generated_at: DateTime<Utc>,
        /// Who asked for it.
        agent_id: String,
        /// First day of its range.
        since_day: NaiveDate,
        /// Last day of its range.
        until_day: NaiveDate,
        /// How the range is matched.
        date_type: String,
    }
}
