//! The slices of one run, one after the other, and what they come to.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};

use crate::warehouse::RunId;
use connectors::source::Remedy;

use super::SyncError;
use super::observer::{Event, RunReport, UnfinishedSlice};
use super::plan::PlannedSlice;
use super::plan_backfill::BackfillTally;
use super::run_plan::{RunPlan, WaitingSlice};
use super::session::Session;
use super::slice::{SliceFlaw, SliceReport, run_slice};
use super::stream_spec::StreamSpec;

/// After so many failures in a row the rest of a run would fail too.
const FAILURES_IN_A_ROW: u32 = 3;

/// The slices of a run, and what one slice means for the next.
pub(super) struct SliceRuns<'a> {
    spec: &'a StreamSpec,
    session: &'a Session,
    run: RunId,
    report: &'a mut RunReport,
    backfilled: BackfillTally,
    failures_in_a_row: u32,
    refused_partitions: Vec<String>,
}

impl<'a> SliceRuns<'a> {
    /// A run that has read nothing yet.
    pub(super) fn new(
        spec: &'a StreamSpec,
        session: &'a Session,
        run: RunId,
        report: &'a mut RunReport,
    ) -> Self {
        Self {
            spec,
            session,
            run,
            report,
            backfilled: BackfillTally::default(),
            failures_in_a_row: 0,
            refused_partitions: Vec::new(),
        }
    }

    /// Reads what is planned, in its order, as long as there is hope.
    pub(super) async fn run_plan(
        mut self,
        plan: RunPlan,
        is_wanted_anew: impl Fn() -> bool,
    ) -> Result<(), SyncError> {
        self.report_plan(&plan);
        for (done, planned) in plan.slices.into_iter().enumerate() {
            // One older window at least is read after the newest, or history would never be filled.
            if done > 1 && is_wanted_anew() {
                self.report.is_cut_short = true;
                break;
            }
            if self.refused_partitions.contains(&planned.partition) {
                continue;
            }
            if self.run_one(planned).await?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn report_plan(&mut self, plan: &RunPlan) {
        self.backfilled = BackfillTally::of(&plan.slices);
        self.report.ids_left = plan.ids_left;
        self.report.unfinished.extend(plan.waiting.iter().map(left_alone));
        (self.session.observer)(Event::RunPlanned {
            source: &self.spec.source,
            stream: self.spec.name(),
            slice_count: plan.slices.len(),
        });
    }

    /// Reads a slice, and says whether the next one is worth trying.
    async fn run_one(&mut self, planned: PlannedSlice) -> Result<ControlFlow<()>, SyncError> {
        let slice = run_slice(self.spec, self.session, self.run, &planned).await?;
        self.report_slice(&slice);
        if let Some(flaw) = slice.flaw {
            return Ok(self.add_flawed(planned, flaw));
        }
        self.add_complete(&planned).await?;
        Ok(ControlFlow::Continue(()))
    }

    fn report_slice(&mut self, slice: &SliceReport) {
        (self.session.observer)(Event::SliceEnded {
            source: &self.spec.source,
            stream: self.spec.name(),
            outcome: slice.outcome_word(),
        });
        self.report.counts += slice.counts;
        self.report.held_deletions += slice.held_deletions;
        for warning in &slice.warnings {
            if !self.report.warnings.contains(warning) {
                self.report.warnings.push(warning);
            }
        }
    }

    /// Counts a complete slice, and writes down what of a backfill every partition has read by now.
    async fn add_complete(&mut self, planned: &PlannedSlice) -> Result<(), SyncError> {
        self.report.complete_count += 1;
        self.failures_in_a_row = 0;
        let (Some(id), Some(window)) = (planned.backfill, planned.window()) else {
            return Ok(());
        };
        let (warehouse, lease) = (&self.session.warehouse, &self.session.lease);
        for part in self.backfilled.add(id, &planned.partition, window) {
            warehouse.record_backfilled(lease, id, part).await?;
        }
        Ok(())
    }

    fn add_flawed(&mut self, planned: PlannedSlice, flaw: SliceFlaw) -> ControlFlow<()> {
        self.failures_in_a_row += u32::from(flaw.is_failed);
        self.report.is_source_failure |= flaw.is_of_source;
        if flaw.is_refusal {
            self.refused_partitions.push(planned.partition.clone());
        }
        let is_hopeless = flaw.is_of_source || self.failures_in_a_row >= FAILURES_IN_A_ROW;
        self.report.unfinished.push(UnfinishedSlice {
            window: planned.window(),
            partition: planned.partition,
            is_failed: flaw.is_failed,
            is_waiting: false,
            reason: flaw.reason,
            remedy: flaw.remedy,
        });
        if is_hopeless || self.session.stop.is_cancelled() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

fn left_alone(waiting: &WaitingSlice) -> UnfinishedSlice {
    let WaitingSlice { slice, retry } = waiting;
    UnfinishedSlice {
        partition: slice.partition.clone(),
        window: slice.window(),
        is_failed: true,
        is_waiting: true,
        reason: format!(
            "{} (attempt {}, the next one after {})",
            retry.reason,
            retry.attempts,
            format_minute(retry.next_attempt_at)
        ),
        remedy: Remedy::NextRun,
    }
}

fn format_minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
