//! Vendors that lie: no lie ends complete with a row missing, and no honest oddity ends otherwise than complete.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{RecentAnswers, Shortfall, SliceLimits, Verdict};
use crate::schema::{Agent, Batch, Conversation, Entity as _, Region};
use crate::source::{
    Absence, Account, ById, Context, Envelope, EnvelopeReader, Evidence, Extent, Item, Link, MapError, Next,
    Offset, OffsetPosition, Paging, ReadError, Request, Response, Scope, Seek, SeekPosition, Single, Slice,
    StreamDef, SyncMode, Window, WindowPolicy, explain_status, next_offset, one_partition, says_gone_in_json,
};
use crate::wire::body::UNKNOWN;

const PAGE: u64 = 4;
/// The most that a slice may be, far above what any of them is.
const BYTES: usize = 1_000_000;
const FORM: &str = "%Y-%m-%dT%H:%M:%S";

const OFFSET: Offset = Offset {
    request: |_| Request::get("rows").with("limit", PAGE),
    param: "offset",
    page_size: PAGE,
};
const SEEK: Seek = Seek {
    request: |_| Request::get("rows").with("limit", PAGE),
    span: |scope| {
        let window = scope.slice.window();
        crate::source::LocalSpan {
            first: window.since.naive_utc(),
            last: window.until.naive_utc() - TimeDelta::seconds(1),
        }
    },
    since: "since",
    until: "until",
    offset: "offset",
    format: FORM,
    page_size: PAGE,
    reachable: 1_000,
    time: |record, _| {
        let record: Value = serde_json::from_str(record).ok()?;
        NaiveDateTime::parse_from_str(record["at"].as_str()?, FORM).ok()
    },
};
const LINK: Link = Link {
    request: |_| Request::get("rows").with("limit", PAGE),
};
const SINGLE: Single = Single {
    request: |_| Request::get("rows").with("limit", 1_000),
};
const PARTS: Single = Single {
    request: |scope| Request::get("rows").with("part", &scope.slice.partition),
};
const BY_ID: ById = ById {
    request: |id, _| Request::get(format!("rows/{id}")),
};

/// A way of paging whose author only hopes that an empty page is the end.
struct Hopeful;

impl Paging for Hopeful {
    type Position = OffsetPosition;

    fn first_positions(&self, scope: &Scope<'_>) -> Vec<OffsetPosition> {
        OFFSET.first_positions(scope)
    }

    fn request_for(&self, at: &OffsetPosition, scope: &Scope<'_>) -> Request {
        OFFSET.request_for(at, scope)
    }

    fn position_after(
        &self,
        at: &OffsetPosition,
        got: &Envelope<'_>,
        _: &Scope<'_>,
    ) -> Result<Next<OffsetPosition>, ReadError> {
        Ok(
            match next_offset(at.offset, PAGE, got, |offset| OffsetPosition { offset }) {
                Next::End { .. } => Next::end(Evidence::Presumed("nobody says how the list ends")),
                next => next,
            },
        )
    }
}

const fn stream(paging: &'static dyn super::OpenSlice, mode: SyncMode) -> StreamDef {
    StreamDef {
        name: "rows",
        fills: &[Conversation::TABLE],
        completes: &[Conversation::TABLE],
        mode,
        host: "",
        schedule: None,
        is_on: true,
        partitions: one_partition,
        shaped_by: &[],
        dated_by: None,
        put_together: None,
        belongings: &[],
        promoted_by: None,
        paging,
        has_unmarked_rows: false,
        envelope: ENVELOPE,
        map,
        explain: explain_status,
        says_gone: says_gone_in_json,
    }
}

const FULL: SyncMode = SyncMode::FullRefresh(Absence::Gone {
    tables: &[Conversation::TABLE],
    times: 1,
    only: None,
});
const WINDOWED: SyncMode = SyncMode::Windowed(WindowPolicy::PLAIN);
const INCREMENTAL: SyncMode = SyncMode::Incremental(WindowPolicy::PLAIN);

static BY_OFFSET: StreamDef = stream(&OFFSET, FULL);
static BY_TIME: StreamDef = stream(&SEEK, WINDOWED);
static BY_CHANGE: StreamDef = stream(&SEEK, INCREMENTAL);
static BY_LINK: StreamDef = stream(&LINK, FULL);
static AT_ONCE: StreamDef = stream(&SINGLE, FULL);
static ONE_BY_ONE: StreamDef = stream(&BY_ID, FULL);
static BY_HOPE: StreamDef = stream(&Hopeful, FULL);
static BY_PART: StreamDef = StreamDef {
    has_unmarked_rows: true,
    ..stream(&PARTS, FULL)
};

const ENVELOPE: EnvelopeReader = |body, _: &Context| {
    let value: Value = serde_json::from_str(body).map_err(|error| ReadError::json(&error))?;
    if value["none"] == true {
        return Ok(Envelope {
            is_ambiguous_empty: true,
            ..Envelope::default()
        });
    }
    let rows = value["rows"].as_array().ok_or(UNKNOWN)?;
    Ok(Envelope {
        records: rows.iter().map(|row| row.to_string().into()).collect(),
        total: value["total"].as_u64(),
        link: value["next"].as_str().map(str::to_owned),
        ..Envelope::default()
    })
};

