//! Who may ask and how often, and the way to each list of the three APIs.

use serde_json::{Value, json};

use super::{Account, RateHeader, TOKEN_NAME, conversations, lists};
use crate::request::{Request, Response};

/// The minute of the limit, in milliseconds.
const MINUTE: i64 = 60_000;

/// What a response is made of, or how the request is refused.
pub(super) type Outcome = Result<Value, Response>;

/// An error in the documented form.
pub(super) fn error(status: u16, phrase: &str, message: &str, param: Option<&str>) -> Response {
    let mut body =
        json!({"status": "error", "message": message, "http_status": format!("{status} {phrase}")});
    if let Some(param) = param {
        body["param"] = json!(param);
    }
    Response::json(&body).with_status(status)
}

pub(super) fn refuse_missing(resource: &str) -> Response {
    error(404, "Object Not Found", &format!("No such {resource}"), None)
}

/// A refusal that comes with an OK status (seen in client programs).
pub(super) fn quiet_refusal(is_permission: bool, text: &str) -> Response {
    Response::json(&json!({"success": false, "permsError": is_permission, "error": text, "message": text}))
}

pub(super) fn respond(account: &Account, path: &str, request: &Request) -> Response {
    if let Some(refused) = refuse(account, path, request) {
        return refused;
    }
    let parts: Vec<&str> = path.split('/').collect();
    let outcome = match parts.as_slice() {
        ["v1.3" | "v1.1", "conversations"] => conversations::list_conversations(account, request),
        ["v1.3" | "v1.1", "conversations", id] => {
            conversations::find_conversation(account, &unescape(id), request)
        }
        ["v1.3" | "v1.1", list] => lists::list_records(account, list, request),
        ["v1.3" | "v1.1", list, id] => lists::find_record(account, list, &unescape(id), request),
        ["v3.0", "agent_events"] => lists::list_events(account, request),
        ["profiles", "api", "1", list] => lists::list_profiles(account, list, request),
        _ => Err(refuse_missing("page")),
    };
    outcome.map_or_else(|refused| refused, |body| Response::json(&body))
}

/// A segment of a path without its escapes.
fn unescape(segment: &str) -> String {
    let pair = format!("id={}", segment.replace('+', "%2B"));
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

pub(super) fn has_credential(account: &Account, request: &Request) -> bool {
    let wanted = base64(&format!("{TOKEN_NAME}:{}", account.options().token));
    let own = request.header("authorization");
    own.and_then(|own| own.strip_prefix("Basic ")) == Some(wanted.as_str())
}

/// The credential comes first, then the limit, then the rights.
fn refuse(account: &Account, path: &str, request: &Request) -> Option<Response> {
    if !has_credential(account, request) {
        return Some(error(401, "Unauthorized", "Bad credentials", None));
    }
    if request.method != "GET" {
        return Some(error(405, "Method Not Allowed", "Only GET", None));
    }
    if let Some(refused) = limit(account) {
        return Some(refused);
    }
    let quirks = account.current_quirks();
    let names = |list: &[String]| list.iter().any(|name| path.split('/').any(|part| part == name));
    if names(&quirks.unpermitted) {
        return Some(quiet_refusal(true, "This token has no such role"));
    }
    names(&quirks.forbidden).then(|| error(403, "Forbidden", "This token has no such role", None))
}

/// Refuses a request beyond the limit. The body is a text and no JSON (seen in client programs).
fn limit(account: &Account) -> Option<Response> {
    let quirks = account.current_quirks();
    let limit = quirks.requests_per_minute?;
    let now = account.now().timestamp_millis();
    let since = if quirks.is_calendar_minute {
        now - now.rem_euclid(MINUTE)
    } else {
        now - MINUTE + 1
    };
    let oldest = account.with(|state, _| {
        state.recent_requests.retain(|at| *at >= since);
        if state.recent_requests.len() < limit {
            state.recent_requests.push(now);
            return None;
        }
        state.recent_requests.first().copied()
    })?;
    let free = if quirks.is_calendar_minute { since } else { oldest } + MINUTE;
    let seconds = ((free - now) / 1000 + 1).to_string();
    let refused = Response::text(429, "text/plain", "Rate limit exceeded");
    Some(match quirks.rate_header {
        RateHeader::None => refused,
        RateHeader::RetryAfter => refused.with_header("retry-after", seconds),
        RateHeader::Reset => refused.with_header("x-ratelimit-reset", seconds),
    })
}

/// The text in base 64, for the one header that needs it.
fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place > chunk.len() {
                '='
            } else {
                char::from(digit)
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base_64_is_filled_up_to_four_digits() {
        for (text, wanted) in [
            ("", ""),
            ("a", "YQ=="),
            ("ab", "YWI="),
            ("abc", "YWJj"),
            ("reader:sandbox-secret", "cmVhZGVyOnNhbmRib3gtc2VjcmV0"),
        ] {
            assert_eq!(base64(text), wanted);
        }
    }
}
