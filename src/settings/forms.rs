//! The forms a value can have: each reads one value, or says what would be accepted without quoting it.

use std::ops::RangeInclusive;

use config::ValueKind;
use connectors::schema::Region;
use url::{Host, Url};

use super::nearest::hint_at;

/// What editors put before a text to say how it is encoded.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';
/// The longest name of a column.
const LONGEST_COLUMN: usize = 63;
/// Columns that every view has.
const COLUMNS_OF_VIEWS: [&str; 2] = ["id", "source"];
const KIB: u64 = 1 << 10;
/// The units of bytes, from the smallest.
const BYTE_UNITS: [(&str, u64); 5] = [
    ("B", 1),
    ("KiB", KIB),
    ("MiB", KIB * KIB),
    ("GiB", KIB * KIB * KIB),
    ("TiB", KIB * KIB * KIB * KIB),
];

/// What is around a text by mistake does not belong to it: blanks, line ends, a byte order mark.
pub(super) fn trim_text(text: &str) -> &str {
    text.trim_matches(|sign: char| sign.is_whitespace() || sign == BYTE_ORDER_MARK)
}

/// A text with something in it.
pub(super) fn parse_text(kind: &ValueKind) -> Result<&str, String> {
    match kind {
        ValueKind::String(text) if trim_text(text).is_empty() => Err("is empty".to_owned()),
        ValueKind::String(text) => Ok(trim_text(text)),
        _ => Err("must be a text in quotes".to_owned()),
    }
}

/// One of these words.
pub(super) fn parse_choice(
    words: &'static [&'static str],
) -> impl Fn(&ValueKind) -> Result<&'static str, String> {
    move |kind| {
        let given = parse_text(kind)?;
        let word = words.iter().find(|word| **word == given).copied();
        let near = || hint_at(given, words.iter().copied());
        word.ok_or_else(|| format!("must be one of: {}{}", words.join(", "), near()))
    }
}

/// A list of texts without a double; from the environment one text with commas between them.
pub(super) fn parse_list(kind: &ValueKind) -> Result<Vec<String>, String> {
    parse_entries(kind, ',').and_then(refuse_doubles)
}

/// A list of names that become columns.
pub(super) fn parse_names(kind: &ValueKind) -> Result<Vec<String>, String> {
    let names = parse_list(kind)?;
    match names.iter().position(|name| !is_column(name)) {
        None => Ok(names),
        Some(place) => Err(format!(
            "must hold names of letters from a to z, digits and `_`, at most {LONGEST_COLUMN} long, and neither `id` nor \
             `source`, which are columns already; entry {} is none",
            place + 1
        )),
    }
}

fn is_column(name: &str) -> bool {
    let is_plain = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_';
    (1..=LONGEST_COLUMN).contains(&name.len())
        && name.chars().all(is_plain)
        && !COLUMNS_OF_VIEWS.contains(&name)
}

/// A list of texts that may hold commas, each of which passes the check. A plain text, as it comes from the environment, is taken
/// apart at semicolons.
pub(super) fn parse_lines(
    check: fn(&str) -> Result<(), &'static str>,
) -> impl Fn(&ValueKind) -> Result<Vec<String>, String> {
    move |kind| {
        let lines = parse_entries(kind, ';')?;
        match lines.iter().find_map(|line| check(line).err()) {
            None => refuse_doubles(lines),
            Some(flaw) => Err(flaw.to_owned()),
        }
    }
}

fn parse_entries(kind: &ValueKind, separator: char) -> Result<Vec<String>, String> {
    let list: Vec<String> = match kind {
        ValueKind::Array(values) => {
            let texts = values
                .iter()
                .map(|value| parse_text(&value.kind).map(str::to_owned));
            texts.collect::<Result<_, _>>()?
        }
        ValueKind::String(all) => all
            .split(separator)
            .map(|part| trim_text(part).to_owned())
            .collect(),
        _ => Vec::new(),
    };
    if list.is_empty() || list.iter().any(String::is_empty) {
        return Err("must be a list of texts, such as [\"a\", \"b\"]".to_owned());
    }
    Ok(list)
}

