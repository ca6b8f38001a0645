//! Pictures: the line of what is covered, and the requests of each hour.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use crate::server::coverage::{Coverage, Span};
use crate::server::words::{count_things, describe_span, format_count, format_minute};
use crate::warehouse::HourlyTraffic;

/// The width of a line, in its own units.
const WIDTH: i64 = 1_000;
/// What is missing or fails is seen however short it is.
const LEAST_WIDTH: i64 = 3;
/// Hours that are shown of a stream's traffic.
const HOURS: i64 = 48;

/// The line of what is covered.
pub(super) fn render_coverage(coverage: &Coverage, is_large: bool) -> Markup {
    let place = |at: DateTime<Utc>| {
        let whole = (coverage.until - coverage.since).num_seconds().max(1);
        ((at - coverage.since).num_seconds().saturating_mul(WIDTH) / whole).clamp(0, WIDTH)
    };
    let rect = |span: &Span, class: &str, least: i64| {
        let from = place(span.since);
        let width = (place(span.until) - from).max(least);
        let from = from.min(WIDTH - width);
        let text = format!(
            "{class}: {} to {} UTC",
            format_minute(span.since),
            format_minute(span.until)
        );
        html! { rect class=(class) x=(from) y="0" width=(width) height="16" { title { (text) } } }
    };
    html! {
        svg.bar.large[is_large] viewBox="0 0 1000 16" preserveAspectRatio="none" role="img" aria-label=(describe_coverage(coverage)) {
            rect.gap x="0" y="0" width="1000" height="16" {}
            @for span in &coverage.covered { (rect(span, "covered", 1)) }
            @for span in &coverage.settled { (rect(span, "settled", 1)) }
            @for span in inner_gaps(coverage) { (rect(span, "gap", LEAST_WIDTH)) }
            @for span in &coverage.failing { (rect(span, "failing", LEAST_WIDTH)) }
            @for span in &coverage.running { (rect(span, "running", LEAST_WIDTH)) }
        }
    }
}

/// Gaps before the last span that is covered. What comes after it is only young.
fn inner_gaps(coverage: &Coverage) -> impl Iterator<Item = &Span> {
    let last = coverage.covered.last().map(|span| span.since);
    coverage
        .gaps
        .iter()
        .filter(move |gap| last.is_some_and(|last| gap.since < last))
}

/// The line in words.
pub(super) fn describe_coverage(coverage: &Coverage) -> String {
    let length = |spans: &[Span]| -> TimeDelta {
        spans
            .iter()
            .fold(TimeDelta::zero(), |sum, span| sum + (span.until - span.since))
    };
    let whole = (coverage.until - coverage.since).num_seconds().max(1);
    let share = |spans: &[Span]| length(spans).num_seconds().saturating_mul(100) / whole;
    let mut text = format!(
        "From {} UTC until now: {} % covered, {} % settled",
        format_minute(coverage.since),
        share(&coverage.covered),
        share(&coverage.settled)
    );
    let gap_count = inner_gaps(coverage).count();
    for (count, thing, state) in [
        (gap_count, "gap", ""),
        (coverage.failing.len(), "window", " failing"),
        (coverage.running.len(), "window", " being read"),
    ] {
        if count > 0 {
            let things = count_things(i64::try_from(count).unwrap_or(i64::MAX), thing);
            text = format!("{text}, {things}{state}");
        }
    }
    text
}

/// What the colours mean.
pub(super) fn render_legend() -> Markup {
    html! {
        ul.legend aria-label="What the colours mean" {
            @for (class, text) in [
                ("settled", "settled"), ("covered", "covered"), ("gap", "missing"), ("failing", "failing"), ("running", "being read"),
            ] {
                li { svg.swatch viewBox="0 0 16 16" aria-hidden="true" { rect class=(class) width="16" height="16" {} } (text) }
            }
        }
    }
}

/// The requests of each hour.
pub(super) fn render_traffic(traffic: &[HourlyTraffic], now: DateTime<Utc>) -> Markup {
    let most = traffic
        .iter()
        .map(|hour| hour.request_count)
        .max()
        .unwrap_or(0)
        .max(1);
    let total: i64 = traffic.iter().map(|hour| hour.request_count).sum();
    let first = now - TimeDelta::hours(HOURS);
    let label = format!(
        "{} within {}, at most {} in one hour",
        count_things(total, "request"),
        describe_span(HOURS * 3_600),
        format_count(most)
    );
    html! {
        svg.traffic viewBox="0 0 480 60" preserveAspectRatio="none" role="img" aria-label=(label) {
            @for hour in traffic {
                @let place = (hour.hour - first).num_hours().clamp(0, HOURS);
                @let height = (hour.request_count * 58 / most).max(1);
                rect class=(if hour.flawed > 0 { "failing" } else { "covered" }) x=(place * 10 - 4) y=(60 - height) width="8" height=(height) {
                    title {
                        (format_minute(hour.hour)) " UTC: " (format_count(hour.request_count)) " requests, "
                        (format_count(hour.rows_seen)) " rows"
                    }
                }
            }
        }
        p.dim { (label) "." }
    }
}
