//! Batch sizes: a number, or a discrete law.

use super::super::context::Context;
use super::super::grammar::{BATCHES, Kinds, LARGEST_BATCH};
use super::super::inline;
use super::super::model::Batch;
use super::super::node::{Field, Node, Table, Value};
use super::super::problem::Problem;
use super::super::setting::{SettingKey, meant};

pub(super) fn read(cx: &mut Context<'_>, field: Field<'_>) -> Option<Batch> {
    let parsed;
    let node = match &field.node.value {
        Value::Integer(_) | Value::Float(_) => return cx.count(field, 1, LARGEST_BATCH).map(Batch::Fixed),
        Value::Text(text) if text.contains('(') => {
            let start = inline::inside(&cx.texts[field.node.at.origin], text, field.node.at);
            parsed = inline::law(text, field.node.at, start).map_err(|p| cx.tell(p)).ok()?;
            &parsed
        }
        _ => field.node,
    };
    let table = cx.any_table(Field { key: field.key, node })?;
    let keys = kind_keys(cx, table, node, "law", BATCHES)?;
    let mut known = vec!["law"];
    known.extend(keys.1.iter().map(|k| k.name));
    cx.known_keys(table, &known, keys.0);
    let mut need = |key: &str, example: &str| {
        let found = table.get(key);
        if found.is_none() {
            cx.tell(
                Problem::error(node.at, format!("the batch law `{}` lacks `{key}`", keys.0))
                    .help(format!("add {key} = {example}")),
            );
        }
        found
    };
    match keys.0 {
        "geometric" => {
            let mean = need("mean", "5")?;
            cx.number_in(mean, 1.0, LARGEST_BATCH.into(), false).map(|mean| Batch::Geometric { mean })
        }
        "uniform" => {
            let (min, max) = (need("min", "1"), need("max", "9"));
            let min = cx.count(min?, 1, LARGEST_BATCH)?;
            cx.count(max?, min, LARGEST_BATCH).map(|max| Batch::Uniform { min, max })
        }
        _ => {
            let values = need("values", "[1, 10]")?;
            weighted(cx, values, table.get("weights"))
        }
    }
}

fn weighted(cx: &mut Context<'_>, values: Field<'_>, weights: Option<Field<'_>>) -> Option<Batch> {
    let list: Vec<_> = cx
        .list(values)?
        .iter()
        .map(|node| cx.count(Field { key: "values", node }, 1, LARGEST_BATCH))
        .collect();
    let values_read: Option<Vec<u32>> = list.into_iter().collect();
    let values_read = values_read?;
    let Some(field) = weights else {
        let weights = vec![1.0; values_read.len()];
        return Some(Batch::Values { values: values_read, weights });
    };
    let weights: Vec<_> = cx
        .list(field)?
        .iter()
        .map(|node| cx.number_in(Field { key: "weights", node }, 0.0, 1e15, false))
        .collect();
    let weights: Vec<f64> = weights.into_iter().collect::<Option<_>>()?;
    if weights.len() != values_read.len() || weights.iter().sum::<f64>() <= 0.0 {
        let why = format!(
            "{} values and {} weights, of which some must be positive",
            values_read.len(),
            weights.len()
        );
        cx.tell(Problem::error(field.node.at, why).label("a weight for each value"));
        return None;
    }
    Some(Batch::Values { values: values_read, weights })
}

/// Which of several kinds a table says that it is, and the keys of that kind.
pub(super) fn kind_keys(
    cx: &mut Context<'_>,
    table: &Table,
    node: &Node,
    by: &str,
    kinds: Kinds,
) -> Option<&'static (&'static str, &'static [SettingKey])> {
    let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
    let Some(kind) = table.get(by) else {
        let told = Problem::error(node.at, format!("`{by}` is missing"));
        let near = table.0.iter().find(|e| meant(&e.key, &[by]).is_some());
        cx.tell(match near {
            Some(entry) => told.and(entry.at, format!("did you mean `{by}`?")),
            None => told.help(format!("write {by} = one of: {}", names.join(", "))),
        });
        return None;
    };
    cx.word(kind, &names).map(|i| &kinds[i])
}