fn map(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let row: Value = serde_json::from_str(item.record).map_err(|error| MapError::json(&error))?;
    let id = row["id"].as_u64().ok_or(MapError::Missing("id"))?.to_string();
    if row["gone"] == true {
        batch.delete(Conversation::TABLE, id);
        return Ok(());
    }
    batch.push(
        Conversation {
            id,
            ..Conversation::default()
        },
        item.record,
    );
    Ok(())
}

/// The vendor: rows by id with their second, and what it has been asked.
struct World {
    rows: BTreeMap<u64, Value>,
    request_count: usize,
}

fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_770_000_000, 0).unwrap()
}

impl World {
    /// So many rows, two of each second.
    fn of(count: u64) -> Self {
        let row = |id: u64| {
            let at = begin() + TimeDelta::seconds(i64::try_from(id / 2).unwrap());
            json!({"id": id, "at": at.format(FORM).to_string()})
        };
        Self {
            rows: (0..count).map(|id| (id, row(id))).collect(),
            request_count: 0,
        }
    }

    /// An honest answer.
    fn answer(&self, request: &Request) -> Value {
        let param = |name: &str| request.param(name).map(str::to_owned);
        let mut rows: Vec<&Value> = self.rows.values().collect();
        if let Some((_, id)) = request.path.split_once("rows/") {
            rows.retain(|row| row["id"].as_u64() == id.parse().ok());
            return json!({"rows": rows});
        }
        if let (Some(since), Some(until)) = (param("since"), param("until")) {
            rows.retain(|row| row["at"].as_str() >= Some(&since) && row["at"].as_str() <= Some(&until));
        }
        rows.sort_by_key(|row| row["at"].as_str().map(str::to_owned));
        let offset = if request.is_link {
            request.path.rsplit('/').next().unwrap().parse().unwrap()
        } else {
            param("offset").map_or(0, |text| text.parse().unwrap())
        };
        let limit = param("limit").map_or(4, |text| text.parse().unwrap());
        let page: Vec<&&Value> = rows.iter().skip(offset).take(limit).collect();
        let more = offset + page.len();
        let next = (more < rows.len()).then(|| format!("https://vendor.example/page/{more}"));
        json!({"rows": page, "total": rows.len(), "next": next})
    }
}

/// What the vendor does to an honest answer; it may also change its world before the next.
type Lie = fn(&mut World, &Request, &mut Value);

struct Outcome {
    verdict: Verdict,
    proves_absence: bool,
    met: BTreeSet<String>,
    request_count: usize,
}

/// Reads a slice of a vendor that lies.
fn read(stream: &'static StreamDef, world: &mut World, lie: Lie) -> Outcome {
    let window = Window {
        since: begin(),
        until: begin() + TimeDelta::hours(1),
    };
    let extent = match stream.mode {
        SyncMode::FullRefresh(_) if std::ptr::eq(stream, &raw const ONE_BY_ONE) => {
            Extent::Ids(world.rows.keys().map(u64::to_string).collect())
        }
        SyncMode::FullRefresh(_) => Extent::List,
        _ => Extent::Window {
            window,
            is_open: false,
        },
    };
    let slice = Slice {
        partition: String::new(),
        extent,
        started_at: begin() + TimeDelta::hours(2),
    };
    let account = Arc::new(Account::new(chrono_tz::UTC, Region::US));
    let limits = SliceLimits {
        max_pages: 400,
        max_bytes: BYTES as u64,
        ..SliceLimits::default()
    };
    let mut reader = stream.open(account, slice, limits);
    let mut met = BTreeSet::new();
    while let Some(request) = reader.request() {
        world.request_count += 1;
        let mut answer = world.answer(&request);
        lie(world, &request, &mut answer);
        let status = answer["status"]
            .as_u64()
            .map_or(200, |status| u16::try_from(status).unwrap());
        let body = answer["text"]
            .as_str()
            .map_or_else(|| answer.to_string(), str::to_owned);
        match reader.accept(&Response { status, body }) {
            Ok(page) => {
                met.extend(
                    page.batch
                        .rows()
                        .iter()
                        .flat_map(|rows| rows.ids().iter().cloned()),
                );
                met.extend(
                    page.batch
                        .tombstones()
                        .iter()
                        .map(|tombstone| tombstone.id.clone()),
                );
            }
            Err(error) => {
                return Outcome {
                    verdict: Verdict::Failed(error),
                    proves_absence: false,
                    met,
                    request_count: world.request_count,
                };
            }
        }
    }
    let reading = reader.finish();
    if reading.verdict == Verdict::Complete {
        assert!(
            !reading.evidence.is_empty(),
            "a slice is complete only by evidence"
        );
    }
    Outcome {
        verdict: reading.verdict,
        proves_absence: reading.proves_absence,
        met,
        request_count: world.request_count,
    }
}

