//! From the bytes of an answer to its text. Labels are hints: what the bytes say of themselves counts more.

use std::borrow::Cow;
use std::io::{self, Read};

use encoding_rs::{Encoding, UTF_8};
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};

/// How every gzip file begins.
const GZIP: [u8; 3] = [0x1f, 0x8b, 0x08];
/// Packed twice happens, by a server and a proxy; more often is malice.
const MAX_LAYERS: usize = 2;
/// Of an answer that is labelled `deflate`: how it begins with, against all names, the header of zlib.
const ZLIB: u8 = 0x78;
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What is wrong with the bytes of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyFlaw {
    /// They are more than we take, once unpacked.
    TooLarge,
    /// Packed bytes that end too early, or do not fit their own checksum.
    Cut,
}

/// What the headers say of a body.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct BodyLabels<'a> {
    /// `Content-Encoding`.
    pub encoding: Option<&'a str>,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
}

/// The text of a body, unpacked and decoded; no more than `limit` bytes are unpacked.
pub(super) fn read_body(bytes: Vec<u8>, labels: BodyLabels<'_>, limit: usize) -> Result<String, BodyFlaw> {
    let mut bytes = bytes;
    for _ in 0..MAX_LAYERS {
        if !bytes.starts_with(&GZIP) {
            break;
        }
        bytes = unpack_gzip(&bytes, limit)?;
    }
    if labels.encoding.is_some_and(is_deflate) {
        bytes = unpack_deflate(bytes, limit)?;
    }
    Ok(decode_text(bytes, labels.content_type))
}

fn is_deflate(encoding: &str) -> bool {
    encoding.trim().eq_ignore_ascii_case("deflate")
}

/// All members of a gzip file; what else follows them is dropped.
fn unpack_gzip(mut bytes: &[u8], limit: usize) -> Result<Vec<u8>, BodyFlaw> {
    let mut unpacked = Vec::new();
    while bytes.starts_with(&GZIP) {
        let mut decoder = GzDecoder::new(bytes);
        unpack_body(&mut decoder, &mut unpacked, limit)?.map_err(|_| BodyFlaw::Cut)?;
        bytes = decoder.into_inner();
    }
    Ok(unpacked)
}

/// An answer that is labelled `deflate`: with a header, without one, or not packed at all.
fn unpack_deflate(bytes: Vec<u8>, limit: usize) -> Result<Vec<u8>, BodyFlaw> {
    let mut unpacked = Vec::new();
    let done = if bytes.first() == Some(&ZLIB) {
        unpack_body(ZlibDecoder::new(bytes.as_slice()), &mut unpacked, limit)?
    } else {
        unpack_body(DeflateDecoder::new(bytes.as_slice()), &mut unpacked, limit)?
    };
    Ok(if done.is_ok() { unpacked } else { bytes })
}

/// Unpacks to the end, or to one byte more than may be.
fn unpack_body(packed: impl Read, into: &mut Vec<u8>, limit: usize) -> Result<io::Result<()>, BodyFlaw> {
    let room = u64::try_from(limit.saturating_sub(into.len())).unwrap_or(u64::MAX);
    let done = packed.take(room.saturating_add(1)).read_to_end(into);
    if into.len() > limit {
        return Err(BodyFlaw::TooLarge);
    }
    Ok(done.map(|_| ()))
}

