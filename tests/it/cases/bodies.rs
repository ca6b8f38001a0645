//! One byte never costs a page: marks, encodings, packing, and what servers print around and into their answers.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::lists::{ALL, CALLS, CHATS, LEADS, REPS, SCORED_CALLS, TAGS, USERS};
use super::stub::Reply;
use super::{Case, run_cases};

fn body_of(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).expect("the usual answers are UTF-8")
}

fn put(reply: Reply, body: impl Into<Vec<u8>>) -> Reply {
    Reply {
        body: body.into(),
        ..reply
    }
}

fn around(before: &'static str, after: &'static str) -> impl Fn(Reply) -> Reply + Copy {
    move |reply| {
        let body = format!("{before}{}{after}", body_of(&reply));
        put(reply, body)
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("it is packed");
    encoder.finish().expect("it is packed")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("it is packed");
    encoder.finish().expect("it is packed")
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("it is packed");
    encoder.finish().expect("it is packed")
}

fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

/// A way in which an answer arrives that means the same as the usual one.
type Way = (&'static str, fn(Reply) -> Reply);

const WAYS: &[Way] = &[
    ("a byte order mark", |reply| around("\u{feff}", "")(reply)),
    ("two byte order marks", |reply| {
        around("\u{feff}\u{feff}", "")(reply)
    }),
    ("blank lines and a byte order mark", |reply| {
        around("\r\n\u{feff}\n ", "\r\n\r\n")(reply)
    }),
    ("UTF-16 with its mark", |reply| {
        let body = utf16(&format!("\u{feff}{}", body_of(&reply)), u16::to_le_bytes);
        put(reply, body)
    }),
    ("UTF-16, big end first", |reply| {
        let body = utf16(&format!("\u{feff}{}", body_of(&reply)), u16::to_be_bytes);
        put(reply, body)
    }),
    ("UTF-16 by its label alone", |reply| {
        let body = utf16(&body_of(&reply), u16::to_le_bytes);
        put(reply, body).header("Content-Type", "application/json; charset=utf-16le")
    }),
    ("a label that nobody knows", |reply| {
        reply.header("Content-Type", "application/json; charset=klingon")
    }),
    ("the label of a web page", |reply| {
        reply.header("Content-Type", "text/html; charset=iso-8859-1")
    }),
    ("a notice of PHP before it", |reply| {
        around(
            "<br />\n<b>Notice</b>:  Undefined index: x in <b>/srv/a.php</b> on line <b>12</b><br />\n",
            "",
        )(reply)
    }),
    ("a warning in plain text before it", |reply| {
        around(
            "\nWarning: Array [0] is no object {x} in /srv/a.php on line 12\n",
            "",
        )(reply)
    }),
    ("a deprecation on several lines before it", |reply| {
        around(
            "\nDeprecated: Function x() is deprecated in /a.php on line 3\n\nDeprecated: y in /b.php on line 4\n",
            "",
        )(reply)
    }),
    ("a notice of PHP behind it", |reply| {
        around(
            "",
            "\n<br />\n<b>Warning</b>:  Unknown: x in <b>Unknown</b> on line <b>0</b><br />\n",
        )(reply)
    }),
    ("a comment of a cache behind it", |reply| {
        around("", "\n<!-- served in 0.012 s -->")(reply)
    }),
    ("a guard against foreign pages", |reply| {
        around(")]}',\n", "")(reply)
    }),
    ("a loop against foreign pages", |reply| {
        around("while(1);", "")(reply)
    }),
    ("zero bytes behind it", |reply| around("", "\0\0\0")(reply)),
    ("a comma before the end of its lists", |reply| {
        let body = body_of(&reply).replace("}]", "},]");
        put(reply, body)
    }),
    ("gzip without its label", |reply| {
        let body = gzip(&reply.body);
        put(reply, body)
    }),
    ("the label of gzip without gzip", |reply| {
        reply.header("Content-Encoding", "gzip")
    }),
    ("gzip twice", |reply| {
        let body = gzip(&gzip(&reply.body));
        put(reply, body).header("Content-Encoding", "gzip")
    }),
    ("gzip labelled x-gzip", |reply| {
        let body = gzip(&reply.body);
        put(reply, body).header("Content-Encoding", "x-gzip")
    }),
    ("gzip labelled br", |reply| {
        let body = gzip(&reply.body);
        put(reply, body).header("Content-Encoding", "br")
    }),
    ("zlib as deflate", |reply| {
        let body = zlib(&reply.body);
        put(reply, body).header("Content-Encoding", "deflate")
    }),
    ("raw deflate", |reply| {
        let body = deflate(&reply.body);
        put(reply, body).header("Content-Encoding", "deflate")
    }),
    ("the label of deflate without it", |reply| {
        reply.header("Content-Encoding", "deflate")
    }),
    ("the label utf-8 for an encoding", |reply| {
        reply.header("Content-Encoding", "utf-8")
    }),
    ("the label identity", |reply| {
        reply.header("Content-Encoding", "identity")
    }),
    ("status 201", |reply| reply.status(201)),
    ("status 203 of a proxy", |reply| reply.status(203)),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_means_the_same_however_it_is_packed_and_wrapped() {
    let mut cases = Vec::new();
    for list in ALL {
        cases.push(Case::of(list, format!("{}: as usual", list.table)).lands(5));
    }
    // Every way with one list, and every list with some of the ways: how a body is read does not depend on the list.
    for (place, (name, change)) in WAYS.iter().enumerate() {
        let lists = [ALL[place % ALL.len()], ALL[(place + 3) % ALL.len()]];
        for list in lists {
            cases.push(
                Case::of(list, format!("{}: {name}", list.table))
                    .changed(*change)
                    .lands(5),
            );
        }
    }
    run_cases(cases).await;
}

fn replaced(from: &'static str, to: &'static [u8]) -> impl Fn(Reply) -> Reply + Copy {
    move |reply| {
        let body = body_of(&reply);
        let bytes = match body.split_once(from) {
            Some((before, after)) => [before.as_bytes(), to, after.as_bytes()].concat(),
            None => body.into_bytes(),
        };
        put(reply, bytes)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_byte_costs_its_value_at_most() {
    let fffd = "\u{fffd}";
    let marked = |list, name: &str| Case::of(list, format!("bytes: {name}"));
    run_cases(vec![
        marked(&CALLS, "one that is no UTF-8 in a comment")
            .odd(r#""agent_comment":"caf#""#)
            .changed(replaced("caf#", b"caf\xff"))
            .lands(5)
            .column("comment", &format!("caf{fffd}")),
        marked(&CALLS, "Latin-1 by its label")
            .odd(r#""agent_comment":"caf#""#)
            .changed(replaced("caf#", b"caf\xe9"))
            .changed(|reply| reply.header("Content-Type", "application/json; charset=ISO-8859-1"))
            .lands(5)
            .column("comment", "caf\u{e9}"),
        marked(&LEADS, "a euro of Windows by its label")
            .odd(r##""first_name":"#""##)
            .changed(replaced("\"#\"", b"\"\x80\""))
            .changed(|reply| reply.header("Content-Type", "text/json; charset=windows-1252"))
            .lands(5)
            .column("first_name", "\u{20ac}"),
        marked(&TAGS, "UTF-8 under the label of Latin-1")
            .odd("\"name\":\"caf\u{e9}\"")
            .changed(|reply| reply.header("Content-Type", "application/json; charset=latin1"))
            .lands(5)
            .column("name", "caf\u{e9}"),
        marked(&CHATS, "half a character at the end of a text that was cut")
            .odd(r#""lastMessage":{"text":"a#","by":"user"}"#)
            .changed(replaced("a#", b"a\xf0\x9f\x98"))
            .lands(5)
            .gives(
                "select text from warehouse.messages where conversation_id = '6a2'",
                &format!("a{fffd}"),
            ),
        marked(&REPS, "a surrogate in three bytes, as old databases write it")
            .odd(r#""name":"a#""#)
            .changed(replaced("a#", b"a\xed\xa0\xbd"))
            .lands(5),
        marked(&CALLS, "a raw line break in a text")
            .odd(r#""agent_comment":"a#b""#)
            .changed(replaced("a#b", b"a\n\tb"))
            .lands(5)
            .column("comment", "a\n\tb"),
        marked(&LEADS, "a raw NUL in a text")
            .odd(r#""first_name":"a#b""#)
            .changed(replaced("a#b", b"a\0b"))
            .lands(5)
            .column("first_name", &format!("a{fffd}b")),
        marked(&CALLS, "an escaped NUL in a text")
            .odd(r#""agent_comment":"a\u0000b""#)
            .lands(5)
            .column("comment", &format!("a{fffd}b")),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_nearly_json_costs_its_value_at_most() {
    let fffd = "\u{fffd}";
    let marked = |list, name: &str| Case::of(list, format!("nearly JSON: {name}"));
    run_cases(vec![
        marked(&CALLS, "an escape that JSON has not")
            .odd(r#""agent_comment":"it\'s""#)
            .lands(5)
            .column("comment", r"it\'s"),
        marked(&CALLS, "a NaN")
            .odd(r#""call_length":NaN"#)
            .lands(5)
            .column("duration_seconds", "nothing"),
        marked(&SCORED_CALLS, "an infinity")
            .odd(r#""duration":-Infinity"#)
            .lands(5)
            .column("duration_seconds", "nothing"),
        marked(&REPS, "a None of Python")
            .odd(r#""name":None"#)
            .lands(5)
            .column("name", "nothing"),
        marked(&CALLS, "a value that is missing")
            .odd(r#""call_length":"#)
            .lands(5)
            .column("duration_seconds", "nothing"),
        marked(&CALLS, "a number with leading zeros")
            .odd(r#""call_length":0187"#)
            .lands(5)
            .column("duration_seconds", "187"),
        marked(&CALLS, "a member that comes twice")
            .odd(r#""agent_comment":"a","agent_comment":"b""#)
            .lands(5),
        marked(&CHATS, "half an emoji in the last message")
            .odd(r#""lastMessage":{"text":"bye \ud83d","by":"user"}"#)
            .lands(5)
            .gives(
                "select text from warehouse.messages where conversation_id = '6a2'",
                &format!("bye {fffd}"),
            ),
        marked(&CHATS, "the other half of an emoji in a label")
            .odd(r#""profile":{"userDetails":{"tags":["\ude00 vip"]}}"#)
            .lands(5)
            .gives("select count(*)::text from warehouse.conversation_tags", "1"),
        marked(&CHATS, "half an emoji in the name of a member")
            .odd(r#""a\ud83d":"x""#)
            .lands(5),
        marked(&LEADS, "halves of an emoji in the wrong order")
            .odd(r#""first_name":"\ude00\ud83d""#)
            .lands(5)
            .column("first_name", &format!("{fffd}{fffd}")),
        marked(&TAGS, "half an emoji in an id")
            .odd(r#""id":"7\ud83d""#)
            .lands(5)
            .gives(
                "select count(*)::text from warehouse.tags where id like '7%'",
                "1",
            ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_answer_is_never_one() {
    let fails = |list, name: &str| Case::of(list, format!("no answer: {name}"));
    run_cases(vec![
        fails(&REPS, "a web page")
            .answers(|_| Reply::json("<!DOCTYPE html><html>[{\"rep_id\":\"x\"}]</html>"))
            .fails(&["web page"])
            .lands(0),
        fails(&CALLS, "a page of a proxy with status 200")
            .answers(|_| Reply::json("<html><body>Sign in</body></html>"))
            .fails(&["web page", "base_url"])
            .lands(0),
        fails(&TAGS, "nothing at all")
            .answers(|_| Reply::json(""))
            .fails(&["empty"])
            .lands(0),
        fails(&CHATS, "a text")
            .answers(|_| Reply::json("\"maintenance\""))
            .fails(&["unknown shape"])
            .lands(0),
        fails(&USERS, "a number")
            .answers(|_| Reply::json("1"))
            .fails(&["unknown shape"])
            .lands(0),
        fails(&REPS, "an answer that is cut")
            .changed(|reply| {
                let body = body_of(&reply);
                put(reply, body[..body.len() - 12].to_owned())
            })
            .fails(&["middle"])
            .lands(0),
        fails(&CALLS, "gzip that is cut")
            .changed(|reply| {
                let body = gzip(&reply.body);
                put(reply, body[..body.len() - 12].to_vec())
            })
            .fails(&[])
            .lands(0),
    ])
    .await;
}
