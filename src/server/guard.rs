//! Who may look, and what browsers may do with what they get.

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::App;

/// A browser takes style, script and updates from us alone, and shows us in no frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Headers of every answer.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("x-frame-options"),
        HeaderValue::from_static("DENY"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=()"),
    ),
];

/// Who may look.
pub(super) struct Guard {
    token: Option<Fingerprint>,
    is_local: bool,
}

/// A hash, so that comparing tells neither how much of a token was right nor how long it is.
#[derive(Clone, Copy)]
struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(text: &[u8]) -> Self {
        Self(Sha256::digest(text).into())
    }
}

impl Guard {
    pub(super) fn new(token: Option<SecretString>, is_local: bool) -> Self {
        Self {
            token: token.map(|token| Fingerprint::of(token.expose_secret().as_bytes())),
            is_local,
        }
    }

    /// True where whoever asks may see everything.
    pub(super) fn lets_in(&self, headers: &HeaderMap) -> bool {
        let Some(wanted) = self.token else {
            return true;
        };
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let shown = shown.and_then(shown_token);
        shown.is_some_and(|shown| Fingerprint::of(&shown).0.ct_eq(&wanted.0).into())
    }

    /// True where a page of another name might be asking: one that lets its own name lead to this machine would get everything
    /// that is only guarded by being local.
    fn is_foreign_name(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        if !self.is_local || self.token.is_some() {
            return false;
        }
        let named = headers.get(HOST).and_then(|value| value.to_str().ok());
        let named = named.or_else(|| uri.authority().map(Authority::as_str));
        named.is_some_and(|named| !is_local_name(named))
    }
}

/// The token of a header: `Bearer TOKEN`, or the password of `Basic`, which browsers ask their user for.
fn shown_token(header: &str) -> Option<Vec<u8>> {
    let (scheme, rest) = header.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = decode_base64(rest)?;
    let colon = pair.iter().position(|sign| *sign == b':')?;
    Some(pair[colon + 1..].to_vec())
}

/// Standard base64 with or without its padding.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut width) = (0_u32, 0);
    for sign in text.trim_end_matches('=').bytes() {
        let value = match sign {
            b'A'..=b'Z' => sign - b'A',
            b'a'..=b'z' => sign - b'a' + 26,
            b'0'..=b'9' => sign - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        width += 6;
        if width >= 8 {
            width -= 8;
            bytes.push(u8::try_from((bits >> width) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// A name that cannot lead elsewhere: an address, or that of this machine.
fn is_local_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|sign| sign.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let name = name.to_ascii_lowercase();
    bare.parse::<std::net::IpAddr>().is_ok() || name == "localhost" || name.ends_with(".localhost")
}

/// Lets in who shows the token.
pub(super) async fn require_token(State(app): State<App>, request: Request, next: Next) -> Response {
    if app.guard.is_foreign_name(request.headers(), request.uri()) {
        let text = "This address answers to its own name only. Behind a proxy that passes its name on, set `server.token`.\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    if app.guard.lets_in(request.headers()) {
        return next.run(request).await;
    }
    let mut answer = (
        StatusCode::UNAUTHORIZED,
        "This needs the token of `server.token`: as `Authorization: Bearer …`, or as the password of any user.\n",
    )
        .into_response();
    let asked = [
        "Basic realm=\"Convene\", charset=\"UTF-8\"",
        "Bearer realm=\"Convene\"",
    ];
    for way in asked {
        answer
            .headers_mut()
            .append(WWW_AUTHENTICATE, HeaderValue::from_static(way));
    }
    answer
}

/// Adds to every answer what browsers must heed.
pub(super) async fn secure_answer(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(authorization: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap())])
    }

    #[test]
    fn the_token_opens_as_bearer_and_as_a_password_and_nothing_else_does() {
        let guard = Guard::new(Some(SecretString::from("open sesame")), true);
        for good in [
            "Bearer open sesame",
            "bearer open sesame",
            "Basic dXNlcjpvcGVuIHNlc2FtZQ==",
            "Basic Om9wZW4gc2VzYW1l",
        ] {
            assert!(guard.lets_in(&headers(good)), "{good}");
        }
        for bad in [
            "Bearer",
            "Bearer open sesam",
            "Bearer open sesamee",
            "open sesame",
            "Basic open sesame",
            "Basic !!!",
            "Basic b3BlbiBzZXNhbWU=",
            "Digest open sesame",
        ] {
            assert!(!guard.lets_in(&headers(bad)), "{bad}");
        }
        assert!(!guard.lets_in(&HeaderMap::new()));
        assert!(Guard::new(None, true).lets_in(&HeaderMap::new()));
    }

    #[test]
    fn a_local_address_answers_to_no_foreign_name() {
        let guard = Guard::new(None, true);
        let named = |host: &str| HeaderMap::from_iter([(HOST, HeaderValue::from_str(host).unwrap())]);
        for local in [
            "localhost:9464",
            "127.0.0.1:9464",
            "[::1]:9464",
            "LOCALHOST",
            "127.0.0.1",
        ] {
            assert!(!guard.is_foreign_name(&named(local), &Uri::default()), "{local}");
        }
        for foreign in [
            "evil.example",
            "evil.example:9464",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
        ] {
            assert!(
                guard.is_foreign_name(&named(foreign), &Uri::default()),
                "{foreign}"
            );
        }
        let open = Guard::new(None, false);
        assert!(!open.is_foreign_name(&named("warehouse.example"), &Uri::default()));
    }
}
