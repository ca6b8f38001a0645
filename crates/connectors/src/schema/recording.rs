//! A sound recording of a call.

use chrono::{DateTime, Utc};

use super::entity::entity;

entity! {
    /// A sound recording of a call. The link is kept, the sound is not fetched.
    Recording in "recordings" {
        /// The call it belongs to.
        call_id: String,
        /// The lead it belongs to.
        lead_id: String,
        /// When the recorded call started.
        started_at: DateTime<Utc>,
        /// When the recording ended.
        ended_at: DateTime<Utc>,
        /// Length of the recording.
        duration_seconds: i64,
        /// Link to the sound, to be kept as a secret.
        url: String,
        /// Media type.
        media_type: String,
        /// File name.
        file_name: String,
    }
}
