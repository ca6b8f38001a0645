//! Lists of leads as a stream.

use crate::schema::{self, Batch, Entity as _};
use crate::source::{
    Absence, Envelope, Evidence, Item, MapError, Next, Paging, ReadError, Request, Scope, StreamDef, SyncMode,
};
use crate::vendors::convoso::values::read_zoned;
use crate::vendors::convoso::{STREAM, envelope};
use crate::wire::wire_record;

/// Lists. Lists of the vendor's own, such as the one that duplicates are moved to, are not among them.
pub(in crate::vendors::convoso) const LISTS: StreamDef = StreamDef {
    name: "lists",
    fills: &[schema::List::TABLE],
    completes: &[schema::List::TABLE],
    mode: SyncMode::FullRefresh(Absence::Gone {
        tables: &[schema::List::TABLE],
        times: 1,
        only: None,
    }),
    schedule: Some("30 */15 * * * *"),
    paging: &ByStatus,
    envelope: envelope::open_lists,
    map: map_list,
    ..STREAM
};

/// The filter by status is required (documented), though clients get lists without it, so that both are asked for.
struct ByStatus;

/// One of the three requests: a list that was switched on between the first two is in neither of their answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Listing {
    Used,
    Unused,
    UsedAgain,
}

impl Paging for ByStatus {
    type Position = Listing;

    fn first_positions(&self, _: &Scope<'_>) -> Vec<Listing> {
        vec![Listing::UsedAgain, Listing::Unused, Listing::Used]
    }

    fn request_for(&self, at: &Listing, _: &Scope<'_>) -> Request {
        let status = match at {
            Listing::Used | Listing::UsedAgain => 1,
            Listing::Unused => 0,
        };
        Request::post_form("lists/search").with("status", status)
    }

    fn position_after(
        &self,
        _: &Listing,
        _: &Envelope<'_>,
        _: &Scope<'_>,
    ) -> Result<Next<Listing>, ReadError> {
        Ok(Next::end(Evidence::Single))
    }
}

wire_record! {
    /// A list of lists/search.
    struct List { id, name, campaign_id, status, last_called_at }
}

fn map_list(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = List::read(item.record)?;
    let Item { account, faults, .. } = *item;
    let list = schema::List {
        id: wire.id.key()?,
        name: wire.name.owned(faults),
        campaign_id: wire.campaign_id.id(faults),
        is_active: wire.status.flag(faults),
        last_called_at: read_zoned(&wire.last_called_at, faults, account),
    };
    batch.push(list, item.record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reader::Verdict;
    use crate::source::Extent;
    use crate::vendors::convoso::drive::{Drive, read_slice};

    #[test]
    fn a_list_that_is_switched_between_two_answers_is_met() {
        // It may be switched once, before each of the three answers or after them.
        for (begins_used, switched_before) in [true, false]
            .into_iter()
            .flat_map(|used| (0..4).map(move |at| (used, at)))
        {
            let mut count = 0;
            let told = read_slice(Drive::of(&LISTS, Extent::List), |request| {
                let is_used = begins_used != (count >= switched_before);
                count += 1;
                let wanted = request.param("status") == Some("1");
                let rows: Vec<_> = (is_used == wanted)
                    .then(|| json!({"id": 1850}))
                    .into_iter()
                    .collect();
                json!({"success": true, "data": rows}).to_string()
            });
            assert_eq!(told.ids("lists"), ["1850"], "{begins_used} {switched_before}");
            assert_eq!(told.reading.verdict, Verdict::Complete);
            // Where both statuses show it, the second answer is the one that the first request had, and is asked for again.
            assert!((3..=4).contains(&count), "{count}");
            assert!(told.reading.proves_absence);
        }
    }

    #[test]
    fn an_account_without_unused_lists_is_complete_though_a_code_says_so() {
        let mut count = 0;
        let told = read_slice(Drive::of(&LISTS, Extent::List), |request| {
            count += 1;
            match request.param("status") {
                Some("1") => r#"{"success": true, "data": [{"id": 1850}]}"#.to_owned(),
                _ => r#"{"success": false, "code": 6002, "text": "x"}"#.to_owned(),
            }
        });
        assert_eq!((count, told.reading.verdict), (4, Verdict::Complete));
        assert!(!told.reading.proves_absence && !told.reading.warnings.is_empty());
    }
}
