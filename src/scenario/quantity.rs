//! Quantities as they are written: what reads back as the very same number.

use crate::units;
use crate::workload::laws::{Law, Parameter};
use serde_json::{Map, Value, json};

/// A time that reads back as the very same number.
pub(super) fn time(seconds: f64) -> String {
    if seconds == 0.0 {
        return "0s".into();
    }
    let units = [(3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")];
    let fits = |(scale, unit): (f64, &str)| {
        let text = format!("{}{unit}", tidy(seconds / scale));
        (units::duration(&text) == Ok(seconds)).then_some(text)
    };
    let natural = units.into_iter().filter(|(scale, unit)| {
        seconds >= *scale && !(matches!(*unit, "h" | "min") && seconds / scale % 1.0 != 0.0)
    });
    natural.filter_map(fits).find(|text| text.len() <= 10).unwrap_or_else(|| format!("{seconds}s"))
}

/// A number without the dust of a division; whether it is still the same is checked by whoever reads it back.
fn tidy(value: f64) -> f64 {
    format!("{value:.9e}").parse().unwrap_or(value)
}

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
