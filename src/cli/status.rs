//! `convene status`: up to when each stream is complete, and what is wrong.

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::commands;
use crate::settings::Settings;
use crate::warehouse::{Holder, RequestStatus, StreamStatus};

use super::output::{format_duration, format_instant, format_number, print_line, print_wrapped};
use super::{COMPLETE, INCOMPLETE};

/// Up to when each stream is complete.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        let streams = warehouse.list_streams().await?;
        if self.json {
            let all: Vec<Value> = streams.iter().map(json_value).collect();
            print_line(&serde_json::to_string_pretty(&all)?);
        } else {
            let holders = warehouse.list_holders().await?;
            print_streams(&streams, &holders, warehouse.now().await?);
            print_requests(&warehouse.open_request_statuses().await?);
        }
        let is_well = streams.iter().all(StreamStatus::is_well);
        Ok(if is_well { COMPLETE } else { INCOMPLETE })
    }
}

/// Prints how streams stand, in lines of 80 characters.
fn print_streams(streams: &[StreamStatus], holders: &[Holder], now: DateTime<Utc>) {
    if streams.is_empty() {
        return print_line("Nothing was read yet: `convene sync` or `convene run` begins.");
    }
    for of_source in streams.chunk_by(|one, other| one.source == other.source) {
        let source = &of_source[0].source;
        let holder = holders.iter().find(|holder| holder.source == *source);
        print_line(&format!("{source} (times in UTC): {}", describe_holder(holder)));
        print_line("  state   stream                 complete through        lag  settled      rows");
        for stream in of_source {
            print_line(&stream_line(stream));
        }
        for line in source_problems(of_source, now) {
            print_wrapped(&line, "    ");
        }
        print_line("");
    }
    let unwell = streams.iter().filter(|stream| !stream.is_well()).count();
    print_line(&if unwell == 0 {
        "All is well: every stream is complete and up to date.".to_owned()
    } else {
        format!(
            "{unwell} of {} streams need time or somebody's hand.",
            streams.len()
        )
    });
}

fn describe_holder(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) if holder.is_daemon => format!("kept in step by {}", holder.holder),
        Some(holder) => format!("held by a command, {}", holder.holder),
        None => "nobody keeps it in step at this moment".to_owned(),
    }
}

/// One word for how a stream stands: the gravest that is true.
fn state_word(stream: &StreamStatus) -> &'static str {
    match stream.state.as_str() {
        _ if !stream.is_enabled => "off",
        "refused" => "refused",
        _ if stream.paused_by.is_some() => "paused",
        _ if stream.failing_slices > 0 => "failing",
        _ if stream.held_deletions > 0 => "held",
        _ if stream.is_lagging() => "late",
        "complete" => "ok",
        "never read" => "unread",
        _ => "filling",
    }
}

fn stream_line(stream: &StreamStatus) -> String {
    let through = stream
        .complete_through
        .map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string());
    let age = |seconds: Option<i64>| seconds.map_or_else(|| "-".to_owned(), short_duration);
    let line = format!(
        "  {:<7} {:<22} {through:<16} {:>9} {:>8} {:>9}",
        state_word(stream),
        stream.stream,
        age(stream.lag_seconds),
        age(stream.settled_lag_seconds),
        short_count(stream.row_count),
    );
    line.trim_end().to_owned()
}