fn shift_rows(got: &mut Value, by: TimeDelta) {
    for row in got["rows"].as_array_mut().unwrap() {
        let at = NaiveDateTime::parse_from_str(row["at"].as_str().unwrap(), FORM).unwrap();
        row["at"] = json!((at + by).format(FORM).to_string());
    }
}

fn all(world: &World) -> BTreeSet<String> {
    world.rows.keys().map(u64::to_string).collect()
}

/// What the answer of the n-th request becomes, from 1.
fn on(world: &World, numbers: &[usize]) -> bool {
    numbers.contains(&world.request_count)
}

/// What another request would be answered.
fn of_the_day_before() -> Value {
    let at = (begin() - TimeDelta::hours(20)).format(FORM).to_string();
    json!({"rows": [{"id": 901, "at": at}, {"id": 902, "at": at}], "total": 2})
}

/// True for any page but the first one of the slice.
fn is_later(request: &Request) -> bool {
    let begins = begin().format(FORM).to_string();
    page_number(request) > 0 || request.param("since").is_some_and(|since| *since != begins)
}

fn page_number(request: &Request) -> u64 {
    match request.param("offset") {
        Some(offset) => offset.parse::<u64>().unwrap() / PAGE,
        None => u64::from(request.is_link),
    }
}

#[test]
fn honest_vendors_end_complete_in_every_way_of_paging() {
    for stream in [&BY_OFFSET, &BY_TIME, &BY_CHANGE, &BY_LINK, &AT_ONCE, &ONE_BY_ONE] {
        for count in [0, 1, 3, 4, 5, 8, 9, 30] {
            if count == 0 && std::ptr::eq(stream, &raw const ONE_BY_ONE) {
                continue;
            }
            let mut world = World::of(count);
            let outcome = read(stream, &mut world, |_, _, _| ());
            assert_eq!(
                outcome.verdict,
                Verdict::Complete,
                "{:?} {count}",
                stream.mode.word()
            );
            assert_eq!(outcome.met, all(&world));
        }
    }
}

