//! Reports as tables of cases.

use std::sync::Arc;

use super::*;
use crate::schema::{Region, Values};
use crate::source::{Endpoint, Options, Response, Stream as _};

fn account(reports: &[&str]) -> Account {
    let values = reports.iter().map(|text| (*text).to_owned()).collect();
    Account {
        options: Arc::new(Options {
            values: [(OPTION, values)].into(),
            ..Options::default()
        }),
        ..Account::new(chrono_tz::America::New_York, Region::US)
    }
}

fn endpoint(reports: &[&str]) -> Endpoint {
    crate::vendors::converz::reports(&account(reports))
}

/// A day of the account.
fn window() -> Window {
    Window {
        since: "2026-02-03T05:00:00Z".parse().unwrap(),
        until: "2026-02-04T05:00:00Z".parse().unwrap(),
    }
}

#[test]
fn the_text_of_a_report_names_groups_and_perhaps_measures() {
    for (text, wanted) in [
        ("date", Some("date|")),
        (
            "date,campaign: n_calls, avg_handle_time",
            Some("date campaign|n_calls avg_handle_time"),
        ),
        (" week , rep_id :n_calls", Some("week rep_id|n_calls")),
        ("date: talk time", Some("date|talk time")),
        ("", None),
        (": n_calls", None),
        ("date:", None),
        ("date,: n_calls", None),
        ("date: n_calls,", None),
        ("date: a: b", None),
        ("date,date", None),
        ("date: a, a", None),
        ("date: a\nb", None),
    ] {
        let report = Report::parse(text);
        let got = report.map(|report| format!("{}|{}", report.groups.join(" "), report.metrics.join(" ")));
        assert_eq!(got.as_deref(), wanted, "{text}");
        assert_eq!(check(text).is_ok(), wanted.is_some(), "{text}");
    }
}

#[test]
fn each_report_is_asked_once_for_the_local_day() {
    let endpoint = endpoint(&["date: a, b", "date: a, b", "rep_id", "date: b"]);
    let mut ask = Some(Ask::first(endpoint.first(&window()), window()));
    let mut asked = Vec::new();
    while let Some(question) = ask {
        assert!(!question.continues);
        asked.push(format!("{:?}", question.request.params()));
        let answer = Response {
            status: 200,
            body: "[]".to_owned(),
        };
        ask = endpoint.read(&question, &answer).unwrap().then.into_iter().next();
    }
    let day = r#"("start_date", "2026-02-03"), ("end_date", "2026-02-03")"#;
    assert_eq!(
        asked,
        [
            format!(r#"[{day}, ("groupby", "date"), ("metric", "a,b")]"#),
            format!(r#"[{day}, ("groupby", "rep_id")]"#),
            format!(r#"[{day}, ("groupby", "date"), ("metric", "b")]"#),
        ]
    );
}

fn figures_of(report: &str, body: &str) -> Result<Vec<String>, ReadError> {
    let endpoint = endpoint(&[report]);
    let ask = Ask::first(endpoint.first(&window()), window());
    let answer = Response {
        status: 200,
        body: body.to_owned(),
    };
    let page = endpoint.read(&ask, &answer)?;
    assert!(page.rejects.is_empty(), "{:?}", page.rejects);
    let rows = &page.batch.rows()[0];
    let text = |column: usize, place: usize| match &rows.columns()[column] {
        Values::Text(values) => values[place].clone().unwrap_or("-".to_owned()),
        other => panic!("{other:?}"),
    };
    let story = |(place, id): (usize, &String)| {
        let columns: Vec<String> = (2..10).map(|column| text(column, place)).collect();
        format!("{id} {}", columns.join(" "))
    };
    Ok(rows.ids().iter().enumerate().map(story).collect())
}

#[test]
fn groups_become_periods_people_and_names() {
    for (report, body, wanted) in [
        (
            "date,campaign: n",
            r#"[{"date": "2026-02-03", "campaign": "billing", "n": 4}]"#,
            r#"date,campaign:2026-02-03:["2026-02-03","billing"]:n 2026-02-03 - billing - - - n 4"#,
        ),
        (
            "week,rep_id: n",
            r#"[{"week": 6, "year": 2026, "rep_id": "a101", "n": "4.5"}]"#,
            r#"week,rep_id:2026-02-03:["6","a101"]:n 2026-W06 a101 - - - - n 4.5"#,
        ),
        (
            "month,department",
            r#"[{"month": "2", "year": "2026", "department": "west", "n": null}]"#,
            r#"month,department:2026-02-03:["2","west"]:n 2026-02 - - - west - n -"#,
        ),
        (
            "quarter,vendor,subcampaign: n",
            r#"[{"quarter": 1, "vendor": "phone_a", "subcampaign": "q3", "n": true}]"#,
            r#"quarter,vendor,subcampaign:2026-02-03:["1","phone_a","q3"]:n Q1 - - q3 - phone_a n 1"#,
        ),
        (
            "campaign: n",
            r#"[{"n": 4, "campaign": "", "department": "not a group"}]"#,
            "campaign:2026-02-03:[null]:n - - - - - - n 4",
        ),
        (
            "campaign: n",
            r#"{"campaign": [null], "more": [1]}"#,
            "campaign:2026-02-03:[null]:n - - - - - - n -",
        ),
    ] {
        assert_eq!(figures_of(report, body).unwrap(), [wanted], "{body}");
    }
}

#[test]
fn figures_of_another_day_are_refused() {
    for (date, is_refused) in [
        ("2026-02-03", false),
        ("2026-02-03T00:00:00", false),
        ("2026-02-02", true),
    ] {
        let body = format!(r#"[{{"date": "{date}", "n": 1}}]"#);
        let got = figures_of("date: n", &body);
        assert_eq!(
            matches!(got, Err(ReadError::Astray)),
            is_refused,
            "{date}: {got:?}"
        );
    }
}
