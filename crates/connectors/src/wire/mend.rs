//! Mends texts that are nearly JSON: what PHP prints before it, numbers that JSON has not, and raw characters in texts.
//!
//! Nothing is taken away that could hold a record: a text that is cut stays cut, and one that is no JSON for another reason
//! stays what it is.

use std::ops::ControlFlow;

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::schema::make_storable;
use crate::source::ReadError;

use super::body::parse_json;

/// Before how many brackets there may be a text that does not belong to the answer.
const TRIES: usize = 32;
/// So much of what follows an answer is looked at.
const NOTICE_CHARS: usize = 32;
/// How notices of PHP begin.
const NOTICES: [&str; 6] = [
    "Notice:",
    "Warning:",
    "Deprecated:",
    "Strict Standards:",
    "Fatal error:",
    "PHP ",
];

/// The body mended; nothing where there was nothing to mend, or no JSON in it.
pub(super) fn mend_body(body: &str) -> Option<String> {
    let text = body.trim_start_matches(is_filling);
    if text.starts_with(['{', '[']) {
        let mended = cut_notice(mend_text(text));
        return Some(mended).filter(|mended| mended != body);
    }
    // A text in quotes is the whole answer, whatever it holds, and so is a page.
    if text.starts_with('"') || is_page(text) {
        return None;
    }
    let mut starts = starts_with(text).take(TRIES);
    let found = starts.try_for_each(|start| mend_tail(text, start));
    found.break_value().flatten()
}

/// Ends the search where the answer begins here, whole or cut, or where something is that may not be passed over.
fn mend_tail(text: &str, start: usize) -> ControlFlow<Option<String>> {
    let (before, rest) = text.split_at(start);
    if before.contains("{\"") || before.contains("[{") {
        return ControlFlow::Break(None);
    }
    let mended = cut_notice(mend_text(rest));
    match parse_json::<IgnoredAny>(&mended) {
        Ok(_) => ControlFlow::Break(Some(mended)),
        Err(ReadError::Truncated) => ControlFlow::Break(Some(mended).filter(|_| !text.starts_with('<'))),
        Err(_) => ControlFlow::Continue(()),
    }
}

/// The answer without what a server prints behind it: tags, comments, notices of PHP. Anything else stays, for it could be a part.
fn cut_notice(mut text: String) -> String {
    let mut values = serde_json::Deserializer::from_str(&text).into_iter::<IgnoredAny>();
    if !matches!(values.next(), Some(Ok(_))) {
        return text;
    }
    let (end, tail) = (
        values.byte_offset(),
        text[values.byte_offset()..].trim_start_matches(is_filling),
    );
    // The words of a notice have become texts, as those of an answer would.
    let bare: String = tail.chars().filter(|c| *c != '"').take(NOTICE_CHARS).collect();
    let is_notice = bare.starts_with('<') || NOTICES.iter().any(|word| bare.starts_with(word));
    if is_notice && !tail.contains("{\"") && !tail.contains("[{") {
        text.truncate(end);
    }
    text
}

/// True for a web page, in contrast to the tags of a notice.
fn is_page(text: &str) -> bool {
    let begins = |tag: &str| {
        text.get(..tag.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tag))
    };
    begins("<!doctype") || begins("<html")
}

/// Where an answer may begin behind other text: at the first bracket, and at those that begin a line or follow a tag.
fn starts_with(text: &str) -> impl Iterator<Item = usize> {
    let brackets = text.match_indices(['{', '[']).map(|(at, _)| at);
    brackets
        .enumerate()
        .filter(|(place, at)| *place == 0 || text[..*at].ends_with(['\n', '>', '\u{feff}']))
        .map(|(_, at)| at)
}

fn mend_text(text: &str) -> String {
    let mut mender = Mender {
        rest: text,
        out: String::with_capacity(text.len()),
        before: ' ',
    };
    while let Some(next) = mender.rest.chars().next() {
        mender.mend_next(next);
    }
    make_storable(&mender.out).into_owned()
}