/// Lies that must not end complete, or must bring every row all the same.
const LIES: &[(&str, &StreamDef, Lie)] = &[
    (
        "nothing, and then the answer to another request",
        &BY_TIME,
        |world, _, got| {
            if on(world, &[1]) {
                *got = json!({"rows": [], "total": 0});
            } else if on(world, &[2]) {
                *got = of_the_day_before();
            }
        },
    ),
    (
        "the answer to another request at the second reading, too",
        &BY_TIME,
        |world, request, got| {
            if on(world, &[1]) {
                *got = json!({"rows": [], "total": 0});
            } else if on(world, &[2]) {
                got["total"] = json!(900);
            } else if world.request_count % 2 == 1 && !is_later(request) {
                *got = of_the_day_before();
            }
        },
    ),
    ("another answer at each request", &BY_TIME, |world, _, got| {
        *got = of_the_day_before();
        got["total"] = json!(2 + world.request_count);
    }),
    ("a total of 0", &BY_OFFSET, |_, _, got| got["total"] = json!(0)),
    ("a total of 0 by time", &BY_TIME, |_, _, got| {
        got["total"] = json!(0);
    }),
    ("a total of 0 by change", &BY_CHANGE, |_, _, got| {
        got["total"] = json!(0);
    }),
    ("a total of one page", &BY_OFFSET, |_, _, got| {
        got["total"] = json!(PAGE);
    }),
    ("a total of one page by time", &BY_TIME, |_, _, got| {
        got["total"] = json!(PAGE);
    }),
    ("a total of one page by change", &BY_CHANGE, |_, _, got| {
        got["total"] = json!(PAGE);
    }),
    ("a total that is one short", &BY_OFFSET, |world, _, got| {
        got["total"] = json!(world.rows.len() - 1);
    }),
    ("a total of the present page", &BY_OFFSET, |_, _, got| {
        got["total"] = json!(got["rows"].as_array().unwrap().len());
    }),
    ("a total of the present page by time", &BY_TIME, |_, _, got| {
        got["total"] = json!(got["rows"].as_array().unwrap().len());
    }),
    ("a total that is far too large", &BY_OFFSET, |_, _, got| {
        got["total"] = json!(900);
    }),
    (
        "a total that grows with each page",
        &BY_OFFSET,
        |world, _, got| {
            got["total"] = json!(100 + world.request_count);
        },
    ),
    (
        "no total, and the second page is empty once",
        &BY_OFFSET,
        |_, request, got| {
            if page_number(request) == 1 {
                got["rows"] = json!([]);
            }
        },
    ),
    ("the second page is empty", &BY_TIME, |world, _, got| {
        if on(world, &[2]) {
            got["rows"] = json!([]);
        }
    }),
    (
        "the second page is empty each time",
        &BY_LINK,
        |_, request, got| {
            if page_number(request) == 1 {
                got["rows"] = json!([]);
            }
        },
    ),
    (
        "none, said on the first page once",
        &BY_OFFSET,
        |world, _, got| {
            if on(world, &[1]) {
                *got = json!({"none": true});
            }
        },
    ),
    (
        "none, said on the second page once",
        &BY_OFFSET,
        |world, _, got| {
            if on(world, &[2]) {
                *got = json!({"none": true});
            }
        },
    ),
    (
        "none, said on the second page twice",
        &BY_OFFSET,
        |world, _, got| {
            if on(world, &[2, 3]) {
                *got = json!({"none": true});
            }
        },
    ),
    (
        "none, said on the second page always",
        &BY_OFFSET,
        |_, request, got| {
            if page_number(request) == 1 {
                *got = json!({"none": true});
            }
        },
    ),
    ("none, said of the window once", &BY_TIME, |world, _, got| {
        if on(world, &[1]) {
            *got = json!({"none": true});
        }
    }),
    ("none, said of a page by time once", &BY_TIME, |world, _, got| {
        if on(world, &[3]) {
            *got = json!({"none": true});
        }
    }),
    (
        "none, said of a page by change once",
        &BY_CHANGE,
        |world, _, got| {
            if on(world, &[2]) {
                *got = json!({"none": true});
            }
        },
    ),
    (
        "none, said of a page by change twice",
        &BY_CHANGE,
        |world, _, got| {
            if on(world, &[2, 3]) {
                *got = json!({"none": true});
            }
        },
    ),
    (
        "none, said of everything behind the first page",
        &BY_CHANGE,
        |world, _, got| {
            if world.request_count > 1 {
                *got = json!({"none": true});
            }
        },
    ),
    ("none, said of a whole list", &BY_OFFSET, |_, _, got| {
        *got = json!({"none": true});
    }),
    ("none, said of a list at once", &AT_ONCE, |_, _, got| {
        *got = json!({"none": true});
    }),
    ("none, said of a linked page", &BY_LINK, |world, _, got| {
        if on(world, &[2, 3]) {
            *got = json!({"none": true});
        }
    }),
    (
        "the first page again and again",
        &BY_OFFSET,
        |world, request, got| {
            *got = world.answer(&request.clone().with("offset", 0));
            got["total"] = json!(null);
        },
    ),
    (
        "the first page again, with a total",
        &BY_OFFSET,
        |world, request, got| {
            *got = world.answer(&request.clone().with("offset", 0));
        },
    ),
    ("a linked page again", &BY_LINK, |_, _, got| {
        got["next"] = json!("https://vendor.example/page/4");
    }),
    ("links in a circle", &BY_LINK, |_, request, got| {
        if request.path.ends_with("/8") {
            got["next"] = json!("https://vendor.example/page/4");
        }
    }),
    (
        "links that are always new and lead nowhere",
        &BY_LINK,
        |world, _, got| {
            if world.request_count > 2 {
                got["rows"] = json!([]);
                got["next"] = json!(format!(
                    "https://vendor.example/page/{}",
                    9_000 + world.request_count
                ));
            }
        },
    ),
    ("two empty pages that link on", &BY_LINK, |world, request, got| {
        if on(world, &[2, 3]) {
            let at: usize = request.path.rsplit('/').next().unwrap().parse().unwrap();
            *got = json!({"rows": [], "next": format!("https://vendor.example/page/{}", at + 4)});
            world
                .rows
                .retain(|id, _| !(at..at + 4).contains(&usize::try_from(*id).unwrap()));
        }
    }),
    ("a page that lacks a row", &BY_OFFSET, |world, _, got| {
        if on(world, &[2]) {
            got["rows"].as_array_mut().unwrap().pop();
        }
    }),
    ("a page by time that lacks a row", &BY_TIME, |world, _, got| {
        if on(world, &[2]) {
            got["rows"].as_array_mut().unwrap().pop();
        }
    }),
    ("one answer that lacks a row", &AT_ONCE, |_, _, got| {
        got["rows"].as_array_mut().unwrap().pop();
    }),
    ("a page cut to two rows each time", &BY_OFFSET, |_, _, got| {
        got["rows"].as_array_mut().unwrap().truncate(2);
    }),
    ("two records under one id", &BY_OFFSET, |world, _, got| {
        if on(world, &[2]) {
            got["rows"][1]["id"] = got["rows"][0]["id"].clone();
        }
    }),
    ("two records under one id at once", &AT_ONCE, |_, _, got| {
        got["rows"][1]["id"] = got["rows"][0]["id"].clone();
    }),
    ("rows without an id", &AT_ONCE, |_, _, got| {
        for row in got["rows"].as_array_mut().unwrap() {
            row["id"] = json!(null);
        }
    }),
    ("a third of the rows without an id", &AT_ONCE, |_, _, got| {
        for row in got["rows"].as_array_mut().unwrap().iter_mut().step_by(3) {
            row["id"] = json!(null);
        }
    }),
    ("a bare 404", &BY_OFFSET, |world, _, got| {
        if on(world, &[2]) {
            *got = json!({"status": 404, "text": ""});
        }
    }),
    ("a 404 in the vendor's words", &BY_OFFSET, |world, _, got| {
        if on(world, &[2]) {
            *got = json!({"status": 404, "error": "no such page"});
        }
    }),
    ("a bare 404 for one of the ids", &ONE_BY_ONE, |world, _, got| {
        if on(world, &[2]) {
            *got = json!({"status": 404, "text": "Not Found"});
        }
    }),
    ("a web page's 404 for every id", &ONE_BY_ONE, |_, _, got| {
        *got = json!({"status": 404, "text": "<html>Not Found</html>"});
    }),
    ("an empty object", &BY_OFFSET, |world, _, got| {
        if on(world, &[3]) {
            *got = json!({});
        }
    }),
    (
        "an answer that ends in the middle",
        &BY_OFFSET,
        |world, _, got| {
            if on(world, &[2]) {
                *got = json!({"status": 200, "text": "{\"rows\": [{\"id\": 4"});
            }
        },
    ),
    ("a refusal with a good status", &BY_TIME, |world, _, got| {
        if on(world, &[2]) {
            *got = json!({"success": false});
        }
    }),
    ("an end that is only presumed", &BY_HOPE, |_, _, _| ()),
    (
        "an end that is only presumed, of nothing",
        &BY_HOPE,
        |_, _, got| {
            got["rows"] = json!([]);
        },
    ),
    (
        "a filter that is not heeded, with the total of the filter",
        &BY_TIME,
        |world, request, got| {
            let total = got["total"].clone();
            *got = world.answer(
                &Request::get("rows")
                    .with("limit", PAGE)
                    .with("offset", request.param("offset").unwrap()),
            );
            got["total"] = total;
        },
    ),
    (
        "newest first in place of earliest first",
        &BY_TIME,
        |world, request, got| {
            let mut rows: Vec<Value> = world.answer(&request.clone().with("limit", 1_000).with("offset", 0))
                ["rows"]
                .as_array()
                .unwrap()
                .clone();
            rows.reverse();
            let offset: usize = request.param("offset").unwrap().parse().unwrap();
            let page: Vec<Value> = rows.into_iter().skip(offset).take(4).collect();
            got["rows"] = json!(page);
        },
    ),
    (
        "pages by change that end early with a total of their own",
        &BY_CHANGE,
        |_, request, got| {
            if is_later(request) {
                got["rows"].as_array_mut().unwrap().truncate(2);
                got["total"] = json!(2);
            }
        },
    ),
    (
        "nothing behind the first page, by change",
        &BY_CHANGE,
        |_, request, got| {
            if is_later(request) {
                *got = json!({"rows": [], "total": 0});
            }
        },
    ),
    (
        "nothing behind the first page, by change, once",
        &BY_CHANGE,
        |world, _, got| {
            if on(world, &[2]) {
                *got = json!({"rows": [], "total": 0});
            }
        },
    ),
    (
        "a total by change that shrinks with each page",
        &BY_CHANGE,
        |_, request, got| {
            let total = got["total"].as_u64().unwrap();
            got["total"] = json!(if is_later(request) { total / 2 } else { total });
            let size = got["total"].as_u64().unwrap().min(PAGE);
            got["rows"]
                .as_array_mut()
                .unwrap()
                .truncate(usize::try_from(size).unwrap());
        },
    ),
    (
        "a total by time that shrinks with each page",
        &BY_TIME,
        |_, request, got| {
            let total = got["total"].as_u64().unwrap();
            got["total"] = json!(if is_later(request) { total / 2 } else { total });
            let size = got["total"].as_u64().unwrap().min(PAGE);
            got["rows"]
                .as_array_mut()
                .unwrap()
                .truncate(usize::try_from(size).unwrap());
        },
    ),
    (
        "nothing behind the first page, by time",
        &BY_TIME,
        |_, request, got| {
            if is_later(request) {
                *got = json!({"rows": [], "total": 0});
            }
        },
    ),
    (
        "nothing behind the first page, with a total of nothing",
        &BY_OFFSET,
        |_, request, got| {
            if is_later(request) {
                *got = json!({"rows": [], "total": 0});
            }
        },
    ),
    (
        "no content behind the first page",
        &BY_OFFSET,
        |_, request, got| {
            if is_later(request) {
                *got = json!({"status": 204, "text": ""});
            }
        },
    ),
    ("no content in place of the list", &AT_ONCE, |world, _, got| {
        if on(world, &[1]) {
            *got = json!({"status": 204, "text": ""});
        }
    }),
    ("no content for an id", &ONE_BY_ONE, |world, _, got| {
        if on(world, &[2]) {
            *got = json!({"status": 204, "text": ""});
        }
    }),
    (
        "another row than the one that was asked for",
        &ONE_BY_ONE,
        |world, _, got| {
            if on(world, &[2]) {
                got["rows"][0]["id"] = json!(3);
            }
        },
    ),
    (
        "no row for an id, and a good status",
        &ONE_BY_ONE,
        |world, _, got| {
            if on(world, &[2]) {
                got["rows"] = json!([]);
            }
        },
    ),
    ("a page of another window", &BY_TIME, |world, request, got| {
        if on(world, &[2]) {
            let before = request
                .clone()
                .with("since", "2020-01-01T00:00:00")
                .with("offset", 0);
            *got = world.answer(&before);
        }
    }),
    (
        "the answer for half an hour before, once",
        &BY_TIME,
        |world, _, got| {
            if on(world, &[1]) {
                shift_rows(got, -TimeDelta::minutes(30));
                got["total"] = json!(PAGE);
                got["rows"].as_array_mut().unwrap().truncate(2);
            }
        },
    ),
    ("the answer for another day", &BY_CHANGE, |_, _, got| {
        shift_rows(got, TimeDelta::days(1));
    }),
    (
        "the same rows under new ids on each page",
        &BY_OFFSET,
        |world, _, got| {
            let mut rows = world.rows.values().take(4).cloned().collect::<Vec<_>>();
            for (place, row) in rows.iter_mut().enumerate() {
                row["id"] = json!(1_000 * world.request_count + place);
            }
            got["rows"] = json!(rows);
        },
    ),
    (
        "a last page that is full, and says it is the last",
        &BY_LINK,
        |world, _, got| {
            if on(world, &[2]) {
                got["next"] = json!(null);
                got["total"] = json!(23);
            }
        },
    ),
    (
        "the answer of an earlier window, with its own total",
        &BY_TIME,
        |world, _, got| {
            if on(world, &[1]) {
                *got = json!({"rows": [{"id": 900, "at": "2020-01-01T00:00:00"}], "total": 1});
            }
        },
    ),
    (
        "the answer of an earlier window, by change",
        &BY_CHANGE,
        |world, _, got| {
            if on(world, &[1]) {
                *got = json!({"rows": [{"id": 900, "at": "2020-01-01T00:00:00"}], "total": 1});
            }
        },
    ),
];

