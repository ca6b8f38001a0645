//! Where a request goes, and with which credential.

use reqwest::RequestBuilder;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use connectors::source::{Auth, Request, Verb};

use super::TransportError;

/// The usual ports of http and https.
const USUAL_PORTS: [u16; 2] = [80, 443];

/// A host of a vendor's API, with the credential that it wants.
#[derive(Debug)]
pub struct HostAccess {
    /// The base URL; paths are below it, and links outside its origin are refused.
    pub base_url: Url,
    /// Where the credential goes.
    pub auth: Auth,
    /// The name that goes with the credential, where one does.
    pub user: Option<String>,
    /// The credential.
    pub secret: SecretString,
}

impl HostAccess {
    /// Refuses what could never be sent, or should not be.
    pub(super) fn require_safe(&self, allow_plain_http: bool) -> Result<(), TransportError> {
        if self.base_url.scheme() != "https" && !allow_plain_http && !is_loopback(&self.base_url) {
            return Err(TransportError::PlainHttp { host: self.name() });
        }
        if self.header_value().is_some_and(|value| value.is_err()) {
            return Err(TransportError::UnfitCredential { host: self.name() });
        }
        Ok(())
    }

    /// The name for messages: host, and port where it is not the usual one.
    pub(super) fn name(&self) -> String {
        name_authority(&self.base_url)
    }

    /// Where the request goes: below the base URL, or to a link within its origin.
    pub(super) fn address_request(&self, request: &Request) -> Result<Url, TransportError> {
        let mut url = if request.is_link || is_absolute(&request.path) {
            self.resolve_link(&request.path, &self.path_below(&request.page_path)?)?
        } else {
            self.path_below(&request.path)?
        };
        let in_query = match request.verb {
            Verb::Get => self.form_fields(request).next().is_some(),
            Verb::PostJson => !request.params().is_empty(),
            Verb::PostForm => false,
        };
        if in_query {
            url.query_pairs_mut().extend_pairs(self.form_fields(request));
        }
        Ok(url)
    }

    /// A path below the base URL.
    fn path_below(&self, path: &str) -> Result<Url, TransportError> {
        if is_absolute(path) {
            return self.resolve_link(path, &self.base_url);
        }
        let base = self.base_url.as_str().trim_end_matches('/');
        let path = path.trim_start_matches('/');
        Url::parse(&format!("{base}/{path}")).map_err(|_| self.foreign_link())
    }

    /// A link of the page at this URL, if it leads to the host itself; a link that names the host in another way (http behind
    /// a proxy that ends TLS, a port that goes without saying) is led to the configured origin.
    pub(super) fn resolve_link(&self, link: &str, page: &Url) -> Result<Url, TransportError> {
        let url = page.join(link).map_err(|_| self.foreign_link())?;
        self.raise_to_origin(url).ok_or_else(|| self.foreign_link())
    }

    fn foreign_link(&self) -> TransportError {
        TransportError::ForeignLink { host: self.name() }
    }

    fn raise_to_origin(&self, mut url: Url) -> Option<Url> {
        let base = &self.base_url;
        let is_web = matches!(url.scheme(), "http" | "https");
        let is_same_host = bare_host(&url).is_some() && bare_host(&url) == bare_host(base);
        let has_user = !url.username().is_empty() || url.password().is_some();
        let port = url.port_or_known_default()?;
        let is_usual_port = USUAL_PORTS.contains(&port) || Some(port) == base.port_or_known_default();
        if !is_web || !is_same_host || has_user || !is_usual_port {
            return None;
        }
        url.set_scheme(base.scheme()).ok()?;
        url.set_host(base.host_str()).ok()?;
        url.set_port(base.port()).ok()?;
        url.set_fragment(None);
        self.drop_echoed_credential(&mut url);
        Some(url)
    }

