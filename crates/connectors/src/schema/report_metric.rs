//! A measure of one group of a report.

use chrono::NaiveDate;

use super::entity::{Decimal, entity};

entity! {
    /// A measure of one group of a report.
    ReportMetric in "report_metrics" {
        /// The report: the names it is grouped by.
        report: String,
        /// The first local day of the period that was asked for.
        day: NaiveDate,
        /// The period of the group, as the vendor names it.
        period: String,
        /// The agent of the group.
        agent_id: String,
        /// The campaign of the group.
        campaign_name: String,
        /// The part of the campaign of the group.
        subcampaign_name: String,
        /// The department of the group.
        department: String,
        /// The telephone system of the group.
        origin_system: String,
        /// The measure's name.
        metric: String,
        /// The value.
        value: Decimal,
    }
}
