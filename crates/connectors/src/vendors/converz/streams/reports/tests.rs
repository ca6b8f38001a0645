//! Reports as tables of cases.

use std::sync::Arc;

use super::*;
use crate::reader::{Reading, SliceLimits, Verdict};
use crate::schema::{Region, Values};
use crate::source::{Extent, Options, Slice, Window, window_of_days};

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
        assert_eq!(check_report(text).is_ok(), wanted.is_some(), "{text}");
    }
}

#[test]
fn a_period_holds_every_group_whole() {
    for (groups, wanted) in [
        ("date", Period::Day),
        ("rep_id", Period::Day),
        ("week,date", Period::Day),
        ("rep_id,week", Period::Week),
        ("month", Period::Month),
        ("week,month", Period::Month),
        ("month,quarter", Period::Month),
        ("week,quarter", Period::Quarter),
    ] {
        assert_eq!(read_period(&split_names(groups).unwrap()), wanted, "{groups}");
    }
}

/// A report's period that begins on a day.
fn window_of(partition: &str, day: &str) -> Window {
    let SyncMode::Daily(policy) = REPORTS.mode else {
        panic!("figures by day")
    };
    let day: NaiveDate = day.parse().unwrap();
    let period = (policy.period)(partition);
    window_of_days(
        period.first_day(day),
        period.next_first_day(day),
        chrono_tz::America::New_York,
    )
    .unwrap()
}

struct Told {
    requests: Vec<String>,
    rows: Vec<String>,
    reading: Reading,
}

/// Reads a period of a report, with the same answer to every request.
fn read(reports: &[&str], partition: &str, day: &str, answer: &Response) -> Result<Told, ReadError> {
    let window = window_of(partition, day);
    let slice = Slice {
        partition: partition.to_owned(),
        extent: Extent::Window {
            window,
            is_open: false,
        },
        started_at: window.until,
    };
    let mut reader =
        Box::leak(Box::new(REPORTS)).open(Arc::new(account(reports)), slice, SliceLimits::default());
    let (mut requests, mut rows) = (Vec::new(), Vec::new());
    while let Some(request) = reader.request() {
        let values: Vec<&str> = request.params().iter().map(|(_, value)| value.as_str()).collect();
        requests.push(values.join(" "));
        rows.extend(told(&reader.accept(answer)?.batch));
    }
    Ok(Told {
        requests,
        rows,
        reading: reader.finish(),
    })
}

fn told(batch: &Batch) -> Vec<String> {
    let text = |column: &Values, place: usize| match column {
        Values::Text(values) => values[place].clone().unwrap_or("-".to_owned()),
        Values::Day(values) => values[place].map_or("-".to_owned(), |day| day.to_string()),
        other => panic!("{other:?}"),
    };
    let Some(rows) = batch.rows().first() else {
        return Vec::new();
    };
    let row = |(place, id): (usize, &String)| {
        let columns: Vec<String> = rows.columns()[1..]
            .iter()
            .map(|column| text(column, place))
            .collect();
        format!("{id} {}", columns.join(" "))
    };
    rows.ids().iter().enumerate().map(row).collect()
}

fn good(body: &str) -> Response {
    Response {
        status: 200,
        body: body.to_owned(),
    }
}

#[test]
fn each_report_is_a_partition_that_is_asked_for_its_whole_period() {
    let reports = [
        "date: a, b",
        "week",
        "date: a, b",
        "date: b",
        "month: c",
        "quarter,rep_id",
    ];
    assert_eq!(
        list_reports(&account(&reports)),
        ["date", "week", "month", "quarter,rep_id"]
    );
    for (partition, wanted) in [
        (
            "date",
            // Nothing tells that the second answer is not the first one once more.
            &[
                "2026-02-03 2026-02-03 date a,b",
                "2026-02-03 2026-02-03 date b",
                "2026-02-03 2026-02-03 date b",
            ][..],
        ),
        ("week", &["2026-02-02 2026-02-08 week"]),
        ("month", &["2026-02-01 2026-02-28 month c"]),
        ("quarter,rep_id", &["2026-01-01 2026-03-31 quarter,rep_id"]),
    ] {
        let told = read(&reports, partition, "2026-02-03", &good("[]")).unwrap();
        assert_eq!(told.requests, wanted, "{partition}");
        assert_eq!(told.reading.verdict, Verdict::Complete, "{partition}");
        assert!(told.reading.proves_absence);
    }
}