#[test]
fn no_lie_ends_complete_with_a_row_missing() {
    assert!(LIES.len() >= 40, "{} lies", LIES.len());
    for (name, stream, lie) in LIES {
        for count in [9, 12, 23] {
            let mut world = World::of(count);
            let before = all(&world);
            let outcome = read(stream, &mut world, *lie);
            let has_all = before.is_subset(&outcome.met) || all(&world).is_subset(&outcome.met);
            assert!(
                outcome.verdict != Verdict::Complete || has_all,
                "{name}: complete with {} of {count} rows",
                outcome.met.len()
            );
            assert!(
                outcome.request_count <= 401,
                "{name}: {} requests",
                outcome.request_count
            );
        }
    }
}

/// What a slice is refused for, each by one rule of the reader alone: without that rule it would end otherwise.
const REFUSED: &[(&str, &StreamDef, Lie, &str)] = &[
    (
        "an end that is only presumed, after every row",
        &BY_HOPE,
        |_, _, got| got["total"] = json!(null),
        "how the list ends is only presumed",
    ),
    (
        "a total below the rows of its page",
        &BY_CHANGE,
        |world, _, got| {
            world.rows.retain(|id, _| *id < 3);
            got["rows"].as_array_mut().unwrap().truncate(3);
            got["total"] = json!(2);
        },
        "3 rows came although the vendor counts 2",
    ),
    (
        "two records under one key, and nothing counted",
        &AT_ONCE,
        |_, _, got| {
            got["total"] = json!(null);
            let mut twin = got["rows"][0].clone();
            twin["state"] = json!("another");
            got["rows"].as_array_mut().unwrap().push(twin);
        },
        "1 different records came under a key",
    ),
    (
        "a list within the slice that lacks a row of its own total, where the slice has as many as were counted at first",
        &BY_TIME,
        |_, request, got| {
            if is_later(request) {
                got["total"] = json!(got["total"].as_u64().unwrap() + 1);
            }
        },
        "rows came, after several readings",
    ),
    (
        "a page of rows that came before, at a place that is new",
        &BY_LINK,
        |world, _, got| {
            let rows: Vec<&Value> = world.rows.values().take(4).collect();
            let next = format!("https://vendor.example/page/{}", world.request_count);
            *got = json!({"rows": rows, "next": next});
        },
        "the same page again and again",
    ),
    (
        "a place that came before, with rows that are new",
        &BY_LINK,
        |world, _, got| {
            got["rows"] = json!([{"id": 1_000 + world.request_count}]);
            got["next"] = json!("https://vendor.example/page/4");
        },
        "the same page again and again",
    ),
    (
        "a list that is always new",
        &BY_LINK,
        |world, _, got| {
            got["rows"] = json!([{"id": 1_000 + world.request_count}]);
            got["next"] = json!(format!("https://vendor.example/page/{}", world.request_count));
        },
        "did not end within 400 pages",
    ),
    (
        "answers without a measure",
        &BY_LINK,
        |world, _, got| {
            got["rows"] = json!([{"id": 1_000 + world.request_count, "text": "x".repeat(BYTES / 4)}]);
            got["next"] = json!(format!("https://vendor.example/page/{}", world.request_count));
        },
        "bytes came",
    ),
    (
        "an id that is answered by another row",
        &ONE_BY_ONE,
        |world, _, got| {
            if on(world, &[2]) {
                got["rows"][0]["id"] = json!(3);
            }
        },
        "1 ids could not be looked up",
    ),
    (
        "a bare 404 for an id",
        &ONE_BY_ONE,
        |world, _, got| {
            if on(world, &[2]) {
                *got = json!({"status": 404, "text": "Not Found"});
            }
        },
        "1 ids could not be looked up",
    ),
    (
        "a bare 404 for every id",
        &ONE_BY_ONE,
        |_, _, got| *got = json!({"status": 404, "text": "Not Found"}),
        "and not in its own words",
    ),
    (
        "a total that is one row short, over more than one page",
        &BY_OFFSET,
        |world, _, got| got["total"] = json!(world.rows.len() - 1),
        "9 rows came although the vendor counts 8",
    ),
    (
        "an error with the rows of a good answer",
        &BY_OFFSET,
        |_, _, got| {
            let text = got.to_string();
            *got = json!({"status": 500, "text": text});
        },
        "500",
    ),
];

