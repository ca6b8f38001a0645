//! Conversations that are held as open, one at a time: how the end of old ones is noticed.

use chrono::TimeDelta;

use crate::schema::{Conversation, Entity as _};
use crate::source::{ById, LookupPolicy, Reference, Request, StreamDef, SyncMode};

use super::super::STREAM;
use super::super::conversation::{BELONGINGS, PUT_TOGETHER, TABLES, map_conversation, open_conversation};
use super::super::envelope::says_no_such;
use super::super::values::path_segment;
use super::conversations::with_details;

/// Conversations that are held as open. They fill the tables of `conversations` and complete none.
pub(crate) const FOLLOWED_CONVERSATIONS: StreamDef = StreamDef {
    name: "followed_conversations",
    fills: TABLES,
    mode: SyncMode::Lookup(LookupPolicy {
        references: &[Reference {
            table: Conversation::TABLE,
            column: "id",
            newest_by: "started_at",
            unless: Some("is_closed"),
        }],
        renew_after: TimeDelta::days(1),
        budget: 60,
        times: 2,
    }),
    schedule: Some("0 15,45 * * * *"),
    paging: &ById {
        request: |id, _| with_details(Request::get(format!("conversations/{}", path_segment(id)))),
    },
    envelope: open_conversation,
    put_together: Some(PUT_TOGETHER),
    belongings: BELONGINGS,
    map: map_conversation,
    says_gone: |got| says_no_such(got, "conversation"),
    ..STREAM
};

#[cfg(test)]
mod tests {
    use super::super::super::testing::{exchange_of, slice_of};
    use super::*;
    use crate::reader::Verdict;
    use crate::source::{Extent, Response};

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            body: body.to_owned(),
        }
    }

    const GONE: &str =
        r#"{"status":"error","message":"No such conversation","http_status":"404 Object Not Found"}"#;

    #[test]
    fn a_conversation_is_gone_by_the_vendors_own_words_alone() {
        let ids = ["1", "2", "t:3"].map(str::to_owned).to_vec();
        let told = exchange_of(
            &FOLLOWED_CONVERSATIONS,
            slice_of(Extent::Ids(ids)),
            &[
                answer(200, r#"{"conversation":{"id":"1"},"content":[]}"#),
                answer(404, GONE),
                answer(404, "<html>Not Found</html>"),
            ],
        );
        let paths: Vec<&str> = told.requests.iter().map(|request| &*request.path).collect();
        assert_eq!(
            paths,
            ["conversations/1", "conversations/2", "conversations/t%3A3"]
        );
        let gone: Vec<&str> = told
            .batch
            .tombstones()
            .iter()
            .map(|tombstone| tombstone.id.as_str())
            .collect();
        assert_eq!(gone, ["2"]);
        assert!(
            matches!(told.verdict, Verdict::Incomplete(_)),
            "one id could not be read"
        );
    }
}
