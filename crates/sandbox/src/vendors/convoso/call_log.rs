//! The call log: the index of all calls, how they look now, and log/retrieve.

use std::collections::HashMap;

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::api::{BAD_DATE, Page, Paging, Refused, Span};
use super::call_script::{CallScript, CallState, Comment, Fate, Kind};
use super::catalogue::{CAMPAIGNS, COMMENTS, EDITS, QUEUES, SYSTEM_NAME, SYSTEM_USERS, list_ids};
use super::planner::Plan;
use super::{Account, HOUR, Order, OverLimit, Quirks, State, Ties, lists};
use crate::account::Records;
use crate::listing::shuffle_ties;
use crate::local;
use crate::people::{FIRST, LAST, phone_of};
use crate::request::{Request, Response};
use crate::rng::{one_of, scatter};

/// The id of the call with number 0.
const FIRST_ID: u64 = 90_010_001;
/// Of the calls with an agent, every so manyth is heard by another vendor.
const LINKED_STEP: u32 = 4;
/// Longer than any difference between the account's clocks.
const MARGIN: i64 = 2 * HOUR;

/// Documented greatest page, which a published sample echoes without a `limit` too, and greatest offset.
const PAGING: Paging = Paging::new(500, 500).up_to(40_000);

/// The filters besides the window, in the vendor's names.
const FILTERS: &str = "id lead_id campaign_id queue_id list_id user_id call_type called_count status phone_number \
    number_dialed first_name last_name";

/// The vendor's id of a call, as a number.
pub(super) fn numeric_id(number: u32) -> u64 {
    FIRST_ID + u64::from(number)
}

/// The vendor's id of a call.
pub(super) fn call_id(number: u32) -> String {
    numeric_id(number).to_string()
}

/// The number of a call by its id.
pub(super) fn call_number(id: &str) -> Option<u32> {
    let id: u64 = id.parse().ok()?;
    u32::try_from(id.checked_sub(FIRST_ID)?).ok()
}

/// One call; everything else about it is drawn from its number and its plan when it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    /// What the account's wall clock showed at its start; the vendor's column holds no more than that.
    pub(super) local: i64,
    pub(super) number: u32,
    /// Its start in UTC.
    pub(super) start: i64,
    /// From when on it is listed, usually its start.
    pub(super) since: i64,
    pub(super) plan: Plan,
}

/// All calls, past and coming, ordered by wall clock.
#[derive(Default)]
pub(super) struct Calls(Vec<Call>);

impl Calls {
    pub(super) fn add(&mut self, more: impl IntoIterator<Item = Call>) {
        let before = self.0.len();
        self.0.extend(more);
        if !self.0[before.saturating_sub(1)..].is_sorted() {
            // The stable sort merges a short tail into a long sorted run cheaply.
            self.0.sort();
        }
    }

    pub(super) fn all(&self) -> &[Call] {
        &self.0
    }

    /// The calls of a stretch of wall-clock time; both ends belong to it.
    pub(super) fn between(&self, span: Span) -> &[Call] {
        let from = self.0.partition_point(|call| call.local < span.first);
        let to = self.0.partition_point(|call| call.local <= span.last);
        self.0.get(from..to).unwrap_or_default()
    }

    /// A call by its place in the order.
    pub(super) fn find_mut(&mut self, local: i64, number: u32) -> Option<&mut Call> {
        let place = self
            .0
            .partition_point(|call| (call.local, call.number) < (local, number));
        self.0.get_mut(place).filter(|call| call.number == number)
    }

    /// Lists a call from another instant on.
    pub(super) fn show_from(&mut self, number: Option<u32>, since: i64) {
        let found = self.0.iter_mut().find(|call| Some(call.number) == number);
        found.expect("the call was added").since = since;
    }
}

/// What somebody changed about a call by hand.
#[derive(Debug, Default)]
pub(super) struct Edit {
    pub(super) disposition: Option<(String, String)>,
    pub(super) comment: Option<String>,
    pub(super) more_recordings: u32,
}