#[test]
fn each_rule_refuses_what_no_other_does() {
    for (name, stream, lie, wanted) in REFUSED {
        let mut world = World::of(9);
        let told = match read(stream, &mut world, *lie).verdict {
            Verdict::Complete => "complete".to_owned(),
            Verdict::Incomplete(shortfall) => shortfall.to_string(),
            Verdict::Failed(error) => error.to_string(),
        };
        assert!(told.contains(wanted), "{name}: {told}");
    }
}

#[test]
fn a_slice_that_is_given_up_is_not_complete() {
    let slice = Slice {
        partition: String::new(),
        extent: Extent::List,
        started_at: begin(),
    };
    let account = Arc::new(Account::new(chrono_tz::UTC, Region::US));
    let reader = BY_OFFSET.open(account, slice, SliceLimits::default());
    assert_eq!(
        reader.finish().verdict,
        Verdict::Incomplete(Shortfall::Unfinished)
    );
}

/// Only a whole list in which nothing was uncertain proves that a row is gone.
#[test]
fn absence_is_proved_only_where_nothing_was_uncertain() {
    for (name, stream, lie, proves) in [
        ("every row", &BY_OFFSET, (|_, _, _| ()) as Lie, true),
        (
            "a record that cannot be read, which may be any row",
            &AT_ONCE,
            |_, _, got| {
                let rows = got["rows"].as_array_mut().unwrap();
                rows.push(json!({"id": null}));
                got["total"] = json!(rows.len());
            },
            false,
        ),
        (
            "none, said by a good answer without rows",
            &BY_OFFSET,
            |world, _, got| {
                world.rows.clear();
                *got = json!({"status": 204, "text": ""});
            },
            false,
        ),
    ] {
        let mut world = World::of(23);
        let outcome = read(stream, &mut world, lie);
        assert_eq!(outcome.verdict, Verdict::Complete, "{name}");
        assert_eq!(outcome.proves_absence, proves, "{name}");
    }
}

