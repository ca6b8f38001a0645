//! Conversations, most of them calls; nothing tells a chat from a call but the system that it came from.

use chrono::{DateTime, TimeDelta, Utc};

use crate::schema::{Batch, Call, CallMetric, Entity as _};
use crate::source::{
    Absence, Belonging, Context, Item, MapError, Request, Reread, StreamDef, SyncMode, WindowPolicy,
};
use crate::vendors::converz::envelope;
use crate::vendors::converz::spans::Spans;
use crate::wire::wire_record;

use super::STREAM;

/// The setting of the tenant's columns that a view shows.
pub(in crate::vendors::converz) const FIELDS: &str = "call_fields";

pub(in crate::vendors::converz) const CALLS: StreamDef = StreamDef {
    name: "calls",
    fills: &[Call::TABLE],
    completes: &[Call::TABLE],
    mode: SyncMode::Windowed(WindowPolicy {
        // No span finds a call without a start, and none shows that a call has vanished.
        unfiltered_every: Some(TimeDelta::days(7)),
        absence: Absence::Gone {
            tables: &[Call::TABLE],
            times: 2,
            only: None,
        },
        ..WINDOWS
    }),
    // Measures are streams of their own, read by windows, which prove no absence.
    belongings: &[Belonging {
        owner: Call::TABLE,
        table: CallMetric::TABLE,
        column: "call_id",
    }],
    promoted_by: Some(FIELDS),
    paging: &Spans {
        // One unknown measure refuses the whole request, so that measures are a stream of their own.
        request: |_| Request::get("calls"),
        context: |_| Context::default(),
    },
    envelope: envelope::CALLS,
    map: map_call,
    ..STREAM
};

/// Nothing tells what changed, and summaries, measures and campaigns come or change after the call: the last days are read
/// again several times a day, the last month nightly.
pub(super) const WINDOWS: WindowPolicy = WindowPolicy {
    // Memory follows the page and not the window. Narrower windows would cost a quiet tenant requests: one for each, and a month
    // is read again every night. A busy one loses at most a day's reading when a slice breaks off.
    max_span: TimeDelta::hours(24),
    // More than any mistake about the zone, and a change of clocks with it.
    lookback: TimeDelta::hours(26),
    // The newest minute is not whole yet.
    delay: TimeDelta::minutes(2),
    settle: TimeDelta::hours(72),
    rereads: &[
        Reread {
            span: TimeDelta::hours(72),
            every: TimeDelta::hours(6),
        },
        Reread {
            span: TimeDelta::days(30),
            every: TimeDelta::hours(24),
        },
    ],
    open_end: true,
    ..WindowPolicy::PLAIN
};

wire_record! {
    /// A row of the list of calls. Columns differ by tenant, and any of them may be missing.
    ///
    /// The names of end, length, direction, language and phone are assumed: a tenant's column of such a name may hold anything.
    struct WireCall {
        call_id, start_time, end_time, duration, direction, rep_id, campaign, subcampaign, department, customer_phone, summary,
        language, escalated, vendor, vendor_call_id,
    }
}

fn map_call(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = WireCall::read(item.record)?.unwrap_field();
    let (account, faults) = (item.account, item.faults);
    let started_at = wire.start_time.instant(faults, account);
    let span = CallSpan::new(
        started_at,
        wire.end_time.instant(faults, account),
        wire.duration.seconds(faults),
    );
    let call_type = wire.direction.owned(faults);
    let direction = call_type.as_deref().and_then(read_direction);
    let phone = wire.customer_phone.owned(faults);
    let e164 = phone.as_deref().and_then(|phone| account.e164(phone));
    let is_inbound = direction == Some("inbound");
    let call = Call {
        id: wire.call_id.key()?,
        started_at,
        local_day: started_at.map(|at| account.local(at).date()),
        ended_at: span.ended_at,
        duration_seconds: span.seconds,
        direction: direction.map(str::to_owned),
        call_type,
        agent_id: wire.rep_id.id(faults),
        campaign_name: wire.campaign.owned(faults),
        subcampaign_name: wire.subcampaign.owned(faults),
        department: wire.department.owned(faults),
        from_number: phone.clone().filter(|_| is_inbound),
        from_e164: e164.clone().filter(|_| is_inbound),
        to_number: phone.filter(|_| !is_inbound),
        to_e164: e164.filter(|_| !is_inbound),
        summary: wire.summary.owned(faults),
        language: wire.language.owned(faults),
        is_escalated: wire.escalated.flag(faults),
        origin_system: wire.vendor.owned(faults),
        origin_call_id: wire.vendor_call_id.id(faults),
        ..Call::default()
    };
    batch.push(call, item.record);
    Ok(())
}

impl WireCall<'_> {
    /// A value may stand alone in a list (assumed).
    fn unwrap_field(self) -> Self {
        Self {
            call_id: self.call_id.unwrap_list_of_one(),
            start_time: self.start_time.unwrap_list_of_one(),
            end_time: self.end_time.unwrap_list_of_one(),
            duration: self.duration.unwrap_list_of_one(),
            direction: self.direction.unwrap_list_of_one(),
            rep_id: self.rep_id.unwrap_list_of_one(),
            campaign: self.campaign.unwrap_list_of_one(),
            subcampaign: self.subcampaign.unwrap_list_of_one(),
            department: self.department.unwrap_list_of_one(),
            customer_phone: self.customer_phone.unwrap_list_of_one(),
            summary: self.summary.unwrap_list_of_one(),
            language: self.language.unwrap_list_of_one(),
            escalated: self.escalated.unwrap_list_of_one(),
            vendor: self.vendor.unwrap_list_of_one(),
            vendor_call_id: self.vendor_call_id.unwrap_list_of_one(),
        }
    }
}