/// What another vendor knows of a call that it has heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The call's number.
    pub(crate) number: u32,
    /// The call's id at Convoso.
    pub(crate) id: String,
    /// Its start in UTC.
    pub(crate) start: i64,
    /// Its length in seconds.
    pub(crate) seconds: i64,
    /// The agent's place.
    pub(crate) agent: usize,
    /// The customer's telephone.
    pub(crate) phone: u64,
    /// Whether the customer called.
    pub(crate) is_inbound: bool,
}

impl State {
    /// Adds calls that nobody planned: who takes them may be busy. Returns the first number.
    pub(super) fn add_calls(&mut self, starts: Vec<i64>) -> u32 {
        let first = self.next_call;
        let mut calls = self.number_calls(starts);
        for call in &mut calls {
            let script = CallScript::draw(self.seed, self.agent_count, call.number, call.start);
            call.plan.choose_lead(&script, self.leads.present_at(&script));
        }
        self.calls.add(calls);
        first
    }

    /// Gives the starts their numbers.
    pub(super) fn number_calls(&mut self, starts: Vec<i64>) -> Vec<Call> {
        let first = self.next_call;
        let count = u32::try_from(starts.len()).expect("a day has fewer calls");
        self.next_call = first
            .checked_add(count)
            .expect("the account has fewer calls than numbers");
        let offset = shared_offset(self.zone, &starts);
        let call = |(number, start)| Call {
            local: start + offset.unwrap_or_else(|| local::offset_at(self.zone, start)),
            number,
            start,
            since: start,
            plan: Plan::default(),
        };
        (first..).zip(starts).map(call).collect()
    }

    /// The calls as they look now.
    pub(super) fn log(&self, quirks: &Quirks, now: i64, with_recordings: bool) -> CallLog<'_> {
        CallLog {
            state: self,
            now,
            is_dirty: quirks.dirty_rows,
            broken: call_numbers(&quirks.broken_rows),
            keyless: call_numbers(&quirks.keyless_rows),
            with_recordings,
        }
    }
}

fn call_numbers(ids: &[String]) -> Vec<u32> {
    ids.iter().filter_map(|id| call_number(id)).collect()
}

/// The offset from UTC that all of these ordered instants share, looked up only twice. A change and its
/// reversal lie months apart.
fn shared_offset(zone: Tz, instants: &[i64]) -> Option<i64> {
    let (&first, &last) = (instants.first()?, instants.last()?);
    let offset = local::offset_at(zone, first);
    (last - first < 30 * local::DAY && offset == local::offset_at(zone, last)).then_some(offset)
}

/// The calls as they look now, in one of the forms that rows have.
pub(super) struct CallLog<'a> {
    pub(super) state: &'a State,
    pub(super) now: i64,
    pub(super) is_dirty: bool,
    pub(super) broken: Vec<u32>,
    pub(super) keyless: Vec<u32>,
    pub(super) with_recordings: bool,
}

/// A call with all that is known about it now.
pub(super) struct CallView<'a> {
    pub(super) call: &'a Call,
    pub(super) script: CallScript,
    pub(super) state: CallState,
    pub(super) edit: Option<&'a Edit>,
}

/// Who a call is booked on.
pub(super) struct Booked {
    pub(super) id: u32,
    pub(super) name: String,
}

impl CallView<'_> {
    pub(super) fn status(&self) -> (&str, &str) {
        match self.edit.and_then(|edit| edit.disposition.as_ref()) {
            Some((code, name)) => (code, name),
            None => (self.state.disposition.code, self.state.disposition.name),
        }
    }

    pub(super) fn recording_count(&self) -> u32 {
        self.state.recording_count + self.edit.map_or(0, |edit| edit.more_recordings)
    }
}

