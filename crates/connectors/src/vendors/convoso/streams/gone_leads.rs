//! Leads that were deleted, and leads that were archived, as two streams of the table of leads.
//!
//! Ordinary searches hide both. The vendor shows them only to searches by filters that the older documentation does not have
//! (they are known from a second SDK and client programs), and a vendor that passed over such a filter would show every lead.
//! So each slice begins with a control request, whose span no lead can have been deleted or archived in: rows in its answer
//! say that the filter is not heeded, and nothing of the slice is believed.
//!
//! A lead that is gone lands as a row, so that its calls point to something although it was gone before we came, and is
//! marked as gone besides. A column tells what became of it: `archived_at`, or `removed_at`.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::schema::{self, Batch, Entity as _};
use crate::source::{
    Account, Context, Envelope, Evidence, History, Item, LocalSpan, MapError, Next, Paging, ReadError,
    Request, Scope, Seek, SeekPosition, StreamDef, SyncMode, Whereabouts, WindowPolicy,
};
use crate::vendors::convoso::paging::map_positions;
use crate::vendors::convoso::values::{local_second, local_span};
use crate::vendors::convoso::{STREAM, envelope};
use crate::wire::Field;

use super::leads::{Lead, UNSORTED, read_lead};

/// A window of at most so many days is read day by day, so that the day is known on which a lead went.
const DAYS_APART: usize = 3;

/// How far ahead the control request looks: no lead has gone there.
const CONTROL_AHEAD: Days = Days::new(5 * 366);

/// The first and the last day of the list that showed a lead.
const FIRST_DAY: &str = "first_day";
const LAST_DAY: &str = "last_day";

/// Deleted leads.
pub(in crate::vendors::convoso) const DELETED_LEADS: StreamDef = StreamDef {
    name: "deleted_leads",
    paging: &GonePages {
        since: "deleted_at_start",
        until: "deleted_at_end",
    },
    map: |item, batch| map_gone(item, Fate::Deleted, batch),
    ..GONE_LEADS
};

/// Archived leads. One that comes back is shown by ordinary searches again.
pub(in crate::vendors::convoso) const ARCHIVED_LEADS: StreamDef = StreamDef {
    name: "archived_leads",
    paging: &GonePages {
        since: "archived_at_start",
        until: "archived_at_end",
    },
    map: |item, batch| map_gone(item, Fate::Archived, batch),
    ..GONE_LEADS
};

/// Leads that come back leave their list, like leads that change: what is read by offset is compared with the total, which
/// then falls.
const GONE_LEADS: StreamDef = StreamDef {
    fills: &[schema::Lead::TABLE],
    completes: &[schema::Lead::TABLE],
    mode: SyncMode::Incremental(WindowPolicy {
        max_span: TimeDelta::days(30),
        lookback: TimeDelta::hours(1),
        delay: TimeDelta::seconds(60),
        settle: TimeDelta::minutes(45),
        history: History::Everything,
        ..WindowPolicy::PLAIN
    }),
    // A lead does not tell that it is gone.
    has_unmarked_rows: true,
    envelope: envelope::open_leads,
    ..STREAM
};

/// The pages of a list of leads that are gone.
struct GonePages {
    since: &'static str,
    until: &'static str,
}

/// A page of such a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum GonePosition {
    /// The request that must show nothing.
    Control,
    /// A page of the days that are asked for.
    List { at: SeekPosition, pass: Pass },
    /// A page of the wider span that has to confirm an answer which means "none" only perhaps.
    Wider { at: SeekPosition },
}

/// Which reading of a list it is. A list without a total is read twice: a row that was skipped because one before it came
/// back is in its new place the second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Pass {
    First,
    Second,
}

impl Paging for GonePages {
    type Position = GonePosition;

    fn first_positions(&self, scope: &Scope<'_>) -> Vec<GonePosition> {
        let mut lists: Vec<GonePosition> = slice_spans(scope).into_iter().rev().map(list).collect();
        lists.push(GonePosition::Control);
        lists
    }

    fn request_for(&self, at: &GonePosition, scope: &Scope<'_>) -> Request {
        let at = match at {
            GonePosition::Control => SeekPosition {
                span: Some(control_span(scope)),
                offset: 0,
            },
            GonePosition::List { at, .. } | GonePosition::Wider { at } => *at,
        };
        self.seek().request_for(&at, scope)
    }

    fn position_after(
        &self,
        at: &GonePosition,
        got: &Envelope<'_>,
        scope: &Scope<'_>,
    ) -> Result<Next<GonePosition>, ReadError> {
        match *at {
            GonePosition::Control if got.records.is_empty() => Ok(Next::end(Evidence::EmptyPage)),
            GonePosition::Control => Err(ReadError::FilterIgnored),
            GonePosition::Wider { at } => {
                let next = self.seek().next_of(&at, got, scope.account)?;
                Ok(map_positions(next, |at| GonePosition::Wider { at }))
            }
            GonePosition::List { at, pass } => {
                let next = self.seek().next_of(&at, got, scope.account)?;
                Ok(read_twice(
                    map_positions(next, |at| GonePosition::List { at, pass }),
                    at,
                    pass,
                ))
            }
        }
    }

    fn confirmation_of(&self, at: &GonePosition, scope: &Scope<'_>) -> GonePosition {
        match at {
            GonePosition::List { at, .. } if at.offset == 0 => GonePosition::Wider {
                at: self.seek().confirmation_of(at, scope),
            },
            _ => *at,
        }
    }

