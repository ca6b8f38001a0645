//! Following what a running daemon does for somebody who asked: its progress, and what came of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::bail;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::engine::{Event, Observer, RunReport, UnfinishedSlice, instance_name};
use crate::warehouse::{Counts, RequestId, RequestStatus, Warehouse, WarehouseError};
use connectors::source::{Remedy, Window};

/// How often is looked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How often is looked whether the daemon is still there.
const CHECK_EVERY: Duration = Duration::from_secs(2);
/// How long a daemon may take to begin: a run may be under way that began before.
const PATIENCE: Duration = Duration::from_secs(20);

/// How the following ended.
pub(super) enum Followed {
    /// The daemon has done it.
    Done(Vec<RunReport>),
    /// The daemon is gone; what it has not done is left to the caller.
    Orphaned {
        /// What it has done.
        done: Vec<RunReport>,
        /// The streams that it has not.
        left: Vec<String>,
    },
}

/// Who follows, and what.
pub(super) struct Follower<'a> {
    /// The warehouse.
    pub(super) warehouse: &'a Warehouse,
    /// The source.
    pub(super) source: &'a str,
    /// Says when to stop; the daemon goes on all the same.
    pub(super) stop: &'a CancellationToken,
    /// Hears what happens.
    pub(super) observer: &'a Observer,
}

/// Who keeps a source in step at this moment; nobody, where a command holds it or nobody does.
pub(super) async fn find_daemon(
    warehouse: &Warehouse,
    source: &str,
) -> Result<Option<String>, WarehouseError> {
    let holders = warehouse.list_holders().await?;
    let daemon = holders
        .into_iter()
        .find(|holder| holder.source == source && holder.is_daemon);
    Ok(daemon.map(|holder| holder.holder))
}

