//! Tests of settings that are wrong: which problems come, and that they show no secret.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{convoso, texts};

fn problems(test: &str, settings: &str) -> String {
    texts(test, &[settings], &[]).expect_err(settings).to_string()
}

/// The settings have this problem and no other, and it does not show what is in them.
fn check_problem(text: &str, expected: &str) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let found = problems(&format!("each-{number}"), text);
    assert_eq!(found, expected, "{text}");
    assert!(!found.contains("hush"), "{found}");
}

#[test]
fn all_problems_come_in_one_answer_in_the_order_of_their_keys() {
    let text = "
        [warehouse]
        url = 'mysql://a:hush@b/c'
        max_connections = 0
        [daemon]
        lease = '0s'
        [sources.a]
        vendor = 'convoso'
        token = ''
        shedule = '* * * * *'
        [sources.a.streams.call]
        max_span = '1 fortnight'
        [sources.B]
        vendor = 'acme'
        [telemetry]
    ";
    let expected = "
daemon.lease: must be a duration with its unit, such as \"90s\", \"2h\" or \"3d\", from 1s to 10m
sources.B: must be a letter from a to z, then letters from a to z, digits and `_`, at most 40
sources.B.vendor: must be one of: convoso, conversocial, convertalk, converz
sources.a.shedule: is not a known key; did you mean `schedule`?
sources.a.streams.call: is not a stream of convoso, which has: calls, leads; did you mean `calls`?
sources.a.streams.call.max_span: must be a duration with its unit, such as \"90s\", \"2h\" or \"3d\", \
from 1s to 366d
sources.a.token: is empty; give it or `token_file`
telemetry: is not a known key
warehouse.max_connections: must be a whole number from 1 to 1000
warehouse.url: must be the address of a database, such as postgres://user@host:5432/name";
    assert_eq!(problems("all", text), expected.trim_start());
}

#[test]
fn each_problem_has_its_key() {
    let known = "is not a known key";
    let vendors = "convoso, conversocial, convertalk, converz";
    for (text, expected) in [
        (
            "[sources.a]\ntoken = 'hush'",
            &*format!("sources.a.vendor: is missing; give one of: {vendors}"),
        ),
        (
            "[sources.a]\nvendor = 'convosso'\ntoken = 'hush'",
            &format!("sources.a.vendor: must be one of: {vendors}; did you mean `convoso`?"),
        ),
        (
            "[sources.a]\nvendor = 5",
            "sources.a.vendor: must be a text in quotes",
        ),
        (
            "[sources.a]\nvendor = 'convoso'",
            "sources.a.token: is missing; give it or `token_file`",
        ),
        (
            "[sources.a]\nvendor = 'convoso'\ntoken = 5",
            "sources.a.token: must be a text in quotes",
        ),
        (
            "[sources]\na = 'hush'",
            "sources.a: must be a table, `[sources.a]`",
        ),
        ("sources = 'hush'", "sources: must be a table, `[sources]`"),
        ("[source.a]", &format!("source: {known}; did you mean `sources`?")),
        (
            &convoso("tokenfile = 'hush'"),
            &format!("sources.a.tokenfile: {known}; did you mean `token_file`?"),
        ),
        (
            &convoso("token_secret = 'hush'"),
            &format!("sources.a.token_secret: {known}"),
        ),
        (
            &convoso("token_file = 'FOLDER/secret'"),
            "sources.a.token: is given together with `token_file`; keep one of them",
        ),
        (
            &convoso("max_in_flight = 0"),
            "sources.a.max_in_flight: must be a whole number from 1 to 256",
        ),
        (
            &convoso("requests_per_minute = -1"),
            "sources.a.requests_per_minute: must be a whole number from 1 to 60000",
        ),
        (
            &convoso("base_url = 'http://api.example.com'"),
            "sources.a.base_url: must begin with https://, or the source's secrets would travel in the clear \
             (plain http is accepted for localhost, 127.0.0.0/8 and ::1; `allow_plain_http = true` accepts it for others)",
        ),
        (
            &convoso("[sources.a.streams.calls]\nenable = true"),
            &format!("sources.a.streams.calls.enable: {known}; did you mean `enabled`?"),
        ),
        (
            &convoso("[sources.a.streams]\ncalls = true"),
            "sources.a.streams.calls: must be a table, `[sources.a.streams.calls]`",
        ),
    ] {
        check_problem(text, expected);
    }
}

#[test]
fn a_renamed_key_is_unknown_and_its_name_is_told() {
    for (key, name) in [("widest", "max_span"), ("overlap", "lookback")] {
        let text = convoso(&format!("[sources.a.streams.calls]\n{key} = '1d'"));
        let expected = format!("sources.a.streams.calls.{key}: is not a known key; did you mean `{name}`?");
        check_problem(&text, &expected);
    }
}

