//! Reports, which are orders for files. One that the vendor is still making is a row with its state; later runs ask again.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::schema::{Batch, Entity as _, ReportExport};
use crate::source::{Context, Envelope, Faults, Item, Link, MapError, ReadError, StreamDef};
use crate::wire::{Field, wire_record};

use super::super::STREAM;
use super::super::envelope::open_list;
use super::super::values::referred_id;
use super::{by_id, whole};

const FIELDS: &str = "id,url,account,name,generation_start_date,generated_date,generated_by,date_from,date_to,\
                      date_type,download,failure";
/// The member with the link to the file.
const DOWNLOAD: &str = "download";

/// Reports. One that is no longer listed is gone, and its row is marked as such.
pub(crate) const REPORT_EXPORTS: StreamDef = StreamDef {
    name: "report_exports",
    fills: &[ReportExport::TABLE],
    completes: &[ReportExport::TABLE],
    mode: whole(&[ReportExport::TABLE]),
    schedule: Some("0 55 * * * *"),
    paging: &Link {
        request: |_| by_id("reports", FIELDS),
    },
    envelope: open_reports,
    map: map_report,
    ..STREAM
};

/// Opens the list. The link to a file expires, and who has it has the file: what makes it work is taken off before the record
/// is kept anywhere.
fn open_reports<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    let opened = open_list(body, |answer| answer.reports, &[])?;
    let records = opened.records.iter();
    Ok(Envelope {
        records: records
            .map(|record| Cow::Owned(with_download(record, bare_link)))
            .collect(),
        ..opened
    })
}

wire_record! {
    /// A report.
    struct Report {
        id, account, name, generation_start_date, generated_date, generated_by, date_from, date_to, date_type,
        /// A text that names what failed, not a flag (documented).
        failure,
    }
}

/// The state, which only shows in the members that are there (documented).
fn read_state(wire: &Report<'_>) -> &'static str {
    if !wire.failure.is_nothing() {
        "failed"
    } else if !wire.generated_date.is_nothing() {
        "ready"
    } else if !wire.generation_start_date.is_nothing() {
        "generating"
    } else {
        "queued"
    }
}

fn map_report(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let (wire, faults) = (Report::read(item.record)?, item.faults);
    let report = ReportExport {
        id: wire.id.key()?,
        name: wire.name.owned(faults),
        account_id: referred_id(&wire.account, faults),
        state: Some(read_state(&wire).to_owned()),
        failure: wire.failure.owned(faults),
        started_at: wire.generation_start_date.instant_or_day(faults, item.account),
        generated_at: wire.generated_date.instant_or_day(faults, item.account),
        agent_id: referred_id(&wire.generated_by, faults),
        since_day: wire.date_from.day(faults),
        until_day: wire.date_to.day(faults),
        date_type: wire.date_type.owned(faults),
    };
    batch.push_lasting(report, item.record, &with_download(item.record, |_| None));
    Ok(())
}

/// The members of a record, names and values as received.
struct Members<'a>(Vec<Member<'a>>);

struct Member<'a> {
    name: &'a RawValue,
    value: &'a RawValue,
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Self)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            members.push(Member { name, value });
        }
        Ok(members)
    }
}

/// The record with another download, or without one.
fn with_download(record: &str, change: impl Fn(&Field<'_>) -> Option<String>) -> String {
    let Ok(Members(members)) = serde_json::from_str(record) else {
        // Not a record of any kind; what could be a link in it is not to be kept.
        return "null".to_owned();
    };
    let show = |member: &Member<'_>| {
        let (name, value) = (member.name.get(), member.value.get());
        let is_download =
            Field::new("name", name).text(&Faults::new()).as_deref() == Some(DOWNLOAD) && value != "null";
        if !is_download {
            return Some(format!("{name}:{value}"));
        }
        let changed = change(&Field::new(DOWNLOAD, value))?;
        let changed = serde_json::to_string(&changed).expect("a text is JSON");
        Some(format!("{name}:{changed}"))
    };
    let members: Vec<String> = members.iter().filter_map(show).collect();
    format!("{{{}}}", members.join(","))
}

/// The address of a link, without the signature behind it.
fn bare_link(download: &Field<'_>) -> Option<String> {
    let link = download.text(&Faults::new())?;
    let end = link.find(['?', '#']).unwrap_or(link.len());
    Some(link[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{exchange, list};
    use super::*;
    use crate::reader::Verdict;

    #[test]
    fn the_state_shows_in_the_members_that_are_there() {
        for (members, wanted) in [
            (r#""id":"1""#, "queued"),
            (r#""generation_start_date":null,"generated_date":null"#, "queued"),
            (r#""generation_start_date":"2026-02-03T10:00:00""#, "generating"),
            (
                r#""generation_start_date":"x","generated_date":"y","download":"https://f.example/1""#,
                "ready",
            ),
            (r#""generation_start_date":"x","failure":"collecting""#, "failed"),
            (r#""failure":"""#, "queued"),
        ] {
            let record = format!("{{{members}}}");
            assert_eq!(read_state(&Report::read(&record).unwrap()), wanted, "{members}");
        }
    }

    #[test]
    fn an_unfinished_report_is_a_row_and_nobody_waits_for_it() {
        let told = exchange(
            &REPORT_EXPORTS,
            list(),
            &[
                r#"{"reports":[{"id":"1"},{"id":"2","generation_start_date":"2026-02-03T10:00:00"}],"paging":null}"#,
            ],
        );
        assert_eq!(told.requests.len(), 1);
        assert_eq!(
            told.column("report_exports", "state"),
            [r#"Some("queued")"#, r#"Some("generating")"#]
        );
        assert_eq!(told.verdict, Verdict::Complete);
    }

    #[test]
    fn a_link_to_the_file_is_kept_without_what_makes_it_work() {
        for (record, kept) in [
            (
                r#"{"download":"https://f.example/r/1.zip?sig=s3cret&e=9","id":"1"}"#,
                r#"{"download":"https://f.example/r/1.zip","id":"1"}"#,
            ),
            (
                r#"{"id":"1","download":"https://f.example/1#s3cret"}"#,
                r#"{"id":"1","download":"https://f.example/1"}"#,
            ),
            (r#"{"id":"1","download":null}"#, r#"{"id":"1","download":null}"#),
            (
                r#"{"id":"1","download":{"href":"https://f.example/1?s3cret"}}"#,
                r#"{"id":"1"}"#,
            ),
            (
                r#"{"download":"https://f.example/1?s3cret","\ud83d":1,"d\u006fwnload":"https://f.example/2?s3cret"}"#,
                r#"{"download":"https://f.example/1","\ud83d":1,"d\u006fwnload":"https://f.example/2"}"#,
            ),
            (r#"{"id":"1"}"#, r#"{"id":"1"}"#),
            (r#""https://f.example/1?s3cret""#, "null"),
            (r#"["https://f.example/1?s3cret"]"#, "null"),
        ] {
            let body = format!(r#"{{"reports":[{record}]}}"#);
            let opened = open_reports(&body, &Context::default()).unwrap();
            assert_eq!(opened.records, [kept], "{record}");
        }
    }

    #[test]
    fn another_link_to_the_same_file_is_no_change() {
        let lasting = |link: &str| {
            let record = format!(r#"{{"id":"1","download":"{link}"}}"#);
            with_download(&record, |_| None)
        };
        assert_eq!(lasting("https://f.example/a/1"), lasting("https://f.example/b/1"));
    }
}
