//! Reports: their states, how they are followed, and what is not kept.

use chrono::TimeDelta;

use super::*;
use crate::schema::Region;
use crate::source::Window;

fn ask(stage: u8) -> Ask {
    let since = "2026-02-03T00:00:00Z".parse().unwrap();
    let window = Window {
        since,
        until: since + TimeDelta::days(1),
    };
    let first = Ask::first(request(), window);
    Ask { stage, ..first }
}

fn then(asked: &Ask, body: &str) -> Vec<Ask> {
    let account = Account::new(chrono_tz::UTC, Region::US);
    next(asked, &open(body).unwrap(), &account).unwrap().then
}

#[test]
fn the_state_shows_in_the_members_that_are_there() {
    for (members, wanted) in [
        (r#""id":"1""#, "queued"),
        (r#""generation_start_date":null,"generated_date":null"#, "queued"),
        (r#""generation_start_date":"2026-02-03T10:00:00""#, "generating"),
        (
            r#""generation_start_date":"x","generated_date":"y","download":"https://f.example/1""#,
            "ready",
        ),
        (r#""generation_start_date":"x","failure":"collecting""#, "failed"),
        (r#""failure":"""#, "queued"),
    ] {
        let record = format!("{{{members}}}");
        let wire: wire::Report<'_> = serde_json::from_str(&record).unwrap();
        assert_eq!(state(&wire), wanted, "{members}");
    }
}

#[test]
fn unfinished_reports_are_looked_at_again_after_a_minute_and_not_for_ever() {
    let list = r#"{"reports":[{"id":"1"},{"id":"2","generated_date":"2026-02-03T10:00:00"},{"id":"3","failure":"x"}],
        "paging":{"next_page":"https://a.example/2"}}"#;
    let asks = then(&ask(0), list);
    let [look, link] = &asks[..] else {
        panic!("{asks:?}")
    };
    assert_eq!(
        (&*look.request.path, look.wait, look.stage),
        ("reports/1", PATIENCE, 1)
    );
    assert_eq!(
        (&*link.request.path, link.wait),
        ("https://a.example/2", Duration::ZERO)
    );
    let mut asked = look.clone();
    let mut looks = 1;
    while let [again] = &then(&asked, r#"{"report":{"id":"1"}}"#)[..] {
        asked = again.clone();
        looks += 1;
    }
    assert_eq!(looks, LOOKS);
    assert_eq!(
        then(
            look,
            r#"{"report":{"id":"1","generated_date":"2026-02-03T10:00:00"}}"#
        ),
        []
    );
}

#[test]
fn a_link_to_the_file_is_kept_without_what_makes_it_work() {
    for (record, kept) in [
        (
            r#"{"download":"https://f.example/r/1.zip?sig=s3cret&e=9","id":"1"}"#,
            r#"{"download":"https://f.example/r/1.zip","id":"1"}"#,
        ),
        (
            r#"{"id":"1","download":"https://f.example/1#s3cret"}"#,
            r#"{"download":"https://f.example/1","id":"1"}"#,
        ),
        (r#"{"id":"1","download":null}"#, r#"{"download":null,"id":"1"}"#),
        (
            r#"{"id":"1","download":{"href":"https://f.example/1?s3cret"}}"#,
            r#"{"id":"1"}"#,
        ),
        (r#"{"id":"1"}"#, r#"{"id":"1"}"#),
        (r#""https://f.example/1?s3cret""#, r#""""#),
    ] {
        let body = format!(r#"{{"reports":[{record}]}}"#);
        assert_eq!(open(&body).unwrap().items, [kept], "{record}");
    }
}

#[test]
fn another_link_to_the_same_file_is_no_change() {
    let lasting = |link: &str| {
        let record = format!(r#"{{"id":"1","download":"{link}"}}"#);
        with_download(&record, |_| None).into_owned()
    };
    assert_eq!(lasting("https://f.example/a/1"), lasting("https://f.example/b/1"));
}
