//! What an account has besides calls and agents.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::consent::Consent;
use super::furniture::Furniture;
use super::ledger::Ledger;
use super::promises::Promises;
use crate::local;

/// Everything besides calls and agents.
pub(super) struct Office {
    pub(super) ledger: Ledger,
    pub(super) promises: Promises,
    pub(super) furniture: Furniture,
    pub(super) do_not_call: Consent,
    pub(super) sms_opt_outs: Consent,
}

impl Office {
    /// The office of an account whose history begins on this day.
    pub(super) fn new(seed: u64, zone: Tz, first: NaiveDate, now: i64) -> Self {
        let wall_clock = local::wall_clock(zone, now);
        Self {
            ledger: Ledger::new(seed, zone, local::midnight(zone, first)..now),
            promises: Promises::new(seed, wall_clock),
            furniture: Furniture::new(wall_clock),
            do_not_call: Consent::new(seed, 40, wall_clock),
            sms_opt_outs: Consent::new(seed ^ 0x535, 25, wall_clock),
        }
    }

    /// One of the two lists of numbers that must be left alone.
    pub(super) fn consent(&self, is_sms: bool) -> &Consent {
        if is_sms {
            &self.sms_opt_outs
        } else {
            &self.do_not_call
        }
    }
}
