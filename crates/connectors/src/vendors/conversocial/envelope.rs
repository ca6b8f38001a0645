//! Conversocial's answers: the list that was asked for under its own name, a link to more, and errors in the vendor's words.

use std::borrow::Cow;

use crate::source::{Context, Envelope, Faults, ReadError, Response, explain_status};
use crate::wire::body::{UNKNOWN, parse_json, require_json};
use crate::wire::{Field, Records, wire_record};

/// What an operator is told when the vendor passes over a field that was asked for.
const PASSED_OVER: &str = "A field that was asked for is in no record of a list; its column stays empty";
/// The most that is told of the vendor's own words.
const LONGEST: usize = 200;

wire_record! {
    /// The members of an answer, of whatever list.
    pub(super) struct Answer {
        accounts, channels, users, tags, reports, notes, annotations, annotationtypes,
        conversations, conversation,
        /// Messages, as one array for all conversations of the page.
        content,
        author,
        paging,
        documents, next_url,
        success, perms_error = "permsError", error,
        status, http_status, message, error_code, param,
    }
}

wire_record! {
    /// The link back is not read at all: on conversations it pages for ever (documented).
    struct Links { next_page }
}

/// Reads an answer, unless it is a refusal or a failure that comes with a good status.
pub(super) fn read_answer(body: &str) -> Result<Answer<'_>, ReadError> {
    let answer: Answer<'_> = parse_json(require_json(body)?)?;
    match read_complaint(&answer) {
        Some(complaint) => Err(complaint),
        None => Ok(answer),
    }
}

/// Opens a list with a link to more. `decisive` are members without which the list is of little use: the vendor passes over
/// names that it does not know without a word (documented).
pub(super) fn open_list<'a>(
    body: &'a str,
    list: fn(Answer<'a>) -> Field<'a>,
    decisive: &[&str],
) -> Result<Envelope<'a>, ReadError> {
    let answer = read_answer(body)?;
    let records = require_list(&list(answer))?;
    Ok(Envelope {
        warning: find_passed_over(&records, decisive),
        records: records.into_cows(),
        link: next_page(&answer)?,
        ..Envelope::default()
    })
}

/// Opens the answer about one customer.
pub(super) fn open_author<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    Ok(Envelope {
        records: vec![require_one(&read_answer(body)?.author)?.into()],
        ..Envelope::default()
    })
}

/// The records of a list, which must be there.
pub(super) fn require_list<'a>(list: &Field<'a>) -> Result<Records<'a>, ReadError> {
    let text = list.raw().filter(|text| text.starts_with('[')).ok_or(UNKNOWN)?;
    parse_json(text)
}

/// The one record of an answer about an id, which must be there.
pub(super) fn require_one<'a>(item: &Field<'a>) -> Result<&'a str, ReadError> {
    item.raw().filter(|text| text.starts_with('{')).ok_or(UNKNOWN)
}

