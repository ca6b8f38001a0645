//! The call log: windows, pages, order, filters and refusals.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{LOG, at, ids, log_rows, post, sandbox};
use crate::convoso::{Order, OverLimit, Ties};

#[tokio::test]
async fn pages_of_a_closed_window_cover_exactly_its_calls() {
    let sandbox = sandbox().await;
    sandbox.convoso().knobs(|knobs| knobs.ties = Ties::Stable);
    let window = "start_time=2026-02-02+00:00:00&end_time=2026-02-02+23:59:59&order=ASC&include_recordings=1";
    let mut records = Vec::new();
    loop {
        let data = log_rows(&sandbox, &format!("{window}&limit=150&offset={}", records.len())).await;
        assert_eq!(
            (&data["total_found"], &data["limit"]),
            (&"400".into(), &"150".into())
        );
        let page = data["results"].as_array().unwrap();
        assert_eq!(data["entries"], page.len());
        if page.is_empty() {
            break;
        }
        records.extend(page.iter().cloned());
    }
    let mut truth: Vec<Value> = Vec::new();
    sandbox
        .convoso()
        .for_each_call(|_, record| truth.push(serde_json::from_str(record).unwrap()));
    truth.retain(|record| record["call_date"].as_str().unwrap().starts_with("2026-02-02"));
    assert_eq!(records, truth);
}

#[tokio::test]
async fn without_a_window_today_comes_newest_first() {
    let sandbox = sandbox().await;
    let data = log_rows(&sandbox, "").await;
    assert_eq!((&data["offset"], &data["limit"]), (&0.into(), &500.into()));
    let dates: Vec<&str> = data["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["call_date"].as_str().unwrap())
        .collect();
    assert!(dates.len() > 100 && dates.is_sorted_by(|later, earlier| later >= earlier));
    assert!(
        dates
            .iter()
            .all(|date| ("2026-02-03 00:00:00"..="2026-02-03 12:00:00").contains(date))
    );
    sandbox.convoso().knobs(|knobs| knobs.order = Order::Ignored);
    assert_eq!(
        log_rows(&sandbox, "order=ASC&limit=1").await["results"][0]["call_date"],
        dates[0]
    );
}

#[tokio::test]
async fn calls_of_one_second_change_places_between_requests_and_never_repeat_in_one() {
    let sandbox = sandbox().await;
    let added = sandbox
        .convoso()
        .add_calls(40, at("2026-01-31T03:00:00Z"), chrono::Duration::zero());
    let second = "start_time=2026-01-30+19:00:00&end_time=2026-01-30+19:00:00&order=ASC";
    let mut orders = BTreeSet::new();
    for _ in 0..3 {
        let order = ids(&log_rows(&sandbox, second).await);
        assert_eq!(order.iter().collect::<BTreeSet<_>>(), added.iter().collect());
        orders.insert(order);
    }
    assert_eq!(orders.len(), 3);
    let mut paged = BTreeSet::new();
    for offset in [0, 10, 20, 30] {
        paged.extend(ids(&log_rows(
            &sandbox,
            &format!("{second}&limit=10&offset={offset}"),
        )
        .await));
    }
    assert!(paged.len() < 40, "pages of one second lose rows to each other");
}

#[tokio::test]
async fn every_refusal_has_its_code() {
    let sandbox = sandbox().await;
    sandbox
        .convoso()
        .knobs(|knobs| knobs.over_limit = OverLimit::Refuse);
    for (form, code) in [
        ("offset=40001", 7231),
        ("offset=-1", 7231),
        ("limit=501", 7230),
        ("limit=0", 7230),
        ("start_time=2026-02-03", 6023),
        ("end_time=2026-02-03T10:00:00Z", 6023),
        ("list_id=1", 6002),
        ("campaign_id=1", 6004),
        ("user_id=1", 6006),
        ("queue_id=1", 6030),
        ("auth_token=wrong&offset=x", 5001),
    ] {
        let (status, body) = post(&sandbox, LOG, form).await;
        assert_eq!(
            (status, &body["success"], &body["code"]),
            (200, &false.into(), &code.into()),
            "{form}"
        );
        assert!(body["text"].is_string());
    }
    assert_eq!(log_rows(&sandbox, "offset=40000").await["entries"], 0);
    sandbox
        .convoso()
        .knobs(|knobs| knobs.over_limit = OverLimit::Clamp);
    assert_eq!(log_rows(&sandbox, "limit=5000").await["limit"], "500");
}

#[tokio::test]
async fn every_filter_finds_the_row_it_was_taken_from() {
    let sandbox = sandbox().await;
    let all = log_rows(&sandbox, "").await;
    for name in [
        "id",
        "lead_id",
        "campaign_id",
        "queue_id",
        "list_id",
        "user_id",
        "call_type",
        "called_count",
        "status",
        "phone_number",
        "number_dialed",
        "first_name",
        "last_name",
    ] {
        let rows = all["results"].as_array().unwrap();
        let row = rows
            .iter()
            .find(|row| row[name].as_str().is_some_and(|text| !text.is_empty()))
            .unwrap();
        let value = row[name].as_str().unwrap();
        let coded: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair(name, value)
            .finish();
        let found = log_rows(&sandbox, &coded).await;
        assert!(
            ids(&found).contains(&row["id"].as_str().unwrap().to_owned()),
            "{name}"
        );
        assert!(
            found["results"]
                .as_array()
                .unwrap()
                .iter()
                .all(|row| row.get(name).is_none_or(|own| own == value))
        );
        assert!(found["entries"].as_u64() < all["entries"].as_u64(), "{name}");
    }
}
