//! `answer.json` is what its published JSON Schema says, and reads back.

use crate::cli::Desk;
use crate::gallery::gallery;
use queuelab::study::document::read;
use serde_json::Value;
use std::path::Path;

/// What in a value is not as a schema says, each with where it is: for the part of JSON Schema that
/// `answer.schema.json` uses.
fn wrong(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (word, says) in schema.as_object().expect("a schema is an object") {
        let list = || says.as_array().expect("a list");
        match word.as_str() {
            "$schema" | "$defs" | "title" | "description" => (),
            "$ref" => {
                let path = says.as_str().and_then(|path| path.strip_prefix('#')).expect("a local reference");
                out.extend(wrong(root, root.pointer(path).expect("it leads somewhere"), value, at));
            }
            "type" => {
                let names = says.as_array().cloned().unwrap_or(vec![says.clone()]);
                if !names.iter().any(|name| is(value, name.as_str().expect("a name"))) {
                    out.push(format!("{at}: {value} is no {says}"));
                }
            }
            "const" if value != says => out.push(format!("{at}: {value} is not {says}")),
            "enum" if !list().contains(value) => out.push(format!("{at}: {value} is none of {says}")),
            "const" | "enum" => (),
            "anyOf" if list().iter().all(|one| !wrong(root, one, value, at).is_empty()) => {
                out.push(format!("{at}: {value} fits none"));
            }
            "anyOf" => (),
            "required" => out.extend(
                list()
                    .iter()
                    .filter(|key| value.get(key.as_str().expect("a key")).is_none())
                    .map(|key| format!("{at}: {key} is missing")),
            ),
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                out.extend(items.flat_map(|(i, item)| wrong(root, says, item, &format!("{at}/{i}"))));
            }
            "properties" => {
                let known = says.as_object().expect("an object");
                for (key, schema) in known {
                    let found =
                        value.get(key).map(|found| wrong(root, schema, found, &format!("{at}/{key}")));
                    out.extend(found.into_iter().flatten());
                }
            }
            "additionalProperties" => {
                let known = &schema["properties"];
                let others =
                    value.as_object().into_iter().flatten().filter(|(key, _)| known.get(key).is_none());
                for (key, other) in others {
                    match says {
                        Value::Bool(allowed) if *allowed => (),
                        Value::Bool(_) => out.push(format!("{at}: {key} is not in the schema")),
                        says => out.extend(wrong(root, says, other, &format!("{at}/{key}"))),
                    }
                }
            }
            other => panic!("this test does not know `{other}`"),
        }
    }
    out
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        other => panic!("this test does not know the type `{other}`"),
    }
}

#[test]
fn the_gallerys_answers_are_as_the_published_schema_says() {
    let desk = Desk::new("schema", &[]);
    desk.copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), "scenarios");
    let schema: Value = serde_json::from_slice(&desk.run(&["schema", "answer"]).stdout).expect("JSON");
    let measured = ["run", "--rate", "500/s", "--service", "100us", "--set", "measurement.duration=200ms"];
    let unstable = ["run", "--rate", "500/s", "--service", "4ms", "--set", "simulation.duration=1s"];
    let gallery: Vec<String> = gallery().into_iter().map(|(name, _)| format!("scenarios/{name}")).collect();
    let files = gallery.iter().map(|file| vec!["run", file, "--only", "theory,simulation"]);
    for mut words in files.chain([measured.to_vec(), unstable.to_vec()]) {
        words.extend(["--quick", "--json", "--set", "simulation.replications=2"]);
        let output = desk.run(&words);
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{words:?}: {e}: {}", String::from_utf8_lossy(&output.stderr)));
        let wrong = wrong(&schema, &schema, &answer, "");
        assert!(wrong.is_empty(), "{words:?}: {wrong:#?}");
        let read = read(&output.stdout).unwrap_or_else(|e| panic!("{words:?}: {e}"));
        assert_eq!(serde_json::to_value(&read).expect("plain data"), answer, "{words:?}");
    }
}

#[test]
fn a_saved_result_of_another_kind_or_version_is_refused() {
    let another = "{\"queuelab\": \"0.1.0\", \"comparisons\": []}";
    let later = "{\"queuelab\": \"9.0.0\", \"schema_version\": 9, \"answers\": []}";
    let desk = Desk::new("schema-version", &[("a.json", another), ("b.json", later)]);
    for (file, why) in
        [("a.json", "it holds no answers"), ("b.json", "it has schema_version 9, and this queuelab reads 1")]
    {
        let output = desk.run(&["compare", file, file]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(why), "{said}");
    }
}