#[test]
fn groups_become_periods_people_and_names() {
    for (report, body, wanted) in [
        (
            "date,campaign: n",
            r#"[{"date": "2026-02-03", "campaign": "billing", "n": 4}]"#,
            r#"date,campaign:2026-02-03:["2026-02-03","billing"]:n 2026-02-03 2026-02-03 - billing - - - n 4"#,
        ),
        (
            "week,rep_id: n",
            r#"[{"week": 6, "year": 2026, "rep_id": "a101", "n": "4.5"}]"#,
            r#"week,rep_id:2026-02-02:["6","a101"]:n 2026-02-02 2026-W06 a101 - - - - n 4.5"#,
        ),
        (
            "month,department",
            r#"[{"month": "2", "year": "2026", "department": "west", "n": null}]"#,
            r#"month,department:2026-02-01:["2","west"]:n 2026-02-01 2026-02 - - - west - n -"#,
        ),
        (
            "quarter,vendor,subcampaign: n",
            r#"[{"quarter": 1, "vendor": "phone_a", "subcampaign": "q3", "n": true}]"#,
            r#"quarter,vendor,subcampaign:2026-01-01:["1","phone_a","q3"]:n 2026-01-01 Q1 - - q3 - phone_a n 1"#,
        ),
        (
            "campaign: n",
            r#"[{"n": 4, "campaign": "", "department": "not a group"}]"#,
            "campaign:2026-02-03:[null]:n 2026-02-03 - - - - - - n 4",
        ),
        (
            "campaign: n",
            r#"{"campaign": [null], "more": [1]}"#,
            "campaign:2026-02-03:[null]:n 2026-02-03 - - - - - - n -",
        ),
    ] {
        let partition = Report::parse(report).unwrap().name();
        let told = read(&[report], &partition, "2026-02-03", &good(body)).unwrap();
        assert_eq!(told.rows, [wanted], "{body}");
    }
}

#[test]
fn answers_that_do_not_fit_what_was_asked_for_fail_or_warn() {
    for (report, answer, wanted) in [
        (
            "date: n",
            good(r#"[{"date": "2026-02-03T00:00:00", "n": 1}]"#),
            "Complete, 0 warnings",
        ),
        (
            "date: n",
            good(r#"[{"date": "2026-02-02", "n": 1}]"#),
            "The rows lie outside",
        ),
        (
            "week,date: n",
            good(r#"[{"date": "2026-02-02", "n": 1}]"#),
            "The rows lie outside",
        ),
        (
            "date: n, m",
            good(r#"[{"date": "2026-02-03", "n": 1}]"#),
            "Complete, 1 warnings",
        ),
        (
            "week: n",
            good(r#"[{"week": 6, "n": 1}]"#),
            "Complete, 0 warnings",
        ),
        (
            "week: n",
            good(r#"[{"week": 6, "n": 1}, {"week": 7, "n": 1}]"#),
            "Complete, 1 warnings",
        ),
        (
            "week: n",
            good(r#"{"week": [], "n": []}"#),
            "Complete, 0 warnings",
        ),
        (
            "week: n",
            good(r#"{"error": []}"#),
            "The answer has an unknown shape",
        ),
        (
            "week: n",
            Response {
                status: 204,
                body: String::new(),
            },
            "Complete, 0 warnings",
        ),
        (
            "week: n",
            Response {
                status: 400,
                body: r#"{"error": "unknown metric `n`"}"#.to_owned(),
            },
            "The vendor did not accept the request (code 400: unknown metric `n`)",
        ),
    ] {
        let partition = Report::parse(report).unwrap().name();
        let got = match read(&[report], &partition, "2026-02-03", &answer) {
            Ok(told) => format!(
                "{:?}, {} warnings",
                told.reading.verdict,
                told.reading.warnings.len()
            ),
            Err(error) => error.to_string(),
        };
        assert!(got.starts_with(wanted), "{report}: {answer:?}: {got}");
    }
}
