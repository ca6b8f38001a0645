//! A request and its answer, as data; and where a vendor wants the credential.

use std::borrow::Cow;

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// GET, parameters in the query.
    Get,
    /// POST, parameters as a form in the body. Only for lists: it is sent again after a failure.
    PostForm,
}

/// A question as it goes over the wire, without the credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// How it is sent.
    pub verb: Verb,
    /// A path below the source's base URL, or a link that the vendor gave.
    pub path: Cow<'static, str>,
    params: Vec<(&'static str, String)>,
}

impl Request {
    /// A GET of a path.
    pub fn get(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            verb: Verb::Get,
            path: path.into(),
            params: Vec::new(),
        }
    }

    /// A POST of a form to a path.
    pub fn post_form(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            verb: Verb::PostForm,
            path: path.into(),
            params: Vec::new(),
        }
    }

    /// The request with this parameter, in place of an earlier one of the same name.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        let value = value.to_string();
        match self.params.iter_mut().find(|(own, _)| *own == name) {
            Some(place) => place.1 = value,
            None => self.params.push((name, value)),
        }
        self
    }

    /// A parameter's value.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value.as_str())
    }

    /// All parameters, in order.
    pub fn params(&self) -> &[(&'static str, String)] {
        &self.params
    }
}

/// An answer with a good status.
#[derive(Debug, Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body, checked to be UTF-8.
    pub body: String,
}

/// Where a vendor wants the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// A field of the form (or, for GET, of the query), beside the parameters.
    Field(&'static str),
}
