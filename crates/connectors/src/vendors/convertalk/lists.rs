//! The questions of Convertalk's paged lists, and the order of the lists within a walk.

use serde::Deserialize;

use crate::source::{Account, Request};

use super::feed::Lists;
use super::{KEYED, door_of_chats};

/// Chats whose visitor gave no contact data.
const NON_LEAD: &str = "non-lead";
/// Chats whose visitor did (assumed: nobody describes what makes a lead).
pub(super) const LEAD: &str = "lead";

/// The listings of chats: for each bot the chats that are no leads, and then the leads, so that a chat which becomes a lead in
/// between is met in the second.
pub(super) const CHATS: Lists = Lists {
    page: |request| request.param("page")?.parse().ok(),
    turned: |request, page| request.clone().with("page", page),
    first: first_chats,
    after: |request, account| {
        let bot = request.param("botId")?;
        if request.param("type") == Some(NON_LEAD) {
            return Some(chats(bot, LEAD, account));
        }
        let later = bots(account).skip_while(|other| *other != bot).nth(1)?;
        Some(chats(later, NON_LEAD, account))
    },
};

/// The one list of contacts.
pub(super) const CONTACTS: Lists = Lists {
    page: |request| Some(serde_json::from_str::<Paged>(request.body.as_deref()?).ok()?.page),
    turned: |_, page| contacts(page),
    first: |_| contacts(1),
    after: |_, _| None,
};

#[derive(Deserialize)]
struct Paged {
    page: u32,
}

/// The first question about chats.
pub(super) fn first_chats(account: &Account) -> Request {
    chats(bots(account).next().unwrap_or_default(), NON_LEAD, account)
}

/// The first page of a listing of chats. There is no parameter for the page's size, and no filter by time (documented).
fn chats(bot: &str, kind: &str, account: &Account) -> Request {
    Request::get("inbox/direct/chats")
        .with("botId", bot)
        .with("customerId", account.option("customer_id").unwrap_or_default())
        .with("page", 1)
        .with("type", kind)
        .through(door_of_chats(account))
}

/// The bots of the settings, each once.
fn bots(account: &Account) -> impl Iterator<Item = &str> {
    let all = account.list("bot_ids");
    let new = move |(place, bot): &(usize, &String)| !all[..*place].contains(bot);
    all.iter().enumerate().filter(new).map(|(_, bot)| bot.as_str())
}

/// A page of contacts. The vendor asks that every member be present; a flag that is `false`, an empty text and an empty list
/// are no filter (client programs). `isSubscriber` may be one; the client program that is known to work sends `true`.
pub(super) fn contacts(page: u32) -> Request {
    let body = serde_json::json!({
        "searchText": "",
        "tags": [], "tagsV2": [], "status": [], "segments": [], "applicableFilters": [],
        "lastMessageBy": [], "_agentAssigned": [],
        "_botWebsite": [], "_botWhatsapp": [], "_botTelegram": [], "_botFacebook": [], "_botAutomation": [],
        "isOnline": false, "userInteracted": false, "isLiveChatActive": false,
        "isSubscriber": true, "isContact": false, "ctwaNewUsers": false, "ctwaOldUsers": false,
        // The members are named unevenly (documented).
        "createdAt": { "startAt": "", "endsAt": "" },
        "lastSeenAt": { "startAt": "", "endsAt": "" },
        "hasOrdered": { "status": false, "lastAt": "" },
        "isExport": "none",
        "page": page,
    });
    Request::post_json("inbox/users", body.to_string()).through(KEYED)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::schema::Region;
    use crate::source::Options;

    #[test]
    fn each_bot_is_asked_for_once_and_leads_come_after_the_others() {
        let bots = ["b", "a", "b"].map(str::to_owned).to_vec();
        let values = [("bot_ids", bots), ("customer_id", vec!["c".to_owned()])].into();
        let account = Account {
            options: Arc::new(Options {
                values,
                ..Options::default()
            }),
            ..Account::new(chrono_tz::UTC, Region::US)
        };
        let mut told = Vec::new();
        let mut next = Some((CHATS.first)(&account));
        while let Some(request) = next {
            let said = |name| request.param(name).unwrap_or_default();
            told.push([said("botId"), said("type"), said("page"), said("customerId")].join(" "));
            next = (CHATS.after)(&(CHATS.turned)(&request, 7), &account);
        }
        let wanted = ["b non-lead 1 c", "b lead 1 c", "a non-lead 1 c", "a lead 1 c"];
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_page_of_contacts_is_asked_for_by_a_number_and_chats_by_digits() {
        let second = (CONTACTS.turned)(&contacts(1), 2);
        assert_eq!((CONTACTS.page)(&second), Some(2));
        assert!(second.body.is_some_and(|body| body.contains(r#""page":2"#)));
        let account = Account::new(chrono_tz::UTC, Region::US);
        let second = (CHATS.turned)(&(CHATS.first)(&account), 2);
        assert_eq!((CHATS.page)(&second), Some(2));
    }
}
