//! TOML text of plain data: a scenario's echo as a file that can be run again.

use serde_json::{Map, Value};

/// A name as a key of TOML, quoted if it must be.
pub(super) fn key_text(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if bare { name.into() } else { quoted(name) }
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A document: plain settings first, a section for each table and for each table within a named table.
pub(super) fn document(root: &Map<String, Value>, named: &[&str]) -> String {
    let mut out = String::new();
    for (key, value) in root.iter().filter(|(_, v)| !v.is_object()) {
        out.push_str(&format!("{} = {}\n", key_text(key), inline(value)));
    }
    for (key, value) in root {
        let Value::Object(table) = value else { continue };
        if named.contains(&key.as_str()) {
            for (name, inner) in table {
                section(&mut out, &format!("{}.{}", key_text(key), key_text(name)), inner);
            }
        } else {
            section(&mut out, &key_text(key), value);
        }
    }
    out
}

fn section(out: &mut String, header: &str, value: &Value) {
    let Value::Object(table) = value else { return };
    out.push_str(&format!("\n[{header}]\n"));
    let width = table.keys().map(|k| key_text(k).chars().count()).max().unwrap_or(0);
    for (key, value) in table {
        out.push_str(&format!("{:width$} = {}\n", key_text(key), inline(value)));
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(list) => format!("[{}]", list.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(table) => {
            let entries: Vec<String> =
                table.iter().map(|(k, v)| format!("{} = {}", key_text(k), inline(v))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        // A float of JSON may have an exponent, which TOML reads alike.
        other => other.to_string(),
    }
}
