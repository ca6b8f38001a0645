//! Lists of numbers that are longer than the vendor lets anyone reach.

use super::*;
use crate::reader::Verdict;
use crate::source::Extent;
use crate::vendors::convoso::drive::{Drive, Told, read_slice};

/// An entry of the model.
#[derive(Clone, Copy)]
struct Number {
    campaign: i64,
    reason: &'static str,
    purpose: &'static str,
    country: &'static str,
}

/// The stream at a vendor with small pages, of which a hundred can be reached.
const SMALL: StreamDef = StreamDef {
    paging: &NumberPages {
        request: |_| Request::post_form("dnc/search"),
        page_size: 10,
        reachable: 1_000,
        reason: &["reason"],
        purpose: &["purpose"],
    },
    ..DO_NOT_CALL
};

/// Reads a list of these entries, of a vendor that knows all filters.
fn read(numbers: &[Number], sizes: &mut Vec<usize>) -> Told {
    read_slice(Drive::of(&SMALL, Extent::List), |request| {
        let is_blank = |name: &str, value: &str| match request.param(name) {
            None => true,
            Some("-BLANK-") => value.is_empty(),
            Some("-NOTBLANK-") => !value.is_empty(),
            Some(other) => panic!("{other}"),
        };
        let is = |name: &str, value: &str| request.param(name).is_none_or(|wanted| wanted == value);
        let offset: usize = request.param("offset").unwrap().parse().unwrap();
        assert!(offset <= 1_000);
        let found: Vec<usize> = (0..numbers.len())
            .filter(|place| {
                let number = numbers[*place];
                is("campaign_id", &number.campaign.to_string())
                    && is("phone_code", number.country)
                    && is_blank("reason", number.reason)
                    && is_blank("purpose", number.purpose)
            })
            .collect();
        if offset == 0 {
            sizes.push(found.len());
        }
        let rows = found.iter().skip(offset).take(10).map(|id| {
            let number = numbers[*id];
            format!(
                r#"{{"id": "{id}", "campaign_id": "{}", "phone_code": "{}"}}"#,
                number.campaign, number.country
            )
        });
        let rows: Vec<String> = rows.collect();
        format!(
            r#"{{"success": true, "data": {{"total": "{}", "entries": [{}]}}}}"#,
            found.len(),
            rows.join(",")
        )
    })
}

const PLAIN: Number = Number {
    campaign: 0,
    reason: "",
    purpose: "",
    country: "1",
};

#[test]
fn a_list_within_reach_is_read_as_it_is() {
    let mut sizes = Vec::new();
    let told = read(&[PLAIN; 25], &mut sizes);
    assert_eq!((sizes.as_slice(), told.reading.record_count), (&[25][..], 25));
    assert_eq!(told.reading.verdict, Verdict::Complete);
}

#[test]
fn a_list_beyond_reach_is_divided_until_each_part_can_be_reached() {
    let campaign = |campaign| Number { campaign, ..PLAIN };
    let mut numbers = vec![campaign(0); 600];
    numbers.extend(vec![campaign(-1); 10]);
    numbers.extend(vec![
        Number {
            reason: "Asked for it",
            ..campaign(410)
        };
        700
    ]);
    numbers.extend(vec![campaign(410); 500]);
    let mut sizes = Vec::new();
    let told = read(&numbers, &mut sizes);
    assert_eq!(told.reading.verdict, Verdict::Complete);
    assert_eq!(told.ids("do_not_contact").len(), numbers.len());
    // The list itself, then 410 and its halves, then those for all, then those by purpose.
    assert_eq!(sizes, [1_810, 1_200, 500, 700, 600, 10]);
}

#[test]
fn what_cannot_be_divided_is_told_after_what_can_be_reached_has_landed() {
    let mut sizes = Vec::new();
    let told = read(&vec![PLAIN; 1_020], &mut sizes);
    assert!(matches!(
        told.reading.verdict,
        Verdict::Failed(ReadError::Unreachable {
            total: 1_020,
            reachable: 1_000
        })
    ));
    assert_eq!(told.ids("do_not_contact").len(), 1_010);
    // Two countries divide it.
    let mut numbers = vec![PLAIN; 600];
    numbers.extend(vec![
        Number {
            country: "44",
            ..PLAIN
        };
        600
    ]);
    let told = read(&numbers, &mut sizes);
    assert_eq!(told.reading.verdict, Verdict::Complete);
    assert_eq!(told.ids("do_not_contact").len(), 1_200);
}

#[test]
fn sms_filters_come_in_both_spellings() {
    let position = begin(Part {
        reason: Some(Blank::Empty),
        ..Part::default()
    });
    let pages = NumberPages {
        request: |_| Request::get("x"),
        page_size: PAGE_SIZE,
        reachable: REACHABLE,
        reason: &["reason", "Reason"],
        purpose: &["purpose"],
    };
    let account = Account::new(chrono_tz::UTC, crate::schema::Region::US);
    let slice = crate::source::Slice {
        partition: String::new(),
        extent: Extent::List,
        started_at: chrono::DateTime::UNIX_EPOCH,
    };
    let scope = Scope {
        slice: &slice,
        account: &account,
    };
    let request = pages.request_for(&position, &scope);
    let params: Vec<&str> = request.params().iter().map(|(name, _)| *name).collect();
    assert_eq!(params, ["reason", "Reason", "limit", "offset"]);
}
