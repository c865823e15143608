//! A JSON Schema of scenarios, for editors, made of the same tables that check them.

use super::grammar::{BATCHES, Key, Kind, NAMED, PROCESSES, RETRY, ROOT, ROUTE, STEP};
use crate::workload::laws::LAWS;
use serde_json::{Map, Value, json};

/// The schema, draft 2020-12. It tells shapes and words; what only the whole scenario shows is checked when
/// it is read.
pub fn schema() -> Value {
    let mut root = table(ROOT);
    for (name, keys) in NAMED {
        root["properties"][name]["additionalProperties"] = table(keys);
        root["properties"][name]["type"] = json!("object");
    }
    let path = json!({ "type": "object" });
    root["properties"]["objectives"]["additionalProperties"] =
        json!({ "type": "string", "pattern": "^ *[<>]" });
    root["properties"]["sweep"]["additionalProperties"] = json!({ "type": ["string", "array"] });
    merge(&mut root["properties"]["objectives"], &path);
    merge(&mut root["properties"]["sweep"], &path);
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("queuelab scenario");
    root["$defs"] = json!({
        "duration": { "type": "string", "pattern": "^ *[0-9.]", "examples": ["4ms", "1h 30m"] },
        "rate": { "type": "string", "pattern": "/", "examples": ["900/s", "5k/s", "300/min"] },
        "size": { "type": "string", "pattern": "B *$", "examples": ["100B", "2KiB"] },
        "law": law(),
    });
    root
}

fn merge(into: &mut Value, from: &Value) {
    for (key, value) in from.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}

/// An object with these keys and no others.
fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.into(), property(key))).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn property(key: &Key) -> Value {
    let mut schema = match key.kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Whole => json!({ "type": "integer" }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Duration => json!({ "$ref": "#/$defs/duration" }),
        Kind::Rate => json!({ "$ref": "#/$defs/rate" }),
        Kind::Size => json!({ "$ref": "#/$defs/size" }),
        Kind::Law => json!({ "$ref": "#/$defs/law" }),
        Kind::Word(words) => json!({ "enum": words() }),
        Kind::Table(keys) => table(keys),
        Kind::List if key.name == "steps" => json!({ "type": "array", "minItems": 1, "items": table(STEP) }),
        Kind::List => json!({ "type": "array", "minItems": 1 }),
        Kind::Any => several(key.name),
    };
    schema["description"] = json!(key.meaning);
    schema
}

/// What takes several forms.
fn several(name: &str) -> Value {
    match name {
        "arrivals" => {
            let batch =
                json!({ "anyOf": [{ "type": "integer", "minimum": 1 }, kinds("law", BATCHES, None)] });
            json!({ "anyOf": [{ "type": "string" }, kinds("process", PROCESSES, Some(&batch))] })
        }
        "retry_delay" => json!({ "anyOf": [{ "$ref": "#/$defs/duration" }, table(RETRY)] }),
        "to" => {
            json!({ "anyOf": [{ "type": "string" }, table(ROUTE), { "type": "array", "items": table(ROUTE) }] })
        }
        "count" => json!({ "anyOf": [{ "type": "integer", "minimum": 1 }, { "const": "unlimited" }] }),
        _ => json!({}),
    }
}

/// One of several kinds of table, told apart by one key.
fn kinds(by: &str, kinds: &[(&str, &[Key])], batch: Option<&Value>) -> Value {
    let options: Vec<Value> = kinds
        .iter()
        .map(|(name, keys)| {
            let mut one = table(keys);
            one["properties"][by] = json!({ "const": name });
            if let Some(batch) = batch {
                one["properties"]["batch"] = batch.clone();
            }
            // An absent process is a Poisson process.
            if *name != "poisson" {
                one["required"] = json!([by]);
            }
            one
        })
        .collect();
    json!({ "anyOf": options })
}

/// A duration, a line of text, or a table for each law.
fn law() -> Value {
    let laws = LAWS.iter().map(|(name, parameters)| {
        let mut properties =
            json!({ "law": { "const": name }, "mean": { "$ref": "#/$defs/duration" }, "rate": { "$ref": "#/$defs/rate" } });
        parameters.iter().for_each(|p| properties[p] = json!({}));
        json!({ "type": "object", "additionalProperties": false, "properties": properties, "required": ["law"] })
    });
    let forms: Vec<Value> = std::iter::once(json!({ "type": "string" })).chain(laws).collect();
    json!({ "anyOf": forms })
}

#[cfg(test)]
mod tests {
    use super::super::grammar::CONSUMER;
    use super::*;

    #[test]
    fn every_key_of_the_grammar_is_in_the_schema() {
        let schema = schema();
        for key in CONSUMER {
            let property = &schema["properties"]["consumers"]["additionalProperties"]["properties"][key.name];
            assert_eq!(property["description"], json!(key.meaning));
        }
        assert_eq!(
            schema["properties"]["queues"]["additionalProperties"]["properties"]["overflow"]["enum"][1],
            "drop-head"
        );
        assert!(schema["$defs"]["law"]["anyOf"].as_array().is_some_and(|laws| laws.len() == LAWS.len() + 1));
    }
}
