//! Users, who are the agents. There is no filter by time and no time of change, so all of them come each time.

use crate::schema::{Agent, Batch, Entity as _};
use crate::source::{Absence, Item, MapError, Request, StreamDef, SyncMode};
use crate::vendors::converz::envelope::REPS;
use crate::vendors::converz::page_size::WholeList;
use crate::wire::wire_record;

use super::STREAM;

pub(in crate::vendors::converz) const AGENTS: StreamDef = StreamDef {
    name: "agents",
    fills: &[Agent::TABLE],
    completes: &[Agent::TABLE],
    mode: SyncMode::FullRefresh(Absence::Gone {
        tables: &[Agent::TABLE],
        times: 1,
        only: None,
    }),
    paging: &WholeList {
        // Without `active` both kinds come (assumed).
        request: || Request::get("reps"),
    },
    envelope: REPS,
    map: map_rep,
    ..STREAM
};

wire_record! {
    /// A row of the list of users. Columns differ by tenant, and any of them may be missing.
    struct Rep { rep_id, name, email, active, department, campaign, subcampaign, gender }
}

fn map_rep(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = Rep::read(item.record)?;
    let faults = item.faults;
    // A value may stand alone in a list (assumed).
    let agent = Agent {
        id: wire.rep_id.unwrap_list_of_one().key()?,
        name: wire.name.unwrap_list_of_one().owned(faults),
        email: wire
            .email
            .unwrap_list_of_one()
            .text(faults)
            .map(|email| email.to_lowercase()),
        is_active: wire.active.unwrap_list_of_one().flag(faults),
        is_listed: Some(true),
        department: wire.department.unwrap_list_of_one().owned(faults),
        campaign_name: wire.campaign.unwrap_list_of_one().owned(faults),
        subcampaign_name: wire.subcampaign.unwrap_list_of_one().owned(faults),
        gender: wire.gender.unwrap_list_of_one().owned(faults),
        ..Agent::default()
    };
    batch.push(agent, item.record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Region;
    use crate::source::{Account, Context, Faults};

    #[test]
    fn only_the_id_is_needed_and_it_is_kept_as_written() {
        for (record, wanted, fault_count) in [
            (
                r#"{"rep_id": "a101 ", "name": "Dana", "active": 1}"#,
                Ok("a101 "),
                0,
            ),
            (r#"{"rep_id": 103, "active": "True"}"#, Ok("103"), 0),
            (
                r#"{"rep_id": ["a104"], "active": "perhaps", "name": {}}"#,
                Ok("a104"),
                1,
            ),
            (r#"{"rep_id": "0"}"#, Ok("0"), 0),
            (r#"{"rep_id": null}"#, Err(MapError::Missing("rep_id")), 0),
            (r#"{"name": "Dana"}"#, Err(MapError::Missing("rep_id")), 0),
            (r#"{"rep_id": {"a": 1}}"#, Err(MapError::Unknown("rep_id")), 0),
        ] {
            let faults = Faults::new();
            let item = Item {
                record,
                context: &Context::default(),
                account: &Account::new(chrono_tz::UTC, Region::US),
                faults: &faults,
            };
            let mut batch = Batch::default();
            let mapped = map_rep(&item, &mut batch);
            let id = mapped.map(|()| batch.rows()[0].ids()[0].as_str());
            assert_eq!(id, wanted, "{record}");
            assert_eq!(faults.into_list().len(), fault_count, "{record}");
        }
    }
}
