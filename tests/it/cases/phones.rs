//! Phones: valid by the numbering plan, or NULL.

use super::lists::{CALLS, CHATS, LEADS};
use super::{Case, run_cases};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e164_holds_what_the_numbering_plan_knows() {
    let sane =
        "select coalesce(bool_and(to_e164 ~ '^\\+[1-9][0-9]{6,14}$'), true)::text from warehouse.calls";
    let mut cases = Vec::new();
    for (written, wanted) in [
        ("2135550142", "+12135550142"),
        ("+1 (213) 555-0142", "+12135550142"),
        ("001 213 555 0142", "nothing"),
        ("011 44 20 7946 0018", "+442079460018"),
        ("+44 20 7946 0018", "+442079460018"),
        ("911", "nothing"),
        ("311", "nothing"),
        ("72345", "nothing"),
        ("*67", "nothing"),
        ("213555014", "nothing"),
        ("21355501429", "nothing"),
        ("1213555014299999", "nothing"),
        ("+1213555014299999", "nothing"),
        ("+687 11.11.11", "nothing"),
        ("0000000000", "nothing"),
        ("1111111111", "nothing"),
        ("9999999999", "nothing"),
        ("anonymous", "nothing"),
        ("Restricted", "nothing"),
        ("sip:dana@sim.example", "nothing"),
        ("2.135550142e9", "nothing"),
    ] {
        cases.push(
            Case::of(&CALLS, format!("a number dialed: {written}"))
                .odd(&format!("\"number_dialed\":\"{written}\""))
                .lands(5)
                .column("to_number", written)
                .column("to_e164", wanted)
                .gives(sane, "true"),
        );
    }
    cases.push(
        Case::of(&LEADS, "a number with its prefix beside it")
            .odd(r#""phone_code":"44","phone_number":"2079460018""#)
            .lands(5)
            .column("phone_e164", "+442079460018"),
    );
    cases.push(
        Case::of(&LEADS, "a number of another country in the settings' region")
            .settings("default_region = \"GB\"")
            .odd(r#""phone_code":"","phone_number":"020 7946 0018""#)
            .lands(5)
            .column("phone_e164", "+442079460018"),
    );
    cases.push(
        Case::of(&LEADS, "a number as JSON number")
            .odd(r#""phone_number":2135550142"#)
            .lands(5)
            .column("phone_e164", "+12135550142"),
    );
    cases.push(
        Case::of(&CHATS, "a number with half a prefix")
            .odd(r#""profile":{"userDetails":{"contact":{"phone":{"number":"213555","prefix":"+"}}}}"#)
            .lands(5),
    );
    run_cases(cases).await;
}
