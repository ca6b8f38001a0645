//! How many rows an answer may have, and what it means when it has so many.
//!
//! Lists have no order, no total and no link to the next page. A second page may repeat rows of the first and leave others
//! out, so several pages prove nothing. One answer that is not full does: it holds every row that there was at one moment.
//! That is why pages are never added up here: what does not fit an answer is asked for again with room for more.

use crate::source::{Account, Ask, Next, Opened, ReadError, Request};

/// The setting of the page size.
pub(super) const OPTION: &str = "page_size";
/// The largest page (documented).
pub(super) const GREATEST: u32 = 1_000_000;
/// The usual page. Memory follows it: some twenty times a page, for a page is read while the ones before it wait and are written.
const USUAL: u32 = 1_000;
/// So many times more rows are asked for when an answer is full that cannot be divided.
const RAISE: u32 = 10;

const SIZE: &str = "n_per_page";
const PAGE: &str = "page";

/// What the number of rows of an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// Every row came.
    Short,
    /// As many came as fit: there may be more.
    Full,
    /// Fewer came than fit, but a number at which a server may have cut them; a second page tells.
    Doubtful,
    /// The second page is empty, so the first one held every row.
    Confirmed,
}

/// The usual page size of an account.
pub(super) fn usual(account: &Account) -> u32 {
    let own = account.option(OPTION).and_then(|text| text.parse().ok());
    own.unwrap_or(USUAL)
}

/// The request for the first page of the usual size. Without a size ten rows come, without a word (documented).
pub(super) fn page(request: Request, account: &Account) -> Request {
    request.with(SIZE, usual(account)).with(PAGE, 1)
}

/// What the number of rows says.
pub(super) fn fill(asked: &Ask, got: &Opened<'_>) -> Result<Fill, ReadError> {
    let row_count = got.items.len();
    if number(asked, PAGE) > 1 {
        return if row_count == 0 {
            Ok(Fill::Confirmed)
        } else {
            Err(ReadError::PageSize)
        };
    }
    let room = number(asked, SIZE) as usize;
    match row_count {
        count if count > room => Err(ReadError::PageSize),
        count if count == room => Ok(Fill::Full),
        count if may_be_cut(count, room) => Ok(Fill::Doubtful),
        _ => Ok(Fill::Short),
    }
}

/// Where servers cut: at their default, which is ten here (documented), and at round numbers (assumed). An answer that is more than
/// half full is left alone, or rows that are added meanwhile would be taken for those that were cut.
fn may_be_cut(row_count: usize, room: usize) -> bool {
    row_count * 2 <= room && (row_count == 10 || (row_count > 0 && row_count.is_multiple_of(50)))
}

/// The second page, which must be empty.
pub(super) fn second(asked: &Ask) -> Ask {
    asked.followed_by(asked.request.clone().with(PAGE, 2))
}

/// The same question with room for more rows.
pub(super) fn raised(asked: &Ask) -> Result<Ask, ReadError> {
    let room = number(asked, SIZE);
    if room >= GREATEST {
        return Err(ReadError::Unreachable {
            total: room.into(),
            reachable: GREATEST.into(),
        });
    }
    let more = room.saturating_mul(RAISE).min(GREATEST);
    Ok(asked.narrowed_to(asked.request.clone().with(SIZE, more)))
}

/// How a list without a filter by time goes on.
pub(super) fn whole_list(asked: &Ask, got: &Opened<'_>, _: &Account) -> Result<Next, ReadError> {
    Ok(match fill(asked, got)? {
        Fill::Short | Fill::Confirmed => Next::default(),
        Fill::Doubtful => Next::ask(vec![second(asked)]),
        Fill::Full => Next {
            replaces: true,
            ..Next::ask(vec![raised(asked)?])
        },
    })
}

fn number(asked: &Ask, name: &str) -> u32 {
    let text = asked.request.param(name);
    text.and_then(|text| text.parse().ok())
        .expect("every question names its size and page")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Region;
    use crate::source::Window;

    fn next(size: u32, page: u32, row_count: usize) -> String {
        let epoch = chrono::DateTime::UNIX_EPOCH;
        let window = Window {
            since: epoch,
            until: epoch,
        };
        let request = Request::get("reps").with(SIZE, size).with(PAGE, page);
        let got = Opened {
            items: vec!["{}".into(); row_count],
            ..Opened::default()
        };
        let account = Account::new(chrono_tz::UTC, Region::US);
        match whole_list(&Ask::first(request, window), &got, &account) {
            Ok(next) => {
                let ask = next.then.first();
                let ask = ask.map(|ask| format!("{:?}", ask.request.params()));
                format!(
                    "{}{}",
                    ask.unwrap_or("end".to_owned()),
                    if next.replaces { " instead" } else { "" }
                )
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn only_an_answer_that_is_not_full_ends_a_list() {
        for (size, page, row_count, wanted) in [
            (100, 1, 0, "end"),
            (100, 1, 99, "end"),
            (100, 1, 100, r#"[("n_per_page", "1000"), ("page", "1")] instead"#),
            (1_000, 1, 999, "end"),
            (
                500_000,
                1,
                500_000,
                r#"[("n_per_page", "1000000"), ("page", "1")] instead"#,
            ),
            // The default, although a hundred fit: perhaps the size was not heeded.
            (100, 1, 10, r#"[("n_per_page", "100"), ("page", "2")]"#),
            (100, 1, 60, "end"),
            (1_000, 1, 250, r#"[("n_per_page", "1000"), ("page", "2")]"#),
            (100, 2, 0, "end"),
            (100, 2, 3, "The vendor does not keep to the page size"),
            (100, 1, 101, "The vendor does not keep to the page size"),
            (1_000_000, 1, 1_000_000, "1000000 rows lie"),
        ] {
            let got = next(size, page, row_count);
            assert!(
                got == wanted
                    || (wanted.starts_with(|c: char| c != '[' && c != 'e') && got.starts_with(wanted)),
                "{size} {page} {row_count}: {got}"
            );
        }
    }
}
