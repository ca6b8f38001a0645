//! What all endpoints of Convoso share: tokens, refusals, limits and offsets, the envelope of a page.

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::{Account, Quirks, TokenRefusal};
use super::{agent_reports, call_log, do_not_contact, leads, lists};
use crate::local::{self, DAY};
use crate::request::{Request, Response};

/// The parameter that carries the token; the vendor knows no header for it (documented).
pub(super) const SECRET: &str = "auth_token";

/// Why a request is refused: the vendor's code and words.
pub(super) type Refused = (i64, &'static str);

pub(super) const BAD_DATE: Refused = (6023, "Invalid date format");
const BAD_LIMIT: Refused = (7230, "Invalid limit");
const BAD_OFFSET: Refused = (7231, "Invalid offset");

/// What an endpoint makes of a request.
type Endpoint = fn(&Account, &Request) -> Result<Response, Refused>;

const ENDPOINTS: [(&str, Endpoint); 12] = [
    ("log/retrieve", call_log::retrieve_calls),
    ("users/search", lists::search_agents),
    ("users/recordings", agent_reports::search_recordings),
    ("leads/search", leads::search_leads),
    ("agent-performance/search", agent_reports::report_performance),
    ("agent-productivity/search", agent_reports::report_productivity),
    ("callbacks/search", lists::search_callbacks),
    ("campaigns/search", lists::search_campaigns),
    ("lists/search", lists::search_lists),
    ("status/search", lists::search_dispositions),
    ("dnc/search", do_not_contact::search_calls),
    ("sms-opt-out/search", do_not_contact::search_sms),
];

/// A refusal in the vendor's words. It comes with an OK status (seen in client programs).
pub(super) fn refusal(code: i64, text: &str) -> Response {
    Response::json(&json!({"success": false, "code": code, "text": text}))
}

pub(super) fn respond(account: &Account, path: &str, request: &Request) -> Response {
    let Some((_, endpoint)) = ENDPOINTS.into_iter().find(|(own, _)| *own == path) else {
        // An unknown path gives a page for people (seen in client programs).
        return Response::html(404);
    };
    if !matches!(request.method.as_str(), "GET" | "POST") {
        return Response::html(405);
    }
    let quirks = account.current_quirks();
    // Tokens come first: a bad one learns nothing about its other parameters (assumed).
    if request.param(SECRET) != Some(&account.options().token) {
        return match quirks.token_refusal {
            TokenRefusal::Body5001 => refusal(5001, "Invalid authorization token"),
            TokenRefusal::Status401 => refusal(401, "Unauthorized").with_status(401),
            TokenRefusal::Status403 => refusal(403, "Forbidden").with_status(403),
        };
    }
    if quirks.unticked.iter().any(|unticked| path == unticked) {
        return refusal(403, "Forbidden");
    }
    endpoint(account, &request.without(&quirks.ignored)).unwrap_or_else(|(code, text)| refusal(code, text))
}

/// The envelope of what is no page.
pub(super) fn success(data: Value) -> Response {
    let mut body = json!({"success": true});
    // Moved, where `json!` would copy every row.
    body["data"] = data;
    Response::json(&body)
}

/// The pages that an endpoint gives.
pub(super) struct Paging {
    /// Rows where no limit is named.
    usual: usize,
    /// The greatest page.
    most: usize,
    /// A limit beyond the greatest is refused, and so is 0; otherwise it is cut.
    pub(super) is_strict: bool,
    /// The greatest offset.
    farthest: usize,
}

/// Which rows are asked for, and how the answer repeats it.
pub(super) struct Page<'a> {
    pub(super) offset: usize,
    pub(super) limit: usize,
    request: &'a Request,
}

impl Paging {
    /// Pages of `usual` rows, and of `most` where so many are asked for.
    pub(super) const fn new(usual: usize, most: usize) -> Self {
        Self {
            usual,
            most,
            is_strict: false,
            farthest: usize::MAX,
        }
    }

    /// The same with a greatest offset.
    pub(super) const fn up_to(self, farthest: usize) -> Self {
        Self { farthest, ..self }
    }

    /// The same where limits out of bounds are refused.
    pub(super) const fn strictly(self) -> Self {
        Self {
            is_strict: true,
            ..self
        }
    }

    pub(super) fn read<'a>(&self, request: &'a Request, quirks: &Quirks) -> Result<Page<'a>, Refused> {
        let number = |name, usual, refused| {
            request
                .param(name)
                .map_or(Ok(usual), |text| text.parse().map_err(|_| refused))
        };
        let limit: usize = number("limit", self.usual, BAD_LIMIT)?;
        let offset = number("offset", 0, BAD_OFFSET)?;
        if self.is_strict && !(1..=self.most).contains(&limit) {
            return Err(BAD_LIMIT);
        }
        if offset > self.farthest {
            return Err(BAD_OFFSET);
        }
        let most = quirks.most_rows.unwrap_or(self.most);
        Ok(Page {
            offset,
            limit: limit.min(self.most).min(most),
            request,
        })
    }
}

impl Page<'_> {
    /// Echoes a parameter: as a text where one was given, as a number where not. All published samples fit this.
    pub(super) fn echo(&self, name: &str, value: usize) -> Value {
        match self.request.param(name) {
            Some(_) => json!(value.to_string()),
            None => json!(value),
        }
    }

    /// The envelope with the rows of this page, which are called `entries` or `results`.
    pub(super) fn envelope(&self, total: Value, name: &str, rows: impl Into<Value>) -> Response {
        let (offset, limit) = (self.echo("offset", self.offset), self.echo("limit", self.limit));
        let mut data = json!({"offset": offset, "limit": limit, "total": total});
        data[name] = rows.into();
        success(data)
    }

    /// The rows of this page.
    pub(super) fn cut<'b, T>(&self, rows: &'b [T]) -> &'b [T] {
        crate::listing::page_of(rows, self.offset, self.limit)
    }
}

/// A span of local seconds, both ends of which count (assumed).
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Span {
    /// All local times of the simulation.
    pub(super) const EVER: Self = Self {
        first: 0,
        last: 1 << 40,
    };

    /// A local day, by the seconds of its midnight.
    pub(super) fn day(midnight: i64) -> Self {
        Self {
            first: midnight,
            last: midnight + DAY - 1,
        }
    }

    /// The day of the account's wall clock.
    pub(super) fn today(wall_clock: i64) -> Self {
        Self::day(wall_clock - wall_clock.rem_euclid(DAY))
    }

    pub(super) fn holds(self, wall_clock: i64) -> bool {
        (self.first..=self.last).contains(&wall_clock)
    }

    /// A span of which either end may be left open.
    pub(super) fn read(request: &Request, first: &str, last: &str) -> Result<Option<Self>, Refused> {
        let time = |name: &str| {
            let text = request.param(name);
            text.map(|text| local::parse(text).ok_or(BAD_DATE)).transpose()
        };
        Ok(match (time(first)?, time(last)?) {
            (None, None) => None,
            (first, last) => Some(Self {
                first: first.unwrap_or(i64::MIN),
                last: last.unwrap_or(i64::MAX),
            }),
        })
    }

    /// The span of a report, which is the present day unless the request says another.
    pub(super) fn of_report(request: &Request, zone: Tz, now: i64) -> Result<Self, Refused> {
        for (first, last) in [("date_start", "date_end"), ("start_time", "end_time")] {
            if let Some(span) = Self::read(request, first, last)? {
                return Ok(span);
            }
        }
        Ok(Self::today(local::wall_clock(zone, now)))
    }
}