impl<'a> CallLog<'a> {
    pub(super) fn view(&self, call: &'a Call) -> CallView<'a> {
        let script = CallScript::of(self.state.seed, self.state.agent_count, call);
        let edits: &HashMap<u32, Edit> = &self.state.edits;
        CallView {
            call,
            state: script.state_at(self.now),
            script,
            edit: if edits.is_empty() {
                None
            } else {
                edits.get(&call.number)
            },
        }
    }

    /// The calls of a span that are listed by now.
    pub(super) fn between(&self, span: Span) -> impl Iterator<Item = &'a Call> {
        let now = self.now;
        let calls = self.state.calls.between(span).iter();
        calls.filter(move |call| call.since <= now)
    }

    /// The user that the call is booked on, with the name of the time of the call (assumed).
    pub(super) fn user(&self, view: &CallView<'_>) -> Booked {
        let system = |id| Booked {
            id,
            name: SYSTEM_NAME.to_owned(),
        };
        match &view.script.fate {
            Fate::System(_) if view.state.is_live => system(0),
            Fate::System(ending) => system(ending.user_id),
            Fate::Talk(talk) => {
                let id = lists::agent_id(talk.agent);
                let agent = self.state.agents.find(&id.to_string(), view.call.start);
                let name = agent.map(lists::full_name).unwrap_or_default();
                Booked { id, name }
            }
        }
    }

    /// The number of the person at the other end.
    pub(super) fn phone(&self, view: &CallView<'_>) -> u64 {
        let lead = view.script.lead.filter(|&lead| lead > 0);
        let owner = lead.unwrap_or(view.call.number);
        phone_of(scatter(self.state.seed, u64::from(owner)))
    }

    /// First and last name; both are missing, empty or the literal `null` now and then.
    pub(super) fn name(&self, view: &CallView<'_>) -> [Option<&'static str>; 2] {
        let Some(lead) = view.script.lead.filter(|&lead| lead > 0) else {
            return [None, None];
        };
        let pick = scatter(self.state.seed ^ 1, u64::from(lead));
        [odd_name(&FIRST, pick), odd_name(&LAST, pick >> 24)]
    }

    /// What is written into the call.
    pub(super) fn comment<'b>(&'b self, view: &'b CallView<'_>) -> Option<&'b str> {
        if let Some(text) = view.edit.and_then(|edit| edit.comment.as_deref()) {
            return Some(text);
        }
        if self.state.comment_bytes > 0 && !view.state.is_live {
            let turn = u64::from(matches!(view.state.comment, Comment::Edited(_)));
            let pick = scatter(turn, u64::from(view.call.number));
            return Some(self.state.prose.piece(pick, self.state.comment_bytes));
        }
        match view.state.comment {
            Comment::None => None,
            Comment::Written(pick) => Some(COMMENTS[pick]),
            Comment::Edited(pick) => Some(EDITS[pick]),
        }
    }

    /// Every visible call in order of its local time, with recordings.
    pub(super) fn records(&self) -> Records {
        let calls = self
            .state
            .calls
            .all()
            .iter()
            .filter(|call| call.since <= self.now);
        calls
            .map(|call| (call_id(call.number), self.row_text(call)))
            .collect()
    }

    /// The calls with an agent that began within a stretch of time and were heard; both ends belong to it.
    pub(super) fn links(&self, since: i64, until: i64) -> Vec<Link> {
        let span = Span {
            first: self.state.wall(since) - MARGIN,
            last: self.state.wall(until) + MARGIN,
        };
        let heard = self
            .between(span)
            .filter(|call| call.number.is_multiple_of(LINKED_STEP) && (since..=until).contains(&call.start));
        let link = |call: &'a Call| {
            let view = self.view(call);
            let Fate::Talk(talk) = &view.script.fate else {
                return None;
            };
            Some(Link {
                number: call.number,
                id: call_id(call.number),
                start: call.start,
                seconds: view.script.seconds,
                agent: talk.agent,
                phone: self.phone(&view),
                is_inbound: view.script.kind == Kind::Inbound,
            })
        };
        heard.filter_map(link).collect()
    }
}

