//! The forms a value can have: each reads one value, or says what would be accepted without quoting it.

use std::ops::RangeInclusive;

use config::ValueKind;
use url::{Host, Url};

/// A text with something in it.
pub(super) fn text(kind: &ValueKind) -> Result<&str, String> {
    match kind {
        ValueKind::String(text) if text.trim().is_empty() => Err("is empty".to_owned()),
        ValueKind::String(text) => Ok(text.trim()),
        _ => Err("must be a text in quotes".to_owned()),
    }
}

/// A list of texts; from the environment one text with commas between them.
pub(super) fn texts(kind: &ValueKind) -> Result<Vec<String>, String> {
    let list: Vec<String> = match kind {
        ValueKind::Array(values) => {
            let texts = values.iter().map(|value| text(&value.kind).map(str::to_owned));
            texts.collect::<Result<_, _>>()?
        }
        ValueKind::String(all) => all.split(',').map(|part| part.trim().to_owned()).collect(),
        _ => Vec::new(),
    };
    if list.is_empty() || list.iter().any(String::is_empty) {
        return Err("must be a list of texts, such as [\"a\", \"b\"]".to_owned());
    }
    Ok(list)
}

/// A list of texts that may hold commas, each of which passes the check. A plain text, as it comes from the environment, is taken
/// apart at semicolons.
pub(super) fn lines(
    check: fn(&str) -> Result<(), &'static str>,
) -> impl Fn(&ValueKind) -> Result<Vec<String>, String> {
    move |kind| {
        let lines = match kind {
            ValueKind::String(all) => all.split(';').map(|part| part.trim().to_owned()).collect(),
            kind => texts(kind)?,
        };
        match lines.iter().find_map(|line| check(line).err()) {
            None => Ok(lines),
            Some(flaw) => Err(flaw.to_owned()),
        }
    }
}

/// A yes or no.
pub(super) fn truth(kind: &ValueKind) -> Result<bool, String> {
    match kind {
        ValueKind::Boolean(truth) => Ok(*truth),
        ValueKind::String(text) if text.trim().eq_ignore_ascii_case("true") => Ok(true),
        ValueKind::String(text) if text.trim().eq_ignore_ascii_case("false") => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

/// A whole number within bounds.
pub(super) fn whole<T>(bounds: RangeInclusive<T>) -> impl FnOnce(&ValueKind) -> Result<T, String>
where
    T: TryFrom<i128> + PartialOrd + std::fmt::Display,
{
    move |kind| {
        let number = match kind {
            ValueKind::I64(number) => Some(i128::from(*number)),
            ValueKind::String(text) => text.trim().parse().ok(),
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

/// A share of a whole.
pub(super) fn share(kind: &ValueKind) -> Result<f64, String> {
    let share = match kind {
        ValueKind::Float(share) => Some(*share),
        ValueKind::I64(0) => Some(0.0),
        ValueKind::I64(1) => Some(1.0),
        ValueKind::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "must be a share from 0 to 1, such as 0.05 for 5 %".to_owned())
}

/// A country, as phone numbers without a prefix need it.
pub(super) fn region(kind: &ValueKind) -> Result<String, String> {
    let region = text(kind)?.to_ascii_uppercase();
    if region.len() == 2 && region.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Ok(region);
    }
    Err("must be the two letters of a country, such as \"US\"".to_owned())
}

/// The address that a vendor's paths are appended to.
pub(super) fn base_url(kind: &ValueKind) -> Result<Url, String> {
    let url = Url::parse(text(kind)?)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or("must be an address such as https://api.example.com/v1")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or a password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must end before any `?` or `#`".to_owned());
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(
            "must begin with https://, or the source's secrets would travel in the clear \
                    (plain http is accepted for localhost, 127.0.0.0/8 and ::1 only)"
                .to_owned(),
        );
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
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

    pub(in crate::settings) fn check<T: Debug>(
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
        check(
            |kind| text(kind).map(str::to_owned),
            &[(" a b ".into(), "\"a b\"")],
            &["".into(), " ".into(), 5.into()],
        );
    }

    #[test]
    fn truths_come_as_words_too() {
        check(
            truth,
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
        check(
            |kind| whole(1..=9_u32)(kind),
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
        check(
            share,
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
    fn regions_are_two_letters() {
        check(
            region,
            &[("us".into(), "\"US\"")],
            &["USA".into(), "U1".into(), "".into(), "É".into()],
        );
    }

    #[test]
    fn base_addresses_are_safe_to_send_secrets_to() {
        check(
            |kind| base_url(kind).map(String::from),
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
}
