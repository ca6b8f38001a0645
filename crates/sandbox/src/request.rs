//! A request as the simulated vendors read it, whichever way its parameters came, and the response before it is sent.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

/// One request.
///
/// ```
/// use sandbox::Request;
///
/// let request = Request::post("/convoso/v1/log/retrieve?limit=5", "limit=6&offset=10");
/// assert_eq!(request.param("limit"), Some("6"));
/// assert_eq!(request.param("offset"), Some("10"));
/// ```
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole path, without the query.
    pub path: String,
    /// Query first, body after it.
    pub parameters: Vec<(String, String)>,
    /// The body, as received.
    pub body: String,
    /// How many of the parameters came with the URL.
    pub(crate) in_url: usize,
    headers: Vec<(String, String)>,
}

impl Request {
    /// A request of this method for a path with its query.
    pub fn new(method: &str, target: &str, body: impl Into<String>) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let body = body.into();
        let mut parameters = read_form(query);
        let in_url = parameters.len();
        // Clients are known to send JSON under a form's content type, so the body itself decides.
        if body.trim_start().starts_with('{') {
            parameters.extend(read_members(&body));
        } else {
            parameters.extend(read_form(&body));
        }
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            parameters,
            body,
            in_url,
            headers: Vec::new(),
        }
    }

    /// A `GET` of a path with its query.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target, "")
    }

    /// A `POST` of a form or of JSON.
    pub fn post(target: &str, body: impl Into<String>) -> Self {
        Self::new("POST", target, body)
    }

    /// The same with a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_lowercase(), value.to_owned()));
        self
    }

    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(own, _)| own == name)?;
        Some(value)
    }

    /// All values of this name, empty ones left out.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.parameters.iter().filter(move |(key, _)| key == name);
        own.map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The last value of this name: a body's field wins over the query's. An empty one counts as absent.
    pub fn param(&self, name: &str) -> Option<&str> {
        let (_, value) = self.parameters.iter().rfind(|(key, _)| key == name)?;
        (!value.is_empty()).then_some(value)
    }

    /// A parameter that is a whole number.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.param(name)?.parse().ok()
    }

    /// The request without parameters that the vendor does not heed.
    pub(crate) fn without(&self, ignored: &[String]) -> Cow<'_, Self> {
        if ignored.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut heeded = self.clone();
        heeded.parameters.retain(|(name, _)| !ignored.contains(name));
        Cow::Owned(heeded)
    }

    /// A link to the same list, with some parameters replaced.
    pub(crate) fn link(&self, replaced: &[&str], with: &[(&str, String)]) -> String {
        let kept = self
            .parameters
            .iter()
            .filter(|(name, _)| !replaced.contains(&name.as_str()));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .extend_pairs(with)
            .finish();
        let host = self.header("host").unwrap_or("localhost");
        format!("http://{host}{}?{query}", self.path)
    }
}

fn read_form(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

fn read_members(body: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(map)) = serde_json::from_str(body) else {
        return Vec::new();
    };
    let scalar = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(u8::from(yes).to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let members = map.into_iter();
    members
        .filter_map(|(name, value)| Some((name, scalar(value)?)))
        .collect()
}

/// How a response reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// In full.
    #[default]
    Whole,
    /// In full, this much later.
    Late(Duration),
    /// The connection closes after half of the body.
    Half,
    /// The connection closes without a word.
    Dropped,
}

/// What a simulated vendor responds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// How it reaches the client.
    pub delivery: Delivery,
}

impl Response {
    /// A text of this kind.
    pub(crate) fn text(status: u16, kind: &str, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body: body.into(),
            delivery: Delivery::Whole,
        }
    }

    /// JSON with an OK status.
    pub(crate) fn json(body: &Value) -> Self {
        Self::raw_json(body.to_string())
    }

    /// A text that is JSON already, with an OK status.
    pub(crate) fn raw_json(body: String) -> Self {
        Self::text(200, "application/json", body)
    }

    /// A web page.
    pub(crate) fn html(status: u16) -> Self {
        let body = format!("<!DOCTYPE html>\n<html><body><h1>{status}</h1><p>Not data.</p></body></html>\n");
        Self::text(status, "text/html; charset=utf-8", body)
    }

    /// Nothing but a status.
    pub(crate) fn empty(status: u16) -> Self {
        Self::text(status, "text/plain", "")
    }

    /// The same with another status.
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same with a further header.
    pub(crate) fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(own, _)| own == name)?;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_form_and_json_say_the_same() {
        for request in [
            Request::get("/p?limit=5&start_time=2026-02-03+14%3A05%3A09"),
            Request::post("/p", "limit=5&start_time=2026-02-03%2014:05:09"),
            Request::post("/p", r#" {"limit": 5, "start_time": "2026-02-03 14:05:09"}"#),
        ] {
            assert_eq!(request.number("limit"), Some(5));
            assert_eq!(request.param("start_time"), Some("2026-02-03 14:05:09"));
        }
    }

    #[test]
    fn an_empty_parameter_is_absent_and_the_body_wins() {
        let request = Request::post("/p?limit=5&offset=1", "limit=6&campaign_id=");
        assert_eq!(request.param("limit"), Some("6"));
        assert_eq!(request.param("offset"), Some("1"));
        assert_eq!(request.param("campaign_id"), None);
        assert_eq!(request.in_url, 2);
        assert_eq!(request.without(&["limit".to_owned()]).param("limit"), None);
        let link = request.link(&["limit"], &[("skip", "2".to_owned())]);
        assert_eq!(link, "http://localhost/p?offset=1&campaign_id=&skip=2");
    }
}
