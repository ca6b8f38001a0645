//! Lists whose texts are checked one by one.

use super::*;

#[test]
fn lines_may_hold_commas_and_each_is_checked() {
    let of = |reports: &str, variables: &[(&str, &str)]| {
        let text = format!(
            "[sources.a]\nvendor = 'converz'\napi_key = 'hush'\nbase_url = 'https://a.example'\n{reports}"
        );
        texts("lines", &[&text], variables)
            .map(|settings| {
                settings.sources["a"]
                    .options
                    .get("reports")
                    .cloned()
                    .unwrap_or_default()
            })
            .map_err(|problems| problems.to_string())
    };
    let list = "reports = ['date, day: n', 'week']";
    assert_eq!(of(list, &[]).expect("good settings"), ["date, day: n", "week"]);
    let variable = [("CONVENE__SOURCES__A__REPORTS", "date, day: n; week")];
    assert_eq!(
        of("", &variable).expect("good settings"),
        ["date, day: n", "week"]
    );
    let problem = of("reports = ['date', 'x']", &[]).expect_err("a wrong line");
    assert_eq!(problem.trim(), "sources.a.reports: must do without an x");
}