fn odd_name(pool: &[&'static str], pick: u64) -> Option<&'static str> {
    match pick % 60 {
        0 => Some("null"),
        1 => Some(""),
        2..=8 => None,
        _ => Some(one_of(pool, pick / 60)),
    }
}

/// log/retrieve: a window of local time, whose ends both count (assumed), and filters.
pub(super) fn retrieve_calls(account: &Account, request: &Request) -> Result<Response, Refused> {
    let quirks = account.current_quirks();
    let is_strict = quirks.over_limit == OverLimit::Refuse || request.number("limit") == Some(0);
    let paging = if is_strict { PAGING.strictly() } else { PAGING };
    let page = paging.read(request, &quirks)?;
    let with_recordings = matches!(request.param("include_recordings"), Some("1" | "true"));
    let filters: Vec<(&str, &str)> = FILTERS
        .split(' ')
        .filter_map(|name| Some((name, request.param(name)?)))
        .collect();
    let mut rng = account.fork_rng();
    account.with(|state, now| {
        let span = span(request, state.wall(now))?;
        check_ids(state, now, &filters)?;
        let log = state.log(&quirks, now, with_recordings);
        let mut found: Vec<&Call> = log.between(span).collect();
        if !filters.is_empty() {
            found.retain(|call| log.passes(call, &filters));
        }
        let is_ascending = request
            .param("order")
            .is_some_and(|order| order.eq_ignore_ascii_case("ASC"));
        if !is_ascending || quirks.order == Order::Ignored {
            found.reverse();
        }
        if quirks.ties == Ties::Random {
            let first = page.offset.min(found.len());
            let shown = first..(first + page.limit).min(found.len());
            shuffle_ties(&mut found, shown, |call| call.local, &mut rng);
        }
        Ok(body(&log, &page, &found, quirks.count(found.len())))
    })
}

/// Without a window the present day is meant.
fn span(request: &Request, wall_clock: i64) -> Result<Span, Refused> {
    let today = Span::today(wall_clock);
    let time = |name: &str, usual| {
        let text = request.param(name);
        text.map_or(Ok(usual), |text| local::parse(text).ok_or(BAD_DATE))
    };
    Ok(Span {
        first: time("start_time", today.first)?,
        last: time("end_time", today.last)?,
    })
}

/// The envelope is written by hand, because pages of calls must cost next to nothing.
fn body(log: &CallLog<'_>, page: &Page<'_>, found: &[&Call], total: Value) -> Response {
    let rows = page.cut(found);
    let head = json!({
        "offset": page.echo("offset", page.offset), "limit": page.echo("limit", page.limit), "total_found": total,
        "entries": rows.len(),
    });
    let head = head.to_string();
    let mut body = Vec::with_capacity(256 + rows.len() * 1_200);
    body.extend_from_slice(br#"{"success":true,"data":"#);
    body.extend_from_slice(head.trim_end_matches('}').as_bytes());
    body.extend_from_slice(br#","results":["#);
    for (place, call) in rows.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        log.push_row(&mut body, call);
    }
    body.extend_from_slice(b"]}}");
    Response::raw_json(String::from_utf8(body).expect("JSON is UTF-8"))
}

/// Unknown ids are refused, not merely not found (documented).
fn check_ids(state: &State, now: i64, filters: &[(&str, &str)]) -> Result<(), Refused> {
    for &(name, value) in filters {
        let id = value.parse().unwrap_or(u32::MAX);
        let (is_known, refused) = match name {
            "list_id" => (list_ids().any(|own| own == id), (6002, "No such List")),
            "campaign_id" => (
                CAMPAIGNS.iter().any(|campaign| campaign.id == id),
                (6004, "Unknown Campaign ID"),
            ),
            "user_id" => (
                SYSTEM_USERS.contains(&id) || state.agents.find(value, now).is_some(),
                (6006, "Unknown User ID"),
            ),
            "queue_id" => (
                QUEUES.iter().any(|queue| queue.id == id),
                (6030, "Unknown Queue ID"),
            ),
            _ => continue,
        };
        if !is_known && id != 0 {
            return Err(refused);
        }
    }
    Ok(())
}