/// Tombstones over more than one page have nothing but their ids; no page of them is another one again.
#[test]
fn tombstones_of_several_pages_end_complete() {
    let mut world = World::of(23);
    let outcome = read(&BY_TIME, &mut world, |_, _, got| {
        for row in got["rows"].as_array_mut().unwrap() {
            row["gone"] = json!(true);
        }
    });
    assert_eq!(outcome.verdict, Verdict::Complete);
    assert_eq!(outcome.met, all(&world));
}

/// Rows that come, go and change while they are read.
const ODDITIES: &[(&str, &StreamDef, Lie)] = &[
    (
        "rows of a clock that is two hours behind",
        &BY_TIME,
        |_, _, got| {
            shift_rows(got, -TimeDelta::hours(2));
        },
    ),
    ("short pages", &BY_OFFSET, |_, _, got| {
        got["rows"].as_array_mut().unwrap().truncate(3);
    }),
    ("a row is added at the end", &BY_OFFSET, |world, _, _| {
        if on(world, &[2]) {
            let row = json!({"id": 500, "at": "2026-02-02T12:00:00"});
            world.rows.insert(500, row);
        }
    }),
    ("a row changes while it is read", &BY_TIME, |world, _, _| {
        if let Some(row) = world.rows.get_mut(&2).filter(|_| world.request_count == 1) {
            row["state"] = json!("new");
        }
    }),
    ("a row leaves the window", &BY_CHANGE, |world, _, _| {
        if on(world, &[1]) {
            world.rows.remove(&1);
        }
    }),
    (
        "rows leave the list with each request",
        &BY_CHANGE,
        |world, _, _| {
            if world.rows.len() > 4 {
                world.rows.pop_last();
            }
        },
    ),
    (
        "none, said twice of an empty window",
        &BY_TIME,
        |world, _, got| {
            world.rows.clear();
            *got = json!({"none": true});
        },
    ),
    (
        "none, said twice of an empty window by change",
        &BY_CHANGE,
        |world, _, got| {
            world.rows.clear();
            *got = json!({"none": true});
        },
    ),
    ("an empty page that links on", &BY_LINK, |world, _, got| {
        if on(world, &[1]) {
            *got = json!({"rows": [], "next": "https://vendor.example/page/0"});
        }
    }),
    ("one unreadable record among many", &AT_ONCE, |_, _, got| {
        let rows = got["rows"].as_array_mut().unwrap();
        rows.push(json!({"id": null}));
        let count = rows.len();
        got["total"] = json!(count);
    }),
];

