//! Bytes of a file to its text: unpacked if it is packed, and refused by name if it is no text.

use super::TimesFileError;
use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::io::{self, Cursor, Read};

/// The most bytes that a packed file may unpack to.
const MOST: u64 = 4 << 30;
/// Bytes that tell what a file is, and what to do with one that cannot be read here.
const PACKED: &[(&[u8], &str, &str)] = &[
    (b"\x28\xb5\x2f\xfd", "packed by zstd", "unpack it with `zstd -d`, or pack it with gzip"),
    (b"\xfd7zXZ\0", "packed by xz", "unpack it with `xz -d`, or pack it with gzip"),
    (b"BZh", "packed by bzip2", "unpack it with `bzip2 -d`, or pack it with gzip"),
    (b"PK\x03\x04", "a zip archive or a workbook of Excel", "save the table itself as CSV"),
    (b"PAR1", "a Parquet file", "write the table as CSV"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8: `iconv -f UTF-16 -t UTF-8`"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8: `iconv -f UTF-16 -t UTF-8`"),
];

/// How much is read at a time until it is known what a file is.
const CHUNK: u64 = 1 << 16;

/// The text of a file: its beginning, and where the rest is read.
pub(super) struct Text<'r> {
    pub head: Vec<u8>,
    rest: Box<dyn Read + 'r>,
}

impl<'r> Text<'r> {
    /// The text of a file, unpacked.
    pub(super) fn of(source: Box<dyn Read + 'r>) -> Result<Self, TimesFileError> {
        let mut text = Text { head: Vec::new(), rest: source };
        text.more()?;
        if text.head.starts_with(b"\x1f\x8b") {
            let plain = MultiGzDecoder::new(text.after(0));
            text = Text { head: Vec::new(), rest: Box::new(Unpacked { plain, read: 0 }) };
            text.more()?;
        }
        let mark = text.head.len() - whole(&text.head)?.len();
        text.head.drain(..mark);
        Ok(text)
    }

    /// Reads more of it; `false` if there is none.
    pub(super) fn more(&mut self) -> Result<bool, TimesFileError> {
        let read = (&mut self.rest).take(CHUNK).read_to_end(&mut self.head).map_err(refused)?;
        Ok(read > 0)
    }

    /// All of it but so many bytes.
    pub(super) fn after(mut self, bytes: usize) -> Box<dyn Read + 'r> {
        self.head.drain(..bytes);
        Box::new(Cursor::new(self.head).chain(self.rest))
    }
}

/// What a packed file holds.
struct Unpacked<'r> {
    plain: MultiGzDecoder<Box<dyn Read + 'r>>,
    read: u64,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let wrong = |why: String, instead: &str| io::Error::other(TimesFileError::Other(why, instead.into()));
        let read = self.plain.read(out).map_err(|e| match e.kind() {
            io::ErrorKind::Interrupted => e,
            _ => wrong(format!("it is packed by gzip and broken: {e}"), "pack it again"),
        })?;
        self.read += read as u64;
        if self.read >= MOST {
            return Err(wrong("it unpacks to more than 4 GiB".into(), "split it"));
        }
        Ok(read)
    }
}

/// Why a file could not be read to its end.
pub(super) fn refused(error: io::Error) -> TimesFileError {
    error.downcast().unwrap_or_else(|e| {
        TimesFileError::Other(
            format!("it could not be read to its end: {e}"),
            "copy it to this machine".into(),
        )
    })
}

/// The text of a cell: bytes that are no UTF-8 spoil it and no other. A micro sign of Latin-1 before an s is
/// one: read as no letter it would make seconds of microseconds.
pub(super) fn readable(bytes: &[u8]) -> Cow<'_, str> {
    if std::str::from_utf8(bytes).is_ok() || !bytes.windows(2).any(|pair| pair == b"\xb5s") {
        return String::from_utf8_lossy(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len() + 16);
    for (i, byte) in bytes.iter().enumerate() {
        let alone = *byte == 0xb5
            && bytes.get(i + 1) == Some(&b's')
            && i.checked_sub(1).is_none_or(|before| bytes[before].is_ascii());
        out.extend_from_slice(if alone { "µ".as_bytes() } else { std::slice::from_ref(byte) });
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Without the mark of its beginning; refused if it is of a kind that cannot be read.
fn whole(bytes: &[u8]) -> Result<&[u8], TimesFileError> {
    for (start, what, instead) in PACKED {
        if bytes.starts_with(start) {
            return Err(TimesFileError::Other(format!("it is {what}"), (*instead).into()));
        }
    }
    let head = &bytes[..bytes.len().min(4096)];
    let zeros = head.iter().filter(|b| **b == 0).count();
    if zeros * 4 > head.len() {
        return Err(TimesFileError::Other(
            "it is UTF-16 text".into(),
            "save it as UTF-8: `iconv -f UTF-16 -t UTF-8`".into(),
        ));
    }
    if zeros > 0 {
        return Err(TimesFileError::Other(
            "it is no text: it holds zero bytes".into(),
            "write the table as CSV".into(),
        ));
    }
    let plain = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start: Vec<u8> = plain.iter().copied().filter(|b| !b.is_ascii_whitespace()).take(2).collect();
    if matches!(start.as_slice(), [b'{', b'"' | b'}'] | [b'[', b'{']) {
        let instead = "write its times as CSV, such as by `jq -r '[.timestamp, .latency] | @csv'`";
        return Err(TimesFileError::Other("it is JSON".into(), instead.into()));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn text(bytes: &[u8]) -> Result<String, TimesFileError> {
        let mut all = Vec::new();
        Text::of(Box::new(bytes))?.after(0).read_to_end(&mut all).map_err(refused)?;
        Ok(readable(&all).into_owned())
    }

    #[test]
    fn packed_and_marked_texts_are_read_and_others_are_named() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"\xef\xbb\xbfservice_ms\n1\n").expect("in memory");
        let packed = packed.finish().expect("in memory");
        assert_eq!(text(&packed).expect("gzip"), "service_ms\n1\n");
        assert_eq!(text(b"\xef\xbb\xbfa\n").expect("marked"), "a\n");
        assert_eq!(
            text(b"latency (\xb5s)\n5\xb5s\n\xff\n").expect("Latin-1"),
            "latency (µs)\n5µs\n\u{fffd}\n"
        );
        let wide: Vec<u8> = "service_ms\n1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, name) in [
            (wide.as_slice(), "UTF-16"),
            (b"\xff\xfea\0", "UTF-16"),
            (b"BZh91AY", "bzip2"),
            (b" [ {\"ts\": 1}]", "JSON"),
            (&packed[..20], "gzip"),
        ] {
            let why = text(bytes).expect_err("no text").to_string();
            assert!(why.contains(name), "{why}");
        }
    }
}
