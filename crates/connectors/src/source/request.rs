//! A request and its answer, as data; and where a vendor wants the credential.

use std::borrow::Cow;

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// GET, parameters in the query.
    Get,
    /// POST, parameters as a form in the body.
    PostForm,
    /// POST, the body of the request as it stands, which is JSON.
    PostJson,
}

/// A page request as it goes over the wire, without the credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// How it is sent.
    pub verb: Verb,
    /// A path below the source's base URL, or a link that the vendor gave.
    pub path: Cow<'static, str>,
    /// Which of the vendor's API hosts it goes to; the main one has no name.
    pub host: &'static str,
    /// True where sending it twice does no more than sending it once. All that reads is.
    pub is_repeatable: bool,
    /// True where the vendor gave the path as a link.
    pub is_link: bool,
    /// The path of the request that a link came in answer to; a relative link is relative to it.
    pub page_path: Cow<'static, str>,
    /// The body of a JSON request.
    pub body: Option<String>,
    params: Vec<(&'static str, String)>,
}

impl Request {
    fn new(verb: Verb, path: Cow<'static, str>) -> Self {
        Self {
            verb,
            path,
            host: "",
            is_repeatable: true,
            is_link: false,
            page_path: Cow::Borrowed(""),
            body: None,
            params: Vec::new(),
        }
    }

    /// A GET of a path.
    pub fn get(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Verb::Get, path.into())
    }

    /// A POST of a form to a path.
    pub fn post_form(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Verb::PostForm, path.into())
    }

    /// A POST of JSON to a path. Parameters go into the query.
    pub fn post_json(path: impl Into<Cow<'static, str>>, body: String) -> Self {
        Self {
            body: Some(body),
            ..Self::new(Verb::PostJson, path.into())
        }
    }

    /// The request to another of the vendor's API hosts.
    #[must_use]
    pub fn to_host(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    /// A link that the vendor gave in an answer to this request, as it stands.
    #[must_use]
    pub fn follow_link(&self, link: String) -> Self {
        // The first page's path all along a chain of links, so that two requests for one link are equal.
        let page_path = if self.is_link { &self.page_path } else { &self.path };
        Self {
            is_link: true,
            page_path: page_path.clone(),
            ..Self::new(Verb::Get, link.into()).to_host(self.host)
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

    /// The request with one more parameter of this name.
    #[must_use]
    pub fn and(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name, value.to_string()));
        self
    }

    /// A parameter's value, the first of its name.
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

/// An answer: one with a good status, or one of which the vendor's own words have to say what it means.
#[derive(Debug, Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body, decoded; what could not be decoded is U+FFFD.
    pub body: String,
}

/// Where a vendor wants the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// A field of the form (or, for GET, of the query), beside the parameters.
    Field(&'static str),
    /// A header.
    Header {
        /// Its name.
        name: &'static str,
        /// What stands before the credential, such as `Bearer `.
        prefix: &'static str,
        /// Headers that go with it.
        with: &'static [(&'static str, &'static str)],
    },
    /// Headers of these names, each with the credential as it stands.
    Headers(&'static [&'static str]),
    /// HTTP Basic, with the name that the settings have under this key.
    Basic {
        /// The key.
        name: &'static str,
    },
}

/// An address of a vendor, with the credential that it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiHost {
    /// Its name; the main one has none.
    pub name: &'static str,
    /// The settings key of its address.
    pub url_key: &'static str,
    /// Its address, where all customers share one.
    pub default_url: Option<&'static str>,
    /// Where the credential goes.
    pub auth: Auth,
    /// The settings key of the credential.
    pub secret: &'static str,
}
