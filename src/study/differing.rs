//! What the settings of two scenarios differ in: the sides of a comparison are named by it.

use serde_json::Value;

/// More settings than these do not fit into a name.
const MOST: usize = 2;
/// What says nothing about the system that is asked about.
const ASIDE: [&str; 4] = ["title", "seed", "simulation", "objectives"];

/// Names for all sides, each with what tells it from the first: `mm1 (consumers.worker.count=1)` and
/// `consumers.worker.count=2`.
pub fn names(given: &[String], scenarios: &[Value]) -> Vec<String> {
    let Some((first, others)) = scenarios.split_first() else { return given.to_vec() };
    let told = |(name, other): (&String, &Value)| {
        let all = settings(first, other);
        // What was turned says it; what else follows from it is beside the point.
        let turned: Vec<Setting> =
            all.iter().filter(|s| name.starts_with(&format!("{}=", s.path))).cloned().collect();
        if turned.is_empty() { all } else { turned }
    };
    let all: Vec<Vec<Setting>> = given[1..].iter().zip(others).map(told).collect();
    let mut own: Vec<&Setting> = Vec::new();
    for setting in all.iter().flatten() {
        if !own.iter().any(|known| known.path == setting.path) {
            own.push(setting);
        }
    }
    let with = |name: &str, told: Vec<String>| match told.len() {
        0 => name.to_string(),
        n if n > MOST => name.to_string(),
        _ => format!("{name} ({})", told.join(", ")),
    };
    let mut out = vec![with(&given[0], own.iter().map(|s| format!("{}={}", s.path, s.first)).collect())];
    for (name, settings) in given[1..].iter().zip(&all) {
        let turned = settings.iter().any(|s| name.starts_with(&format!("{}=", s.path)));
        let told = if turned {
            Vec::new()
        } else {
            settings.iter().map(|s| format!("{}={}", s.path, s.second)).collect()
        };
        out.push(with(name, told));
    }
    out
}

/// The one setting in which a side differs that is named by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnedSetting {
    /// Its path.
    pub path: String,
    /// Its value on that side, as it was given.
    pub value: String,
    /// Its value on the first side.
    pub first: String,
}

/// For each side, the setting that it is named by, if it is.
pub fn turned(given: &[String], scenarios: &[Value]) -> Vec<Option<TurnedSetting>> {
    let Some(first) = scenarios.first() else { return Vec::new() };
    let one = |(name, other): (&String, &Value)| {
        let (path, value) = name.split_once('=')?;
        let setting = settings(first, other).into_iter().find(|setting| setting.path == path)?;
        Some(TurnedSetting { path: setting.path, value: value.trim().into(), first: setting.first })
    };
    given.iter().zip(scenarios).map(one).collect()
}

/// A setting that differs, with both values as they are written; `none` where there is none.
#[derive(Debug, Clone, PartialEq)]
struct Setting {
    path: String,
    first: String,
    second: String,
}

fn settings(first: &Value, second: &Value) -> Vec<Setting> {
    let mut out = Vec::new();
    collect("", first, second, &mut out);
    out
}

fn collect(path: &str, first: &Value, second: &Value, out: &mut Vec<Setting>) {
    if let (Some(a), Some(b)) = (first.as_object(), second.as_object()) {
        let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys.into_iter().filter(|key| !path.is_empty() || !ASIDE.contains(&key.as_str())) {
            let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            collect(&below, a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), out);
        }
    } else if first != second {
        out.push(Setting { path: path.into(), first: written(first), second: written(second) });
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sides_are_named_by_what_differs() {
        let with = |count: u32, room: Value| json!({ "title": count, "queues": { "q": { "max_length": room } }, "consumers": { "c": { "count": count } } });
        let given = ["mm1".to_string(), "consumers.c.count=2".to_string(), "other".to_string()];
        let scenarios = [with(1, Value::Null), with(2, Value::Null), with(1, json!(3))];
        let expected = [
            "mm1 (consumers.c.count=1, queues.q.max_length=none)",
            "consumers.c.count=2",
            "other (queues.q.max_length=3)",
        ];
        assert_eq!(names(&given, &scenarios), expected);
        let count = TurnedSetting { path: "consumers.c.count".into(), value: "2".into(), first: "1".into() };
        assert_eq!(turned(&given, &scenarios), [None, Some(count), None]);
    }
}
