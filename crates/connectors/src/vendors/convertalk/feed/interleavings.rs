//! Thousands of slices of an inbox that changes between any two page requests: nothing is lost.

mod inbox;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;

use self::inbox::{BOTS, Inbox, Order};
use crate::reader::{ReadPage, SliceLimits, Verdict};
use crate::schema::{Region, Values};
use crate::source::{Account, Extent, Options, Response, Slice, StreamDef};
use crate::vendors::convertalk::streams::CHATS;

/// What the warehouse would hold: kind and last activity by id.
type Held = HashMap<String, HeldChat>;

struct HeldChat {
    kind: String,
    active_at: DateTime<Utc>,
}

/// Rows leave a list no closer together than this many requests; this is what a slice promises to bear.
const BETWEEN_REMOVALS: u32 = 5;

static STREAM: StreamDef = CHATS;

fn account() -> Arc<Account> {
    let values = [
        ("bot_ids", BOTS.map(str::to_owned).to_vec()),
        ("customer_id", vec!["c".to_owned()]),
    ];
    let options = Options {
        values: values.into(),
        ..Options::default()
    };
    Arc::new(Account {
        options: Arc::new(options),
        ..Account::new(chrono_tz::UTC, Region::US)
    })
}

/// Loads a page as the warehouse would.
fn load(page: &ReadPage, held: &mut Held) {
    let rows = page.batch.rows().iter();
    for rows in rows.filter(|rows| rows.table().name == "conversations") {
        let column = |name| {
            let columns = rows.table().columns.iter();
            &rows.columns()[columns.into_iter().position(|own| own.name == name).unwrap()]
        };
        let (Values::Text(kinds), Values::Instant(times)) = (column("kind"), column("last_activity_at"))
        else {
            unreachable!()
        };
        for (place, id) in rows.ids().iter().enumerate() {
            let row = HeldChat {
                kind: kinds[place].clone().unwrap(),
                active_at: times[place].unwrap(),
            };
            if rows.ownership().has("kind") {
                held.insert(id.clone(), row);
            } else {
                held.entry(id.clone()).or_insert(row);
            }
        }
    }
}

/// What the slices of all bots came to.
struct Outcome {
    request_count: u32,
    warning_count: usize,
    /// When the second pass began, for each bot.
    again_at: HashMap<&'static str, DateTime<Utc>>,
}

/// Reads the inbox, which changes before each request but the first.
fn read(
    since: Option<DateTime<Utc>>,
    inbox: &mut Inbox,
    held: &mut Held,
    change: &mut dyn FnMut(&mut Inbox),
) -> Outcome {
    let mut outcome = Outcome {
        request_count: 0,
        warning_count: 0,
        again_at: HashMap::new(),
    };
    for bot in BOTS {
        let slice = Slice {
            partition: bot.to_owned(),
            extent: since.map_or(Extent::List, |since| Extent::Recent { since }),
            started_at: inbox.now(),
        };
        let mut reader = STREAM.open(account(), slice, SliceLimits::default());
        let mut kind_before = String::new();
        while let Some(request) = reader.request() {
            if outcome.request_count > 0 {
                change(inbox);
            }
            let said = |name| request.param(name).unwrap();
            if kind_before == "lead" && said("type") == "non-lead" {
                outcome.again_at.insert(bot, inbox.now());
            }
            said("type").clone_into(&mut kind_before);
            inbox.pass(TimeDelta::milliseconds(250));
            let body = inbox.page(said("botId"), said("type"), said("page").parse().unwrap());
            let page = reader.accept(&Response { status: 200, body }).unwrap();
            assert!(page.rejects.is_empty());
            load(&page, held);
            outcome.request_count += 1;
        }
        let reading = reader.finish();
        assert_eq!(reading.verdict, Verdict::Complete);
        outcome.warning_count += reading.warnings.len();
    }
    outcome
}

/// Changes of all kinds, at most one at a time.
fn busy(mut dice: Rng) -> impl FnMut(&mut Inbox) {
    let mut since_removal = BETWEEN_REMOVALS;
    move |inbox| {
        since_removal += 1;
        let may_remove = since_removal > BETWEEN_REMOVALS;
        match dice.u32(..10) {
            0..=2 => inbox.activity(&mut dice),
            3 => inbox.add(&mut dice),
            4 => inbox.edit(&mut dice),
            5 if may_remove => inbox.delete(&mut dice),
            6 if may_remove => inbox.convert(&mut dice, false),
            7 if may_remove => inbox.convert(&mut dice, true),
            8 => inbox.show_in_both(&mut dice),
            _ => return,
        }
        since_removal = if inbox.took_away() { 0 } else { since_removal };
    }
}