/// End and length of a call.
struct CallSpan {
    ended_at: Option<DateTime<Utc>>,
    seconds: Option<i64>,
}

impl CallSpan {
    /// Each from the other where one is missing.
    fn new(started_at: Option<DateTime<Utc>>, told_end: Option<DateTime<Utc>>, told: Option<i64>) -> Self {
        let ended_at = told_end.or_else(|| started_at?.checked_add_signed(TimeDelta::try_seconds(told?)?));
        let between = || Some((told_end? - started_at?).num_seconds()).filter(|seconds| *seconds >= 0);
        Self {
            ended_at,
            seconds: told.or_else(between),
        }
    }
}

/// The words are assumed; an unknown one has no direction.
fn read_direction(word: &str) -> Option<&'static str> {
    match word.to_lowercase().as_str() {
        "inbound" | "incoming" | "in" => Some("inbound"),
        "outbound" | "outgoing" | "out" => Some("outbound"),
        "transfer" => Some("transfer"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Region, Values};
    use crate::source::Account;
    use crate::source::Faults;

    struct Read {
        batch: Batch,
        fault_count: usize,
    }

    impl Read {
        fn of(record: &str) -> Result<Self, MapError> {
            let faults = Faults::new();
            let item = Item {
                record,
                context: &Context::default(),
                account: &Account::new(chrono_tz::America::New_York, Region::US),
                faults: &faults,
            };
            let mut batch = Batch::default();
            map_call(&item, &mut batch)?;
            let fault_count = faults.into_list().len();
            Ok(Self { batch, fault_count })
        }

        fn of_members(members: &str) -> Self {
            let record = format!(r#"{{"call_id": 7, "start_time": "2026-02-03 14:05"{members}}}"#);
            Self::of(&record).unwrap()
        }

        fn value(&self, column: &str) -> Option<String> {
            let place = Call::TABLE.columns.iter().position(|own| own.name == column);
            match &self.batch.rows()[0].columns()[place.unwrap()] {
                Values::Text(values) => values[0].clone(),
                Values::Instant(values) => values[0].map(|at| at.format("%H:%M:%S").to_string()),
                Values::Integer(values) => values[0].map(|number| number.to_string()),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn end_and_length_are_told_or_follow_from_each_other() {
        for (members, seconds, ended, fault_count) in [
            ("", None, None, 0),
            (r#", "duration": 90"#, Some("90"), Some("19:06:30"), 0),
            (r#", "duration": "90.4""#, Some("90"), Some("19:06:30"), 0),
            (r#", "duration": ["00:01:30"]"#, Some("90"), Some("19:06:30"), 0),
            (
                r#", "end_time": "2026-02-03 14:07""#,
                Some("120"),
                Some("19:07:00"),
                0,
            ),
            (
                r#", "end_time": "2026-02-03T19:07:00Z", "duration": 100"#,
                Some("100"),
                Some("19:07:00"),
                0,
            ),
            // An end before the start gives no length.
            (r#", "end_time": "2026-02-03 14:00""#, None, Some("19:00:00"), 0),
            // Columns of these names may hold anything.
            (
                r#", "end_time": "open", "duration": "an hour", "direction": "sideways""#,
                None,
                None,
                2,
            ),
            (r#", "duration": -5"#, None, None, 1),
            (r#", "duration": 9000000000000000000"#, None, None, 1),
        ] {
            let read = Read::of_members(members);
            let told = [read.value("duration_seconds"), read.value("ended_at")];
            assert_eq!(
                told,
                [seconds, ended].map(|text| text.map(str::to_owned)),
                "{members}"
            );
            assert_eq!(read.fault_count, fault_count, "{members}");
        }
    }

    #[test]
    fn the_direction_decides_whose_number_is_whose() {
        let number = Some("+12135550142");
        for (word, direction, from, to) in [
            ("inbound", Some("inbound"), number, None),
            ("Incoming", Some("inbound"), number, None),
            ("outbound", Some("outbound"), None, number),
            ("OUT", Some("outbound"), None, number),
            ("transfer", Some("transfer"), None, number),
            ("sideways", None, None, number),
            ("", None, None, number),
        ] {
            let members = format!(r#", "direction": "{word}", "customer_phone": "213 555-0142""#);
            let read = Read::of_members(&members);
            let told = ["direction", "from_e164", "to_e164"].map(|column| read.value(column));
            assert_eq!(
                told,
                [direction, from, to].map(|text| text.map(str::to_owned)),
                "{word}"
            );
        }
    }

    #[test]
    fn a_call_needs_its_id_and_nothing_else() {
        for (record, wanted, fault_count) in [
            (
                r#"{"start_time": "2026-02-03 14:05"}"#,
                Err(MapError::Missing("call_id")),
                0,
            ),
            (
                r#"{"call_id": {}, "start_time": null}"#,
                Err(MapError::Missing("call_id")),
                0,
            ),
            (r#"{"call_id": 1, "start_time": "yesterday"}"#, Ok("1"), 1),
            (r#"{"call_id": 1, "rep_id": [1, 2]}"#, Ok("1"), 1),
            (r#"{"call_id": 0}"#, Ok("0"), 0),
            (r#"{"call_id": "1 ", "start_time": null}"#, Ok("1 "), 0),
            (r#"{"call_id": 9007199254740993}"#, Ok("9007199254740993"), 0),
        ] {
            let read = Read::of(record);
            let id = read.as_ref().map(|read| read.batch.rows()[0].ids()[0].as_str());
            assert_eq!(id.map_err(|error| *error), wanted, "{record}");
            assert_eq!(read.map_or(0, |read| read.fault_count), fault_count, "{record}");
        }
    }
}