/// White space in any alphabet, and characters that show nothing.
fn is_filling(c: char) -> bool {
    c.is_whitespace() || c.is_control() || c == '\u{feff}'
}

struct Mender<'a> {
    rest: &'a str,
    out: String,
    /// The last character outside texts that was not white space.
    before: char,
}

impl<'a> Mender<'a> {
    fn mend_next(&mut self, next: char) {
        match next {
            '"' => self.mend_string(),
            '{' | '[' | ':' => self.copy_mark(next),
            '}' | ']' | ',' => self.end_value(next),
            ' ' | '\n' | '\r' | '\t' => {
                self.take_next(1);
                self.out.push(next);
            }
            filling if is_filling(filling) => {
                self.take_next(filling.len_utf8());
                self.out.push(' ');
            }
            _ => self.mend_word(),
        }
    }

    fn take_next(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn copy_mark(&mut self, mark: char) {
        self.take_next(mark.len_utf8());
        self.out.push(mark);
        self.before = mark;
    }

    /// A mark that ends a value, or the member before it: a value that is not there is null, and a comma before the end is
    /// none.
    fn end_value(&mut self, mark: char) {
        if self.before == ':' {
            self.out.push_str("null");
        }
        let rest = self.rest[1..].trim_start_matches(is_filling);
        let is_last = mark == ',' && matches!(self.before, '"' | 'w' | '}' | ']' | ':');
        if is_last && rest.starts_with(['}', ']']) {
            self.take_next(1);
            return;
        }
        self.copy_mark(mark);
    }

    /// A word outside texts: null where it is no number, and a text where JSON does not know it.
    fn mend_word(&mut self) {
        let ends = |c: char| "{}[],:\"".contains(c) || is_filling(c);
        let word = self.take_next(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.before = 'w';
        // At the end of everything it may be the first half of a longer one.
        if self.rest.is_empty() || serde_json::from_str::<IgnoredAny>(word).is_ok() {
            self.out.push_str(word);
        } else if is_no_number(word) {
            self.out.push_str("null");
        } else {
            self.out.push_str(&Value::from(word).to_string());
        }
    }

    fn mend_string(&mut self) {
        self.copy_mark('"');
        while let Some(next) = self.rest.chars().next() {
            match next {
                '"' => return self.copy_mark('"'),
                '\\' => self.mend_escape(),
                '\0'..='\u{1f}' => {
                    let quoted = Value::from(self.take_next(1)).to_string();
                    self.out.push_str(quoted.trim_matches('"'));
                }
                _ => {
                    let plain = self.rest.find(|c| c <= '\u{1f}' || c == '"' || c == '\\');
                    let plain = self.take_next(plain.unwrap_or(self.rest.len()));
                    self.out.push_str(plain);
                }
            }
        }
    }

    /// An escape that JSON does not know stays in the text as it is written.
    fn mend_escape(&mut self) {
        let rest = &self.rest[1..];
        let length = match rest.chars().next() {
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => 2,
            Some('u') if is_unit(&rest[1..]) => 6,
            // The end of everything.
            None => 1,
            Some(_) => {
                self.take_next(1);
                self.out.push_str("\\\\");
                return;
            }
        };
        let escape = self.take_next(length);
        self.out.push_str(escape);
    }
}

/// True where four hexadecimal digits follow, as far as the text goes.
fn is_unit(text: &str) -> bool {
    text.len() >= 4 && text.bytes().take(4).all(|b| b.is_ascii_hexdigit())
}

/// True for what programs write where a number is none.
fn is_no_number(word: &str) -> bool {
    let word = word.trim_start_matches(['-', '+']).to_ascii_lowercase();
    matches!(
        word.as_str(),
        "nan" | "inf" | "infinity" | "undefined" | "none" | "null"
    )
}

#[cfg(test)]
mod tests;