/// A duration in at most seven characters.
fn short_duration(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// A count in at most nine characters.
fn short_count(count: i64) -> String {
    if count < 10_000_000 {
        format_number(count)
    } else {
        format!("{}M", format_number(count / 1_000_000))
    }
}

/// What is wrong with the streams of a source. What is the same for several of them, such as a vendor that is away, is told once.
fn source_problems(of_source: &[StreamStatus], now: DateTime<Utc>) -> Vec<String> {
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    for stream in of_source {
        for problem in stream_problems(stream, now) {
            match told.iter_mut().find(|(known, _)| *known == problem) {
                Some((_, names)) => names.push(&stream.stream),
                None => told.push((problem, vec![&stream.stream])),
            }
        }
    }
    let lines = told.into_iter().map(|(problem, names)| match names.as_slice() {
        [name] => format!("{name}: {problem}"),
        names if names.len() == of_source.len() => format!("all {} streams: {problem}", names.len()),
        [first, rest @ ..] => format!("{first} and {} more: {problem}", rest.len()),
        [] => problem,
    });
    lines.collect()
}

/// What is wrong with a stream, and what to do about it.
fn stream_problems(stream: &StreamStatus, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = Vec::new();
    let name = format!("{}.{}", stream.source, stream.stream);
    if let Some(paused_by) = &stream.paused_by {
        let reason = stream.pause_reason.as_deref().unwrap_or_default();
        lines.push(match (paused_by.as_str(), stream.paused_until) {
            ("operator", _) => format!("{reason}; `convene resume {name}` reads it again"),
            (_, until) => format!(
                "left alone after a failure: {reason}; tried again {}, or now by `convene resume {}`",
                describe_time(until, now),
                stream.source
            ),
        });
    }
    if let Some(reason) = stream.bare_reason().filter(|_| stream.is_enabled) {
        lines.push(reason.to_owned());
    }
    if stream.failing_slices > 0 && stream.next_attempt_at.is_some() {
        let fail = if stream.failing_slices == 1 {
            "slice fails"
        } else {
            "slices fail"
        };
        lines.push(format!(
            "{} {fail}; the next attempt is {}",
            stream.failing_slices,
            describe_time(stream.next_attempt_at, now)
        ));
    }
    // What is not complete because of them says so itself.
    let is_told = stream
        .bare_reason()
        .is_some_and(|reason| reason.contains("confirm-deletions"));
    if stream.held_deletions > 0 && !is_told {
        lines.push(format!(
            "{} rows seem to be gone at the vendor and are held; if they are, run `convene confirm-deletions {name}`",
            format_number(stream.held_deletions)
        ));
    }
    if stream.is_lagging() {
        let limit = stream.lag_limit_seconds.map_or_else(String::new, format_duration);
        lines.push(format!("further behind than {limit}, which is its limit"));
    }
    if stream.reject_count > 0 && stream.is_enabled {
        let more = if stream.reject_count >= MOST_REJECTS {
            "+"
        } else {
            ""
        };
        lines.push(format!(
            "{}{more} records could not be read; they are in sync.rejects",
            format_number(stream.reject_count)
        ));
    }
    lines
}

/// Where the counting of rejects ends.
const MOST_REJECTS: i64 = 10_000;

fn describe_time(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    match at {
        None => "later".to_owned(),
        Some(at) if at <= now => "now".to_owned(),
        Some(at) => format!(
            "in {} ({})",
            format_duration((at - now).num_seconds().max(1)),
            at.format("%H:%M:%S UTC")
        ),
    }
}

/// Prints what people have asked for and is not done.
fn print_requests(requests: &[RequestStatus]) {
    for request in requests {
        let (kind, state) = (&request.kind, &request.state);
        let range = request
            .since
            .zip(request.until)
            .map_or_else(String::new, |(since, until)| {
                format!(
                    " {} to {}",
                    format_instant(Some(since)),
                    format_instant(Some(until))
                )
            });
        print_wrapped(
            &format!(
                "{kind} of {}.{}{range}: {state}, {} of {} {}",
                request.source,
                request.stream,
                request.slices_ended(),
                request.slices_before(),
                if request.since.is_some() {
                    "hundredths"
                } else {
                    "slices"
                },
            ),
            "    ",
        );
    }
}

fn json_value(stream: &StreamStatus) -> Value {
    let text = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339());
    json!({
        "source": stream.source,
        "stream": stream.stream,
        "is_enabled": stream.is_enabled,
        "is_well": stream.is_well(),
        "state": stream.state,
        "reason": stream.reason.as_ref().filter(|reason| !reason.is_empty()),
        "complete_through": text(stream.complete_through),
        "settled_through": text(stream.settled_through),
        "lag_seconds": stream.lag_seconds,
        "lag_limit_seconds": stream.lag_limit_seconds,
        "is_lagging": stream.is_lagging(),
        "last_slice": { "state": stream.last_state, "reason": stream.last_reason, "at": text(stream.last_at) },
        "next_run_at": text(stream.next_run_at),
        "failing_slices": stream.failing_slices,
        "next_attempt_at": text(stream.next_attempt_at),
        "pause": stream.paused_by.as_ref().map(|by| json!({
            "by": by, "until": text(stream.paused_until), "reason": stream.pause_reason,
        })),
        "holder": stream.holder,
        "row_count": stream.row_count,
        "reject_count": stream.reject_count,
        "held_deletions": stream.held_deletions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> StreamStatus {
        StreamStatus {
            source: "an_account_with_a_name_of_forty_characters".to_owned(),
            stream: "followed_conversations".to_owned(),
            mode: "lookup".to_owned(),
            is_enabled: true,
            state: "complete".to_owned(),
            reason: None,
            complete_through: Some(DateTime::UNIX_EPOCH),
            settled_through: Some(DateTime::UNIX_EPOCH),
            lag_seconds: Some(86_399),
            last_state: None,
            last_reason: None,
            last_at: None,
            row_count: 9_999_999,
            reject_count: 0,
            held_deletions: 0,
            partition_count: 1,
            settled_lag_seconds: Some(86_400 * 365),
            lag_limit_seconds: Some(86_400),
            next_run_at: None,
            next_attempt_at: None,
            failing_slices: 0,
            paused_by: None,
            paused_until: None,
            pause_reason: None,
            holder: None,
        }
    }

    #[test]
    fn a_line_has_eighty_characters_at_most() {
        for row_count in [0, 9_999_999, 123_456_789_012] {
            let line = stream_line(&StreamStatus {
                row_count,
                ..stream()
            });
            assert!(line.len() <= 80, "{}: {line}", line.len());
        }
    }

    type Change = fn(&mut StreamStatus);

    #[test]
    fn the_gravest_word_is_said_and_only_a_stream_without_any_is_well() {
        assert!(stream().is_well());
        assert_eq!(state_word(&stream()), "ok");
        let cases: [(&str, Change); 8] = [
            ("late", |stream| stream.lag_seconds = Some(86_401)),
            ("held", |stream| stream.held_deletions = 1),
            ("failing", |stream| stream.failing_slices = 1),
            ("paused", |stream| stream.paused_by = Some("operator".to_owned())),
            ("refused", |stream| "refused".clone_into(&mut stream.state)),
            ("filling", |stream| "incomplete".clone_into(&mut stream.state)),
            ("unread", |stream| "never read".clone_into(&mut stream.state)),
            ("failing", |stream| {
                stream.failing_slices = 1;
                stream.held_deletions = 1;
            }),
        ];
        for (word, change) in cases {
            let mut changed = stream();
            change(&mut changed);
            assert_eq!(state_word(&changed), word);
            assert!(!changed.is_well(), "{word}");
        }
        let off = StreamStatus {
            is_enabled: false,
            state: "disabled".to_owned(),
            failing_slices: 1,
            ..stream()
        };
        assert!(off.is_well() && state_word(&off) == "off");
    }

    #[test]
    fn a_stream_is_named_once() {
        for (reason, told) in [
            ("followed_conversations: waits for others", "waits for others"),
            ("followed_conversations [a bot]: it fails", "[a bot]: it fails"),
            ("others: it fails", "others: it fails"),
        ] {
            let stream = StreamStatus {
                reason: Some(reason.to_owned()),
                ..stream()
            };
            assert_eq!(stream_problems(&stream, DateTime::UNIX_EPOCH), [told]);
        }
    }

    #[test]
    fn what_is_wrong_with_all_streams_is_told_once() {
        let named = |name: &str, reason: Option<&str>| StreamStatus {
            stream: name.to_owned(),
            reason: reason.map(str::to_owned),
            ..stream()
        };
        let away = Some("the vendor is away");
        let told = |streams: &[StreamStatus]| source_problems(streams, DateTime::UNIX_EPOCH);
        assert_eq!(
            told(&[named("a", away), named("b", away), named("c", away)]),
            ["all 3 streams: the vendor is away"]
        );
        assert_eq!(
            told(&[
                named("a", away),
                named("b", Some("waits")),
                named("c", away),
                named("d", None)
            ]),
            ["a and 1 more: the vendor is away", "b: waits"]
        );
    }

    #[test]
    fn held_deletions_are_told_once() {
        let held = StreamStatus {
            held_deletions: 6,
            ..stream()
        };
        let reason = "6 of 12 rows are held; if they are gone, run `convene confirm-deletions a.b`";
        let told_already = StreamStatus {
            reason: Some(reason.to_owned()),
            ..held.clone()
        };
        for (stream, words) in [(held, "6 rows seem to be gone"), (told_already, "6 of 12 rows")] {
            let told = stream_problems(&stream, DateTime::UNIX_EPOCH);
            assert!(told.len() == 1 && told[0].starts_with(words), "{told:?}");
        }
    }

    #[test]
    fn durations_are_short() {
        for (seconds, text) in [(7, "7s"), (61, "1m01s"), (7_320, "2h02m"), (90_000, "1d01h")] {
            assert_eq!(short_duration(seconds), text);
        }
    }
}
