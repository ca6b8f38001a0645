//! How the next question follows from an answer.

use super::endpoint::Opened;
use super::seek::Seek;
use super::{Account, Ask, ReadError};

/// The ways in which vendors page.
#[derive(Debug, Clone)]
pub enum Paginator {
    /// One answer holds everything.
    Single,
    /// A parameter counts the rows to skip.
    Offset {
        /// The parameter's name.
        param: &'static str,
    },
    /// A time filter is moved up to the last time seen.
    Seek(Seek),
    /// A way of the vendor's own.
    By(fn(&Ask, &Opened<'_>, &Account) -> Result<Next, ReadError>),
}

/// What follows an answer.
#[derive(Debug, Default)]
pub struct Next {
    /// The next questions; the last is asked first.
    pub then: Vec<Ask>,
    /// True where those bring every row of this answer again, so that it need not be read itself.
    pub replaces: bool,
    /// What an operator should know about the answer.
    pub warning: Option<&'static str>,
}

impl Next {
    /// Only questions.
    pub fn ask(then: Vec<Ask>) -> Self {
        Self {
            then,
            ..Self::default()
        }
    }
}

impl Paginator {
    /// The questions that remain after an answer.
    pub fn next(&self, asked: &Ask, got: &Opened<'_>, account: &Account) -> Result<Next, ReadError> {
        let then = match self {
            Self::Single => Vec::new(),
            Self::Offset { param } => onward(asked, got, param).into_iter().collect(),
            Self::Seek(seek) => seek.then(asked, got, account)?,
            Self::By(next) => return next(asked, got, account),
        };
        Ok(Next::ask(then))
    }
}

/// How many rows the question skips.
pub(super) fn skipped(asked: &Ask, param: &str) -> u64 {
    asked
        .request
        .param(param)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// True where the answer ends its list: it is empty, or all rows of the vendor's total came. A short page alone does not.
pub(super) fn is_end(asked: &Ask, got: &Opened<'_>, param: &str) -> bool {
    let received = skipped(asked, param) + got.items.len() as u64;
    got.items.is_empty() || got.total.is_some_and(|total| received >= total)
}

/// The next question by offset, which moves by the rows received and not by the rows asked for.
pub(super) fn onward(asked: &Ask, got: &Opened<'_>, param: &'static str) -> Option<Ask> {
    if is_end(asked, got, param) {
        return None;
    }
    let received = skipped(asked, param) + got.items.len() as u64;
    Some(asked.followed_by(asked.request.clone().with(param, received)))
}

#[cfg(test)]
mod tests {
    use super::super::{Request, Window};
    use super::*;

    fn next(offset: u64, rows: usize, total: Option<u64>) -> Option<String> {
        let epoch = chrono::DateTime::UNIX_EPOCH;
        let window = Window {
            since: epoch,
            until: epoch,
        };
        let asked = Ask::first(Request::get("/v2/tickets").with("skip", offset), window);
        let got = Opened {
            items: vec!["{}".into(); rows],
            total,
            ..Opened::default()
        };
        let account = Account::new(chrono_tz::UTC, crate::schema::Region::US);
        let next = Paginator::Offset { param: "skip" }.next(&asked, &got, &account);
        let then = next.unwrap().then;
        assert!(then.iter().all(|ask| ask.continues));
        then.first()
            .map(|ask| ask.request.param("skip").unwrap().to_owned())
    }

    #[test]
    fn an_offset_moves_by_what_came_until_the_total_or_an_empty_page() {
        for (offset, rows, total, wanted) in [
            (0, 20, Some(50), Some("20")),
            (20, 7, Some(50), Some("27")), // A short page is not the end.
            (40, 10, Some(50), None),
            (40, 0, Some(50), None),
            (0, 20, None, Some("20")),
            (20, 0, None, None),
        ] {
            assert_eq!(next(offset, rows, total).as_deref(), wanted);
        }
    }
}
