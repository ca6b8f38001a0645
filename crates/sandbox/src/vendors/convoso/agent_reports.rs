//! What agents do, all told from the calls: agent-performance/search, agent-productivity/search and users/recordings.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::api::{Paging, Refused, Span};
use super::call_json::recording_id;
use super::call_log::{Call, CallLog, CallView};
use super::call_script::{Fate, Talk};
use super::lists::is_agent;
use super::{Account, DAY, Empty, HOUR};
use crate::account::Records;
use crate::local::{self, wall_text};
use crate::request::{Request, Response};
use crate::rng::scatter;

/// The greatest page, which is taken without a `limit` too, and the greatest offset of events are documented.
const EVENTS: Paging = Paging::new(1_000, 1_000).up_to(50_000);
/// The default is documented; the greatest page is that of the recordings of leads.
const RECORDINGS: Paging = Paging::new(20, 100);
/// No call lasts longer, with the work after it.
const LONGEST: i64 = 2 * HOUR;
const NO_AGENTS: Refused = (6031, "Missing Agents");
const NO_USERS: Refused = (6005, "Missing Users");

/// What one agent did.
#[derive(Default)]
struct Figures {
    name: String,
    calls: i64,
    machines: i64,
    talk: i64,
    wait: i64,
    pause: i64,
    wrap: i64,
}

impl<'a> CallLog<'a> {
    /// The calls of a span that an agent took.
    fn talks(&self, span: Span) -> impl Iterator<Item = CallView<'a>> {
        let views = self.between(span).map(|call: &'a Call| self.view(call));
        views.filter(|view| matches!(view.script.fate, Fate::Talk(_)))
    }

    /// The same of a span and of what lies around it, for what begins in the span.
    fn talks_around(&self, span: Span) -> Vec<CallView<'a>> {
        let around = Span {
            first: span.first - LONGEST,
            last: span.last + LONGEST,
        };
        self.talks(around).collect()
    }
}

impl CallView<'_> {
    fn talk(&self) -> Option<&Talk> {
        match &self.script.fate {
            Fate::Talk(talk) => Some(talk),
            Fate::System(_) => None,
        }
    }
}

/// agent-performance/search: an object of rows.
pub(super) fn report_performance(account: &Account, request: &Request) -> Result<Response, Refused> {
    let quirks = account.current_quirks();
    let rows: Map<String, Value> = account.with(|state, now| {
        let span = Span::of_report(request, state.zone, now)?;
        Ok(figures(&state.log(&quirks, now, false), span)
            .into_iter()
            .collect())
    })?;
    let (total, rows) = match quirks.empty_agents {
        _ if !rows.is_empty() => (quirks.number(rows.len()), Value::Object(rows)),
        Empty::Array => (json!(0), json!([])),
        Empty::Usual | Empty::Code => return Err(NO_AGENTS),
    };
    Ok(Response::json(
        &json!({"success": true, "code": 200, "total": total, "data": rows}),
    ))
}

/// The rows of a span of local time, by agent: the calls that began in it, and what the agents did between calls as their events tell.
fn figures(log: &CallLog<'_>, span: Span) -> BTreeMap<String, Value> {
    let mut agents: BTreeMap<u32, Figures> = BTreeMap::new();
    let views = log.talks_around(span);
    for view in views.iter().filter(|view| span.holds(view.call.local)) {
        let user = log.user(view);
        let own = agents.entry(user.id).or_default();
        own.name = user.name;
        own.calls += 1;
        own.machines += i64::from(view.status().0 == "AM");
        own.talk += view.state.seconds.unwrap_or(0);
        let wrap = view.talk().map_or(0, |talk| talk.wrap_seconds);
        own.wrap += (log.now - view.script.start - view.script.seconds).clamp(0, wrap);
    }
    for begun in begun_events(log, &views, span) {
        // Who took no call has no row.
        let Some(own) = agents.get_mut(&begun.agent) else {
            continue;
        };
        let seconds = begun.event.seconds(log);
        match begun.event.state {
            State::InCall => (),
            State::Ready => own.wait += seconds,
            State::Paused(_) => own.pause += seconds,
        }
    }
    let rows = agents.into_iter();
    rows.map(|(id, figures)| (id.to_string(), figures_row(id, &figures)))
        .collect()
}

