//! Who may ask, and how often.

use super::super::question::{Answer, Question};
use super::knobs::RateHeader;
use super::world::World;
use super::{error, quiet_refusal};

/// The name of the token; its secret is the sandbox's token.
pub const TOKEN_NAME: &str = "sandbox";

/// The minute of the limit, in milliseconds.
const MINUTE: i64 = 60_000;

impl World {
    /// The credential comes first, then the limit, then the rights.
    pub(super) fn refuse(&self, path: &str, question: &Question) -> Option<Answer> {
        let wanted = format!("Basic {}", base64(&format!("{TOKEN_NAME}:{}", self.token())));
        if question.header("authorization") != Some(wanted.as_str()) {
            return Some(error(401, "Unauthorized", "Bad credentials", None));
        }
        if question.method != "GET" {
            return Some(error(405, "Method Not Allowed", "Only GET", None));
        }
        if let Some(refused) = self.limit() {
            return Some(refused);
        }
        let names = |list: &Vec<String>| list.iter().any(|name| path.split('/').any(|part| part == name));
        self.look(|knobs| {
            if names(&knobs.unpermitted) {
                return Some(quiet_refusal(true, "This token has no such role"));
            }
            names(&knobs.forbidden).then(|| error(403, "Forbidden", "This token has no such role", None))
        })
    }

    /// Refuses a request beyond the limit. The body is a text and no JSON (seen in client programs).
    fn limit(&self) -> Option<Answer> {
        let (limit, is_calendar, header) = self.look(|knobs| {
            (
                knobs.requests_per_minute,
                knobs.is_calendar_minute,
                knobs.rate_header,
            )
        });
        let now = self.now().timestamp_millis();
        let since = if is_calendar {
            now - now.rem_euclid(MINUTE)
        } else {
            now - MINUTE + 1
        };
        let mut asked = self.asked();
        asked.retain(|at| *at >= since);
        if asked.len() < limit? {
            asked.push(now);
            return None;
        }
        let free = if is_calendar {
            since + MINUTE
        } else {
            asked.first()? + MINUTE
        };
        let seconds = ((free - now) / 1000 + 1).to_string();
        let mut answer = Answer::empty(429, None);
        "Rate limit exceeded".clone_into(&mut answer.body);
        match header {
            RateHeader::None => (),
            RateHeader::RetryAfter => answer.retry_after = Some(seconds),
            RateHeader::Reset => answer.headers.push(("x-ratelimit-reset", seconds)),
        }
        Some(answer)
    }
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
