//! Where a request goes, and with which credential.

use reqwest::RequestBuilder;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use connectors::source::{Auth, Request, Verb};

use super::HttpError;

/// An address of a vendor, with the credential that it wants.
#[derive(Debug)]
pub struct Target {
    /// The base URL; paths are below it, and links outside its origin are refused.
    pub base_url: Url,
    /// Where the credential goes.
    pub auth: Auth,
    /// The name that goes with the credential, where one does.
    pub user: Option<String>,
    /// The credential.
    pub secret: SecretString,
}

impl Target {
    /// Where the request goes: below the base URL, or to a link within its origin.
    pub(super) fn address(&self, request: &Request) -> Result<Url, HttpError> {
        let base = &self.base_url;
        let mut url = Url::parse(&request.path).or_else(|_| {
            let (base, path) = (
                base.as_str().trim_end_matches('/'),
                request.path.trim_start_matches('/'),
            );
            Url::parse(&format!("{base}/{path}")).map_err(|_| HttpError::Foreign)
        })?;
        if url.origin() != base.origin() || !url.username().is_empty() {
            return Err(HttpError::Foreign);
        }
        let in_query = match request.verb {
            Verb::Get => self.fields(request).next().is_some(),
            Verb::PostJson => !request.params().is_empty(),
            Verb::PostForm => false,
        };
        if in_query {
            url.query_pairs_mut().extend_pairs(self.fields(request));
        }
        Ok(url)
    }

    /// The parameters, with the credential where it is one of them.
    pub(super) fn fields<'a>(&'a self, request: &'a Request) -> impl Iterator<Item = (&'a str, &'a str)> {
        let own = match self.auth {
            Auth::Field(name) => Some((name, self.secret.expose_secret())),
            _ => None,
        };
        let params = request
            .params()
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        params.chain(own)
    }

    /// The request with the credential, where that is a header.
    pub(super) fn sign(&self, builder: RequestBuilder) -> RequestBuilder {
        match self.auth {
            Auth::Field(_) => builder,
            Auth::Header { name, prefix, with } => {
                let mut value = HeaderValue::from_str(&format!("{prefix}{}", self.secret.expose_secret()))
                    .unwrap_or_else(|_| HeaderValue::from_static(""));
                value.set_sensitive(true);
                let builder = builder.header(name, value);
                with.iter()
                    .fold(builder, |builder, (name, value)| builder.header(*name, *value))
            }
            Auth::Basic { .. } => {
                let user = self.user.as_deref().unwrap_or_default();
                builder.basic_auth(user, Some(self.secret.expose_secret()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(auth: Auth) -> Target {
        Target {
            base_url: Url::parse("https://api.vendor.example/v1").unwrap(),
            auth,
            user: Some("reader".to_owned()),
            secret: SecretString::from("sandbox-secret"),
        }
    }

    #[test]
    fn each_kind_of_credential_goes_where_the_vendor_wants_it() {
        let client = reqwest::Client::new();
        let bearer = Auth::Header {
            name: "authorization",
            prefix: "Bearer ",
            with: &[("authtype", "Key")],
        };
        for (auth, query, headers) in [
            (
                Auth::Field("auth_token"),
                Some("page=2&auth_token=sandbox-secret"),
                &[][..],
            ),
            (
                bearer,
                Some("page=2"),
                &[("authorization", "Bearer sandbox-secret"), ("authtype", "Key")],
            ),
            (
                Auth::Basic { name: "token_name" },
                Some("page=2"),
                &[("authorization", "Basic cmVhZGVyOnNhbmRib3gtc2VjcmV0")],
            ),
        ] {
            let target = target(auth);
            let url = target.address(&Request::get("tickets").with("page", 2)).unwrap();
            assert_eq!(url.query(), query, "{auth:?}");
            let request = target.sign(client.get(url)).build().unwrap();
            let sent: Vec<(&str, &str)> = request
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
                .collect();
            assert_eq!(sent, headers, "{auth:?}");
        }
    }

    #[test]
    fn a_link_is_followed_as_it_stands() {
        let target = target(Auth::Basic { name: "token_name" });
        let link = "https://api.vendor.example/v1/tickets?skip=1&at=2026-02-03T00%3A00%3A00";
        let request = Request::get("tickets").through("side").link(link.to_owned());
        assert_eq!(target.address(&request).unwrap().as_str(), link);
        assert_eq!(request.door, "side");
    }

    #[test]
    fn addresses_stay_within_the_origin_of_the_source() {
        let target = target(Auth::Field("auth_token"));
        for (path, wanted) in [
            (
                "tickets/search",
                Some("https://api.vendor.example/v1/tickets/search"),
            ),
            ("/tickets", Some("https://api.vendor.example/v1/tickets")),
            (
                "https://api.vendor.example/v2/next?page=2",
                Some("https://api.vendor.example/v2/next?page=2"),
            ),
            ("https://api.vendor.example.evil.example/v1", None),
            ("http://api.vendor.example/v1", None),
            ("https://api.vendor.example:8443/v1", None),
            ("https://user@api.vendor.example/v1", None),
            (
                "//evil.example/v1",
                Some("https://api.vendor.example/v1/evil.example/v1"),
            ),
        ] {
            let url = target.address(&Request::post_form(path)).ok();
            assert_eq!(url.as_ref().map(Url::as_str), wanted, "{path}");
        }
    }
}
