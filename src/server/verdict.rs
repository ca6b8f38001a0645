//! The whole in one sentence: all is complete through some instant, or what is wrong and what to do.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::warehouse::PauseOverview;

use super::report::{Condition, Report, SourceReport, StreamReport};
use super::words::{describe_span, format_count, format_minute};

/// How many seconds a source may lie idle while daemons end and start.
const CHANGE_OF_HANDS: i64 = 60;

/// Who paused, where it was not the daemon itself.
const OPERATOR: &str = "operator";
const NOTHING_TO_DO: &str = "Nothing; it is tried again by itself.";

/// How things stand as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mood {
    /// Everything is complete.
    Complete,
    /// Nothing is wrong, and not all is there yet.
    Working,
    /// Somebody should look at something.
    Attention,
    /// Data stand still until somebody does something.
    Broken,
}

/// One thing that is worth saying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// How grave it is.
    pub mood: Mood,
    /// What it is about: `SOURCE`, `SOURCE.STREAM` or nothing.
    pub subject: String,
    /// What is so.
    pub sentence: String,
    /// What to do; nothing where there is nothing to do.
    pub todo: Option<String>,
}

/// The verdict on everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Verdict {
    /// How things stand.
    pub mood: Mood,
    /// In one sentence.
    pub sentence: String,
    /// What to do; nothing where there is nothing to do.
    pub todo: Option<String>,
    /// Up to when everything is complete that the settings want; nothing while something has no beginning.
    pub complete_through: Option<DateTime<Utc>>,
    /// What else is worth saying, the gravest first.
    pub others: Vec<Finding>,
}

impl Verdict {
    /// Before anything is known.
    pub(super) fn unknown() -> Self {
        Self {
            mood: Mood::Working,
            sentence: "Nothing is known yet.".to_owned(),
            todo: None,
            complete_through: None,
            others: Vec::new(),
        }
    }
}

/// Judges a report.
pub(super) fn judge_report(report: &Report) -> Verdict {
    let mut findings = Vec::new();
    findings.extend(judge_database(report));
    if report.at.is_some() {
        for source in report.sources.iter().filter(|source| is_of_interest(source)) {
            findings.extend(judge_source(source));
        }
    }
    // The order within one mood is that of the findings, which is that of the sources.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.mood));
    let through = complete_through(report);
    let has_streams = report.wanted_streams().next().is_some();
    let is_grave = findings.first().is_some_and(|first| first.mood > Mood::Working);
    // What merely goes on is told after the whole, unless there is nothing else to tell.
    let first = if is_grave || (!has_streams && !findings.is_empty()) {
        findings.remove(0)
    } else {
        whole_sentence(report, through)
    };
    Verdict {
        mood: first.mood,
        sentence: first.sentence,
        todo: first.todo,
        complete_through: through,
        others: findings,
    }
}

/// Sources that the settings no longer name, or that want nothing, hold nobody up.
fn is_of_interest(source: &SourceReport) -> bool {
    source.is_configured
        && (source.streams.is_empty() || source.streams.iter().any(|stream| stream.status.is_enabled))
}

/// The least of all streams that the settings want.
fn complete_through(report: &Report) -> Option<DateTime<Utc>> {
    let mut least = None;
    for stream in report.wanted_streams() {
        let through = stream.status.complete_through?;
        least = Some(least.map_or(through, |least: DateTime<Utc>| least.min(through)));
    }
    least
}

fn judge_database(report: &Report) -> Option<Finding> {
    let database = &report.database;
    if database.ok {
        return None;
    }
    let error = database.error.as_deref().unwrap_or("it does not answer");
    let since = match (report.at, database.answered_seconds_ago) {
        (Some(at), Some(seconds)) => format!(
            "The database has not answered for {}: {error}. What stands here is from {} UTC.",
            describe_span(i64::try_from(seconds).unwrap_or(i64::MAX)),
            format_minute(at)
        ),
        _ => format!("The database has not answered yet: {error}."),
    };
    Some(Finding {
        mood: Mood::Broken,
        subject: String::new(),
        sentence: since,
        todo: Some(
            "Look after Postgres and the way to it; the daemon goes on by itself when it answers.".to_owned(),
        ),
    })
}

fn judge_source(source: &SourceReport) -> Vec<Finding> {
    if source.condition == Condition::Refused {
        return vec![refused_account(source)];
    }
    let mut findings: Vec<Finding> = source
        .pauses
        .iter()
        .map(|pause| judge_source_pause(source, pause))
        .collect();
    if source.holder.is_none() {
        findings.push(judge_idleness(source));
    }
    let wanted = source.streams.iter().filter(|stream| stream.status.is_enabled);
    findings.extend(wanted.flat_map(judge_stream));
    findings
}

fn refused_account(source: &SourceReport) -> Finding {
    let name = &source.source;
    let reason = source.reason.as_deref().unwrap_or("its account is another one");
    Finding {
        mood: Mood::Broken,
        subject: name.clone(),
        sentence: format!("{name} is refused: {reason}"),
        todo: Some(format!(
            "Correct its settings; or take the new account with `convene adopt {name}`."
        )),
    }
}

fn judge_source_pause(source: &SourceReport, pause: &PauseOverview) -> Finding {
    let name = &source.source;
    let until = pause.until.map_or_else(String::new, |until| {
        format!(" until {} UTC", format_minute(until))
    });
    if pause.paused_by == OPERATOR {
        return operator_pause(name, &until, pause);
    }
    let is_for_operator = pause.remedy.as_deref() == Some("operator");
    let (mood, todo) = if is_for_operator {
        let todo =
            format!("Mend the cause, then `convene resume {name}`; it is tried again by itself besides.");
        (Mood::Broken, todo)
    } else {
        (Mood::Attention, NOTHING_TO_DO.to_owned())
    };
    Finding {
        mood,
        subject: name.clone(),
        sentence: format!("{name} is left alone{until}: {}", pause.reason),
        todo: Some(todo),
    }
}

