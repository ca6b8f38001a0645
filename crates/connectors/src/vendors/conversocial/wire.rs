//! Conversocial's records as they come over the wire. Any field may be missing, which says the same as null.
//!
//! Field names are known from client programs, most types are assumed: each value is kept loose until its reader is asked,
//! so that one of an unknown form costs no more than it must.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::vendors::lenient::Scalar;

use super::loose::Loose;

/// A conversation together with its content, as `open` puts them; content that no conversation names comes alone.
#[derive(Deserialize)]
pub(super) struct Group<'a> {
    #[serde(borrow, default)]
    pub(super) conversation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) content: Vec<&'a RawValue>,
}

/// What is needed to put content where it belongs.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) id: Loose<'a>,
    #[serde(borrow)]
    pub(super) content_ids: Loose<'a>,
}

/// A conversation.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Conversation<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    /// `unread` and `archived` were seen; the set is open.
    #[serde(borrow)]
    pub(super) status: Scalar<'a>,
    #[serde(borrow)]
    pub(super) is_priority: Scalar<'a>,
    #[serde(borrow)]
    pub(super) contains_private: Scalar<'a>,
    #[serde(borrow)]
    pub(super) author: Loose<'a>,
    #[serde(borrow)]
    pub(super) assigned_to: Loose<'a>,
    #[serde(borrow)]
    pub(super) channels: Loose<'a>,
    #[serde(borrow)]
    pub(super) tags: Loose<'a>,
    /// A filter and a sort key; whether it is shown is not documented.
    #[serde(borrow)]
    pub(super) oldest_sort_date: Scalar<'a>,
}

/// An item of content, which is a message.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Content<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) created_date: Scalar<'a>,
    #[serde(borrow)]
    pub(super) text: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(super) platform: Scalar<'a>,
    #[serde(borrow)]
    pub(super) platform_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) link: Scalar<'a>,
    #[serde(borrow)]
    pub(super) author: Loose<'a>,
    #[serde(borrow)]
    pub(super) user: Loose<'a>,
    #[serde(borrow)]
    pub(super) parent: Loose<'a>,
    #[serde(borrow)]
    pub(super) sentiment: Loose<'a>,
    #[serde(borrow)]
    pub(super) is_private: Scalar<'a>,
    #[serde(borrow)]
    pub(super) is_priority: Scalar<'a>,
    #[serde(borrow)]
    pub(super) is_by_source: Scalar<'a>,
}

/// An account, a channel, a user or a tag. Each names the time it was made in a way of its own.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Listed<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) description: Scalar<'a>,
    #[serde(borrow)]
    pub(super) package: Scalar<'a>,
    /// Of an account.
    #[serde(borrow)]
    pub(super) created_date: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(super) is_active: Scalar<'a>,
    /// Of a channel.
    #[serde(borrow)]
    pub(super) created: Scalar<'a>,
    #[serde(borrow)]
    pub(super) account: Loose<'a>,
    #[serde(borrow)]
    pub(super) fb_page_url: Scalar<'a>,
    #[serde(borrow)]
    pub(super) fans: Scalar<'a>,
    #[serde(borrow)]
    pub(super) first_name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) last_name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) email: Scalar<'a>,
    #[serde(borrow)]
    pub(super) timezone: Scalar<'a>,
    /// Of a user.
    #[serde(borrow)]
    pub(super) date_joined: Scalar<'a>,
    #[serde(borrow)]
    pub(super) last_login: Scalar<'a>,
    #[serde(borrow)]
    pub(super) is_expert: Scalar<'a>,
    #[serde(borrow)]
    pub(super) crowds_name: Scalar<'a>,
}

/// An author, who is a customer.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Author<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) platform: Loose<'a>,
    #[serde(borrow)]
    pub(super) platform_id: Loose<'a>,
    #[serde(borrow)]
    pub(super) screen_name: Loose<'a>,
    #[serde(borrow)]
    pub(super) real_name: Loose<'a>,
    #[serde(borrow)]
    pub(super) location: Loose<'a>,
    #[serde(borrow)]
    pub(super) website: Loose<'a>,
    #[serde(borrow)]
    pub(super) description: Loose<'a>,
    #[serde(borrow)]
    pub(super) profile_picture: Loose<'a>,
    #[serde(borrow)]
    pub(super) profile_link: Loose<'a>,
}

/// A report, which is an order for a file.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Report<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) account: Loose<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) generation_start_date: Scalar<'a>,
    #[serde(borrow)]
    pub(super) generated_date: Scalar<'a>,
    #[serde(borrow)]
    pub(super) generated_by: Loose<'a>,
    #[serde(borrow)]
    pub(super) date_from: Scalar<'a>,
    #[serde(borrow)]
    pub(super) date_to: Scalar<'a>,
    #[serde(borrow)]
    pub(super) date_type: Scalar<'a>,
    #[serde(borrow)]
    pub(super) download: Loose<'a>,
    /// A text that names what failed, not a flag (documented).
    #[serde(borrow)]
    pub(super) failure: Scalar<'a>,
}
