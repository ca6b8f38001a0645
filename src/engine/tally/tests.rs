//! Counting as tables of cases.

use super::*;
use connectors::schema::{Agent, Batch, Entity as _, Recording};

fn page(agents: &[(&str, &str)], total: Option<u64>) -> Page {
    let mut batch = Batch::default();
    for (id, name) in agents {
        let name = Some((*name).to_owned());
        batch.push(
            Agent {
                id: (*id).to_owned(),
                name,
                ..Agent::default()
            },
            "{}",
        );
        // A second table whose ids are the same; it does not count.
        batch.push(
            Recording {
                id: (*id).to_owned(),
                ..Recording::default()
            },
            "{}",
        );
    }
    Page {
        batch,
        total,
        ..Page::default()
    }
}

#[test]
fn rows_met_before_are_taken_out_unless_they_changed() {
    let mut tally = Tally::new(Agent::TABLE);
    tally.begin_list();
    tally.add(&mut page(&[("1", "Ann"), ("2", "Bea")], Some(3)));
    let mut second = page(&[("2", "Bea"), ("1", "Anna"), ("3", "Cleo")], Some(3));
    assert_eq!(tally.add(&mut second).duplicates, 3);
    assert_eq!(second.batch.rows()[0].ids(), ["1", "3"]);
    assert_eq!(second.batch.rows()[1].ids(), ["3"]);
    assert_eq!(tally.list_lack(), None);
}

#[test]
fn each_list_is_compared_with_its_own_total_and_the_walk_with_the_first() {
    let mut tally = Tally::new(Agent::TABLE);
    tally.begin_list();
    tally.add(&mut page(&[("1", "Ann"), ("2", "Bea")], Some(4)));
    assert_eq!(tally.list_lack(), Some(Lack { counted: 2, total: 4 }));
    tally.begin_list();
    tally.add(&mut page(&[("2", "Bea"), ("3", "Cleo")], Some(2)));
    assert_eq!(tally.list_lack(), None);
    assert_eq!(tally.walk_lack(Some(4)), Some(Lack { counted: 3, total: 4 }));
    assert_eq!(tally.walk_lack(None), None);
}

#[test]
fn a_total_that_grows_while_a_list_is_read_is_believed() {
    let mut tally = Tally::new(Agent::TABLE);
    tally.begin_list();
    tally.add(&mut page(&[("1", "Ann")], Some(1)));
    tally.add(&mut page(&[], Some(2)));
    assert_eq!(tally.list_lack(), Some(Lack { counted: 1, total: 2 }));
}

#[test]
fn rows_that_left_a_shrinking_list_do_not_stand_for_rows_that_were_not_met() {
    let mut tally = Tally::of_shrinking_lists(Agent::TABLE);
    tally.begin_list();
    tally.add(&mut page(&[("1", "Ann"), ("2", "Bea")], Some(4)));
    tally.add(&mut page(&[("4", "Dora")], Some(3)));
    assert_eq!(tally.list_lack(), Some(Lack { counted: 1, total: 3 }));
    tally.add(&mut page(&[("2", "Bea"), ("3", "Cleo")], Some(3)));
    assert_eq!(tally.list_lack(), None);
}

#[test]
fn unreadable_records_count_towards_the_total_once() {
    let reject = |raw: &str| Reject {
        position: 0,
        reason: String::new(),
        raw: raw.to_owned(),
    };
    let mut tally = Tally::new(Agent::TABLE);
    tally.begin_list();
    tally.add(&mut Page {
        rejects: vec![reject("a"), reject("b")],
        total: Some(3),
        ..Page::default()
    });
    tally.add(&mut Page {
        rejects: vec![reject("b")],
        total: Some(3),
        ..Page::default()
    });
    assert_eq!(tally.list_lack(), Some(Lack { counted: 2, total: 3 }));
}

#[test]
fn a_record_that_lands_in_part_is_counted_once() {
    let mut tally = Tally::new(Agent::TABLE);
    tally.begin_list();
    for _ in 0..2 {
        let mut page = page(&[("1", "Ann")], Some(2));
        page.rejects = vec![Reject {
            position: 0,
            reason: String::new(),
            raw: page.batch.rows()[0].raws()[0].clone(),
        }];
        tally.add(&mut page);
    }
    assert_eq!(tally.list_lack(), Some(Lack { counted: 1, total: 2 }));
    assert_eq!(tally.readings(), 2);
}

#[test]
fn pages_are_told_apart_by_their_rows() {
    let mut tally = Tally::new(Agent::TABLE);
    let first = tally.add(&mut page(&[("1", "Ann")], None)).fingerprint;
    let again = tally.add(&mut page(&[("1", "Ann")], None)).fingerprint;
    let other = tally.add(&mut page(&[("1", "Anna")], None)).fingerprint;
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert_eq!(tally.add(&mut page(&[], None)).fingerprint, None);
}
