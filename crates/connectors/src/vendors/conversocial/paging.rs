//! How one page leads to the next: by the vendor's link, as it stands.

use std::fmt::Write as _;

use crate::source::{Account, Ask, Next, Opened, ReadError};

/// What an operator is told when the vendor links from one empty page to another.
const EMPTY_TWICE: &str =
    "Two empty pages came one after the other with a link to more; the list was taken to be over";
/// What an operator is told when the vendor passes over a field that was asked for.
const PASSED_OVER: &str = "A field that was asked for is in no record of a list; its column stays empty";

/// The page that the vendor's link leads to. The end is where there is no link: a short page is none (documented).
///
/// An empty page may have a link to more; it is followed once (assumed). A list that leads in a circle is noticed by the
/// engine, which never asks the same question twice.
#[expect(clippy::unnecessary_wraps, reason = "paginators may fail")]
pub(super) fn onward(asked: &Ask, got: &Opened<'_>, _: &Account) -> Result<Next, ReadError> {
    let warning = passed_over(asked, got).then_some(PASSED_OVER);
    let Some(link) = got.link.clone() else {
        return Ok(Next {
            warning,
            ..Next::default()
        });
    };
    let (is_empty, was_empty) = (got.items.is_empty(), asked.mark.is_some());
    if is_empty && was_empty {
        return Ok(Next {
            warning: Some(EMPTY_TWICE),
            ..Next::default()
        });
    }
    let further = Ask {
        // The mark stands for an empty page; which time it holds does not matter.
        mark: is_empty.then_some(asked.window.since),
        ..asked.followed_by(asked.request.link(link))
    };
    Ok(Next {
        then: vec![further],
        warning,
        ..Next::default()
    })
}

/// True where no record of a list's first page has a field without which the list is of little use. The vendor passes over
/// names that it does not know without a word (documented).
fn passed_over(asked: &Ask, got: &Opened<'_>) -> bool {
    let decisive: &[&str] = match &*asked.request.path {
        "conversations" => &["\"status\"", "\"author\"", "\"content_ids\""],
        "users" => &["\"first_name\"", "\"email\""],
        "accounts" | "channels" | "tags" => &["\"name\""],
        _ => &[],
    };
    let is_told = |name: &&str| got.items.iter().any(|item| item.contains(*name));
    !got.items.is_empty() && !decisive.iter().all(is_told)
}

/// An id as a segment of a path: ids of authors hold colons, and anything is possible.
pub(super) fn segment(id: &str) -> String {
    let mut text = String::with_capacity(id.len() + 4);
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::schema::Region;
    use crate::source::{Request, Window};

    fn ask(path: &'static str) -> Ask {
        let since = DateTime::from_timestamp(1_793_516_400, 0).unwrap();
        let window = Window {
            since,
            until: since + TimeDelta::hours(1),
        };
        Ask::first(Request::get(path), window)
    }

    fn page(items: &[&'static str], link: Option<&str>) -> Opened<'static> {
        Opened {
            items: items.iter().map(|item| (*item).into()).collect(),
            link: link.map(str::to_owned),
            ..Opened::default()
        }
    }

    fn next(asked: &Ask, got: &Opened<'_>) -> Next {
        onward(asked, got, &Account::new(chrono_tz::UTC, Region::US)).unwrap()
    }

    #[test]
    fn a_link_is_followed_as_it_stands_however_short_the_page() {
        let link = "https://api.vendor.example/v1.3/reports?limit=10&offset=10&fields=id%2Curl";
        let next = next(&ask("reports"), &page(&["{}"], Some(link)));
        let [further] = &next.then[..] else {
            panic!("one question")
        };
        assert_eq!(
            (&*further.request.path, further.request.params()),
            (link, &[][..])
        );
        assert!(further.continues && further.mark.is_none());
    }

    #[test]
    fn an_empty_page_with_a_link_is_followed_once() {
        let first = next(&ask("reports"), &page(&[], Some("https://a.example/2")));
        let second = &first.then[0];
        let after_empty = next(second, &page(&[], Some("https://a.example/3")));
        assert!(after_empty.then.is_empty() && after_empty.warning == Some(EMPTY_TWICE));
        let after_full = next(second, &page(&["{}"], Some("https://a.example/3")));
        let again = next(&after_full.then[0], &page(&[], Some("https://a.example/4")));
        assert_eq!(
            again.then.len(),
            1,
            "a page with records between them forgives the first"
        );
    }

    #[test]
    fn a_field_that_no_record_has_is_told_to_the_operator() {
        for (path, items, wanted) in [
            ("tags", &[r#"{"id":"1","url":"u"}"#][..], Some(PASSED_OVER)),
            ("tags", &[r#"{"id":"1"}"#, r#"{"id":"2","name":"x"}"#], None),
            ("tags", &[r#"{"id":"1","text":"\"name\""}"#], Some(PASSED_OVER)),
            ("tags", &[], None),
            ("users", &[r#"{"id":"1","first_name":"x"}"#], Some(PASSED_OVER)),
            ("https://a.example/tags?offset=10", &[r#"{"id":"1"}"#], None),
        ] {
            assert_eq!(
                next(&ask(path), &page(items, None)).warning,
                wanted,
                "{path} {items:?}"
            );
        }
    }

    #[test]
    fn an_id_is_one_segment_of_a_path() {
        for (id, wanted) in [
            ("t:99", "t%3A99"),
            ("a/b?c=1#d", "a%2Fb%3Fc%3D1%23d"),
            ("64b1-x_~.", "64b1-x_~."),
            ("é %", "%C3%A9%20%25"),
        ] {
            assert_eq!(segment(id), wanted, "{id}");
        }
    }
}