/// The link to the next page. A missing key, a null and an empty text all mean the last page (seen in client programs).
pub(super) fn next_page(answer: &Answer<'_>) -> Result<Option<String>, ReadError> {
    match answer.paging.raw() {
        // PHP's empty map, and false, are no links either.
        Some("[]" | "false") | None => Ok(None),
        Some(paging) => read_link(&parse_json::<Links<'_>>(paging)?.next_page),
    }
}

/// A link. A sample of the vendor's has a blank in the middle of one, and no address has any.
pub(super) fn read_link(link: &Field<'_>) -> Result<Option<String>, ReadError> {
    let Some(text) = link.raw().filter(|text| *text != "false") else {
        return Ok(None);
    };
    let link = parse_json::<Cow<'_, str>>(text).map_err(|_| UNKNOWN)?;
    // Some answers are made for web pages, where `&` is written so.
    let link = link.replace("&amp;", "&");
    let link: String = link.split_whitespace().collect();
    Ok(Some(link).filter(|link| !link.is_empty()))
}

/// What an operator should know of a list: that no record of it has a member that was asked for.
pub(super) fn find_passed_over(records: &Records<'_>, decisive: &[&str]) -> Option<&'static str> {
    let is_told = |name: &&str| {
        let member = format!("\"{name}\"");
        records.iter().any(|record| record.contains(&member))
    };
    let is_passed_over = !records.is_empty() && !decisive.iter().all(is_told);
    is_passed_over.then_some(PASSED_OVER)
}

/// What the vendor complains of in an answer with a good status.
///
/// A refusal can come as `success: false` with `permsError: true` and status 200 (seen in client programs); the documented
/// form of an error has `status: "error"` and a text that begins with the HTTP status.
fn read_complaint(answer: &Answer<'_>) -> Option<ReadError> {
    if answer.success.raw().is_some_and(|success| success != "true") {
        let is_refusal = answer.perms_error.raw() == Some("true");
        return Some(if is_refusal {
            ReadError::Refused { code: 403 }
        } else {
            ReadError::Failed {
                said: vendor_words(answer),
            }
        });
    }
    is_error(answer).then(|| read_rejection(leading_number(&answer.http_status).unwrap_or(0), answer))
}

/// What an answer says whose status is not a good one.
pub(super) fn explain_answer(got: &Response) -> ReadError {
    match parse_json::<Answer<'_>>(&got.body) {
        Ok(answer) if is_error(&answer) || answer.success.raw().is_some() => {
            read_rejection(got.status.into(), &answer)
        }
        _ => explain_status(got),
    }
}

/// True where the vendor's own error body says that there is no such row. Whatever else answers with 404 proves nothing.
pub(super) fn says_no_such(got: &Response, resource: &str) -> bool {
    let Ok(answer) = parse_json::<Answer<'_>>(&got.body) else {
        return false;
    };
    let message = text(&answer.message).unwrap_or_default();
    let named = message
        .get(.."no such ".len())
        .filter(|start| start.eq_ignore_ascii_case("no such "))
        .map(|start| message[start.len()..].trim_end_matches('.'));
    // `No such ` and the singular name of the resource (documented for authors, seen in client programs for all).
    got.status == 404
        && is_error(&answer)
        && named.is_some_and(|named| named.trim().eq_ignore_ascii_case(resource))
}

fn is_error(answer: &Answer<'_>) -> bool {
    text(&answer.status).as_deref() == Some("error")
}

fn read_rejection(code: i64, answer: &Answer<'_>) -> ReadError {
    match code {
        401 | 403 => ReadError::Refused { code },
        _ => ReadError::Rejected {
            code,
            said: vendor_words(answer),
        },
    }
}

/// The vendor's own words, with the code and the parameter that it names (documented).
fn vendor_words(answer: &Answer<'_>) -> Option<String> {
    let message = text(&answer.message).or_else(|| text(&answer.error));
    let parts = [
        message.map(|message| without_values(&message)),
        text(&answer.error_code).map(|code| format!("error code {code}")),
        text(&answer.param).map(|param| format!("parameter {param}")),
    ];
    let said: Vec<String> = parts.into_iter().flatten().collect();
    let said: String = said.join(", ").chars().take(LONGEST).collect();
    Some(said).filter(|said| !said.is_empty())
}

/// A sentence without what could be the value of a record: what stands between quotes, addresses, and long numbers.
fn without_values(sentence: &str) -> String {
    let mut is_quoted = false;
    let mut words = Vec::new();
    for word in sentence.split_whitespace() {
        let marks = word
            .chars()
            .filter(|sign| matches!(sign, '\'' | '"' | '`'))
            .count();
        // A single mark within a word is an apostrophe.
        let is_apostrophe = marks == 1 && !word.starts_with(['\'', '"', '`']) && !is_quoted;
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let hides =
            is_quoted || (marks > 0 && !is_apostrophe) || digits > 3 || word.contains(['@', ':', '/']);
        if marks % 2 == 1 && !is_apostrophe {
            is_quoted = !is_quoted;
        }
        let is_colon_alone =
            word.ends_with(':') && word.matches(':').count() == 1 && marks == 0 && digits == 0;
        let shown = if hides && !is_colon_alone { "…" } else { word };
        if shown != "…" || words.last() != Some(&"…") {
            words.push(shown);
        }
    }
    words.join(" ")
}