fn figures_row(id: u32, figures: &Figures) -> Value {
    let &Figures {
        calls,
        machines,
        talk,
        wait,
        pause,
        wrap,
        ..
    } = figures;
    let total = talk + wait + pause + wrap;
    // Two decimals, as whole hundredths.
    let share = |part: i64, all: i64| {
        let hundredths =
            i32::try_from((10_000 * part + all / 2) / all.max(1)).expect("a share is at most one");
        json!(f64::from(hundredths) / 100.0)
    };
    let mut row = json!({
        "name": figures.name, "user_id": id.to_string(), "calls": calls,
        "talk_sec_pt": share(talk, total), "wait_sec_pt": share(wait, total),
        "pause_sec_pt": share(pause, total), "wrap_sec_pt": share(wrap, total),
        "talk_sec": length(talk), "wait_sec": length(wait), "pause_sec": length(pause),
        "wrap_sec": length(wrap), "total_time": length(total),
        "am": machines, "others": calls - machines,
        "am_pt": share(machines, calls), "others_pt": share(calls - machines, calls), "call_type": "",
    });
    // Missing in the older sample.
    if !id.is_multiple_of(3) {
        row["human_answered"] = json!((calls - machines) / 2);
    }
    row
}

/// `HH:MM:SS`, with as many hours as there are (assumed).
fn length(seconds: i64) -> String {
    let (hours, minutes) = (seconds / HOUR, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

/// What each agent did on each local day from that of an instant on, by agent and day.
pub(super) fn daily_records(log: &CallLog<'_>, since: i64) -> Records {
    let first = log.state.wall(since).div_euclid(DAY);
    let today = log.state.wall(log.now).div_euclid(DAY);
    let of_day = |day: i64| {
        let date = local::moment_of(day * DAY).date();
        let rows = figures(log, Span::day(day * DAY)).into_iter();
        rows.map(move |(id, row)| (format!("{id}:{date}"), row.to_string()))
    };
    (first..=today).flat_map(of_day).collect()
}

/// agent-productivity/search: changes of what agents are doing.
pub(super) fn report_productivity(account: &Account, request: &Request) -> Result<Response, Refused> {
    let quirks = account.current_quirks();
    let page = EVENTS.read(request, &quirks)?;
    let rows = account.with(|state, now| {
        let span = Span::of_report(request, state.zone, now)?;
        Ok(list_events(&state.log(&quirks, now, false), span))
    })?;
    if rows.is_empty() && quirks.empty_agents != Empty::Array {
        return Err(NO_AGENTS);
    }
    let shown: Vec<Value> = page.cut(&rows).iter().map(|(_, row)| row.clone()).collect();
    Ok(page.envelope(quirks.count(rows.len()), "entries", shown))
}

/// The events of a span of local time, by their ids. By agent, which is as good as no order.
pub(super) fn list_events(log: &CallLog<'_>, span: Span) -> Vec<(u64, Value)> {
    let views = log.talks_around(span);
    let mut begun = begun_events(log, &views, span);
    begun.sort_by_key(|begun| (begun.agent, begun.event.id));
    let rows = begun.into_iter();
    rows.map(|begun| (begun.event.id, begun.event.row(log, begun.view)))
        .collect()
}

/// An event that has begun, of the agent who had a call.
struct Begun<'a, 'b> {
    agent: u32,
    event: Event,
    view: &'b CallView<'a>,
}

/// The events of a span of local time: two for each call, the second of which grows for a while. What an agent does ends when the next
/// thing begins, and work on a call lets nothing else begin.
fn begun_events<'a, 'b>(log: &CallLog<'_>, views: &'b [CallView<'a>], span: Span) -> Vec<Begun<'a, 'b>> {
    let mut begun: Vec<Begun<'a, 'b>> = Vec::with_capacity(2 * views.len());
    for view in views {
        let agent = log.user(view).id;
        begun.extend(Event::of(view).map(|event| Begun { agent, event, view }));
    }
    begun.retain(|begun| begun.event.at <= log.now);
    begun.sort_by_key(|begun| (begun.agent, begun.event.at, begun.event.id));
    for place in 1..begun.len() {
        let (next_agent, next_at) = (begun[place].agent, begun[place].event.at);
        let Begun { agent, event, .. } = &mut begun[place - 1];
        if *agent == next_agent {
            event.longest = event.longest.min(next_at - event.at);
        }
    }
    begun.retain(|begun| span.holds(log.state.wall(begun.event.at)));
    begun
}

/// What an agent is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Talking, or at work on the call afterwards.
    InCall,
    /// Waiting for the next call.
    Ready,
    /// Away, with the reason's code and name.
    Paused([&'static str; 2]),
}

/// Why agents are away.
const REASONS: [[&str; 2]; 2] = [["LUNCH", "Lunch"], ["TRAIN", "Training"]];

/// A change of what an agent is doing.
struct Event {
    id: u64,
    at: i64,
    /// How long it lasts at most.
    longest: i64,
    state: State,
}

impl Event {
    /// A call with the work after it, and what follows.
    fn of(view: &CallView<'_>) -> [Self; 2] {
        let (number, start) = (u64::from(view.call.number), view.script.start);
        let id = 300_001 + 2 * number;
        let busy = view.script.busy_seconds();
        let pick = scatter(0xE7, number);
        let reason = usize::try_from(scatter(pick, 1) % 10).expect("a digit");
        let call = Self {
            id,
            at: start,
            longest: busy,
            state: State::InCall,
        };
        let after = Self {
            id: id + 1,
            at: start + busy,
            longest: (pick % 1_800).cast_signed(),
            state: REASONS
                .get(reason)
                .map_or(State::Ready, |&why| State::Paused(why)),
        };
        [call, after]
    }

    /// How long it has lasted.
    fn seconds(&self, log: &CallLog<'_>) -> i64 {
        self.longest.min(log.now - self.at)
    }

    fn row(&self, log: &CallLog<'_>, view: &CallView<'_>) -> Value {
        let seconds = self.seconds(log);
        let length = if seconds < HOUR && self.id.is_multiple_of(2) {
            format!("{:02}:{:02}", seconds / 60, seconds % 60)
        } else {
            length(seconds)
        };
        // Who is away is ready, with a reason.
        let (state, [code, reason]) = match self.state {
            State::InCall => ("INCALL", [""; 2]),
            State::Ready => ("READY", [""; 2]),
            State::Paused(why) => ("READY", why),
        };
        let user = log.user(view);
        let campaign = view.script.campaign;
        let campaign_id = campaign.map_or_else(String::new, |campaign| campaign.id.to_string());
        let mut row = json!({
            "id": self.id.to_string(), "user_id": user.id.to_string(), "state": state, "availability_code": code,
            "campaign_id": campaign_id, "event_epoch": self.at.to_string(), "event_sec": length,
            "created_at": wall_text(log.state.wall(self.at)), "browser": "Chrome", "ip_address": "192.0.2.10",
            "user_uid": user.id.to_string(), "availability_code_name": reason, "campaign_uid": campaign_id,
            "campaign_name": campaign.map_or("", |campaign| campaign.name), "campaign_type": "OUTBOUND",
            "availability_name": reason,
        });
        // Absent now and then (documented).
        if !self.id.is_multiple_of(10) {
            row["user_name"] = json!(user.name);
        }
        row
    }
}

/// users/recordings: the recordings of agents, told without their calls.
pub(super) fn search_recordings(account: &Account, request: &Request) -> Result<Response, Refused> {
    let quirks = account.current_quirks();
    let page = RECORDINGS.read(request, &quirks)?;
    let words = request.param("user").ok_or(NO_USERS)?;
    let rows: Vec<Value> = account.with(|state, now| {
        let mut agents = state.agents.present(now);
        if !agents.any(|(_, agent)| is_agent(agent, words)) {
            return Err(NO_USERS);
        }
        let span = Span::of_report(request, state.zone, now)?;
        let rows = recordings_of(&state.log(&quirks, now, true), Some(words), span);
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    })?;
    Ok(page.envelope(quirks.number(rows.len()), "entries", page.cut(&rows)))
}

/// The recordings, by their ids, of the agents whom the words mean, or of all, whose calls began in a span of local time.
pub(super) fn recordings_of(log: &CallLog<'_>, words: Option<&str>, span: Span) -> Vec<(u64, Value)> {
    let agents = &log.state.agents;
    let is_meant = |agent: &Value| words.is_none_or(|words| is_agent(agent, words));
    let mut rows = Vec::new();
    for view in log.talks(span) {
        let agent = agents.get(&log.user(&view).id.to_string(), log.now);
        if !agent.is_some_and(is_meant) {
            continue;
        }
        let (call, seconds) = (view.call, view.state.seconds);
        for place in 0..view.recording_count() {
            let id = recording_id(call.number, place);
            let end = seconds.filter(|_| id.is_multiple_of(2));
            let row = json!({
                "recording_id": id, "lead_id": view.script.lead.unwrap_or(0), "start_time": wall_text(call.local),
                "end_time": end.map_or_else(String::new, |seconds| wall_text(call.local + seconds)),
                "seconds": seconds.filter(|_| !id.is_multiple_of(5)), "url": format!("{}-{id}.wav", call.start),
            });
            rows.push((id, row));
        }
    }
    rows
}
