//! Quantities as they are written: what reads back as the very same number.

pub(super) use crate::units::duration_text as time;
use crate::workload::laws::{Law, Parameter};
use serde_json::{Map, Value, json};

pub(super) fn rate(per_second: f64) -> String {
    format!("{per_second}/s")
}

pub(super) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}

pub(super) fn law(law: &Law) -> Value {
    let times = |list: &[f64]| Value::from(list.iter().map(|t| time(*t)).collect::<Vec<_>>());
    let mut table = Map::new();
    table.insert("law".into(), json!(law.name()));
    for (key, parameter) in law.parameters() {
        let value = match parameter {
            Parameter::Number(x) => number(x),
            Parameter::Seconds(t) => json!(time(t)),
            Parameter::Text(text) => json!(text),
            Parameter::Numbers(list) => list.into_iter().map(number).collect(),
            Parameter::SecondsList(list) => times(&list),
            Parameter::Nested(of) => self::law(&of),
            Parameter::Parts(list) => {
                list.iter().map(|(p, of)| json!({ "probability": number(*p), "of": self::law(of) })).collect()
            }
            Parameter::Branches(list) => {
                list.into_iter().map(|(p, t)| json!({ "probability": number(p), "mean": time(t) })).collect()
            }
        };
        table.insert(key.into(), value);
    }
    match law {
        Law::Deterministic(constant) => json!(time(constant.value)),
        _ => Value::Object(table),
    }
}