/// The text that bytes stand for: by their byte order mark, as UTF-8 where they are, by their label, or lossily.
fn decode_text(bytes: Vec<u8>, content_type: Option<&str>) -> String {
    let label = content_type.and_then(charset_of).unwrap_or(UTF_8);
    // Latin-1 is what servers say of whatever they send. Text of another encoding is hardly ever UTF-8 by accident.
    let may_be_utf8 = (label == UTF_8 || label.is_single_byte()) && Encoding::for_bom(&bytes).is_none();
    let bytes = match String::from_utf8(bytes) {
        Ok(text) if may_be_utf8 => return text,
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let (text, _, _) = label.decode(&bytes);
    match text {
        Cow::Borrowed(text) => text.trim_start_matches(BYTE_ORDER_MARK).to_owned(),
        Cow::Owned(text) if text.starts_with(BYTE_ORDER_MARK) => {
            text.trim_start_matches(BYTE_ORDER_MARK).to_owned()
        }
        Cow::Owned(text) => text,
    }
}

/// The encoding that a `Content-Type` names.
fn charset_of(content_type: &str) -> Option<&'static Encoding> {
    content_type
        .split(';')
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .and_then(|(_, label)| Encoding::for_label(label.trim().trim_matches(['"', '\'']).as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const LIMIT: usize = 1_000;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(text: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn a_text_is_decoded_by_its_bytes_first_and_its_label_second() {
        let json = Some("application/json");
        let latin = Some("text/html; Charset=\"ISO-8859-1\"");
        for (bytes, content_type, wanted) in [
            (b"{}".to_vec(), None, "{}"),
            ("{\"a\":\"é\"}".into(), json, "{\"a\":\"é\"}"),
            ("\u{feff}{}".into(), json, "{}"),
            ("\u{feff}\u{feff}{}".into(), json, "{}"),
            (b"a\xffb\xe9".to_vec(), json, "a\u{fffd}b\u{fffd}"),
            (b"caf\xe9".to_vec(), latin, "café"),
            ("\u{feff}café".into(), latin, "café"),
            ("café".into(), latin, "café"),
            (
                b"\x93a\x94".to_vec(),
                Some("text/plain;charset=windows-1252"),
                "“a”",
            ),
            (
                b"a\xff".to_vec(),
                Some("text/plain; charset=klingon"),
                "a\u{fffd}",
            ),
            (utf16("\u{feff}{é}", u16::to_le_bytes), json, "{é}"),
            (utf16("\u{feff}{é}", u16::to_be_bytes), json, "{é}"),
            (
                utf16("{}", u16::to_le_bytes),
                Some("application/json; charset=utf-16le"),
                "{}",
            ),
            (b"\x8a\xbf".to_vec(), Some("text/plain; charset=shift_jis"), "漢"),
            (Vec::new(), None, ""),
        ] {
            let labels = BodyLabels {
                encoding: None,
                content_type,
            };
            let text = read_body(bytes.clone(), labels, LIMIT);
            assert_eq!(text.as_deref(), Ok(wanted), "{bytes:?} {content_type:?}");
        }
    }

    #[test]
    fn a_body_is_unpacked_whatever_its_label_says() {
        let text = b"{\"rows\":[]}".as_slice();
        let followed = |mut bytes: Vec<u8>, more: &[u8]| {
            bytes.extend_from_slice(more);
            bytes
        };
        let cut = |mut bytes: Vec<u8>| {
            bytes.truncate(bytes.len() - 9);
            bytes
        };
        for (bytes, encoding, wanted) in [
            (gzip(text), Some("gzip"), Ok("{\"rows\":[]}")),
            (gzip(text), None, Ok("{\"rows\":[]}")),
            (gzip(text), Some("br"), Ok("{\"rows\":[]}")),
            (text.to_vec(), Some("gzip"), Ok("{\"rows\":[]}")),
            (text.to_vec(), Some("deflate"), Ok("{\"rows\":[]}")),
            (zlib(text), Some("Deflate"), Ok("{\"rows\":[]}")),
            (deflate(text), Some("deflate"), Ok("{\"rows\":[]}")),
            (gzip(&gzip(text)), Some("gzip"), Ok("{\"rows\":[]}")),
            (
                followed(gzip(b"{\"rows\""), &gzip(b":[]}")),
                Some("gzip"),
                Ok("{\"rows\":[]}"),
            ),
            (
                followed(gzip(text), b"\r\n\0\0"),
                Some("gzip"),
                Ok("{\"rows\":[]}"),
            ),
            (cut(gzip(text)), Some("gzip"), Err(BodyFlaw::Cut)),
            (GZIP.to_vec(), None, Err(BodyFlaw::Cut)),
            (gzip(&[b' '; LIMIT + 1]), Some("gzip"), Err(BodyFlaw::TooLarge)),
            (zlib(&[b' '; LIMIT + 1]), Some("deflate"), Err(BodyFlaw::TooLarge)),
            (Vec::new(), Some("gzip"), Ok("")),
        ] {
            let labels = BodyLabels {
                encoding,
                content_type: None,
            };
            let read = read_body(bytes.clone(), labels, LIMIT);
            assert_eq!(read, wanted.map(str::to_owned), "{bytes:?} {encoding:?}");
        }
        assert!(read_body(gzip(&[b' '; LIMIT]), BodyLabels::default(), LIMIT).is_ok());
    }
}