fn text<'a>(field: &Field<'a>) -> Option<Cow<'a, str>> {
    field.text(&Faults::new())
}

fn leading_number(field: &Field<'_>) -> Option<i64> {
    let text = text(field)?;
    let end = text
        .find(|sign: char| !sign.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(opened: Result<Envelope<'_>, ReadError>) -> String {
        match opened {
            Ok(opened) => format!("{} then {:?}", opened.records.len(), opened.link),
            Err(error) => error.to_string(),
        }
    }

    fn tags(body: &str) -> Result<Envelope<'_>, ReadError> {
        open_list(body, |answer| answer.tags, &[])
    }

    #[test]
    fn a_list_is_under_its_own_name_and_links_to_more() {
        let unknown = "The answer has an unknown shape (line 1, column 1)";
        for (body, wanted) in [
            (
                r#"{"tags":[{},{}],"paging":{"next_page":"http://a/b","prev_page":"http://a/c"}}"#,
                r#"2 then Some("http://a/b")"#,
            ),
            (
                r#"{"tags":[],"paging":{"next_page":null,"prev_page":"http://a/c"}}"#,
                "0 then None",
            ),
            (r#"{"tags":[],"paging":{"next_page":""}}"#, "0 then None"),
            (r#"{"tags":[],"paging":{}}"#, "0 then None"),
            (r#"{"tags":[],"paging":null}"#, "0 then None"),
            (r#"{"tags":[]}"#, "0 then None"),
            (
                r#"{"tags":[],"paging":{"next_page":"http://a/b?x=1& page_token=2 "}}"#,
                r#"0 then Some("http://a/b?x=1&page_token=2")"#,
            ),
            (
                r#"{"tags":[],"paging":{"next_page":"http:\/\/a\/b"}}"#,
                r#"0 then Some("http://a/b")"#,
            ),
            (r#"{"tags":null}"#, unknown),
            (r#"{"tag":{}}"#, unknown),
            (r#"{"tags":{"1":{}}}"#, unknown),
            (r#"{"tags":[],"paging":{"next_page":["x"]}}"#, unknown),
            (r#"{"tags":[],"paging":{"next_page":7}}"#, unknown),
            (r#"{"tags":[],"#, "The answer ends in the middle"),
            (
                "",
                "The answer is empty, which does not say that there is nothing",
            ),
        ] {
            assert_eq!(story(tags(body)), wanted, "{body}");
        }
    }

    #[test]
    fn an_item_is_an_object_under_its_singular_name() {
        let one = |body| story(open_author(body, &Context::default()));
        assert_eq!(one(r#"{"author":{"id":"1"}}"#), "1 then None");
        for body in [
            r#"{"author":null}"#,
            r#"{"author":[]}"#,
            r#"{"authors":[]}"#,
            "{}",
        ] {
            assert!(open_author(body, &Context::default()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_good_status_is_no_good_answer_by_itself() {
        let refused = "The vendor refused the credential (code 403); check the token, its rights and the allowed addresses";
        for (body, wanted) in [
            (
                r#"{"success":false,"permsError":true,"error":"x","tags":[]}"#,
                refused,
            ),
            (
                r#"{"success":false,"message":"Too busy","tags":[]}"#,
                "The vendor says that it failed: Too busy",
            ),
            (
                r#"{"success":false,"permsError":false,"tags":[]}"#,
                "The vendor says that it failed",
            ),
            (r#"{"success":true,"tags":[]}"#, "0 then None"),
            (
                r#"{"status":"error","message":"No such tag","http_status":"404 Object Not Found"}"#,
                "The vendor did not accept the request (code 404: No such tag)",
            ),
            (r#"{"status":"error","http_status":"403 Forbidden"}"#, refused),
            (
                r#"{"status":"error"}"#,
                "The vendor did not accept the request (code 0)",
            ),
            (
                "<html></html>",
                "The answer is a web page, not data; check `base_url`, and for a proxy in between",
            ),
        ] {
            assert_eq!(story(tags(body)), wanted, "{body}");
        }
    }

    #[test]
    fn an_error_is_told_in_the_vendors_words_without_values() {
        for (status, body, wanted) in [
            (
                400,
                r#"{"status":"error","message":"A filter is missing","http_status":"400 Bad Request","error_code":1042,"param":"is_priority"}"#,
                "The vendor did not accept the request (code 400: A filter is missing, error code 1042, parameter is_priority)",
            ),
            (
                400,
                r#"{"status":"error","message":"Author 't:99 Dana Example' isn't known: t:9911, dana@sim.example, at most 50"}"#,
                "The vendor did not accept the request (code 400: Author … isn't known: … at most 50)",
            ),
            (
                400,
                r#"{"status":"error","error_code":"E7","param":null}"#,
                "The vendor did not accept the request (code 400: error code E7)",
            ),
            (
                404,
                "Not Found",
                "The vendor says 404 (not found), and not in its own words",
            ),
            (
                404,
                r#"{"status":"error","message":"No such user"}"#,
                "The vendor did not accept the request (code 404: No such user)",
            ),
            (
                422,
                "<html></html>",
                "The vendor did not accept the request (code 422)",
            ),
        ] {
            let body = body.to_owned();
            assert_eq!(explain_answer(&Response { status, body }).to_string(), wanted);
        }
        let body = format!(r#"{{"status":"error","message":"{}"}}"#, "so it is ".repeat(100));
        let told = explain_answer(&Response { status: 400, body }).to_string();
        assert!(told.chars().count() < 2 * LONGEST, "{told}");
    }

    #[test]
    fn only_the_vendors_own_words_say_that_a_row_is_gone() {
        for (status, body, wanted) in [
            (
                404,
                r#"{"status":"error","message":"No such author","http_status":"404 Object Not Found"}"#,
                true,
            ),
            (404, r#"{"status":"error","message":"no such Author."}"#, true),
            (
                404,
                r#"{"status":"error","message":"No such conversation"}"#,
                false,
            ),
            (404, r#"{"status":"error","message":"No such authority"}"#, false),
            (404, r#"{"status":"error","message":"No such"}"#, false),
            (404, r#"{"status":"error"}"#, false),
            (404, r#"{"message":"No such author"}"#, false),
            (404, "No such author", false),
            (404, "", false),
            (404, "<html>No such author</html>", false),
            (200, r#"{"status":"error","message":"No such author"}"#, false),
            (410, r#"{"status":"error","message":"No such author"}"#, false),
        ] {
            let got = Response {
                status,
                body: body.to_owned(),
            };
            assert_eq!(says_no_such(&got, "author"), wanted, "{status} {body}");
        }
    }

    #[test]
    fn a_field_that_no_record_has_is_told_to_the_operator() {
        for (records, decisive, wanted) in [
            (&[r#"{"id":"1","url":"u"}"#][..], &["name"][..], Some(PASSED_OVER)),
            (&[r#"{"id":"1"}"#, r#"{"id":"2","name":"x"}"#], &["name"], None),
            (&[r#"{"id":"1","text":"\"name\""}"#], &["name"], Some(PASSED_OVER)),
            (&[], &["name"], None),
            (
                &[r#"{"id":"1","first_name":"x"}"#],
                &["first_name", "email"],
                Some(PASSED_OVER),
            ),
        ] {
            assert_eq!(
                find_passed_over(&Records(records.to_vec()), decisive),
                wanted,
                "{records:?}"
            );
        }
    }
}