// What is listed twice would be read twice, and one reading would disturb the other. Blanks make no difference.
fn refuse_doubles(list: Vec<String>) -> Result<Vec<String>, String> {
    let bare = |text: &String| text.split_whitespace().collect::<String>();
    let entries: Vec<String> = list.iter().map(bare).collect();
    for (place, entry) in entries.iter().enumerate() {
        if let Some(first) = entries[..place].iter().position(|earlier| earlier == entry) {
            return Err(format!(
                "lists the same twice (entries {} and {})",
                first + 1,
                place + 1
            ));
        }
    }
    Ok(list)
}

/// A yes or no.
pub(super) fn parse_truth(kind: &ValueKind) -> Result<bool, String> {
    match kind {
        ValueKind::Boolean(truth) => Ok(*truth),
        ValueKind::String(text) if trim_text(text).eq_ignore_ascii_case("true") => Ok(true),
        ValueKind::String(text) if trim_text(text).eq_ignore_ascii_case("false") => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

/// A whole number within bounds.
pub(super) fn parse_number<T>(bounds: RangeInclusive<T>) -> impl Fn(&ValueKind) -> Result<T, String>
where
    T: TryFrom<i128> + PartialOrd + std::fmt::Display,
{
    move |kind| {
        let number = match kind {
            ValueKind::I64(number) => Some(i128::from(*number)),
            ValueKind::String(text) => trim_text(text).parse().ok(),
            _ => None,
        };
        let number = number.and_then(|number| T::try_from(number).ok());
        number.filter(|number| bounds.contains(number)).ok_or_else(|| {
            format!(
                "must be a whole number from {} to {}",
                bounds.start(),
                bounds.end()
            )
        })
    }
}

/// A number of bytes within bounds, with its unit or without.
pub(super) fn parse_bytes(bounds: RangeInclusive<u64>) -> impl Fn(&ValueKind) -> Result<u64, String> {
    move |kind| {
        let bytes = match kind {
            ValueKind::I64(number) => u64::try_from(*number).ok(),
            ValueKind::String(text) => bytes_of(trim_text(text)),
            _ => None,
        };
        bytes.filter(|bytes| bounds.contains(bytes)).ok_or_else(|| {
            let (from, to) = (bytes_in_words(*bounds.start()), bytes_in_words(*bounds.end()));
            format!("must be a number of bytes, such as \"64 MiB\" or \"8 GiB\", from {from} to {to}")
        })
    }
}

fn bytes_of(text: &str) -> Option<u64> {
    let end = text
        .find(|sign: char| !sign.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = if unit.is_empty() { "B" } else { unit.trim_start() };
    let (_, size) = BYTE_UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    number.parse::<u64>().ok()?.checked_mul(*size)
}

fn bytes_in_words(bytes: u64) -> String {
    let unit = BYTE_UNITS
        .iter()
        .rev()
        .find(|(_, size)| bytes.is_multiple_of(*size));
    let (name, size) = unit.unwrap_or(&BYTE_UNITS[0]);
    format!("{} {name}", bytes / size)
}

/// A share of a whole.
pub(super) fn parse_share(kind: &ValueKind) -> Result<f64, String> {
    let share = match kind {
        ValueKind::Float(share) => Some(*share),
        ValueKind::I64(0) => Some(0.0),
        ValueKind::I64(1) => Some(1.0),
        ValueKind::String(text) => trim_text(text).parse().ok(),
        _ => None,
    };
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "must be a share from 0 to 1, such as 0.05 for 5 %".to_owned())
}

/// A country, as phone numbers without a prefix need it.
pub(super) fn parse_region(kind: &ValueKind) -> Result<Region, String> {
    let code = parse_text(kind)?;
    let region = (code.len() == 2).then(|| Region::parse(code)).flatten();
    region.ok_or_else(|| {
        // The one code that is in everybody's head and in no list.
        let near = if code.eq_ignore_ascii_case("UK") {
            "; did you mean `GB`?"
        } else {
            ""
        };
        format!("must be the two letters of a country whose phone numbers are known, such as \"US\"{near}")
    })
}

/// The address that a vendor's paths are appended to; plain http to another machine only where that is allowed.
pub(super) fn parse_base_url(allow_plain_http: bool) -> impl Fn(&ValueKind) -> Result<Url, String> {
    move |kind| {
        let url = Url::parse(parse_text(kind)?)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or("must be an address such as https://api.example.com/v1")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user or a password".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must end before any `?` or `#`".to_owned());
        }
        if url.scheme() == "http" && !allow_plain_http && !is_loopback(&url) {
            return Err(
                "must begin with https://, or the source's secrets would travel in the clear (plain http is \
                 accepted for localhost, 127.0.0.0/8 and ::1; `allow_plain_http = true` accepts it for others)"
                    .to_owned(),
            );
        }
        Ok(url)
    }
}

