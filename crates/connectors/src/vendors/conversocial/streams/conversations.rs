//! Conversations by the time that the vendor sorts them by, with their messages.

use chrono::{NaiveDateTime, SubsecRound as _, TimeDelta};

use crate::source::{
    Envelope, Evidence, History, Next, Paging, ReadError, Request, Reread, Scope, StreamDef, SyncMode,
    Whereabouts, WindowPolicy, distance_outside,
};
use crate::wire::time::local;

use super::super::STREAM;
use super::super::conversation::{
    BELONGINGS, FIELDS, PUT_TOGETHER, TABLES, count_conversations, ends_of, map_conversation,
    open_conversations,
};
use super::super::values::{ceil_second, floor_second};

/// The greatest page; more is cut to it without a word (documented), so that a short page says nothing.
const PAGE_SIZE: u32 = 50;
/// Where a list begins; links move it up to the time of the last row.
const BOUND: &str = "oldest_sort_date_gte";

/// Conversations by the time that the vendor sorts them by.
pub(crate) const CONVERSATIONS: StreamDef = StreamDef {
    name: "conversations",
    fills: TABLES,
    completes: TABLES,
    // That time may move (assumed), so that a conversation can leave a window while it is read.
    mode: SyncMode::Incremental(POLICY),
    paging: &ByBound {
        lists: &[List::Priority, List::Ordinary, List::PriorityAgain],
    },
    envelope: open_conversations,
    put_together: Some(PUT_TOGETHER),
    belongings: BELONGINGS,
    map: map_conversation,
    ..STREAM
};

/// Nothing tells what changed: status, labels and messages come long after the time that the list is sorted by. So the last
/// week is read each time, the last month daily, and the last year weekly.
const POLICY: WindowPolicy = WindowPolicy {
    max_span: TimeDelta::days(30),
    lookback: TimeDelta::days(7),
    delay: TimeDelta::minutes(1),
    settle: TimeDelta::days(7),
    rereads: &[
        Reread {
            span: TimeDelta::days(30),
            every: TimeDelta::days(1),
        },
        Reread {
            span: TimeDelta::days(365),
            every: TimeDelta::days(7),
        },
    ],
    absence: crate::source::Absence::ProvesNothing,
    history: History::FromSettings,
    open_end: true,
    ..WindowPolicy::PLAIN
};

/// A list of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum List {
    /// Those with priority. Priority, or a status, must be given (documented). Its two values together are everything; the
    /// statuses are not known.
    Priority,
    /// Those without priority.
    Ordinary,
    /// Those with priority once more: whatever was given priority between the two readings was in neither.
    PriorityAgain,
    /// Those that nobody has dealt with, of any age and priority.
    Unread,
}

/// Lists of conversations, one after the other, each by the vendor's links.
///
/// A link begins at the time of the last row and skips the rows of that second that came: when one of them has left the list
/// meanwhile, the skip swallows a row that has not come (follows from the links of the vendor's samples). So that second is
/// read again from its beginning, unless it fills the whole page and cannot be passed otherwise.
#[derive(Debug)]
pub(super) struct ByBound {
    /// The lists, in the order in which they are read.
    pub(super) lists: &'static [List],
}

/// A page of a list of conversations.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct BoundPosition {
    list: List,
    /// The second that the page begins with, as far as it is known.
    bound: Option<NaiveDateTime>,
    /// The link to it; none for the first page.
    link: Option<String>,
}

impl Paging for ByBound {
    type Position = BoundPosition;

    fn first_positions(&self, scope: &Scope<'_>) -> Vec<BoundPosition> {
        let begin = |list: &List| {
            let request = list.request(scope);
            BoundPosition {
                list: *list,
                bound: request.param(BOUND).and_then(local),
                link: None,
            }
        };
        self.lists.iter().rev().map(begin).collect()
    }

    fn request_for(&self, at: &BoundPosition, scope: &Scope<'_>) -> Request {
        let first = at.list.request(scope);
        match &at.link {
            Some(link) => first.follow_link(link.clone()),
            None => first,
        }
    }

    fn position_after(
        &self,
        at: &BoundPosition,
        got: &Envelope<'_>,
        _: &Scope<'_>,
    ) -> Result<Next<BoundPosition>, ReadError> {
        // An empty page with a link is no end, however many of them come.
        Ok(match &got.link {
            Some(link) => Next::page(at.list_behind(link, count_conversations(got))),
            None => Next::end(Evidence::NoLink),
        })
    }

