//! Bytes of a file to its text: unpacked if it is packed, and refused by name if it is no text.

use super::TimesFileError;
use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::io::Read;

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

/// The text of a file. Bytes that are no UTF-8 spoil their own cell, not the file.
pub(super) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, TimesFileError> {
    if let Some(rest) = bytes.strip_prefix(b"\x1f\x8b") {
        let mut plain = Vec::with_capacity(rest.len() * 4);
        let mut reader = MultiGzDecoder::new(bytes).take(MOST);
        reader.read_to_end(&mut plain).map_err(|e| {
            TimesFileError::Other(format!("it is packed by gzip and broken: {e}"), "pack it again".into())
        })?;
        if plain.len() as u64 >= MOST {
            return Err(TimesFileError::Other("it unpacks to more than 4 GiB".into(), "split it".into()));
        }
        return Ok(Cow::Owned(readable(whole(&plain)?).into_owned()));
    }
    Ok(readable(whole(bytes)?))
}

/// Without a micro sign of Latin-1 before an s: read as no letter it would make seconds of microseconds.
fn readable(bytes: &[u8]) -> Cow<'_, str> {
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
