//! Campaigns as a stream, and the zoned dates that they share with lists.

use chrono::{DateTime, FixedOffset, TimeZone, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::schema::{self, Batch, Entity as _};
use crate::source::{Absence, Account, Cursor, Endpoint, Item, MapError, Paginator, Request};
use crate::vendors::lenient::{Scalar, local, record};

use super::envelope;
use super::wire::flag;

/// Campaigns. There are neither pages nor parameters.
pub(super) fn campaigns(account: &Account) -> Endpoint {
    Endpoint {
        name: "campaigns",
        tables: &[schema::Campaign::TABLE],
        cursor: Cursor::Whole(Absence::Gone {
            tables: &[schema::Campaign::TABLE],
            walks: 1,
            only: None,
        }),
        account: account.clone(),
        first: |_, _| Request::post_form("campaigns/search"),
        open: envelope::everything,
        paginator: Paginator::Single,
        map: campaign,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Campaign<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    last_call_date: Option<&'a RawValue>,
}

fn campaign(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: Campaign<'_> = record(item.record)?;
    let campaign = schema::Campaign {
        id: wire.id.id().ok_or(MapError::Missing("id"))?,
        name: wire.name.owned(),
        is_active: wire.status.text().and_then(flag),
        last_call_at: zoned(wire.last_call_date, "last_call_date", item.account)?,
    };
    batch.push(campaign, item.record);
    Ok(())
}

/// A date object as PHP writes it, with a zone of its own (second SDK).
#[derive(Deserialize, Default)]
#[serde(default)]
struct Zoned<'a> {
    #[serde(borrow)]
    date: Scalar<'a>,
    #[serde(borrow)]
    timezone: Scalar<'a>,
}

/// The instant of a date object; or of a text, which one table of the documentation has instead.
pub(super) fn zoned(
    value: Option<&RawValue>,
    field: &'static str,
    account: &Account,
) -> Result<Option<DateTime<Utc>>, MapError> {
    let Some(value) = value.map(RawValue::get) else {
        return Ok(None);
    };
    let unknown = MapError::Unknown(field);
    if let Ok(plain) = serde_json::from_str::<Scalar<'_>>(value) {
        return plain.instant(field, account);
    }
    let zoned: Zoned<'_> = serde_json::from_str(value).map_err(|_| unknown)?;
    let (Some(date), Some(zone)) = (zoned.date.text(), zoned.timezone.text()) else {
        return zoned.date.instant(field, account);
    };
    if date.starts_with("0000-00-00") {
        return Ok(None);
    }
    let time = local(date).ok_or(unknown)?;
    if let Ok(offset) = zone.parse::<FixedOffset>() {
        return Ok(offset.from_local_datetime(&time).single().map(|at| at.to_utc()));
    }
    let zone: Tz = zone.parse().map_err(|_| unknown)?;
    Account::new(zone, account.region)
        .instant(time)
        .map(Some)
        .ok_or(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Region;

    #[test]
    fn a_date_is_read_in_the_zone_that_comes_with_it() {
        let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
        let at = |text: &str| Ok(Some(text.parse().unwrap()));
        let object = |date: &str, zone: &str| {
            format!(r#"{{"date": "{date}", "timezone_type": 3, "timezone": "{zone}"}}"#)
        };
        for (value, wanted) in [
            (
                object("2026-02-03 14:05:11.000000", "America/Los_Angeles"),
                at("2026-02-03T22:05:11Z"),
            ),
            (
                object("2026-02-03 14:05:11.250000", "America/New_York"),
                at("2026-02-03T19:05:11.25Z"),
            ),
            (object("2026-02-03 14:05:11", "UTC"), at("2026-02-03T14:05:11Z")),
            (
                object("2026-02-03 14:05:11", "-05:00"),
                at("2026-02-03T19:05:11Z"),
            ),
            (object("0000-00-00 00:00:00", "UTC"), Ok(None)),
            (
                object("2026-02-03 14:05:11", "Mars/Olympus"),
                Err(MapError::Unknown("t")),
            ),
            (object("soon", "UTC"), Err(MapError::Unknown("t"))),
            (
                r#"{"date": "2026-02-03 14:05:11"}"#.to_owned(),
                at("2026-02-03T22:05:11Z"),
            ),
            ("\"2026-02-03 14:05:11\"".to_owned(), at("2026-02-03T22:05:11Z")),
            ("null".to_owned(), Ok(None)),
            ("\"\"".to_owned(), Ok(None)),
            ("[]".to_owned(), Ok(None)),
            ("[7]".to_owned(), Err(MapError::Unknown("t"))),
        ] {
            let raw: &RawValue = serde_json::from_str(&value).unwrap();
            assert_eq!(zoned(Some(raw), "t", &account), wanted, "{value}");
        }
        assert_eq!(zoned(None, "t", &account), Ok(None));
    }
}