    fn whereabouts_of(&self, at: &BoundPosition, got: &Envelope<'_>, scope: &Scope<'_>) -> Whereabouts {
        at.list.whereabouts_of(got, scope)
    }
}

impl List {
    fn request(self, scope: &Scope<'_>) -> Request {
        let request = Request::get("conversations")
            // With a second key the vendor gives no link, and the first page looks like everything (documented).
            .with("sort", "oldest_sort_date")
            .with("page_size", PAGE_SIZE);
        with_details(match self {
            Self::Priority | Self::PriorityAgain => within_slice(request.with("is_priority", true), scope),
            Self::Ordinary => within_slice(request.with("is_priority", false), scope),
            Self::Unread => request.with("status", "unread"),
        })
    }

    /// A page is in order, so that its ends tell where it lies. The priority of both of them is that of the list. Where it has no
    /// row it may be the answer for another list: that matters to the lists that are read only once.
    fn whereabouts_of(self, got: &Envelope<'_>, scope: &Scope<'_>) -> Whereabouts {
        let wants_priority = match self {
            Self::Ordinary | Self::Unread if got.records.is_empty() && got.link.is_none() => {
                return Whereabouts::Unsaid;
            }
            Self::Priority | Self::PriorityAgain => true,
            Self::Ordinary => false,
            Self::Unread => return Whereabouts::Asked,
        };
        let Some(ends) = ends_of(got, scope.account) else {
            return Whereabouts::Asked;
        };
        if ends.iter().all(|end| end.is_priority == Some(!wants_priority)) {
            return Whereabouts::Elsewhere;
        }
        let window = scope.slice.window();
        let last = (!scope.slice.is_open()).then_some(window.until);
        let distance = |at| distance_outside(at, window.since.trunc_subsecs(0), last);
        Whereabouts::of_distances(ends.iter().map(|end| end.sorted_at.map(distance)))
    }
}

/// The newest slice has no upper bound, so that conversations dated in the future come too.
fn within_slice(request: Request, scope: &Scope<'_>) -> Request {
    let window = scope.slice.window();
    let request = request.with(BOUND, floor_second(window.since));
    if scope.slice.is_open() {
        return request;
    }
    request.with("oldest_sort_date_lt", ceil_second(window.until))
}

/// The request for conversations with what is needed of them.
pub(super) fn with_details(request: Request) -> Request {
    request.with("include", "content").with("fields", FIELDS)
}

impl BoundPosition {
    /// The page behind the link of a page of so many conversations.
    fn list_behind(&self, link: &str, came: usize) -> Self {
        let bound = link_parameter(link, BOUND).as_deref().and_then(local);
        let skipped = link_parameter(link, "skip").and_then(|skip| skip.parse::<usize>().ok());
        // Where the skip counts the whole page, its second begins no later than the page.
        let begins_anew = bound.is_some() && bound != self.bound && skipped.is_some_and(|skip| skip < came);
        let link = if begins_anew {
            without_skip(link)
        } else {
            link.to_owned()
        };
        Self {
            list: self.list,
            bound,
            link: Some(link),
        }
    }
}

/// A parameter of the vendor's link.
fn link_parameter(link: &str, name: &str) -> Option<String> {
    let (_, query) = link.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(own, _)| own == name)
        .map(|(_, value)| value.into_owned())
}

