//! Keys are kept as written, and one row that the warehouse cannot take costs itself.

use super::lists::{ALL, CALLS, CHATS, LEADS, List, REPS, SCORED_CALLS, TAGS, USERS};
use super::stub::Reply;
use super::{Case, run_cases};

/// The name of the member that is the key.
fn key_of(list: &List) -> &'static str {
    match list.stream() {
        ("converz", "agents") => "rep_id",
        ("converz", _) => "call_id",
        ("convertalk", _) => "_id",
        _ => "id",
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_are_kept_as_written() {
    let mut cases = Vec::new();
    for list in ALL {
        for (written, wanted) in [
            ("123456789012345678901", "123456789012345678901"),
            ("9007199254740993", "9007199254740993"),
            ("\"a101 \"", "a101 "),
            ("\" a101\"", " a101"),
            ("\"A101\"", "A101"),
            ("\"0\"", "0"),
            ("0", "0"),
            ("\"null\"", "null"),
            ("\"007\"", "007"),
            ("1.0", "1.0"),
            ("1e3", "1e3"),
            ("\"\u{e9}\"", "\u{e9}"),
            ("\"e\u{301}\"", "e\u{301}"),
            ("\"a/b?c=d%20\"", "a/b?c=d%20"),
        ] {
            // One spelling with each list is enough for each way of reading, and all spellings with some lists.
            let is_chosen = matches!(written, "123456789012345678901" | "\"a101 \"" | "\"0\"")
                || std::ptr::eq(list, &raw const REPS)
                || std::ptr::eq(list, &raw const CALLS);
            if !is_chosen {
                continue;
            }
            let query = format!(
                "select count(*)::text from warehouse.{} where id = '{wanted}'",
                list.table
            );
            cases.push(
                Case::of(
                    list,
                    format!("the id of {} of {}: {written}", list.table, list.stream().0),
                )
                .odd(&format!("\"{}\":{written}", key_of(list)))
                .lands(5)
                .gives(&query, "1"),
            );
        }
    }
    run_cases(cases).await;
}

/// A list with two records whose keys are these.
fn with_keys(list: &'static List, first: &'static str, second: &'static str) -> Case {
    let key = key_of(list);
    Case::of(
        list,
        format!("{} and {} of {} {}", first, second, list.stream().0, list.table),
    )
    .answers(move |heard| {
        let (first, second) = (format!("\"{key}\":{first}"), format!("\"{key}\":{second}"));
        list.answer(heard, &[(2, &first), (3, &second)])
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_records_are_two_rows_or_a_contradiction() {
    let mut cases = Vec::new();
    for list in [&CALLS, &LEADS, &USERS, &TAGS, &CHATS, &REPS, &SCORED_CALLS] {
        cases.push(with_keys(list, "123456789012345678901", "123456789012345678902").lands(5));
        cases.push(with_keys(list, "\"a101\"", "\"a101 \"").lands(5));
        cases.push(with_keys(list, "\"a\"", "\"A\"").lands(5));
        cases.push(with_keys(list, "\"0\"", "\"null\"").lands(5));
        cases.push(with_keys(list, "\"7\"", "\"07\"").lands(5));
    }
    // Different records under one key on one page: one of them is lost, so the list is not complete.
    for list in [&TAGS, &REPS, &CALLS] {
        let key = key_of(list);
        cases.push(
            Case::of(
                list,
                format!("two records under one key of {} {}", list.stream().0, list.table),
            )
            .answers(move |heard| {
                let (first, second) = (
                    format!("\"{key}\":\"x\",\"name\":\"a\""),
                    format!("\"{key}\":\"x\",\"name\":\"b\""),
                );
                list.answer(heard, &[(2, &first), (3, &second)])
            })
            .fails(&[]),
        );
        // A total that counts it twice would be more than what came.
        if list.table == "calls" {
            continue;
        }
        cases.push(
            Case::of(
                list,
                format!("one record twice in {} {}", list.stream().0, list.table),
            )
            .answers(move |heard| {
                if !list.is_asked(heard) {
                    return list.answer(heard, &[]);
                }
                let mut records = list.records(&[]);
                records[2] = records[1].clone();
                Reply::json((list.wrap)(&records))
            }),
        );
    }
    run_cases(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_index_and_no_column_holds_costs_its_row_at_most() {
    let long = |length: usize| -> String {
        // Random enough that nothing packs it.
        let mut rng = fastrand::Rng::with_seed(7);
        std::iter::repeat_with(|| rng.alphanumeric())
            .take(length)
            .collect()
    };
    let label = format!(
        r#""profile":{{"userDetails":{{"tags":["{}","vip"]}}}}"#,
        long(9_000)
    );
    let deep = format!("\"field_1\":{}1{}", "[".repeat(90), "]".repeat(90));
    let very_deep = format!("\"field_1\":{}1{}", "[".repeat(3_000), "]".repeat(3_000));
    let name = format!("\"{}\":\"x\"", long(3_500));
    let many: Vec<String> = (0..3_000)
        .map(|number| format!("\"field_{number}\":\"{number}\""))
        .collect();
    let mut cases = vec![
        Case::of(&CHATS, "a label of 9,000 characters")
            .odd(&label)
            .lands(5)
            .gives("select count(*)::text from warehouse.conversation_tags", "2"),
        Case::of(&LEADS, "the name of a field of 3,500 characters")
            .odd(&name)
            .lands(5),
        Case::of(&REPS, "the name of a field of 3,500 characters")
            .odd(&name)
            .lands(5),
        Case::of(&LEADS, "three thousand fields")
            .odd(&many.join(","))
            .lands(5),
        Case::of(&LEADS, "lists in lists, ninety deep")
            .odd(&deep)
            .lands(5),
        Case::of(&LEADS, "lists in lists, three thousand deep")
            .odd(&very_deep)
            .lands(5),
        Case::of(&CALLS, "a comment of two million characters")
            .odd(&format!("\"agent_comment\":\"{}\"", long(2_000_000)))
            .lands(5),
        Case::of(&LEADS, "a number with a thousand digits in a custom field")
            .odd(&format!("\"field_1\":{}", "9".repeat(1_000)))
            .lands(5),
        Case::of(&LEADS, "a number beyond all numbers in a custom field")
            .odd("\"field_1\":1e400000")
            .lands(5),
        Case::of(
            &REPS,
            "a number with two hundred thousand digits in a field that nobody knows",
        )
        .odd(&format!("\"field_1\":{}", "9".repeat(200_000)))
        .lands(5),
        Case::of(&USERS, "an address of 5,000 characters")
            .odd(&format!("\"email\":\"{}@sim.example\"", long(5_000)))
            .lands(5),
        Case::of(&CALLS, "a lead, a list and a campaign that no index holds")
            .odd(&format!(
                "\"lead_id\":\"{0}\",\"list_id\":\"{0}\",\"campaign_id\":\"{0}\",\"user_id\":\"{0}\"",
                long(6_000)
            ))
            .gives(
                "select count(*)::text from warehouse.calls where id <> '1002'",
                "4",
            ),
    ];
    for list in ALL {
        let odd = format!("\"{}\":\"{}\"", key_of(list), long(4_000));
        let query = format!("select (count(*) >= 4)::text from warehouse.{}", list.table);
        cases.push(
            Case::of(
                list,
                format!(
                    "an id of 4,000 characters in {} of {}",
                    list.table,
                    list.stream().0
                ),
            )
            .odd(&odd)
            .gives(&query, "true")
            .gives("select ((select count(*) from sync.rejects) <= 2)::text", "true"),
        );
    }
    run_cases(cases).await;
}
