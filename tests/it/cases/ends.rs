//! Ends: totals that lie, links that lead elsewhere, empty pages, and "none" in every dialect.

use super::lists::{CALLS, CHATS, COUNTED, LEADS, REPS, SCORED_CALLS, TAGS, USERS};
use super::stub::{Heard, Reply};
use super::{Case, run_cases};

/// A page of tags with a link.
fn tags(numbers: std::ops::Range<usize>, next: Option<String>) -> Reply {
    let records: Vec<String> = numbers.map(|number| TAGS.record(number, "")).collect();
    let next = next.map_or("null".to_owned(), |next| format!("\"{next}\""));
    Reply::json(format!(
        "{{\"tags\":[{}],\"paging\":{{\"next_page\":{next}}}}}",
        records.join(",")
    ))
}

/// Three pages of five tags; `link` writes the link to the page with this number.
fn linked(name: &str, link: fn(&Heard, usize) -> String) -> Case {
    Case::of(&TAGS, format!("links: {name}")).answers(move |heard| {
        let page = heard.parameter("page").parse().unwrap_or(1);
        let next = (page < 3).then(|| link(heard, page + 1));
        match (heard.path.as_str(), page) {
            ("tags", 1..=3) => tags(page * 10..page * 10 + 5, next),
            _ => Reply::json("{\"status\":\"error\",\"http_status\":\"404\"}").status(404),
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_resolved_and_then_compared_with_the_origin() {
    run_cases(vec![
        linked("whole", |heard, page| format!("{}/tags?page={page}", heard.base)).lands(15),
        linked("a path", |_, page| format!("/tags?page={page}")).lands(15),
        linked("a query alone", |_, page| format!("?page={page}")).lands(15),
        linked("a name", |_, page| format!("tags?page={page}")).lands(15),
        linked("with a dot", |_, page| format!("./tags?page={page}")).lands(15),
        linked("without a scheme", |heard, page| {
            format!("{}/tags?page={page}", &heard.base["http:".len()..])
        })
        .lands(15),
        linked("with escaped slashes", |heard, page| {
            format!("{}/tags?page={page}", heard.base).replace('/', r"\/")
        })
        .lands(15),
        linked("with &amp;", |_, page| format!("/tags?x=1&amp;page={page}")).lands(15),
        linked("with blanks around", |_, page| format!(" /tags?page={page} ")).lands(15),
        linked("with a fragment", |_, page| format!("/tags?page={page}#top")).lands(15),
        linked("with letters of both cases", |heard, page| {
            heard.base.replace("http", "HTTP") + &format!("/tags?page={page}")
        })
        .lands(15),
        linked("to a stranger", |_, page| {
            format!("https://elsewhere.example/tags?page={page}")
        })
        .fails(&["another host"]),
        linked("to a stranger with our name in it", |heard, page| {
            format!(
                "http://elsewhere.example/{}/tags?page={page}",
                &heard.base["http://".len()..]
            )
        })
        .fails(&["another host"]),
        linked("to the same page", |heard, _| {
            format!("{}/tags?page=2", heard.base)
        })
        .fails(&["again and again"]),
        Case::of(&TAGS, "links: that have expired")
            .answers(|heard| match (heard.path.as_str(), heard.parameter("page")) {
                ("tags", "2") => {
                    Reply::json("{\"status\":\"error\",\"message\":\"No such page\"}").status(404)
                }
                _ => tags(10..15, Some(format!("{}/tags?page=2", heard.base))),
            })
            .fails(&["next run"])
            .does_not_say(&["base_url", "operator"]),
        Case::of(&TAGS, "links: that are gone")
            .answers(|heard| match heard.parameter("page") {
                "2" => Reply::json("gone").status(410),
                _ => tags(10..15, Some(format!("{}/tags?page=2", heard.base))),
            })
            .fails(&["next run"])
            .does_not_say(&["base_url"]),
    ])
    .await;
}

fn moved(name: &str, to: fn(&Heard) -> String, status: u16) -> Case {
    Case::of(&REPS, format!("moved: {name}")).answers(move |heard| {
        if heard.path == "reps" {
            Reply::json("").status(status).header("Location", to(heard))
        } else {
            Reply::json((REPS.wrap)(&REPS.records(&[])))
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_followed_on_the_host_and_named_elsewhere() {
    run_cases(vec![
        moved("within the host", |heard| format!("{}/v2/reps", heard.base), 301).lands(5),
        moved("by a path", |_| "/v2/reps".to_owned(), 308).lands(5),
        moved(
            "to another host",
            |_| "https://api2.example/v2/reps".to_owned(),
            301,
        )
        .fails(&["api2.example", "base_url"]),
        moved(
            "to a page to sign in",
            |_| "https://login.example/?token=secret".to_owned(),
            302,
        )
        .fails(&["login.example"])
        .does_not_say(&["secret"]),
        Case::of(&REPS, "moved: in a circle")
            .answers(|heard| {
                Reply::json("")
                    .status(302)
                    .header("Location", format!("{}/{}", heard.base, heard.path))
            })
            .fails(&["base_url"]),
        Case::of(&REPS, "moved: without saying where")
            .answers(|_| Reply::json("").status(301))
            .fails(&["301"]),
    ])
    .await;
}

/// Pages of users with this total.
fn users(total: &'static str, count: usize) -> impl Fn(&Heard) -> Reply + Send + Sync + 'static {
    move |heard| {
        let from: usize = heard.parameter("offset").parse().unwrap_or(0);
        let numbers = from..count.min(from + 500);
        let records: Vec<String> = numbers
            .map(|number| format!("{{\"id\":\"{}\",\"name\":\"x\"}}", 10_000 + number))
            .collect();
        Reply::json(format!(
            "{{\"success\":true,\"data\":{{\"offset\":{from},\"limit\":500,\"total\":{total},\"results\":[{}]}}}}",
            records.join(",")
        ))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_total_is_evidence_and_weighed_against_what_came() {
    let of = |name: &str| Case::of(&USERS, format!("a total: {name}"));
    run_cases(vec![
        of("as a number").answers(users("700", 700)).lands(700),
        of("as a text").answers(users("\"700\"", 700)).lands(700),
        of("with thousands")
            .answers(users("\"1,200\"", 1_200))
            .lands(1_200),
        of("with a point between thousands")
            .answers(users("\"1.200\"", 1_200))
            .lands(1_200),
        of("with a fraction").answers(users("700.0", 700)).lands(700),
        of("0 although rows come")
            .answers(users("0", 700))
            .lands(700)
            .fails(&[]),
        of("less than what comes")
            .answers(users("501", 700))
            .lands(700)
            .fails(&[]),
        of("more than there is")
            .answers(users("701", 700))
            .lands(700)
            .fails(&["700 of 701"]),
        of("of the page and not of the list")
            .answers(users("500", 700))
            .lands(700)
            .fails(&[]),
        of("null beside an empty list").answers(users("null", 0)).lands(0),
        of("empty beside an empty list")
            .answers(users("\"\"", 0))
            .lands(0),
        of("false beside an empty list")
            .answers(users("false", 0))
            .lands(0),
        of("in words")
            .answers(users("\"many\"", 3))
            .fails(&["unknown shape"]),
        of("negative").answers(users("-1", 3)).fails(&["unknown shape"]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_page_is_an_end_only_where_nothing_follows() {
    let pages = |heard: &Heard, empty: &[usize], last: usize| {
        let page: usize = heard.parameter("page").parse().unwrap_or(1);
        let numbers = if empty.contains(&page) {
            0..0
        } else {
            page * 10..page * 10 + 5
        };
        tags(numbers, (page < last).then(|| format!("/tags?page={}", page + 1)))
    };
    run_cases(vec![
        Case::of(&TAGS, "an empty page in the middle")
            .answers(move |heard| pages(heard, &[2], 4))
            .lands(15),
        Case::of(&TAGS, "two empty pages in the middle")
            .answers(move |heard| pages(heard, &[2, 3], 5))
            .lands(15),
        Case::of(&TAGS, "an empty page at the beginning")
            .answers(move |heard| pages(heard, &[1], 3))
            .lands(10),
        Case::of(&TAGS, "an empty page at the end")
            .answers(move |heard| pages(heard, &[4], 4))
            .lands(15),
        Case::of(&TAGS, "nothing but empty pages for ever")
            .answers(|heard| {
                let page: usize = heard.parameter("page").parse().unwrap_or(1);
                tags(0..0, Some(format!("/tags?page={}", page + 1)))
            })
            .fails(&["limits.max_pages"]),
        Case::of(&USERS, "a page that is empty before the total is reached")
            .answers(|heard| {
                let from: usize = heard.parameter("offset").parse().unwrap_or(0);
                if from == 500 {
                    users("700", 0)(heard)
                } else {
                    users("700", 700)(heard)
                }
            })
            .fails(&["500 of 700"]),
        Case::of(&USERS, "a short page before the total is reached")
            .answers(|heard| {
                let from: usize = heard.parameter("offset").parse().unwrap_or(0);
                users("700", 700.min(from + 200))(heard)
            })
            .lands(700),
        Case::of(&USERS, "a page that comes again")
            .answers(|_| {
                let heard = Heard {
                    path: String::new(),
                    parameters: std::collections::BTreeMap::new(),
                    before: 0,
                    base: String::new(),
                };
                users("700", 700)(&heard)
            })
            .fails(&[]),
    ])
    .await;
}

/// The usual list is not there, and the vendor says it like this.
fn none(list: &'static super::lists::List, said: &'static str) -> Case {
    Case::of(
        list,
        format!("none of {} {}: {said}", list.stream().0, list.stream().1),
    )
    .answers(move |_| Reply::json(said))
    .lands(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_is_understood_in_the_dialects_that_are_known() {
    let mut cases = Vec::new();
    for said in [
        r#"{"success":true,"data":[]}"#,
        r#"{"success":true,"data":{}}"#,
        r#"{"success":true,"data":null}"#,
        r#"{"success":true,"data":false}"#,
        r#"{"success":true,"data":""}"#,
        r#"{"success":true,"data":{"total":0,"entries":[],"results":[],"total_found":0}}"#,
        r#"{"success":true,"data":{"total":"0","entries":false,"results":false,"total_found":"0"}}"#,
        r#"{"success":true,"data":{"total":null,"entries":null,"results":null,"total_found":null}}"#,
        r#"{"success":true,"data":{"total":0,"entries":{},"results":{},"total_found":0}}"#,
    ] {
        for list in COUNTED {
            cases.push(none(list, said));
        }
    }
    for said in [
        r#"{"tags":[],"paging":{"next_page":null}}"#,
        r#"{"tags":[],"paging":null}"#,
        r#"{"tags":[]}"#,
        r#"{"tags":[],"paging":[]}"#,
        r#"{"tags":[],"paging":false}"#,
        r#"{"tags":[],"paging":{"next_page":false}}"#,
        r#"{"tags":[],"paging":{"next_page":""}}"#,
    ] {
        cases.push(none(&TAGS, said));
    }
    for said in ["[]", " [ ] ", r#"{"rep_id":[],"name":[]}"#] {
        cases.push(none(&REPS, said));
    }
    for said in ["[]", r#"{"call_id":[],"start_time":[]}"#] {
        cases.push(none(&SCORED_CALLS, said));
    }
    for list in [&REPS, &SCORED_CALLS, &CALLS, &TAGS, &CHATS] {
        cases.push(
            Case::of(
                list,
                format!("none by 204 of {} {}", list.stream().0, list.stream().1),
            )
            .answers(|_| Reply::json("").status(204))
            .lands(0),
        );
    }
    cases.push(
        Case::of(
            &SCORED_CALLS,
            "404 in the vendor's words where a span has no calls",
        )
        .answers(|heard| {
            if SCORED_CALLS.is_asked(heard)
                && heard.parameter("before").is_empty()
                && heard.parameter("after").is_empty()
            {
                return SCORED_CALLS.answer(heard, &[]);
            }
            if SCORED_CALLS.is_asked(heard) && heard.before > 2 {
                return SCORED_CALLS.answer(heard, &[]);
            }
            Reply::json("{\"error\":\"No calls found\",\"code\":\"not_found\"}").status(404)
        })
        .lands(5),
    );
    cases.push(none(
        &CHATS,
        r#"{"success":true,"message":"ok","code":200,"data":[]}"#,
    ));
    run_cases(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_none_that_nobody_knows_fails_aloud_and_says_what_was_seen() {
    let unknown = |list: &'static super::lists::List, said: &'static str, words: &[&str]| {
        Case::of(
            list,
            format!("unknown none of {} {}: {said}", list.stream().0, list.stream().1),
        )
        .answers(move |_| Reply::json(said))
        .lands(0)
        .fails(words)
    };
    run_cases(vec![
        unknown(&CALLS, "[]", &["unknown shape"]),
        unknown(&CALLS, "{}", &["unknown shape"]),
        unknown(&CALLS, "null", &["unknown shape"]),
        unknown(&CALLS, r#"{"success":true}"#, &["unknown shape"]),
        unknown(&CALLS, r#"{"success":true,"data":"none"}"#, &["unknown shape"]),
        unknown(
            &CALLS,
            r#"{"success":true,"data":{"calls":[]}}"#,
            &["unknown shape"],
        ),
        unknown(
            &CALLS,
            r#"{"success":false,"code":7230,"text":"Invalid limit"}"#,
            &["7230", "Invalid limit"],
        ),
        unknown(
            &LEADS,
            r#"{"success":"true","data":{"total":0,"entries":[]}}"#,
            &[],
        ),
        unknown(&TAGS, "{}", &["unknown shape"]),
        unknown(&TAGS, r#"{"tags":null}"#, &["unknown shape"]),
        unknown(&TAGS, r#"{"tags":false}"#, &["unknown shape"]),
        unknown(
            &TAGS,
            r#"{"status":"error","message":"Oops","http_status":"500"}"#,
            &["Oops"],
        ),
        unknown(&REPS, "{}", &["unknown shape"]),
        unknown(&REPS, "null", &["unknown shape", "it is null"]),
        unknown(&REPS, r#"{"rows":[]}"#, &["`rows` (an empty list)"]),
        unknown(&REPS, "false", &["unknown shape"]),
        unknown(&CHATS, r#"{"success":true,"data":{}}"#, &["unknown shape"]),
        unknown(&CHATS, r#"{"success":true,"data":null}"#, &["unknown shape"]),
        unknown(
            &CHATS,
            r#"{"success":false,"code":400,"message":"Bad bot"}"#,
            &["400", "Bad bot"],
        ),
        Case::of(&REPS, "404 without the vendor's words")
            .answers(|_| Reply::json("not found").status(404))
            .lands(0)
            .fails(&["404"]),
        Case::of(&SCORED_CALLS, "404 for everything, in the vendor's words")
            .answers(|_| Reply::json("{\"error\":\"Not found\"}").status(404))
            .lands(0)
            .fails(&["404"]),
    ])
    .await;
}