/// The link as it stands, but for the rows to skip.
fn without_skip(link: &str) -> String {
    let Some((path, query)) = link.split_once('?') else {
        return link.to_owned();
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("skip="))
        .collect();
    format!("{path}?{}", kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Exchange, account, day, exchange, list, slice_of};
    use super::super::{FOLLOWED_CONVERSATIONS, OPEN_CONVERSATIONS};
    use super::*;
    use crate::reader::Verdict;
    use crate::source::{Context, Extent, Window};

    const LAST: &str =
        r#"{"conversations":[],"content":[],"paging":{"next_page":null,"prev_page":"https://a.example/1"}}"#;

    fn page(ids: &[&str], link: &str) -> String {
        let records: Vec<String> = ids
            .iter()
            .map(|id| format!(r#"{{"id":"{id}","status":"x","author":null,"content_ids":[]}}"#))
            .collect();
        format!(
            r#"{{"conversations":[{}],"content":[],"paging":{{"next_page":{link},"prev_page":"https://a.example/0"}}}}"#,
            records.join(",")
        )
    }

    fn read(bodies: &[&str]) -> Exchange {
        exchange(&CONVERSATIONS, day(), bodies)
    }

    #[test]
    fn the_list_with_priority_is_read_before_and_after_the_one_without() {
        let told = read(&[LAST, LAST, LAST, LAST]);
        assert_eq!(told.verdict, Verdict::Complete);
        let [first, second, again, third] = &told.requests[..] else {
            panic!("{:?}", told.requests)
        };
        assert_eq!(first.param("is_priority"), Some("true"));
        assert_eq!(second.param("is_priority"), Some("false"));
        assert_eq!((again, third), (second, first));
        for name in [
            "oldest_sort_date_gte",
            "oldest_sort_date_lt",
            "include",
            "fields",
            "page_size",
        ] {
            assert!(first.param(name).is_some(), "{name}");
            assert_eq!(second.param(name), first.param(name), "{name}");
        }
    }

    #[test]
    fn a_conversation_that_is_given_priority_between_the_lists_is_met() {
        let told = read(&[LAST, LAST, LAST, &page(&["7"], "null")]);
        assert_eq!(told.ids("conversations"), ["7"]);
        assert_eq!(told.verdict, Verdict::Complete);
    }

    #[test]
    fn an_empty_answer_for_another_list_keeps_nothing_back() {
        let told = read(&[LAST, LAST, &page(&["7"], "null"), LAST]);
        assert_eq!(told.ids("conversations"), ["7"]);
        assert_eq!(told.verdict, Verdict::Complete);
        let told = exchange(&OPEN_CONVERSATIONS, list(), &[LAST, &page(&["7"], "null")]);
        assert_eq!(told.ids("conversations"), ["7"]);
    }

    #[test]
    fn a_link_is_followed_before_the_other_list_and_a_link_back_never() {
        let more = page(&["1"], r#""https://a.example/2?skip=1""#);
        let told = read(&[&more, LAST, LAST, LAST, LAST]);
        let paths: Vec<&str> = told.requests.iter().map(|request| &*request.path).collect();
        assert_eq!(
            paths,
            [
                "conversations",
                "https://a.example/2?skip=1",
                "conversations",
                "conversations",
                "conversations"
            ]
        );
        assert_eq!(told.verdict, Verdict::Complete);
    }

    #[test]
    fn empty_pages_that_link_on_are_followed_however_many_there_are() {
        let empty = |number: u8| page(&[], &format!(r#""https://a.example/{number}""#));
        let bodies = [
            empty(2),
            empty(3),
            empty(4),
            page(&["7"], "null"),
            LAST.to_owned(),
            LAST.to_owned(),
            LAST.to_owned(),
        ];
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        let told = read(&bodies);
        assert_eq!(told.ids("conversations"), ["7"]);
        assert_eq!(told.verdict, Verdict::Complete);
    }

    #[test]
    fn the_answer_to_another_request_covers_nothing() {
        let page = |conversations: &str| {
            format!(r#"{{"conversations":[{conversations}],"content":[],"paging":{{"next_page":null}}}}"#)
        };
        let one = |id: u8, at: &str, is_priority: bool| {
            format!(
                r#"{{"id":"{id}","status":"x","author":null,"content_ids":[],"oldest_sort_date":"{at}","is_priority":{is_priority}}}"#
            )
        };
        let Extent::Window { window, .. } = day().extent else {
            panic!("a day is a window")
        };
        let at = |hours: i64| {
            (window.since + TimeDelta::hours(hours))
                .format("%Y-%m-%dT%H:%M:%S")
                .to_string()
        };
        let (slice, account) = (day(), account());
        let scope = Scope {
            slice: &slice,
            account: &account,
        };
        let lists = ByBound {
            lists: &[List::Ordinary],
        };
        let whereabouts = |body: &str| {
            let got = open_conversations(body, &Context::default()).unwrap();
            lists.whereabouts_of(&lists.first_positions(&scope)[0], &got, &scope)
        };
        for (hours, is_priority, wanted) in [
            ([1, 20], [false, false], Whereabouts::Asked),
            // Of another window.
            ([-50, -30], [false, false], Whereabouts::Elsewhere),
            ([51, 60], [false, false], Whereabouts::Elsewhere),
            // Of the other list.
            ([1, 20], [true, true], Whereabouts::Elsewhere),
            // Times and priorities change while a list is read.
            ([-30, 20], [false, false], Whereabouts::Asked),
            ([-1, -1], [false, false], Whereabouts::Beside),
            ([1, 20], [true, false], Whereabouts::Asked),
        ] {
            let records = [
                one(1, &at(hours[0]), is_priority[0]),
                one(2, &at(hours[1]), is_priority[1]),
            ];
            let told = whereabouts(&page(&records.join(",")));
            assert_eq!(told, wanted, "{hours:?} {is_priority:?}");
        }
        // A day alone says little, and no row at all says nothing.
        let told = whereabouts(&page(&one(1, "2001-01-01", false)));
        assert_eq!(told, Whereabouts::Asked);
        assert_eq!(whereabouts(&page("")), Whereabouts::Unsaid);
    }

    #[test]
    fn a_link_to_the_page_itself_never_ends_complete() {
        let circle = page(&["1"], r#""https://a.example/2""#);
        let told = read(&[&circle, &page(&[], r#""https://a.example/2""#)]);
        assert!(matches!(told.verdict, Verdict::Failed(ReadError::PagingLoop)));
    }

    #[test]
    fn the_newest_slice_has_no_upper_bound() {
        let window = Window {
            since: "2026-02-03T00:00:00Z".parse().unwrap(),
            until: "2026-02-04T00:00:00Z".parse().unwrap(),
        };
        for (is_open, wanted) in [(false, Some("2026-02-04T00:00:00")), (true, None)] {
            let slice = slice_of(Extent::Window { window, is_open });
            let account = account();
            let scope = Scope {
                slice: &slice,
                account: &account,
            };
            for list in [List::Priority, List::Ordinary] {
                let request = list.request(&scope);
                assert_eq!(request.param(BOUND), Some("2026-02-03T00:00:00"));
                assert_eq!(request.param("oldest_sort_date_lt"), wanted, "{list:?}");
            }
        }
        let policy = CONVERSATIONS.mode.window_policy();
        assert!(policy.is_some_and(|policy| policy.open_end));
    }

    #[test]
    fn a_list_is_sorted_by_one_key_and_asks_for_what_places_messages() {
        let ids = || slice_of(Extent::Ids(vec!["1".to_owned()]));
        let one = r#"{"conversation":{"id":"1"}}"#;
        let requests = [
            read(&[LAST, LAST, LAST, LAST]).requests,
            exchange(&OPEN_CONVERSATIONS, list(), &[LAST, LAST]).requests,
            exchange(&FOLLOWED_CONVERSATIONS, ids(), &[one]).requests,
        ]
        .concat();
        assert_eq!(requests.len(), 7);
        for request in &requests {
            let sorts = request.params().iter().filter(|(name, _)| *name == "sort");
            assert!(sorts.clone().count() <= 1 && sorts.clone().all(|(_, key)| key == "oldest_sort_date"));
            let fields: Vec<&str> = request.param("fields").unwrap().split(',').collect();
            for name in ["id", "url", "content_ids", "oldest_sort_date"] {
                assert!(fields.contains(&name), "{name}");
            }
            assert_eq!(request.param("include"), Some("content"));
        }
        let unread = &requests[4];
        assert_eq!(
            (
                unread.param("status"),
                unread.param("is_priority"),
                unread.param(BOUND)
            ),
            (Some("unread"), None, None)
        );
    }

    #[test]
    fn the_second_of_the_last_row_is_read_again_unless_it_fills_a_page() {
        let link = |bound: &str, skip: &str| {
            format!(
                "https://a.example/c?is_priority=true&oldest_sort_date_gte={bound}&page_size=50{skip}&fields=id%2Curl"
            )
        };
        let begin = BoundPosition {
            list: List::Priority,
            bound: local("2026-02-03T00:00:00"),
            link: None,
        };
        let four = begin.list_behind(&link("2026-02-03T04%3A00%3A00", ""), 50);
        for (at, bound, skip, came, kept) in [
            (&begin, "2026-02-03T04%3A00%3A00", "&skip=1", 50, ""),
            // The page is full of the second that it begins with.
            (&begin, "2026-02-03T00%3A00%3A00", "&skip=50", 50, "&skip=50"),
            // The page is full of one later second: read from its beginning it would be the same page.
            (&begin, "2026-02-03T04%3A00%3A00", "&skip=50", 50, "&skip=50"),
            (&four, "2026-02-03T04:00:00", "&skip=50", 50, "&skip=50"),
            (&four, "2026-02-03T04:00:00", "&skip=100", 50, "&skip=100"),
            (&four, "2026-02-03T05:00:00", "&skip=2", 50, ""),
            // A bound of an unknown form is followed as it stands.
            (&four, "soon", "&skip=2", 50, "&skip=2"),
        ] {
            let next = at.list_behind(&link(bound, skip), came);
            assert_eq!(next.link, Some(link(bound, kept)), "{bound} {skip}");
        }
    }
}
