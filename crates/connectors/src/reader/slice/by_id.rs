//! Slices of single ids: each is asked for by itself, and one that cannot be read is passed over.

use crate::schema::storable_key;
use crate::source::{Evidence, Next, Paging, ReadError};

use super::super::page::{Lookup, ReadPage};
use super::SliceReader;

/// So many ids in a row that cannot be read are no fault of the ids.
const ID_FAILURES_IN_A_ROW: u64 = 5;

impl<P: Paging + 'static> SliceReader<P> {
    /// Takes down what came of an id. Where the answer holds another row in its place, or none, the id was not looked up.
    pub(super) fn record_lookup(&mut self, page: &mut ReadPage, id: &str) {
        let (key, table) = (storable_key(id.to_owned()), self.stream.fills[0]);
        let mut own = page.batch.rows().iter().filter(|rows| rows.table() == table);
        let is_met = own.any(|rows| rows.ids().contains(&key)) || !page.rejects.is_empty();
        if is_met {
            page.lookup = Some(Lookup {
                id: id.to_owned(),
                is_missing: false,
            });
        } else {
            self.unread_id_count += 1;
        }
    }

    /// The vendor proves that it has no row of this id: one that we hold is gone.
    pub(super) fn accept_missing(&mut self, id: &str) -> ReadPage {
        self.page_count += 1;
        self.unread_ids_in_a_row = 0;
        let mut page = ReadPage::default();
        page.batch.delete_missing(self.stream.fills[0], id.to_owned());
        page.lookup = Some(Lookup {
            id: id.to_owned(),
            is_missing: true,
        });
        self.follow_next(Next::end(Evidence::ById));
        page
    }

    /// Goes on to the next id where one cannot be read, unless the fault is not the id's.
    pub(super) fn pass_over_id(&mut self, error: ReadError) -> Result<ReadPage, ReadError> {
        let is_of_all = matches!(
            error,
            ReadError::Refused { .. } | ReadError::Truncated | ReadError::Empty | ReadError::WebPage
        );
        if is_of_all || self.unread_ids_in_a_row + 1 >= ID_FAILURES_IN_A_ROW {
            return Err(error);
        }
        self.unread_ids_in_a_row += 1;
        self.unread_id_count += 1;
        self.page_count += 1;
        self.begin_next_list();
        Ok(ReadPage::default())
    }
}
