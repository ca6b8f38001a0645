//! Converz's records as they come over the wire. Columns differ by tenant, and any of them may be missing.

use std::ops::Deref;

use chrono::NaiveDateTime;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::source::Account;
use crate::vendors::lenient::Scalar;

use super::time::wall_clock;

/// A value of a column: a scalar, which may stand alone in a list (assumed).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cell<'a>(Scalar<'a>);

impl<'a> Deref for Cell<'a> {
    type Target = Scalar<'a>;

    fn deref(&self) -> &Scalar<'a> {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Cell<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = <&RawValue>::deserialize(deserializer)?.get();
        let lone = value
            .starts_with('[')
            .then(|| serde_json::from_str::<[&RawValue; 1]>(value).ok());
        let value = lone.flatten().map_or(value, |[value]| value.get());
        serde_json::from_str(value).map(Cell).map_err(Error::custom)
    }
}

/// A row of the list of calls.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Call<'a> {
    #[serde(borrow)]
    pub(super) call_id: Cell<'a>,
    #[serde(borrow)]
    pub(super) rep_id: Cell<'a>,
    #[serde(borrow)]
    pub(super) start_time: Cell<'a>,
    #[serde(borrow)]
    pub(super) end_time: Cell<'a>,
    #[serde(borrow)]
    pub(super) duration: Cell<'a>,
    #[serde(borrow)]
    pub(super) direction: Cell<'a>,
    #[serde(borrow)]
    pub(super) language: Cell<'a>,
    #[serde(borrow)]
    pub(super) customer_phone: Cell<'a>,
    #[serde(borrow)]
    pub(super) vendor: Cell<'a>,
    #[serde(borrow)]
    pub(super) vendor_call_id: Cell<'a>,
    #[serde(borrow)]
    pub(super) campaign: Cell<'a>,
    #[serde(borrow)]
    pub(super) subcampaign: Cell<'a>,
    #[serde(borrow)]
    pub(super) department: Cell<'a>,
    #[serde(borrow)]
    pub(super) summary: Cell<'a>,
}

/// A row of the list of users.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Rep<'a> {
    #[serde(borrow)]
    pub(super) rep_id: Cell<'a>,
    #[serde(borrow)]
    pub(super) name: Cell<'a>,
    #[serde(borrow)]
    pub(super) gender: Cell<'a>,
    #[serde(borrow)]
    pub(super) department: Cell<'a>,
    #[serde(borrow)]
    pub(super) campaign: Cell<'a>,
    #[serde(borrow)]
    pub(super) subcampaign: Cell<'a>,
    #[serde(borrow)]
    pub(super) active: Cell<'a>,
}

/// The local time at which a call's record says it started.
pub(super) fn start(record: &str, account: &Account) -> Option<NaiveDateTime> {
    #[derive(Deserialize)]
    struct Start<'a> {
        #[serde(borrow)]
        start_time: Cell<'a>,
    }
    let start: Start<'_> = serde_json::from_str(record).ok()?;
    wall_clock(start.start_time.text()?, account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendors::lenient::record;

    #[test]
    fn a_value_is_a_scalar_or_one_alone_in_a_list() {
        for (json, wanted) in [
            ("7", Ok(Some("7"))),
            ("9007199254740993", Ok(Some("9007199254740993"))),
            (r#""a101""#, Ok(Some("a101"))),
            ("true", Ok(Some("1"))),
            (r#"["a101"]"#, Ok(Some("a101"))),
            ("[ 7 ]", Ok(Some("7"))),
            ("[null]", Ok(None)),
            ("[]", Ok(None)),
            ("null", Ok(None)),
            ("[1, 2]", Err(())),
            ("[[1]]", Err(())),
            (r#"{"a": 1}"#, Err(())),
        ] {
            let cell: Result<Cell<'_>, _> = record(json);
            let got = cell.as_ref().map(|cell| cell.text()).map_err(|_| ());
            assert_eq!(got, wanted, "{json}");
        }
    }
}
