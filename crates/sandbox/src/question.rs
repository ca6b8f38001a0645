//! A request with its parameters gathered, whichever way they came; an answer before it is sent.

use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde_json::Value;

/// One request as a simulated vendor reads it.
pub(super) struct Question {
    pub(super) method: String,
    pub(super) path: String,
    /// Query first, body after it.
    pub(super) parameters: Vec<(String, String)>,
    /// How many of the parameters came with the URL.
    pub(super) in_url: usize,
    headers: HeaderMap,
    /// The body, as received.
    pub(super) body: String,
}

impl Question {
    pub(super) fn read(head: &Parts, body: &[u8]) -> Self {
        let mut parameters = form(head.uri.query().unwrap_or_default().as_bytes());
        let in_url = parameters.len();
        // Clients are known to send JSON under a form's content type, so the body itself decides.
        if body.trim_ascii_start().first() == Some(&b'{') {
            parameters.extend(members(body));
        } else {
            parameters.extend(form(body));
        }
        Self {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            parameters,
            in_url,
            headers: head.headers.clone(),
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }

    /// A header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Scheme, host and port that the question was sent to, for links.
    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.header("host").unwrap_or("localhost"))
    }

    /// All values of this name, empty ones left out.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.parameters.iter().filter(move |(key, _)| key == name);
        own.map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The last value of this name: a body's field wins over the query's. An empty one counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.parameters.iter().rfind(|(key, _)| key == name)?;
        (!value.is_empty()).then_some(value)
    }
}

fn form(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

fn members(body: &[u8]) -> Vec<(String, String)> {
    let Ok(Value::Object(map)) = serde_json::from_slice(body) else {
        return Vec::new();
    };
    map.into_iter()
        .filter_map(|(key, value)| scalar(&value).map(|value| (key, value)))
        .collect()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(u8::from(*yes).to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What a simulated vendor answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) media: &'static str,
    pub(super) retry_after: Option<String>,
    /// Further headers.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(body: String) -> Self {
        Self {
            status: 200,
            media: "application/json",
            retry_after: None,
            headers: Vec::new(),
            body,
        }
    }

    pub(super) fn html(status: u16) -> Self {
        let body = format!("<!DOCTYPE html>\n<html><body><h1>{status}</h1><p>Not data.</p></body></html>\n");
        Self {
            status,
            media: "text/html; charset=utf-8",
            retry_after: None,
            headers: Vec::new(),
            body,
        }
    }

    pub(super) fn empty(status: u16, retry_after: Option<String>) -> Self {
        Self {
            status,
            media: "text/plain",
            retry_after,
            headers: Vec::new(),
            body: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str, body: &str) -> Question {
        let (head, ()) = axum::http::Request::post(uri).body(()).unwrap().into_parts();
        Question::read(&head, body.as_bytes())
    }

    #[test]
    fn query_form_and_json_say_the_same() {
        let asked = [
            read("/p?limit=5&start_time=2026-02-03+14%3A05%3A09", ""),
            read("/p", "limit=5&start_time=2026-02-03%2014:05:09"),
            read("/p", r#" {"limit": 5, "start_time": "2026-02-03 14:05:09"}"#),
        ];
        for question in asked {
            assert_eq!(question.get("limit"), Some("5"));
            assert_eq!(question.get("start_time"), Some("2026-02-03 14:05:09"));
        }
    }

    #[test]
    fn an_empty_parameter_is_absent_and_the_body_wins() {
        let question = read("/p?limit=5&offset=1", "limit=6&campaign_id=");
        assert_eq!(question.get("limit"), Some("6"));
        assert_eq!(question.get("offset"), Some("1"));
        assert_eq!(question.get("campaign_id"), None);
        assert_eq!(question.in_url, 2);
    }
}