fn operator_pause(name: &str, until: &str, pause: &PauseOverview) -> Finding {
    Finding {
        mood: Mood::Attention,
        subject: name.to_owned(),
        sentence: format!("{name} is paused by an operator{until}: {}", pause.reason),
        todo: Some(format!("Resume it with `convene resume {name}`.")),
    }
}

/// What it means that nobody holds a source.
fn judge_idleness(source: &SourceReport) -> Finding {
    let name = &source.source;
    let is_new = source.streams.is_empty();
    let is_changing = source.idle_seconds.is_some_and(|idle| idle < CHANGE_OF_HANDS);
    let (mood, sentence, todo) = if is_new {
        (Mood::Working, format!("{name} has not been taken yet."), None)
    } else if is_changing {
        (Mood::Working, format!("{name} is between two daemons."), None)
    } else {
        (
            Mood::Broken,
            format!("Nobody works on {name}: no daemon holds it."),
            Some("Start a daemon that has it in its settings, or look at the daemon's log.".to_owned()),
        )
    };
    Finding {
        mood,
        subject: name.clone(),
        sentence,
        todo,
    }
}

fn judge_stream(stream: &StreamReport) -> Vec<Finding> {
    let name = stream.full_name();
    // What the daemon itself leaves alone is a whole source.
    let pauses = stream.pauses.iter().filter(|pause| pause.paused_by == OPERATOR);
    let mut findings: Vec<Finding> = pauses.map(|pause| operator_pause(&name, "", pause)).collect();
    findings.extend(judge_failures(stream));
    findings.extend(judge_held_deletions(stream));
    findings.extend(judge_progress(stream));
    findings
}

/// The slice that has failed most often.
fn judge_failures(stream: &StreamReport) -> Option<Finding> {
    let name = stream.full_name();
    let first = stream.failing.first()?;
    let more = match stream.failing.len() - 1 {
        0 => String::new(),
        more => format!(" ({more} more fail)"),
    };
    let (mood, todo) = match first.remedy.as_str() {
        "next run" | "again" => (Mood::Attention, NOTHING_TO_DO),
        "operator" => (
            Mood::Broken,
            "Mend what the sentence names; it is tried again by itself.",
        ),
        "developer" => (
            Mood::Broken,
            "Report it: the program does not understand the vendor here.",
        ),
        _ => (Mood::Broken, NOTHING_TO_DO),
    };
    Some(Finding {
        mood,
        sentence: format!(
            "{name} fails{}: {}; tried {}, again at {} UTC{more}",
            window_words(first.since, first.until),
            first.reason.trim_end_matches('.'),
            times_words(first.attempts),
            format_minute(first.next_attempt_at)
        ),
        subject: name,
        todo: Some(todo.to_owned()),
    })
}

fn judge_held_deletions(stream: &StreamReport) -> Option<Finding> {
    if stream.held.is_empty() {
        return None;
    }
    let name = stream.full_name();
    let rows: i64 = stream.held.iter().map(|held| held.row_count).sum();
    Some(Finding {
        mood: Mood::Attention,
        sentence: format!(
            "{} rows of {name} seem to be gone at the vendor, and are held",
            format_count(rows)
        ),
        todo: Some(format!(
            "If they really are gone: `convene confirm-deletions {name}`."
        )),
        subject: name,
    })
}

/// What is to be said where a stream is not as far as it should be.
fn judge_progress(stream: &StreamReport) -> Option<Finding> {
    let (name, status) = (stream.full_name(), &stream.status);
    match stream.condition {
        Condition::Incomplete => Some(Finding {
            mood: Mood::Working,
            subject: name,
            sentence: format!("{}.{}", status.source, status.reason.as_ref()?),
            todo: None,
        }),
        Condition::Behind => Some(Finding {
            mood: Mood::Attention,
            sentence: format!(
                "{name} is {} behind, more than its limit of {}",
                describe_span(status.lag_seconds.unwrap_or(0)),
                describe_span(stream.lag_limit_seconds.unwrap_or(0))
            ),
            subject: name,
            todo: Some("Look at its last runs.".to_owned()),
        }),
        _ => None,
    }
}

fn window_words(since: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> String {
    match (since, until) {
        (Some(since), Some(until)) => {
            format!(" from {} to {} UTC", format_minute(since), format_minute(until))
        }
        _ => String::new(),
    }
}

fn times_words(count: i32) -> String {
    if count == 1 {
        "once".to_owned()
    } else {
        format!("{count} times")
    }
}

/// What is said where nothing is wrong.
fn whole_sentence(report: &Report, through: Option<DateTime<Utc>>) -> Finding {
    let (mut whole, mut read, mut all) = (0, 0, 0);
    for stream in report.wanted_streams() {
        all += 1;
        if stream.condition == Condition::Complete {
            whole += 1;
        } else if !stream.running.is_empty() {
            read += 1;
        }
    }
    let waiting = all - whole - read;
    let (mood, sentence) = match through {
        Some(through) if all > 0 && whole == all => (
            Mood::Complete,
            format!("Everything is complete through {} UTC.", format_minute(through)),
        ),
        _ if all == 0 => (Mood::Working, "Nothing has been read yet.".to_owned()),
        _ => (
            Mood::Working,
            format!(
                "{whole} of {all} streams are complete; {read} are being read, {waiting} wait for their turn."
            ),
        ),
    };
    Finding {
        mood,
        subject: String::new(),
        sentence,
        todo: None,
    }
}