/// True for addresses of this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fmt::Debug;

    use super::*;

    pub(in crate::settings) fn check_form<T: Debug>(
        form: impl Fn(&ValueKind) -> Result<T, String>,
        good: &[(ValueKind, &str)],
        bad: &[ValueKind],
    ) {
        for (kind, outcome) in good {
            assert_eq!(format!("{:?}", form(kind).expect("good")), *outcome, "{kind:?}");
        }
        for kind in bad {
            assert!(form(kind).is_err(), "{kind:?}");
        }
        let problem = form(&"hush hush".into()).map_or_else(|problem| problem, |_| String::new());
        assert!(!problem.contains("hush"), "{problem}");
    }

    #[test]
    fn texts_are_trimmed_and_not_empty() {
        check_form(
            |kind| parse_text(kind).map(str::to_owned),
            &[(" a b ".into(), "\"a b\""), ("\u{feff}a\r\n".into(), "\"a\"")],
            &["".into(), " ".into(), "\u{feff}\r\n".into(), 5.into()],
        );
    }

    #[test]
    fn truths_come_as_words_too() {
        check_form(
            parse_truth,
            &[
                (true.into(), "true"),
                ("false".into(), "false"),
                ("TRUE".into(), "true"),
            ],
            &["perhaps".into(), 1.into(), "".into()],
        );
    }

    #[test]
    fn whole_numbers_keep_their_bounds() {
        check_form(
            parse_number(1..=9_u32),
            &[(1.into(), "1"), ("9".into(), "9")],
            &[
                0.into(),
                10.into(),
                (-1).into(),
                "".into(),
                "four".into(),
                2.5.into(),
                i64::MAX.into(),
                true.into(),
            ],
        );
    }

    #[test]
    fn shares_lie_between_nothing_and_all() {
        check_form(
            parse_share,
            &[
                (0.into(), "0.0"),
                (1.into(), "1.0"),
                (0.25.into(), "0.25"),
                ("0.5".into(), "0.5"),
            ],
            &[
                5.into(),
                (-0.1).into(),
                1.1.into(),
                f64::NAN.into(),
                "nan".into(),
                "inf".into(),
                "5 %".into(),
            ],
        );
    }

    #[test]
    fn regions_are_countries_with_phone_numbers() {
        check_form(
            |kind| parse_region(kind).map(|region| region.code().to_owned()),
            &[("us".into(), "\"US\""), (" gb ".into(), "\"GB\"")],
            &[
                "USA".into(),
                "U1".into(),
                "".into(),
                "É".into(),
                "XX".into(),
                "ZZ".into(),
                "001".into(),
            ],
        );
        let problem = parse_region(&"UK".into()).expect_err("no country");
        assert!(problem.ends_with("; did you mean `GB`?"), "{problem}");
    }

    #[test]
    fn base_addresses_are_safe_to_send_secrets_to() {
        check_form(
            |kind| parse_base_url(false)(kind).map(String::from),
            &[
                (
                    "https://api.example.com/v1".into(),
                    "\"https://api.example.com/v1\"",
                ),
                ("http://localhost:9000/v1".into(), "\"http://localhost:9000/v1\""),
                ("http://127.0.0.1:9000".into(), "\"http://127.0.0.1:9000/\""),
                ("http://[::1]/v1".into(), "\"http://[::1]/v1\""),
            ],
            &[
                "http://api.example.com".into(),
                "http://localhost.example.com".into(),
                "http://10.0.0.1".into(),
                "ftp://localhost".into(),
                "https://user@api.example.com".into(),
                "https://:hush@api.example.com".into(),
                "https://api.example.com/?token=hush".into(),
                "https://api.example.com/#hush".into(),
                "api.example.com".into(),
                "".into(),
            ],
        );
    }

    #[test]
    fn plain_http_to_other_machines_must_be_allowed() {
        let problem = parse_base_url(false)(&"http://10.0.0.1/v1".into()).expect_err("in the clear");
        assert!(problem.contains("`allow_plain_http = true`"), "{problem}");
        let url = parse_base_url(true)(&"http://10.0.0.1/v1".into()).expect("allowed");
        assert_eq!(url.as_str(), "http://10.0.0.1/v1");
        assert!(parse_base_url(true)(&"ftp://10.0.0.1/v1".into()).is_err());
    }

    #[test]
    fn a_word_must_be_one_of_those_listed() {
        check_form(
            parse_choice(&["newest", "oldest"]),
            &[(" newest ".into(), "\"newest\"")],
            &["Newest".into(), "".into(), "middle".into(), 1.into()],
        );
        let problem = parse_choice(&["newest", "oldest"])(&"odlest".into()).expect_err("misspelt");
        assert_eq!(problem, "must be one of: newest, oldest; did you mean `oldest`?");
    }

    #[test]
    fn lists_hold_nothing_twice() {
        let list = |texts: &[&str]| ValueKind::Array(texts.iter().map(|text| (*text).into()).collect());
        check_form(
            parse_list,
            &[
                (list(&["a", " b "]), "[\"a\", \"b\"]"),
                (list(&["a", "A"]), "[\"a\", \"A\"]"),
                ("a, b".into(), "[\"a\", \"b\"]"),
            ],
            &[
                list(&[]),
                list(&["a", ""]),
                list(&["a", "b", "a"]),
                list(&["a", " a\u{feff}"]),
                "a,b,a".into(),
                "a,,b".into(),
                5.into(),
            ],
        );
        let problem = parse_list(&list(&["a", "b", "c", "b"])).expect_err("a double");
        assert_eq!(problem, "lists the same twice (entries 2 and 4)");
        let lines = parse_lines(|_| Ok(()));
        let problem = lines(&"date, day: n;week;date,day:n".into()).expect_err("a double");
        assert_eq!(problem, "lists the same twice (entries 1 and 3)");
    }

    #[test]
    fn names_of_columns_are_plain() {
        let list = |text: &str| ValueKind::Array(vec!["a".into(), text.into()]);
        let longest = "x".repeat(63);
        check_form(
            parse_names,
            &[
                (list("field_84"), "[\"a\", \"field_84\"]"),
                (list(&longest), &format!("[\"a\", \"{longest}\"]")),
                ("a,2b".into(), "[\"a\", \"2b\"]"),
            ],
            &[
                list("Field_84"),
                list("credit score"),
                list("credit-score"),
                list("é"),
                list("id"),
                list("source"),
                list(&"x".repeat(64)),
                list("a"),
                list("x'--"),
            ],
        );
        let problem = parse_names(&list("Hush")).expect_err("a capital");
        assert!(
            problem.ends_with("entry 2 is none") && !problem.contains("Hush"),
            "{problem}"
        );
    }

    #[test]
    fn bytes_are_a_number_with_or_without_a_unit() {
        check_form(
            parse_bytes(1 << 10..=1 << 40),
            &[
                (1024.into(), "1024"),
                ("2048".into(), "2048"),
                ("2048 B".into(), "2048"),
                ("1KiB".into(), "1024"),
                (" 8  gib ".into(), "8589934592"),
                ("1 TiB".into(), "1099511627776"),
            ],
            &[
                1023.into(),
                "1023".into(),
                "2 TiB".into(),
                "99999999999999999 TiB".into(),
                "99999999999999999999".into(),
                (-1).into(),
                "1.5 GiB".into(),
                "GiB".into(),
                "8 GB".into(),
                "".into(),
                true.into(),
            ],
        );
        let problem = parse_bytes(1 << 10..=3 << 30)(&"x".into()).expect_err("no number");
        assert!(problem.ends_with("from 1 KiB to 3 GiB"), "{problem}");
    }
}
