//! A JSON Schema of scenarios, for editors, made of the same tables that check them.

use super::grammar::{BATCHES, Kinds, NAMED, PROCESSES, ROOT, ROUTE, STEP};
use super::model::{MOST_SERVERS, RetryDelay, ServersNeeded, Shift};
use super::notation::DeclaredTable as _;
use super::setting::{SettingKey, Takes};
use crate::workload::laws::LAWS;
use serde_json::{Map, Value, json};
use std::ops::Bound;

/// The schema, draft 2020-12. It tells shapes and words; what only the whole scenario shows is checked when
/// it is read.
pub fn schema() -> Value {
    let mut root = table(ROOT);
    for (name, keys) in NAMED {
        root["properties"][name]["additionalProperties"] = table(&keys());
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
fn table(keys: &[SettingKey]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.into(), property(key))).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn property(key: &SettingKey) -> Value {
    let mut schema = match &key.takes {
        Takes::Text => json!({ "type": "string" }),
        Takes::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Takes::Number(from, to) => number(*from, *to),
        Takes::Flag => json!({ "type": "boolean" }),
        Takes::Duration => json!({ "$ref": "#/$defs/duration" }),
        Takes::Rate => json!({ "$ref": "#/$defs/rate" }),
        Takes::Size => json!({ "$ref": "#/$defs/size" }),
        Takes::Law => json!({ "$ref": "#/$defs/law" }),
        Takes::Word(words) => json!({ "enum": words }),
        Takes::Table(keys) => table(&keys()),
        Takes::TableOr(keys, short) => {
            let alone = keys().into_iter().filter(|key| key.name == *short);
            let forms: Vec<Value> = alone.map(|key| property(&key)).chain([table(&keys())]).collect();
            json!({ "anyOf": forms })
        }
        Takes::Tables(keys) => json!({ "type": "array", "minItems": 1, "items": table(&keys()) }),
        Takes::List if key.name == "steps" => {
            json!({ "type": "array", "minItems": 1, "items": table(STEP) })
        }
        Takes::List => json!({ "type": "array", "minItems": 1 }),
        Takes::Any => several(key.name),
    };
    schema["description"] = json!(key.full_help());
    schema
}

fn number(from: Bound<f64>, to: Bound<f64>) -> Value {
    let mut schema = json!({ "type": "number" });
    let ends = [(from, ["minimum", "exclusiveMinimum"]), (to, ["maximum", "exclusiveMaximum"])];
    for (end, [included, excluded]) in ends {
        match end {
            Bound::Included(end) => schema[included] = json!(end),
            Bound::Excluded(end) => schema[excluded] = json!(end),
            Bound::Unbounded => {}
        }
    }
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
        "retry_delay" => {
            json!({ "anyOf": [{ "$ref": "#/$defs/duration" }, table(&RetryDelay::keys())] })
        }
        "to" => {
            json!({ "anyOf": [{ "type": "string" }, table(ROUTE), { "type": "array", "items": table(ROUTE) }] })
        }
        "from" => json!({ "anyOf": [{ "type": "string" }, { "type": "array", "minItems": 1 }] }),
        "count" => {
            let servers = json!({ "type": "integer", "minimum": 1, "maximum": MOST_SERVERS });
            let shifts = json!({ "type": "array", "minItems": 1, "items": table(&Shift::keys()) });
            json!({ "anyOf": [servers, { "const": "unlimited" }, shifts] })
        }
        "servers_per_message" => {
            let servers = json!({ "type": "integer", "minimum": 1, "maximum": MOST_SERVERS });
            let some = json!({ "type": "array", "minItems": 1, "items": table(&ServersNeeded::keys()) });
            json!({ "anyOf": [servers, some] })
        }
        _ => json!({}),
    }
}

/// One of several kinds of table, told apart by one key.
fn kinds(by: &str, kinds: Kinds, batch: Option<&Value>) -> Value {
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
    use super::super::model::{Consumer, Producer, Queue, Scenario, Simulation};
    use super::super::resolved;
    use super::*;

    #[test]
    fn every_key_of_the_grammar_is_in_the_schema() {
        let schema = schema();
        for key in Consumer::keys() {
            let property = &schema["properties"]["consumers"]["additionalProperties"]["properties"][key.name];
            assert_eq!(property["description"], json!(key.full_help()));
        }
        assert_eq!(
            schema["properties"]["queues"]["additionalProperties"]["properties"]["overflow"]["enum"][1],
            "drop-head"
        );
        let of = |table: &str, name: &str| {
            &schema["properties"][table]["additionalProperties"]["properties"][name]
        };
        assert_eq!(of("queues", "partitions")["maximum"], 1_000_000);
        let speed = &schema["properties"]["measurement"]["properties"]["speed"];
        assert_eq!((&speed["exclusiveMinimum"], &speed["maximum"]), (&json!(0.0), &json!(1e9)));
        assert_eq!(of("consumers", "autoscale")["properties"]["max"]["minimum"], 1);
        assert!(schema["$defs"]["law"]["anyOf"].as_array().is_some_and(|laws| laws.len() == LAWS.len() + 1));
    }
    #[test]
    fn a_default_that_is_told_by_hand_is_the_default() {
        let scenario = Scenario::single(Producer::default(), Queue::default(), Consumer::default());
        let echo = resolved(&scenario);
        let tables = [
            (&echo["producers"]["producer"], Producer::keys()),
            (&echo["queues"]["queue"], Queue::keys()),
            (&echo["consumers"]["consumers"], Consumer::keys()),
            (&echo["simulation"], Simulation::keys()),
        ];
        let mut seen = 0;
        for (echo, keys) in tables {
            for key in keys {
                let told =
                    key.help.split_once("default ").and_then(|(_, rest)| rest.split([';', ',']).next());
                let Some((told, value)) = told.zip(echo.get(key.name)).filter(|(_, v)| !v.is_object()) else {
                    continue;
                };
                assert_eq!(value.as_str().map_or(value.to_string(), Into::into), told, "{}", key.name);
                seen += 1;
            }
        }
        assert!(seen >= 4, "{seen}");
    }
}
