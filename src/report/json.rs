//! The document for machines: `answer.json`, the same bytes as `--json` prints.

use super::Extras;
use crate::study::Study;
use crate::study::document::Document;
use std::io::{self, Write};

/// A study as a JSON document, indented, with a final newline.
pub fn document(study: &Study, extras: &Extras) -> String {
    let mut text = Vec::new();
    write(study, extras, &mut text).expect("a study is plain data with string keys, and memory takes it");
    String::from_utf8(text).expect("JSON is text")
}

/// Writes the document bit by bit.
pub(super) fn write(study: &Study, extras: &Extras, out: &mut dyn Write) -> io::Result<()> {
    let document = Document::of(study, &extras.scenario, super::verdict(study));
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn the_document_has_the_contracts_keys() {
        let json: serde_json::Value =
            serde_json::from_str(&document(&fixtures::five_methods(), &fixtures::extras()))
                .expect("valid JSON");
        for key in [
            "queuelab",
            "schema_version",
            "scenario",
            "seed",
            "host",
            "answers",
            "unanswered",
            "agreement",
            "formulas",
            "objectives",
            "verdict",
        ] {
            assert!(json.get(key).is_some(), "{key}");
        }
        assert_eq!(json["seed"], 42);
        assert_eq!(json["answers"][0]["metrics"]["queues.orders.wait.mean"]["unit"], "s");
        assert_eq!(json["objectives"][0]["outcome"], "pass");
        assert_eq!(json["objectives"][0]["by"], "simulation");
        assert_eq!(json["agreement"][1]["verdict"], "differ");
    }

    #[test]
    fn the_document_reads_back_as_it_was_written() {
        for study in [fixtures::five_methods(), fixtures::infinite(), fixtures::bare()] {
            let text = document(&study, &fixtures::extras());
            let read = crate::study::document::read(text.as_bytes()).expect("an answer");
            assert_eq!(serde_json::to_string_pretty(&read).expect("plain data") + "\n", text);
            assert_eq!(read.unstable(), study.unstable());
        }
    }

    #[test]
    fn an_infinite_mean_is_null_and_said_so() {
        let json: serde_json::Value =
            serde_json::from_str(&document(&fixtures::infinite(), &fixtures::extras())).expect("valid JSON");
        let wait = &json["answers"][0]["metrics"]["queues.orders.wait.mean"];
        assert!(wait["value"].is_null() && wait["infinite"] == true);
    }
}
