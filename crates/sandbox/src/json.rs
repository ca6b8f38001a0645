//! JSON written by hand, because pages of simulated rows must cost next to nothing.

use std::fmt::Write;

/// A JSON object under construction.
pub(super) struct Object<'a> {
    out: &'a mut String,
    begun: bool,
}

impl<'a> Object<'a> {
    pub(super) fn open(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, begun: false }
    }

    /// Writes the key; the caller writes the value into what is returned. Keys must need no escapes.
    pub(super) fn key(&mut self, key: &str) -> &mut String {
        self.out.push_str(if self.begun { ",\"" } else { "\"" });
        self.begun = true;
        self.out.push_str(key);
        self.out.push_str("\":");
        self.out
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        push_text(self.key(key), value);
    }

    pub(super) fn maybe(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.verbatim(key, "null"),
        }
    }

    pub(super) fn number(&mut self, key: &str, value: u64) {
        push_number(self.key(key), value);
    }

    /// A number as a JSON string of its digits.
    pub(super) fn digits(&mut self, key: &str, value: u64) {
        let out = self.key(key);
        out.push('"');
        push_number(out, value);
        out.push('"');
    }

    pub(super) fn verbatim(&mut self, key: &str, json: &str) {
        self.key(key).push_str(json);
    }

    pub(super) fn close(self) {
        self.out.push('}');
    }
}

/// Appends a JSON string.
pub(super) fn push_text(out: &mut String, text: &str) {
    out.push('"');
    if text
        .bytes()
        .any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        push_escaped(out, text);
    } else {
        out.push_str(text);
    }
    out.push('"');
}

fn push_escaped(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if u32::from(control) < 0x20 => {
                write!(out, "\\u{:04x}", u32::from(control)).expect("writing to a String cannot fail");
            }
            other => out.push(other),
        }
    }
}

/// Appends decimal digits.
pub(super) fn push_number(out: &mut String, mut value: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.push_str(std::str::from_utf8(&digits[at..]).expect("digits are ASCII"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_back_what_was_written() {
        let odd = "say \"no\" \\ line\nbreak \u{1} ñ";
        let mut out = String::new();
        let mut object = Object::open(&mut out);
        object.text("text", odd);
        object.number("zero", 0);
        object.digits("most", u64::MAX);
        object.maybe("none", None);
        object.close();
        let read: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            read,
            serde_json::json!({"text": odd, "zero": 0, "most": u64::MAX.to_string(), "none": null})
        );
    }
}
