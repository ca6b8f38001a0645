//! Conversocial's envelopes, read strictly: the list that was asked for under its own name, and a link to more.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::source::{Opened, ReadError};
use crate::vendors::answer::{UNKNOWN, json, sound};
use crate::vendors::lenient::Scalar;

/// The members of an answer, each as received.
pub(super) struct Envelope<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Envelope<'a> {
    /// Reads an answer, unless it is a refusal or a failure that comes with a good status.
    pub(super) fn read(body: &'a str) -> Result<Self, ReadError> {
        let envelope = Self(json(sound(body)?)?);
        match envelope.complaint() {
            Some(complaint) => Err(complaint),
            None => Ok(envelope),
        }
    }

    /// A member, where it is not null.
    pub(super) fn member(&self, name: &str) -> Option<&'a str> {
        let raw = self.0.get(name).map(|raw| raw.get());
        raw.filter(|raw| *raw != "null")
    }

    /// The records of a list, which must be there.
    pub(super) fn list(&self, name: &str) -> Result<Vec<&'a str>, ReadError> {
        let records: Vec<&RawValue> = json(self.member(name).ok_or(UNKNOWN)?)?;
        Ok(records.into_iter().map(RawValue::get).collect())
    }

    /// The one record of an answer about an id, which must be there.
    pub(super) fn one(&self, name: &str) -> Result<&'a str, ReadError> {
        self.member(name)
            .filter(|raw| raw.starts_with('{'))
            .ok_or(UNKNOWN)
    }

    /// The link to the next page. A missing key, a null and an empty text all mean the last page (seen in client programs).
    ///
    /// The link back is not read at all: on conversations it pages for ever (documented).
    pub(super) fn next_page(&self) -> Result<Option<String>, ReadError> {
        let Some(paging) = self.member("paging") else {
            return Ok(None);
        };
        let paging: BTreeMap<String, &RawValue> = json(paging)?;
        paging.get("next_page").map_or(Ok(None), |raw| link(raw.get()))
    }

    /// What the vendor complains of in an answer with a good status.
    ///
    /// A refusal can come as `success: false` with `permsError: true` and status 200 (seen in client programs); the documented
    /// form of an error has `status: "error"` and a text that begins with the HTTP status.
    fn complaint(&self) -> Option<ReadError> {
        if self.member("success").is_some_and(|raw| raw != "true") {
            let is_refusal = self.member("permsError") == Some("true");
            return Some(if is_refusal {
                ReadError::Refused { code: 403 }
            } else {
                ReadError::Failed
            });
        }
        if self.member("status") != Some("\"error\"") {
            return None;
        }
        let code = self.member("http_status").and_then(leading_number).unwrap_or(0);
        Some(match code {
            401 | 403 => ReadError::Refused { code },
            _ => ReadError::Question { code },
        })
    }
}

/// Opens a list with a link to more.
pub(super) fn list<'a>(body: &'a str, name: &str) -> Result<Opened<'a>, ReadError> {
    let envelope = Envelope::read(body)?;
    Ok(Opened {
        items: envelope.list(name)?.into_iter().map(Into::into).collect(),
        link: envelope.next_page()?,
        ..Opened::default()
    })
}

/// Opens an answer about one id.
pub(super) fn one<'a>(body: &'a str, name: &str) -> Result<Opened<'a>, ReadError> {
    let record = Envelope::read(body)?.one(name)?;
    Ok(Opened {
        items: vec![record.into()],
        ..Opened::default()
    })
}

/// A link. A sample of the vendor's has a blank in the middle of one, and no address has any.
pub(super) fn link(raw: &str) -> Result<Option<String>, ReadError> {
    let scalar: Scalar<'_> = json(raw)?;
    Ok(scalar.text().map(|text| text.split_whitespace().collect()))
}

fn leading_number(raw: &str) -> Option<i64> {
    let digits = raw.trim_start_matches('"');
    let end = digits
        .find(|sign: char| !sign.is_ascii_digit())
        .unwrap_or(digits.len());
    digits[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(opened: Result<Opened<'_>, ReadError>) -> String {
        match opened {
            Ok(opened) => format!("{} then {:?}", opened.items.len(), opened.link),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_list_is_under_its_own_name_and_links_to_more() {
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
                r#"{"tags":null}"#,
                "The answer has an unknown shape (line 1, column 1)",
            ),
            (
                r#"{"tag":{}}"#,
                "The answer has an unknown shape (line 1, column 1)",
            ),
            (
                r#"{"tags":{"1":{}}}"#,
                "The answer has an unknown shape (line 1, column 0)",
            ),
            (
                r#"{"tags":[],"paging":{"next_page":["x"]}}"#,
                "The answer has an unknown shape (line 1, column 5)",
            ),
            (r#"{"tags":[],"#, "The answer ends in the middle"),
        ] {
            assert_eq!(story(list(body, "tags")), wanted, "{body}");
        }
    }

    #[test]
    fn an_item_is_an_object_under_its_singular_name() {
        assert_eq!(story(one(r#"{"tag":{"id":"1"}}"#, "tag")), "1 then None");
        for body in [r#"{"tag":null}"#, r#"{"tag":[]}"#, r#"{"tags":[]}"#, "{}"] {
            assert!(one(body, "tag").is_err(), "{body}");
        }
    }

    #[test]
    fn a_good_status_is_no_good_answer_by_itself() {
        for (body, wanted) in [
            (
                r#"{"success":false,"permsError":true,"error":"x","tags":[]}"#,
                "The vendor refused the credential (code 403); check the token, its rights and the allowed addresses",
            ),
            (
                r#"{"success":false,"message":"x","tags":[]}"#,
                "The vendor says that it failed, and not why",
            ),
            (
                r#"{"success":false,"permsError":false,"tags":[]}"#,
                "The vendor says that it failed, and not why",
            ),
            (r#"{"success":true,"tags":[]}"#, "0 then None"),
            (
                r#"{"status":"error","message":"x","http_status":"404 Object Not Found"}"#,
                "The vendor did not accept the question (code 404)",
            ),
            (
                r#"{"status":"error","http_status":"403 Forbidden"}"#,
                "The vendor refused the credential (code 403); check the token, its rights and the allowed addresses",
            ),
            (
                r#"{"status":"error"}"#,
                "The vendor did not accept the question (code 0)",
            ),
            (
                "<html></html>",
                "The answer is a web page, not data; check `base_url`, and for a proxy in between",
            ),
        ] {
            assert_eq!(story(list(body, "tags")), wanted, "{body}");
        }
    }
}
