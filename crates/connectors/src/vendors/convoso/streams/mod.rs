//! The streams, a file each; the two kinds of gone leads and the two lists of numbers share one.

pub(super) mod agent_events;
pub(super) mod agent_performance;
pub(super) mod agents;
pub(super) mod callbacks;
pub(super) mod calls;
pub(super) mod campaigns;
pub(super) mod consent;
pub(super) mod dispositions;
pub(super) mod gone_leads;
pub(super) mod leads;
pub(super) mod lists;
pub(super) mod recordings;