    /// Some vendors repeat the parameters of the request in a link, the credential too, in clear or masked; ours is added anew.
    fn drop_echoed_credential(&self, url: &mut Url) {
        let Auth::Field(field) = self.auth else { return };
        if !url.query_pairs().any(|(name, _)| name == field) {
            return;
        }
        let others: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| name != field)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
    }

    /// Where an answer to a request points, in words that may be shown: host and path, and the scheme where that is another.
    pub(super) fn describe_location(&self, location: &str, page: &Url) -> String {
        let Ok(url) = page.join(location) else {
            return "an address that cannot be read".to_owned();
        };
        let scheme = match url.scheme() {
            scheme if scheme == page.scheme() => String::new(),
            other => format!("{other}://"),
        };
        let place = format!("{scheme}{}{}", name_authority(&url), url.path());
        format!("`{}`", place.replace(self.secret.expose_secret(), "…"))
    }

    /// The address behind a redirect, with the credential where that is a parameter; none outside the origin.
    pub(super) fn address_redirect(&self, location: &str, page: &Url) -> Option<Url> {
        let mut url = self.resolve_link(location, page).ok()?;
        if let Auth::Field(name) = self.auth {
            url.query_pairs_mut()
                .append_pair(name, self.secret.expose_secret());
        }
        Some(url)
    }

    /// The parameters, with the credential where it is one of them.
    pub(super) fn form_fields<'a>(
        &'a self,
        request: &'a Request,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
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

    /// What the headers hold that carry the credential, where any do.
    fn header_value(&self) -> Option<Result<HeaderValue, reqwest::header::InvalidHeaderValue>> {
        let prefix = match self.auth {
            Auth::Header { prefix, .. } => prefix,
            Auth::Headers(_) => "",
            Auth::Field(_) | Auth::Basic { .. } => return None,
        };
        Some(HeaderValue::from_str(&format!(
            "{prefix}{}",
            self.secret.expose_secret()
        )))
    }

    fn sensitive_value(&self) -> HeaderValue {
        let value = self.header_value().and_then(Result::ok);
        let mut value = value.expect("it was tried when the API was opened");
        value.set_sensitive(true);
        value
    }

    /// The request with the credential, where that is a header.
    pub(super) fn sign_request(&self, builder: RequestBuilder) -> RequestBuilder {
        match self.auth {
            Auth::Field(_) => builder,
            Auth::Header { name, with, .. } => {
                let builder = builder.header(name, self.sensitive_value());
                with.iter()
                    .fold(builder, |builder, (name, value)| builder.header(*name, *value))
            }
            Auth::Headers(names) => names.iter().fold(builder, |builder, name| {
                builder.header(*name, self.sensitive_value())
            }),
            Auth::Basic { .. } => {
                let user = self.user.as_deref().unwrap_or_default();
                builder.basic_auth(user, Some(self.secret.expose_secret()))
            }
        }
    }
}

/// True for an address with a scheme of the web.
fn is_absolute(path: &str) -> bool {
    let begins_with = |scheme: &str| {
        path.get(..scheme.len())
            .is_some_and(|own| own.eq_ignore_ascii_case(scheme))
    };
    begins_with("http://") || begins_with("https://")
}

/// The host, without the dot that closes a full name.
fn bare_host(url: &Url) -> Option<&str> {
    url.host_str().map(|host| host.trim_end_matches('.'))
}

