//! Reading: the spanned tree becomes the model, each value checked as it is read. The model is given out only
//! if nothing was wrong.
//!
//! Ordinary settings are read as they are declared beside the model; here is what takes more.

mod arrivals;
mod batch;
mod consumers;
mod names;
mod objectives;
mod producers;
mod queues;
mod runs;

use super::context::{Context, NameList, Names, Whose};
use super::grammar::ROOT;
use super::model::{Resource, Scenario};
use super::node::{Field, Node, Table, TableEntry};
use super::notation::DeclaredTable as _;
use super::problem::{Problem, printable};

/// How many named things of one kind a scenario may have. 10,000 queues take 50 s and 1.8 GB by theory and
/// simulation, and what they take grows in proportion.
const MOST_NAMES: usize = 20_000;

/// The whole scenario. It is to be used only if the context was told of no problem.
pub(super) fn scenario(cx: &mut Context<'_>, tree: &Node) -> Scenario {
    let root = cx.table(Field { key: "the scenario", node: tree }, ROOT);
    let empty = Table::default();
    let root = root.unwrap_or(&empty);
    let [producers, queues, topics, consumers, resources] =
        ["producers", "queues", "topics", "consumers", "resources"].map(|table| named(cx, root, table));
    let names = |entries: &[&TableEntry]| NameList::new(entries.iter().map(|e| e.key.clone()).collect());
    cx.names = Names {
        producers: names(&producers),
        queues: names(&queues),
        topics: names(&topics),
        consumers: names(&consumers),
        resources: names(&resources),
    };
    let title = root.get("title").and_then(|f| cx.text(f)).map(printable);
    let seed = root.get("seed").and_then(|f| cx.whole(f, 0, i64::MAX as u64)).unwrap_or(1);
    let resources: Vec<_> = resources.iter().map(|e| resource(cx, e)).collect();
    let producers: Vec<_> = producers.iter().map(|e| producers::read(cx, e)).collect();
    Scenario {
        title,
        seed,
        queues: queues.iter().map(|e| queues::read(cx, e)).collect(),
        topics: topics.iter().map(|e| queues::topic(cx, e)).collect(),
        consumers: consumers.iter().map(|e| consumers::read(cx, e, &resources)).collect(),
        resources,
        simulation: runs::simulation(cx, root, &producers),
        measurement: runs::measurement(cx, root),
        objectives: objectives::read(cx, root),
        producers,
        sweep: Vec::new(),
        found: Vec::new(),
    }
}

fn resource(cx: &mut Context<'_>, entry: &TableEntry) -> Resource {
    let empty = Table::default();
    let table = cx.table(entry.field(), &Resource::keys()).unwrap_or(&empty);
    let mut resource = Resource { name: entry.key.clone(), ..Resource::default() };
    resource.read(cx, table, &Whose::entry("resource", entry));
    resource
}

/// The entries of a table of named tables.
fn named<'n>(cx: &mut Context<'_>, root: &'n Table, table: &str) -> Vec<&'n TableEntry> {
    let Some(entries) = root.get(table).and_then(|f| cx.any_table(f)) else { return Vec::new() };
    for entry in &entries.0 {
        let what = match entry.key.as_str() {
            name if name.trim().is_empty() => "a name must not be empty",
            name if name.chars().any(char::is_control) => "a name has no control characters",
            _ => continue,
        };
        cx.tell(Problem::error(entry.at, what).label(format!("write a word: [{table}.NAME]")));
    }
    if let Some(one) = entries.0.get(MOST_NAMES) {
        cx.tell(
            Problem::error(one.at, format!("there are more than {MOST_NAMES} {table}"))
                .label("this is one too many"),
        );
        cx.broken = true;
    }
    entries.0.iter().take(MOST_NAMES).collect()
}