#[test]
fn a_whole_slice_meets_everything_that_exists_throughout() {
    let (mut lost_when_still, mut false_alarms) = (0, 0);
    for seed in 0..2_000 {
        let mut dice = Rng::with_seed(seed);
        let mut inbox = Inbox::new(&mut dice, 20);
        let before = inbox.snapshot();
        let start = inbox.now();
        let mut held = Held::new();
        let outcome = read(None, &mut inbox, &mut held, &mut busy(dice.fork()));
        false_alarms += outcome.warning_count;
        let after = inbox.snapshot();
        for (id, chat) in &after {
            let Some(old) = before.get(id) else { continue };
            if chat.active_at >= outcome.again_at[chat.bot] {
                // It may have jumped once more behind our back; the next quick slice has to bring it.
                lost_when_still += u32::from(!held.contains_key(id));
                continue;
            }
            let row = held
                .get(id)
                .unwrap_or_else(|| panic!("seed {seed}: {id} is lost"));
            if old.is_lead || (old.is_in_both && chat.is_in_both) {
                assert_eq!(row.kind, "lead", "seed {seed}: {id}");
            }
        }
        let quick = start - TimeDelta::minutes(15);
        read(Some(quick), &mut inbox, &mut held, &mut |_| ());
        for id in after.keys().filter(|id| before.contains_key(*id)) {
            assert!(held.contains_key(id), "seed {seed}: {id} is lost for good");
        }
    }
    // A chat that becomes a lead unnoticed may appear beside rows that were just pushed down; it costs a longer slice.
    assert!(false_alarms < 10, "{false_alarms}: the order is as expected");
    assert!(lost_when_still < 30, "{lost_when_still}: a second jump is rare");
}

#[test]
fn quick_slices_catch_everything_that_was_active_since_the_one_before() {
    for seed in 0..150 {
        let mut dice = Rng::with_seed(seed);
        let mut inbox = Inbox::new(&mut dice, 20);
        let mut held = Held::new();
        let mut since = None;
        let mut change = busy(dice.fork());
        for _ in 0..4 {
            let start = inbox.now();
            read(since, &mut inbox, &mut held, &mut change);
            since = Some(start - TimeDelta::minutes(15));
            for _ in 0..dice.u32(..8) {
                inbox.pass(TimeDelta::seconds(40));
                change(&mut inbox);
            }
        }
        read(since, &mut inbox, &mut held, &mut |_| ());
        for (id, chat) in inbox.snapshot() {
            let row = held
                .get(&id)
                .unwrap_or_else(|| panic!("seed {seed}: {id} is lost"));
            assert_eq!(row.active_at, chat.active_at, "seed {seed}: {id} is out of date");
        }
    }
}

#[test]
fn a_list_in_another_order_is_read_to_its_end_and_said_aloud() {
    for seed in 0..20 {
        let mut dice = Rng::with_seed(seed);
        let mut inbox = Inbox::new(&mut dice, 60);
        inbox.order = Order::Created;
        let mut held = Held::new();
        read(None, &mut inbox, &mut held, &mut |_| ());
        let since = inbox.now() - TimeDelta::minutes(15);
        let mut change = busy(dice.fork());
        for _ in 0..6 {
            inbox.pass(TimeDelta::minutes(1));
            change(&mut inbox);
        }
        let outcome = read(Some(since), &mut inbox, &mut held, &mut |_| ());
        assert_eq!(outcome.warning_count, BOTS.len(), "seed {seed}: once for a slice");
        for (id, chat) in inbox.snapshot() {
            let row = held
                .get(&id)
                .unwrap_or_else(|| panic!("seed {seed}: {id} is lost"));
            assert_eq!(row.active_at, chat.active_at, "seed {seed}: {id} is out of date");
        }
    }
}

#[test]
fn a_quiet_inbox_costs_a_quick_slice_few_requests() {
    let mut dice = Rng::with_seed(7);
    let mut inbox = Inbox::new(&mut dice, 400);
    let mut held = Held::new();
    read(None, &mut inbox, &mut held, &mut |_| ());
    inbox.pass(TimeDelta::hours(2));
    let since = inbox.now() - TimeDelta::minutes(15);
    let quick = read(Some(since), &mut inbox, &mut held, &mut |_| ());
    assert_eq!(quick.request_count, 8, "a page of each list in each pass");
}

#[test]
fn an_empty_page_in_the_middle_of_a_list_does_not_end_it() {
    for lie in [2, 3, 5] {
        let mut dice = Rng::with_seed(7);
        let mut inbox = Inbox::new(&mut dice, 120);
        let mut held = Held::new();
        for bot in BOTS {
            let slice = Slice {
                partition: bot.to_owned(),
                extent: Extent::List,
                started_at: inbox.now(),
            };
            let mut reader = STREAM.open(account(), slice, SliceLimits::default());
            let mut count = 0;
            while let Some(request) = reader.request() {
                let said = |name| request.param(name).unwrap();
                count += 1;
                let body = if count == lie {
                    r#"{"success":true,"code":200,"data":[]}"#.to_owned()
                } else {
                    inbox.page(said("botId"), said("type"), said("page").parse().unwrap())
                };
                load(
                    &reader.accept(&Response { status: 200, body }).unwrap(),
                    &mut held,
                );
            }
            assert_eq!(reader.finish().verdict, Verdict::Complete);
        }
        assert_eq!(held.len(), inbox.snapshot().len(), "{lie}");
        inbox.pass(TimeDelta::minutes(1));
    }
}