impl Follower<'_> {
    /// Wishes for a run of each of these streams, and follows them to their end.
    pub(super) async fn ask_for_runs(&self, streams: &[&str]) -> anyhow::Result<Followed> {
        self.refuse_paused(streams).await?;
        let me = instance_name();
        let mut ids = Vec::new();
        for stream in streams {
            ids.push(self.warehouse.request_run(self.source, stream, &me).await?);
        }
        self.follow_requests(&ids).await
    }

    /// What an operator has paused is not read behind his back.
    pub(super) async fn refuse_paused(&self, streams: &[&str]) -> anyhow::Result<()> {
        let pauses = self.warehouse.list_pauses().await?;
        for stream in streams {
            let mut of_operator = pauses.iter().filter(|pause| pause.is_of_operator());
            if let Some(pause) = of_operator.find(|pause| pause.concerns(self.source, stream)) {
                let name = match pause.stream.as_str() {
                    "" => self.source.to_owned(),
                    stream => format!("{}.{stream}", self.source),
                };
                bail!(
                    "`{name}` is paused ({}); `convene resume {name}` ends that",
                    pause.reason
                );
            }
        }
        Ok(())
    }

    /// Follows requests until the daemon has done all of them.
    pub(super) async fn follow_requests(&self, ids: &[RequestId]) -> anyhow::Result<Followed> {
        let begun = Instant::now();
        let mut checked = Instant::now();
        let mut seen: BTreeMap<i64, Seen> = BTreeMap::new();
        let mut done: Vec<RunReport> = Vec::new();
        loop {
            let statuses = self.warehouse.request_statuses(ids).await?;
            for status in &statuses {
                let seen = seen.entry(status.id.0).or_default();
                if seen.is_done {
                    continue;
                }
                self.report_progress(status, seen);
                if status.has_ended() {
                    seen.is_done = true;
                    let report = self.report_of(status, begun).await?;
                    (self.observer)(Event::RunEnded(&report));
                    done.push(report);
                }
            }
            let left: Vec<&RequestStatus> = statuses.iter().filter(|one| !one.has_ended()).collect();
            if left.is_empty() {
                return Ok(Followed::Done(done));
            }
            if self.stop.is_cancelled() {
                let count = self.warehouse.cancel_requests(ids, false).await?;
                let taken_back = usize::try_from(count).unwrap_or(usize::MAX);
                done.extend(left.iter().map(|status| left_to_daemon(status, taken_back > 0)));
                return Ok(Followed::Done(done));
            }
            if checked.elapsed() > CHECK_EVERY {
                checked = Instant::now();
                if find_daemon(self.warehouse, self.source).await?.is_none() {
                    let left = left.iter().map(|status| status.stream.clone()).collect();
                    return Ok(Followed::Orphaned { done, left });
                }
                self.refuse_unkept(&left, begun).await?;
            }
            tokio::select! {
                () = self.stop.cancelled() => (),
                () = sleep(LOOK_EVERY) => (),
            }
        }
    }

    /// A daemon whose settings lack a stream would be waited for in vain.
    async fn refuse_unkept(&self, left: &[&RequestStatus], begun: Instant) -> anyhow::Result<()> {
        if begun.elapsed() < PATIENCE {
            return Ok(());
        }
        let kept = self.warehouse.kept_streams(self.source).await?;
        for status in left.iter().filter(|status| status.state == "waiting") {
            if !kept.contains(&status.stream) {
                self.warehouse.cancel_requests(&[status.id], false).await?;
                bail!(
                    "The daemon that holds `{}` does not read `{}`; are its settings those of this command?",
                    self.source,
                    status.stream
                );
            }
        }
        Ok(())
    }

    fn report_progress(&self, status: &RequestStatus, seen: &mut Seen) {
        let (source, stream) = (status.source.as_str(), status.stream.as_str());
        if status.state == "waiting" {
            return;
        }
        if !seen.is_planned {
            seen.is_planned = true;
            (self.observer)(Event::RunPlanned {
                source,
                stream,
                slice_count: usize::try_from(status.slices_before()).unwrap_or(0),
            });
        }
        let counts = status.counts();
        if counts.seen() > seen.counts.seen() {
            let more = Counts {
                inserted: counts.inserted - seen.counts.inserted,
                updated: counts.updated - seen.counts.updated,
                unchanged: counts.unchanged - seen.counts.unchanged,
                rejected: counts.rejected - seen.counts.rejected,
                ..Counts::default()
            };
            seen.counts = counts;
            (self.observer)(Event::BatchLoaded {
                source,
                stream,
                counts: more,
                tables: &[],
                elapsed: Duration::ZERO,
            });
        }
        while seen.slices < status.slices_ended() {
            seen.slices += 1;
            (self.observer)(Event::SliceEnded {
                source,
                stream,
                outcome: "complete",
            });
        }
    }

    async fn report_of(&self, status: &RequestStatus, begun: Instant) -> anyhow::Result<RunReport> {
        let mut report = RunReport::begin(&status.source, &status.stream);
        report.counts = status.counts();
        report.complete_count = usize::try_from(status.complete_slices).unwrap_or(0);
        report.elapsed = begun.elapsed();
        if let Some(run) = status.run_id.filter(|_| status.state != "complete") {
            let flawed = self.warehouse.flawed_slices(run).await?;
            report.unfinished = flawed
                .into_iter()
                .map(|slice| UnfinishedSlice {
                    window: slice
                        .since
                        .zip(slice.until)
                        .and_then(|(since, until)| Window::new(since, until)),
                    is_failed: slice.state == "failed",
                    is_waiting: false,
                    remedy: slice.remedy(),
                    partition: slice.partition,
                    reason: slice.reason,
                })
                .collect();
        }
        if status.state != "complete" && report.unfinished.is_empty() {
            let reason = status.result.clone().unwrap_or_else(|| status.state.clone());
            report.unfinished.push(plain_flaw(reason));
        }
        let held = self.warehouse.held_deletions().await?;
        let of_stream = held
            .iter()
            .filter(|held| held.source == status.source && held.stream == status.stream);
        report.held_deletions = of_stream.map(|held| held.row_count).sum();
        Ok(report)
    }
}

/// What of a request was told already.
#[derive(Default)]
struct Seen {
    is_planned: bool,
    is_done: bool,
    slices: i64,
    counts: Counts,
}

fn left_to_daemon(status: &RequestStatus, is_taken_back: bool) -> RunReport {
    let reason = if status.state == "waiting" && is_taken_back {
        "it had not begun, and is not wanted any more"
    } else {
        "the daemon goes on with it; `convene status` shows how far it is"
    };
    let mut report = RunReport::begin(&status.source, &status.stream);
    report.counts = status.counts();
    report.unfinished.push(plain_flaw(reason.to_owned()));
    report
}

fn plain_flaw(reason: String) -> UnfinishedSlice {
    UnfinishedSlice {
        partition: String::new(),
        window: None,
        is_failed: false,
        is_waiting: false,
        reason,
        remedy: Remedy::NextRun,
    }
}