    /// A list without a row may be the answer to the control request.
    fn whereabouts_of(&self, at: &GonePosition, got: &Envelope<'_>, _: &Scope<'_>) -> Whereabouts {
        match at {
            GonePosition::List { at, .. } if at.offset == 0 && got.records.is_empty() => Whereabouts::Unsaid,
            _ => Whereabouts::Asked,
        }
    }

    fn context_of(&self, at: &GonePosition, _: &Scope<'_>) -> Context {
        match at {
            GonePosition::List {
                at: SeekPosition { span: Some(span), .. },
                ..
            } => Context::default()
                .with(FIRST_DAY, span.first.date())
                .with(LAST_DAY, span.last.date()),
            // The rows of a wider span are older than the days that were asked for.
            _ => Context::default(),
        }
    }
}

impl GonePages {
    fn seek(&self) -> Seek {
        Seek {
            since: self.since,
            until: self.until,
            ..UNSORTED
        }
    }
}

fn list(span: LocalSpan) -> GonePosition {
    GonePosition::List {
        at: SeekPosition {
            span: Some(span),
            offset: 0,
        },
        pass: Pass::First,
    }
}

/// The spans of a slice: each local day from its beginning on, or all at once where there are many.
fn slice_spans(scope: &Scope<'_>) -> Vec<LocalSpan> {
    let asked = local_span(scope);
    let (first, last) = (asked.first.date(), asked.last.date());
    let days = first.iter_days().take_while(|day| *day <= last);
    let days: Vec<NaiveDate> = days.take(DAYS_APART + 1).collect();
    if days.len() > DAYS_APART {
        return vec![LocalSpan {
            first: first.and_time(NaiveTime::MIN),
            ..asked
        }];
    }
    let end_of = |day: NaiveDate| (day + Days::new(1)).and_time(NaiveTime::MIN) - TimeDelta::seconds(1);
    let span = |day: NaiveDate| LocalSpan {
        first: day.and_time(NaiveTime::MIN),
        last: asked.last.min(end_of(day)),
    };
    days.into_iter().map(span).collect()
}

/// A day on which no lead has gone yet.
fn control_span(scope: &Scope<'_>) -> LocalSpan {
    let day = local_second(scope.slice.started_at, scope.account).date() + CONTROL_AHEAD;
    LocalSpan {
        first: day.and_time(NaiveTime::MIN),
        last: day.and_time(NaiveTime::MIN) + TimeDelta::hours(23),
    }
}

/// What follows, with a second pass behind the end of a list of several pages whose total is not told.
fn read_twice(next: Next<GonePosition>, at: SeekPosition, pass: Pass) -> Next<GonePosition> {
    match next {
        Next::End {
            evidence: evidence @ Evidence::EmptyPage,
            ..
        } if at.offset > 0 && pass == Pass::First => Next::End {
            evidence,
            then: vec![GonePosition::List {
                at: SeekPosition { offset: 0, ..at },
                pass: Pass::Second,
            }],
        },
        next => next,
    }
}

/// What became of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Archived,
    Deleted,
}

impl Fate {
    /// The column that tells it.
    const fn gone_columns(self) -> &'static [&'static str] {
        match self {
            Self::Archived => &["archived_at"],
            Self::Deleted => &["removed_at"],
        }
    }

    /// The field in which the vendor may tell it.
    fn field<'a>(self, lead: &Lead<'a>) -> Field<'a> {
        match self {
            Self::Archived => lead.archived_at,
            Self::Deleted => lead.deleted_at,
        }
    }
}

/// A lead that is gone: its row as far as the record tells it, when it went, and that it is gone.
fn map_gone(item: &Item<'_>, fate: Fate, batch: &mut Batch) -> Result<(), MapError> {
    let wire = Lead::read(item.record)?;
    let lead = read_lead(&wire, item)?;
    let told = fate.field(&wire).instant(item.faults, item.account);
    let listed = listed_at(&lead, item);
    // A span that only had to confirm another tells no day, and takes none away that is known.
    let columns = match told.or(listed) {
        Some(_) => fate.gone_columns(),
        None => &[],
    };
    let at = told.or(listed).or(lead.updated_at);
    let id = lead.id.clone();
    let lead = match fate {
        Fate::Archived => schema::Lead {
            archived_at: at,
            ..lead
        },
        Fate::Deleted => schema::Lead {
            removed_at: at,
            ..lead
        },
    };
    batch.push_partial(lead, item.record, columns);
    batch.delete(schema::Lead::TABLE, id);
    Ok(())
}

/// When a lead went, as far as the list tells it: not before its last change, and not before the list's first day.
fn listed_at(lead: &schema::Lead, item: &Item<'_>) -> Option<DateTime<Utc>> {
    let day = |key| item.context.get(key)?.parse::<NaiveDate>().ok();
    let (first, last) = (day(FIRST_DAY)?, day(LAST_DAY)?);
    let changed_at = lead
        .updated_at
        .filter(|at| (first..=last).contains(&item.account.local(*at).date()));
    changed_at.or_else(|| local_midnight(first, item.account))
}

fn local_midnight(day: NaiveDate, account: &Account) -> Option<DateTime<Utc>> {
    account.instant(day.and_time(NaiveTime::MIN))
}

#[cfg(test)]
mod tests;