fn name_authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEARER: Auth = Auth::Header {
        name: "authorization",
        prefix: "Bearer ",
        with: &[("authtype", "Key")],
    };
    const BASIC: Auth = Auth::Basic { name: "token_name" };

    fn host(auth: Auth) -> HostAccess {
        host_at("https://api.vendor.example/v1", auth)
    }

    fn host_at(base_url: &str, auth: Auth) -> HostAccess {
        HostAccess {
            base_url: Url::parse(base_url).unwrap(),
            auth,
            user: Some("reader".to_owned()),
            secret: SecretString::from("sandbox-secret"),
        }
    }

    #[test]
    fn each_kind_of_credential_goes_where_the_vendor_wants_it() {
        let client = reqwest::Client::new();
        for (auth, query, headers) in [
            (
                Auth::Field("auth_token"),
                Some("page=2&auth_token=sandbox-secret"),
                &[][..],
            ),
            (
                BEARER,
                Some("page=2"),
                &[("authorization", "Bearer sandbox-secret"), ("authtype", "Key")],
            ),
            (
                BASIC,
                Some("page=2"),
                &[("authorization", "Basic cmVhZGVyOnNhbmRib3gtc2VjcmV0")],
            ),
        ] {
            let host = host(auth);
            let url = host
                .address_request(&Request::get("tickets").with("page", 2))
                .unwrap();
            assert_eq!(url.query(), query, "{auth:?}");
            let request = host.sign_request(client.get(url)).build().unwrap();
            let sent: Vec<(&str, &str)> = request
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
                .collect();
            assert_eq!(sent, headers, "{auth:?}");
        }
    }

    #[test]
    fn a_path_lies_below_the_base_url() {
        for base in ["https://api.vendor.example/v1", "https://api.vendor.example/v1/"] {
            for path in ["tickets/search", "/tickets/search"] {
                let url = host_at(base, BASIC).address_request(&Request::get(path)).unwrap();
                assert_eq!(
                    url.as_str(),
                    "https://api.vendor.example/v1/tickets/search",
                    "{base} {path}"
                );
            }
        }
        let odd = Request::get("//evil.example/a:b");
        let url = host(BASIC).address_request(&odd).unwrap();
        assert_eq!(url.as_str(), "https://api.vendor.example/v1/evil.example/a:b");
    }

    /// Where a link of a page leads.
    fn follow(base: &str, link: &str) -> Result<String, TransportError> {
        let request = Request::get("tickets/search")
            .with("page", 1)
            .follow_link(link.to_owned());
        host_at(base, BASIC).address_request(&request).map(String::from)
    }

    #[test]
    fn a_link_is_relative_to_its_page_and_led_to_the_origin() {
        let host = "https://api.vendor.example";
        for (link, wanted) in [
            (
                "https://api.vendor.example/v1/a?at=2026-02-03T00%3A00%3A00",
                "/v1/a?at=2026-02-03T00%3A00%3A00",
            ),
            ("https://api.vendor.example/v2/a", "/v2/a"),
            ("/v1/tickets?page=2", "/v1/tickets?page=2"),
            ("?page=2", "/v1/tickets/search?page=2"),
            ("search?page=2", "/v1/tickets/search?page=2"),
            ("../calls?page=2", "/v1/calls?page=2"),
            ("//api.vendor.example/v1/a", "/v1/a"),
            (" https://api.vendor.example/v1/a#top ", "/v1/a"),
            ("http://api.vendor.example/v1/a?b=c", "/v1/a?b=c"),
            ("HTTP://API.Vendor.Example/v1/a", "/v1/a"),
            ("http://api.vendor.example:80/v1/a", "/v1/a"),
            ("http://api.vendor.example:443/v1/a", "/v1/a"),
            ("https://api.vendor.example:443/v1/a", "/v1/a"),
            ("https://api.vendor.example:80/v1/a", "/v1/a"),
            ("https://api.vendor.example./v1/a", "/v1/a"),
        ] {
            let url = follow("https://api.vendor.example/v1", link).unwrap();
            assert_eq!(url, format!("{host}{wanted}"), "{link}");
        }
        for link in [
            "http://127.0.0.1/v1/a",
            "https://127.0.0.1:8080/v1/a",
            "/v1/a",
            "../a",
        ] {
            let url = follow("http://127.0.0.1:8080/v1", link).unwrap();
            assert_eq!(url, "http://127.0.0.1:8080/v1/a", "{link}");
        }
    }

    #[test]
    fn a_link_to_another_host_is_refused() {
        for link in [
            "https://api.vendor.example:8443/v1/a",
            "https://api.vendor.example.evil.example/v1/a",
            "https://vendor.example/v1/a",
            "https://user@api.vendor.example/v1/a",
            "https://:word@api.vendor.example/v1/a",
            "https://api.vendor.example@evil.example/v1/a",
            "//evil.example/v1/a",
            "\\\\evil.example/v1/a",
            "ftp://api.vendor.example/v1/a",
            "javascript:alert(1)",
            "https://",
        ] {
            let url = follow("https://api.vendor.example/v1", link);
            assert!(
                matches!(url, Err(TransportError::ForeignLink { .. })),
                "{link} {url:?}"
            );
        }
        assert!(follow("http://127.0.0.1:8080/v1", "http://localhost:8080/v1/a").is_err());
    }

    #[test]
    fn a_link_of_a_link_is_relative_to_the_list() {
        let page = Request::get("tickets/search").to_host("side");
        let link = page
            .follow_link("?page=2".to_owned())
            .follow_link("?page=3".to_owned());
        assert_eq!(
            link,
            page.follow_link("?page=3".to_owned()),
            "the same link is the same request"
        );
        let url = host(BASIC).address_request(&link).unwrap();
        assert_eq!(
            url.as_str(),
            "https://api.vendor.example/v1/tickets/search?page=3"
        );
        assert_eq!(link.host, "side");
    }

    #[test]
    fn a_credential_that_a_link_repeats_is_sent_once() {
        let host = host(Auth::Field("auth_token"));
        for (link, query) in [
            ("?page=2", "page=2&auth_token=sandbox-secret"),
            ("?auth_token=***&page=2", "page=2&auth_token=sandbox-secret"),
            ("?auth_token=sandbox-secret", "auth_token=sandbox-secret"),
        ] {
            let request = Request::get("tickets").follow_link(link.to_owned());
            let url = host.address_request(&request).unwrap();
            assert_eq!(url.query(), Some(query), "{link}");
        }
    }

    #[test]
    fn a_redirect_is_described_by_host_and_path_only() {
        let host = host(BASIC);
        let page = Url::parse("https://api.vendor.example/v1/tickets").unwrap();
        for (location, wanted) in [
            (
                "https://new.vendor.example/v2/tickets?key=1",
                "`new.vendor.example/v2/tickets`",
            ),
            ("/v2/tickets", "`api.vendor.example/v2/tickets`"),
            (
                "http://user:word@other.example:81/a/sandbox-secret",
                "`http://other.example:81/a/…`",
            ),
            ("https://", "an address that cannot be read"),
        ] {
            assert_eq!(host.describe_location(location, &page), wanted, "{location}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_unless_it_is_allowed() {
        for (base_url, is_safe) in [
            ("https://api.vendor.example", true),
            ("http://localhost:80", true),
            ("http://127.3.2.1", true),
            ("http://[::1]:8080", true),
            ("http://api.vendor.example", false),
            ("http://10.0.0.1", false),
        ] {
            let host = host_at(base_url, BASIC);
            assert_eq!(host.require_safe(false).is_ok(), is_safe, "{base_url}");
            assert!(host.require_safe(true).is_ok(), "{base_url}");
        }
    }

    #[test]
    fn a_credential_that_no_header_can_carry_is_refused_at_once() {
        for (secret, auth, is_fit) in [
            ("plain", BEARER, true),
            ("two\nlines", BEARER, false),
            ("two\nlines", Auth::Field("token"), true),
        ] {
            let host = HostAccess {
                secret: SecretString::from(secret),
                ..host(auth)
            };
            assert_eq!(host.require_safe(false).is_ok(), is_fit, "{secret:?} {auth:?}");
        }
    }
}
