//! Redis's protocol (RESP 2): values that announce how many bytes or values they are.

use crate::load::targets::brokers::wire::{Decode, Malformed};

/// Values within values beyond this are none of ours.
const DEEPEST: u32 = 8;

/// Values of an array beyond this are none of ours.
const MOST: usize = 64 * 1024;

/// Finds what a Redis server says.
#[derive(Debug)]
pub(super) struct RespDecoder;

/// What a Redis server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RespValue {
    Simple(String),
    Error(String),
    Number(i64),
    /// Bytes, or nothing.
    Bytes(Option<Vec<u8>>),
    /// Values, or nothing.
    Array(Option<Vec<RespValue>>),
}

impl RespValue {
    /// Its text, if it has one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            RespValue::Simple(text) => Some(text),
            RespValue::Bytes(Some(bytes)) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The values of an array; none if it is something else.
    pub(super) fn values(&self) -> &[RespValue] {
        match self {
            RespValue::Array(Some(values)) => values,
            _ => &[],
        }
    }

    pub(super) fn number(&self) -> Option<i64> {
        match self {
            RespValue::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl Decode for RespDecoder {
    type Frame = RespValue;

    fn decode(bytes: &[u8], limit: usize) -> Result<Option<(RespValue, usize)>, Malformed> {
        value(bytes, limit, DEEPEST)
    }
}

fn value(bytes: &[u8], limit: usize, depth: u32) -> Result<Option<(RespValue, usize)>, Malformed> {
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else { return Ok(None) };
    let line = bytes[..end].strip_suffix(b"\r").ok_or(Malformed("a line that ends without CR"))?;
    let line = std::str::from_utf8(line).map_err(|_| Malformed("a line that is no text"))?;
    let mut text = line.chars();
    let (kind, text, begin) = (text.next(), text.as_str(), end + 1);
    let number = || text.parse::<i64>().map_err(|_| Malformed("a number that is none"));
    let simple = match kind {
        Some('+') => RespValue::Simple(text.into()),
        Some('-') => RespValue::Error(text.into()),
        Some(':') => RespValue::Number(number()?),
        Some('$') => return content(bytes, begin, number()?, limit),
        Some('*') => return array(bytes, begin, number()?, limit, depth),
        _ => return Err(Malformed("a value of a kind that there is not")),
    };
    Ok(Some((simple, begin)))
}

fn content(
    bytes: &[u8],
    begin: usize,
    length: i64,
    limit: usize,
) -> Result<Option<(RespValue, usize)>, Malformed> {
    let Ok(length) = usize::try_from(length) else { return Ok(Some((RespValue::Bytes(None), begin))) };
    if length > limit {
        return Err(Malformed("a value that is longer than any of this run"));
    }
    let Some(whole) = bytes.get(begin..begin + length + 2) else { return Ok(None) };
    if &whole[length..] != b"\r\n" {
        return Err(Malformed("a value that is longer than it says"));
    }
    Ok(Some((RespValue::Bytes(Some(whole[..length].to_vec())), begin + length + 2)))
}

fn array(
    bytes: &[u8],
    begin: usize,
    length: i64,
    limit: usize,
    depth: u32,
) -> Result<Option<(RespValue, usize)>, Malformed> {
    let Ok(length) = usize::try_from(length) else { return Ok(Some((RespValue::Array(None), begin))) };
    if length > MOST || depth == 0 {
        return Err(Malformed("more values than are ever asked for"));
    }
    let (mut values, mut at) = (Vec::new(), begin);
    for _ in 0..length {
        let Some((value, used)) = value(&bytes[at..], limit, depth - 1)? else { return Ok(None) };
        values.push(value);
        at += used;
    }
    Ok(Some((RespValue::Array(Some(values)), at)))
}

/// A command: an array of its words.
pub(super) fn command(words: &[&[u8]], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        out.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::targets::brokers::wire::torture;

    const GOOD: &[u8] = b"+OK\r\n-ERR no such thing\r\n:-12\r\n$5\r\nhello\r\n$-1\r\n*-1\r\n\
        *2\r\n$1\r\na\r\n*2\r\n:1\r\n$0\r\n\r\n";

    #[test]
    fn a_conversation_is_read_whatever_comes_of_it() {
        let deep = b"*1\r\n".repeat(20);
        torture::<RespDecoder>(
            GOOD,
            7,
            &[b"$2147483647\r\n", b"*2147483647\r\n", b"$99999999999999999999\r\n", &deep],
        );
    }

    #[test]
    fn values_have_their_parts() {
        let (value, used) =
            RespDecoder::decode(&GOOD[GOOD.len() - 25..], 100).expect("sound").expect("whole");
        assert_eq!((used, value.values().len()), (25, 2));
        assert_eq!(value.values()[0].text(), Some("a"));
        assert_eq!(value.values()[1].values()[0].number(), Some(1));
        let mut out = Vec::new();
        command(&[b"XLEN", b"q"], &mut out);
        assert_eq!(out, b"*2\r\n$4\r\nXLEN\r\n$1\r\nq\r\n");
    }
}