#[test]
fn nothing_is_left_for_the_wiring_to_refuse() {
    for (text, expected) in [
        (
            &*convoso("default_region = 'XX'"),
            "sources.a.default_region: must be the two letters of a country whose phone numbers are known, such as \"US\"",
        ),
        (
            &convoso("lead_fields = ['field_84', 'Hush']"),
            "sources.a.lead_fields: must hold names of letters from a to z, digits and `_`, at most 63 long, and neither \
             `id` nor `source`, which are columns already; entry 2 is none",
        ),
        (
            &convoso("lead_fields = ['hush', 'b', 'hush']"),
            "sources.a.lead_fields: lists the same twice (entries 1 and 3)",
        ),
        (
            &convoso("since = '1999-12-31'"),
            "sources.a.since: must be a date such as \"2025-01-01\", or a time with its offset such as \
             \"2025-01-01T00:00:00-08:00\", from 2000 to 2099",
        ),
        (
            &convoso("schedule = '0 0 0 30 2 *'"),
            "sources.a.schedule: is a cron pattern for a day that never comes",
        ),
        (
            "[sources.a]\nvendor = 'converz'\napi_key = 'hush'",
            "sources.a.base_url: is missing",
        ),
        (
            "[sources.a]\nvendor = 'converz'\nbase_url = 'https://a.example'\napi_key = 'hüsh'",
            "sources.a.api_key: holds a character that cannot stand in a header; only letters, digits and signs of \
             ASCII can",
        ),
    ] {
        check_problem(text, expected);
    }
}

#[test]
fn limits_and_the_warehouse_have_their_forms() {
    for (text, expected) in [
        (
            "[limits]\nmax_pages = 0",
            "limits.max_pages: must be a whole number from 1 to 1000000",
        ),
        (
            "[limits]\nmax_bytes = '2 TiB'",
            "limits.max_bytes: must be a number of bytes, such as \"64 MiB\" or \"8 GiB\", from 1 KiB to 1 TiB",
        ),
        (
            "[limits]\nmax_bites = 1",
            "limits.max_bites: is not a known key; did you mean `max_bytes`?",
        ),
        (
            "[warehouse]\npooler = 'perhaps'",
            "warehouse.pooler: must be true or false",
        ),
        (
            "[warehouse]\nurl = 'postgres://hush@one,two/c'",
            "warehouse.url: names several hosts, of which only one can be used: give the one that always leads to the \
             primary",
        ),
    ] {
        check_problem(text, expected);
    }
}

#[test]
fn absurd_lengths_of_time_are_problems_and_meaningful_zeros_are_not() {
    let text =
        convoso("timeout = '0s'\n[sources.a.streams.calls]\nmax_span = '0s'\nlookback = '0s'\ndelay = '8d'");
    let found = problems("absurd", &text);
    let keys: Vec<_> = found.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(
        keys,
        [
            "sources.a.streams.calls.delay",
            "sources.a.streams.calls.max_span",
            "sources.a.timeout"
        ]
    );
}

#[test]
fn an_unreadable_secret_file_is_named_and_its_text_is_not_shown() {
    let text = "[sources.a]\nvendor = 'conversocial'\ntoken_name = 'x'\nother_secret_file = '/nowhere/name'\n\
                token_secret_file = '/dev/zero'";
    let expected = "sources.a.other_secret_file: \"/nowhere/name\" cannot be read (entity not found)\n\
                    sources.a.token_secret_file: \"/dev/zero\" is larger than 64 KiB";
    assert_eq!(problems("unreadable", text), expected);
    let blank = problems(
        "blank",
        "[sources.a]\nvendor = 'convoso'\ntoken_file = 'FOLDER/blank'",
    );
    assert!(
        blank.starts_with("sources.a.token_file: the text in \"") && blank.ends_with("/blank\" is empty"),
        "{blank}"
    );
}

#[test]
fn a_broken_file_hides_what_it_may_hold_but_not_what_others_say() {
    let found = texts(
        "broken",
        &["[sources.a\nvendor = 'x'", "[sources.a]\ntimeout = 5"],
        &[],
    );
    let found = found.expect_err("broken").to_string();
    let lines: Vec<&str> = found.lines().collect();
    assert!(
        lines[0].contains("0.toml: is not valid TOML at line 1, column 11"),
        "{found}"
    );
    assert!(
        lines[1].starts_with("sources.a.timeout: must be a duration"),
        "{found}"
    );
    assert_eq!(lines.len(), 2, "{found}");
}

#[test]
fn a_vendors_own_settings_have_their_forms_and_those_it_needs_must_be_there() {
    let text = "[sources.a]\nvendor = 'conversocial'\ntoken_secret = 'x'\nother_url = 'nowhere'\nlabels = []\n\
                page_size = 51\norder = 'newst'\n[sources.b]\nvendor = 'convoso'\ntoken = 'x'\nlabels = ['a']\n\
                [sources.c]\nvendor = 'convertalk'\nbot_token = 'x'\nbot_ids = ['a', 'a']";
    let expected = [
        "sources.a.labels: must be a list of texts, such as [\"a\", \"b\"]",
        "sources.a.order: must be one of: newest, oldest; did you mean `newest`?",
        "sources.a.other_url: must be an address such as https://api.example.com/v1",
        "sources.a.page_size: must be a whole number from 1 to 50",
        "sources.a.token_name: is missing",
        "sources.b.labels: is not a known key",
        "sources.c.bot_ids: lists the same twice (entries 1 and 2)",
        "sources.c.customer_id: is missing",
    ];
    assert_eq!(problems("own", text), expected.join("\n"));
}