#[test]
fn no_honest_oddity_ends_otherwise_than_complete() {
    for (name, stream, oddity) in ODDITIES {
        let mut world = World::of(23);
        let outcome = read(stream, &mut world, *oddity);
        assert_eq!(outcome.verdict, Verdict::Complete, "{name}");
        assert!(all(&world).is_subset(&outcome.met), "{name}");
    }
}

#[test]
fn an_id_that_cannot_be_read_costs_only_itself_and_one_that_is_gone_is_a_tombstone() {
    let mut world = World::of(6);
    let outcome = read(&ONE_BY_ONE, &mut world, |world, _, got| {
        if on(world, &[2]) {
            *got = json!({"status": 200, "text": "[1, 2]"});
        }
        if on(world, &[4]) {
            *got = json!({"status": 404, "error": "no such row"});
        }
    });
    assert_eq!(outcome.request_count, 6);
    assert_eq!(outcome.met.len(), 5, "all but the one that could not be read");
    assert!(matches!(outcome.verdict, Verdict::Incomplete(_)));
}

#[test]
fn a_wrong_table_is_no_row_of_the_stream() {
    // Totals count the first table's rows only.
    assert_ne!(BY_OFFSET.fills[0], Agent::TABLE);
    assert_eq!(
        SEEK.confirmation_of(
            &SeekPosition {
                span: None,
                offset: 4
            },
            &scope_of_nothing()
        )
        .offset,
        4
    );
}

fn scope_of_nothing() -> Scope<'static> {
    let slice = Box::leak(Box::new(Slice {
        partition: String::new(),
        extent: Extent::List,
        started_at: begin(),
    }));
    let account = Box::leak(Box::new(Account::new(chrono_tz::UTC, Region::US)));
    Scope { slice, account }
}

#[test]
fn rows_that_do_not_tell_what_they_answer_are_not_those_of_the_request_before() {
    let answers = Arc::new(RecentAnswers::default());
    let read_part = |partition: &str, bodies: &[&str]| {
        let slice = Slice {
            partition: partition.to_owned(),
            extent: Extent::List,
            started_at: begin(),
        };
        let account = Arc::new(Account::new(chrono_tz::UTC, Region::US));
        let mut reader = BY_PART.open(account, slice, SliceLimits::default());
        reader.share_answers(answers.clone());
        let mut bodies = bodies.iter();
        let mut met = Vec::new();
        while reader.request().is_some() {
            let body = bodies.next().expect("as many answers as requests").to_string();
            let page = reader.accept(&Response { status: 200, body }).unwrap();
            met.extend(page.batch.rows().iter().flat_map(|rows| rows.ids().to_vec()));
        }
        assert_eq!(bodies.next(), None, "{partition}: fewer requests than answers");
        assert_eq!(reader.finish().verdict, Verdict::Complete);
        met.join(" ")
    };
    let (one, two) = (r#"{"rows": [{"id": 1}]}"#, r#"{"rows": [{"id": 2}]}"#);
    assert_eq!(read_part("a", &[one]), "1");
    assert_eq!(read_part("b", &[one, two]), "2", "asked again");
    assert_eq!(read_part("b", &[two]), "2", "as before");
    assert_eq!(read_part("c", &[two, two]), "2", "twice, so it is believed");
}

#[test]
fn rows_that_another_request_had_are_asked_for_again_although_they_lie_where_they_should() {
    let answers = Arc::new(RecentAnswers::default());
    let read_hours = |hours: i64, bodies: &[&str]| {
        let window = Window {
            since: begin(),
            until: begin() + TimeDelta::hours(hours),
        };
        let slice = Slice {
            partition: String::new(),
            extent: Extent::Window {
                window,
                is_open: false,
            },
            started_at: window.until,
        };
        let account = Arc::new(Account::new(chrono_tz::UTC, Region::US));
        let mut reader = BY_TIME.open(account, slice, SliceLimits::default());
        reader.share_answers(answers.clone());
        let mut bodies = bodies.iter();
        let mut met = Vec::new();
        while reader.request().is_some() {
            let body = bodies.next().expect("as many answers as requests").to_string();
            let page = reader.accept(&Response { status: 200, body }).unwrap();
            met.extend(page.batch.rows().iter().flat_map(|rows| rows.ids().to_vec()));
        }
        assert_eq!(bodies.next(), None, "{hours}: fewer requests than answers");
        assert_eq!(reader.finish().verdict, Verdict::Complete);
        met.join(" ")
    };
    let at = begin().format(FORM);
    let one = format!(r#"{{"rows": [{{"id": 1, "at": "{at}"}}], "total": 1}}"#);
    let two = format!(r#"{{"rows": [{{"id": 1, "at": "{at}"}}, {{"id": 2, "at": "{at}"}}], "total": 2}}"#);
    assert_eq!(read_hours(1, &[&one]), "1");
    assert_eq!(read_hours(2, &[&one, &two]), "1 2", "asked again");
    assert_eq!(read_hours(3, &[&two, &two]), "1 2", "twice, so it is believed");
}
