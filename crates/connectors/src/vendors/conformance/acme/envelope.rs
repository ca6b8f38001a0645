//! Acme Desk's envelope: the list under its name, and a link to more.

use serde::Deserialize;

use crate::source::{Context, Envelope, ReadError, Response, explain_status};
use crate::wire::Records;
use crate::wire::body::{parse_json, require_json};

/// How much of the vendor's own words an operator is shown.
const SAID_LENGTH: usize = 200;

#[derive(Deserialize)]
struct Tickets<'a> {
    #[serde(borrow)]
    tickets: Records<'a>,
    next: Option<String>,
}

/// Opens a page of tickets. The list must be there, however empty.
pub(super) fn open_tickets<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    let page: Tickets<'_> = parse_json(require_json(body)?)?;
    Ok(Envelope {
        records: page.tickets.into_cows(),
        link: page.next,
        ..Envelope::default()
    })
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// What the vendor says of a request that it does not accept: the name of a parameter, and never a value (documented).
pub(super) fn explain(got: &Response) -> ReadError {
    match serde_json::from_str(&got.body) {
        Ok(Refusal { error }) if got.status == 400 => ReadError::Rejected {
            code: got.status.into(),
            said: Some(error.chars().take(SAID_LENGTH).collect()),
        },
        _ => explain_status(got),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_own_words_are_told_of_a_parameter_alone() {
        for (status, body, wanted) in [
            (
                400,
                r#"{"error": "unknown parameter per_pages"}"#,
                "The vendor did not accept the request (code 400: unknown parameter per_pages)",
            ),
            (400, "<html>", "The vendor did not accept the request (code 400)"),
            (
                422,
                r#"{"error": "no such user: Rowan Sample"}"#,
                "The vendor did not accept the request (code 422)",
            ),
        ] {
            let body = body.to_owned();
            assert_eq!(explain(&Response { status, body }).to_string(), wanted);
        }
    }
}
