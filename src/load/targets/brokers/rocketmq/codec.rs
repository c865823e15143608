//! RocketMQ's remoting protocol: a length, a header in JSON, a body.

use crate::load::targets::brokers::wire::{Decode, Malformed};
use serde_json::{Map, Value, json};

/// The bits of a header's flag: it is an answer; no answer is wanted.
const ANSWER: u64 = 1;
const ONE_WAY: u64 = 2;

/// A request as its header has it.
pub(super) struct RemotingRequest<'a> {
    pub code: u32,
    /// The number by which its answer is known; `None` if none is wanted.
    pub number: Option<u32>,
    pub fields: Value,
    pub body: &'a [u8],
}

impl RemotingRequest<'_> {
    /// As bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let header = json!({
            "code": self.code,
            "language": "OTHER",
            "version": 0,
            "opaque": self.number.unwrap_or(0),
            "flag": if self.number.is_some() { 0 } else { ONE_WAY },
            "extFields": self.fields,
        });
        let header = header.to_string();
        let mut out = Vec::with_capacity(8 + header.len() + self.body.len());
        for length in [4 + header.len() + self.body.len(), header.len()] {
            out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        }
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(self.body);
        out
    }
}

/// What a server says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RemotingAnswer {
    /// 0 if all went well.
    pub code: u32,
    /// Of the request; `None` if this is no answer but a question of the server's.
    pub number: Option<u32>,
    remark: String,
    fields: Map<String, Value>,
    pub body: Vec<u8>,
}

impl RemotingAnswer {
    /// A field of its header.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or("")
    }

    /// Why a request was not granted.
    pub(super) fn why(&self) -> String {
        format!("{} (code {})", self.remark.lines().next().unwrap_or("no reason was told"), self.code)
    }
}

/// Finds what a server says.
#[derive(Debug)]
pub(super) struct RemotingDecoder;

impl Decode for RemotingDecoder {
    type Frame = RemotingAnswer;

    fn decode(bytes: &[u8], limit: usize) -> Result<Option<(RemotingAnswer, usize)>, Malformed> {
        let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize);
        let Some(length) = number(0) else { return Ok(None) };
        if length > limit {
            return Err(Malformed("a frame longer than any of this run"));
        }
        let Some(frame) = bytes.get(..4 + length) else { return Ok(None) };
        // The uppermost byte says how the header is written; 0 is JSON.
        let header = number(4).filter(|_| length >= 4).ok_or(Malformed("a frame too short"))?;
        let text = frame.get(8..8 + header).ok_or(Malformed("a header longer than its frame"))?;
        let value: Value = serde_json::from_slice(text).map_err(|_| Malformed("a header that is no JSON"))?;
        let whole = |name: &str| value.get(name).and_then(Value::as_u64);
        let small = |name: &str| whole(name).and_then(|number| u32::try_from(number).ok());
        let answer = RemotingAnswer {
            code: small("code").ok_or(Malformed("an answer without a code"))?,
            number: small("opaque").filter(|_| whole("flag").is_some_and(|flag| flag & ANSWER != 0)),
            remark: value.get("remark").and_then(Value::as_str).unwrap_or("").into(),
            fields: value.get("extFields").and_then(Value::as_object).cloned().unwrap_or_default(),
            body: frame[8 + header..].to_vec(),
        };
        Ok(Some((answer, 4 + length)))
    }
}

/// JSON as RocketMQ writes it, with numbers for keys that nothing quotes.
pub(super) fn lenient_json(bytes: &[u8]) -> Option<Value> {
    let mut text = String::with_capacity(bytes.len() + 16);
    let mut rest = std::str::from_utf8(bytes).ok()?;
    while let Some(at) = rest.find(['{', ',']) {
        let (before, after) = rest.split_at(at + 1);
        text.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        rest = &after[digits..];
        let key = digits > 0 && rest.starts_with(':');
        let quote = if key { "\"" } else { "" };
        text.extend([quote, &after[..digits], quote]);
    }
    text.push_str(rest);
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::targets::brokers::wire::torture;

    fn answer() -> Vec<u8> {
        let header = br#"{"code":19,"flag":1,"opaque":7,"remark":"none","extFields":{"popTime":"5"}}"#;
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&(4 + header.len() as u32 + 3).to_be_bytes());
        bytes.extend_from_slice(&(header.len() as u32).to_be_bytes());
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(b"abc");
        bytes
    }

    #[test]
    fn an_answer_is_read_with_its_fields() {
        let (answer, _) = RemotingDecoder::decode(&answer(), 1_000).expect("good").expect("whole");
        assert_eq!(
            (answer.code, answer.number, answer.field("popTime"), answer.field("no")),
            (19, Some(7), "5", "")
        );
        assert_eq!((answer.body.as_slice(), answer.why().as_str()), (&b"abc"[..], "none (code 19)"));
    }

    #[test]
    fn whatever_comes_is_an_answer_or_an_error() {
        torture::<RemotingDecoder>(&[answer(), answer()].concat(), 2, &[&[0x7f, 0xff, 0xff, 0xff]]);
    }

    #[test]
    fn numbers_may_be_keys() {
        let value = lenient_json(br#"{"a":{0:"x:1",12:[3,4]}}"#).expect("nearly JSON");
        assert_eq!((&value["a"]["0"], &value["a"]["12"]), (&json!("x:1"), &json!([3, 4])));
        assert_eq!(lenient_json(b"{0"), None);
    }
}
