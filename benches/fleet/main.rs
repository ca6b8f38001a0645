//! A fleet in simulated time: a thousand sources shared by instances, one of which dies. Only the decisions are real: how sources are
//! shared, which windows are read, when a request may be sent. It judges nothing; it prints figures.
//!
//! `cargo bench --bench fleet` runs it, in seconds.

#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod fleet;
mod source;

use fleet::{Fleet, Outcome};

/// How many sources there are.
const SOURCES: usize = 1_000;
/// How many instances share them.
const SIZES: [usize; 4] = [1, 2, 4, 8];

fn main() {
    // `cargo test` starts benchmarks too.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!(
        "{SOURCES} sources with 30 days of history, 60 requests a minute each; one instance dies after six hours of ten"
    );
    println!(
        "\n{:<11}{:>14}{:>16}{:>16}{:>14}{:>14}{:>14}{:>12}",
        "instances",
        "sources each",
        "history read",
        "taken over",
        "lag before",
        "lag at death",
        "lag at end",
        "requests"
    );
    println!(
        "{:<11}{:>14}{:>16}{:>16}{:>14}{:>14}{:>14}{:>12}",
        "", "fewest-most", "minutes, last", "seconds, last", "seconds, most", "most", "most", "of budget"
    );
    for size in SIZES {
        let Outcome {
            fewest,
            most,
            history_minutes,
            take_over_seconds,
            lag_before,
            lag_at_death,
            lag_at_end,
            budget_share,
        } = Fleet::new(SOURCES, size).run();
        let taken = take_over_seconds.map_or("-".to_owned(), |seconds| seconds.to_string());
        println!(
            "{size:<11}{:>14}{:>16}{:>16}{:>14}{:>14}{:>14}{:>12}",
            format!("{fewest}-{most}"),
            history_minutes,
            taken,
            lag_before,
            lag_at_death,
            lag_at_end,
            format!("{:.1} %", budget_share * 100.0),
        );
    }
}
