//! A walk against a vendor that is a function: what the engine does, without its HTTP and its database.

use std::collections::BTreeSet;

use crate::schema::{Batch, Rows};
use crate::source::{Ask, Endpoint, Page, Response, Stream as _, Window};

/// How often a list is read again whose rows do not add up to its total.
const PASSES: usize = 12;

/// Asks everything about a window. Nothing comes back where some list never added up to its total.
pub(super) fn drive(
    stream: &Endpoint,
    window: Window,
    mut answer: impl FnMut(&Ask) -> String,
) -> Option<Vec<Batch>> {
    let mut stack = vec![Ask::first(stream.first(&window), window)];
    let mut batches = Vec::new();
    while let Some(first) = stack.pop() {
        let mut sum = Sum::default();
        let then = (0..PASSES).find_map(|_| {
            let then = list(stream, &first, (&mut sum, &mut batches), &mut answer);
            (!then.is_empty() || sum.is_complete()).then_some(then)
        });
        stack.extend(then?);
    }
    Some(batches)
}

/// The rows of a list against its total.
#[derive(Default)]
struct Sum {
    ids: BTreeSet<String>,
    total: u64,
}

impl Sum {
    /// A total that falls says that rows have left; those met before no longer count towards it.
    fn add(&mut self, page: &Page) {
        let total = page.total.unwrap_or(0);
        if total < self.total {
            self.ids.clear();
        }
        self.total = total;
        let ids = page.batch.rows().iter().flat_map(Rows::ids);
        self.ids.extend(ids.cloned());
    }

    fn is_complete(&self) -> bool {
        self.ids.len() as u64 >= self.total
    }
}

/// Reads a list to its end once; gives the questions that take over.
fn list(
    stream: &Endpoint,
    first: &Ask,
    (sum, batches): (&mut Sum, &mut Vec<Batch>),
    answer: &mut impl FnMut(&Ask) -> String,
) -> Vec<Ask> {
    let mut ask = first.clone();
    loop {
        let response = Response {
            status: 200,
            body: answer(&ask),
        };
        let page = stream.read(&ask, &response).expect("a page");
        assert!(page.rejects.is_empty(), "{:?}", page.rejects);
        sum.add(&page);
        batches.push(page.batch);
        match page.then.as_slice() {
            [next] if next.continues => ask = next.clone(),
            _ => return page.then,
        }
    }
}
