//! What only a scenario with a beginning has, told where there is none: values at an instant, and the time in
//! which what an overload has left drains.

use super::context::Context;
use super::model::{Producer, Scenario};
use super::node::Node;
use super::place::Place;
use super::problem::Problem;
use crate::answer::{MetricId, Quantity};

/// Tells of the first of them.
pub(super) fn check(cx: &mut Context<'_>, tree: &Node, scenario: &Scenario) {
    if cx.broken || !cx.problems.is_empty() {
        return;
    }
    let asked = scenario.asked_instants().next().filter(|_| !scenario.has_a_beginning());
    let instant = asked.map(|(id, _)| of_an_instant(scenario, &id));
    let drain = || {
        let mut asked = scenario.queues.iter().flat_map(|queue| scenario.asked_of(&queue.name));
        of_a_drain(scenario, &asked.find(|id| id.quantity == Quantity::DrainTime)?)
    };
    let Some((path, wrong, label, help)) = instant.or_else(drain) else { return };
    let at = place(tree, &path).unwrap_or_default();
    cx.tell(Problem::error(at, format!("`{path}` is {wrong}")).label(label).help(help));
}

/// A metric, what is wrong with it, why, and what to write instead.
type Told = (String, String, &'static str, String);

/// A beginning that any scenario can be given.
const BEGINNING: &str =
    "give a queue an initial_backlog, or let the rate follow a timetable that does not repeat";

fn of_an_instant(scenario: &Scenario, id: &MetricId<'_>) -> Told {
    // What repeats is played in whole cycles from whatever start.
    let empty = match scenario.cycle() {
        Some(_) => "",
        None => "write [simulation] duration = \"1h\" and warmup = 0 for a start with nothing there, ",
    };
    (
        id.to_string(),
        "a value at an instant, and the scenario has no beginning to count from".into(),
        "what goes on for ever is told of its steady state",
        format!("{empty}{BEGINNING}"),
    )
}

fn of_a_drain(scenario: &Scenario, id: &MetricId<'_>) -> Option<Told> {
    let table = |p: &&Producer, which| p.arrivals.timetable().is_some_and(|(.., repeat)| repeat == which);
    let limited = |p: &&Producer| p.rate_limit.is_some() && table(p, false);
    let producers = &scenario.producers;
    let (wrong, help) = if let Some(p) = producers.iter().find(limited) {
        (
            format!(
                "not known where `{}` follows a timetable: for how long it sends what its rate_limit kept back",
                p.name
            ),
            "leave rate_limit or the timetable out".into(),
        )
    } else if scenario.may_drain() {
        return None;
    } else if let Some(p) = producers.iter().find(|p| table(p, true)) {
        (
            format!("told of an overload that ends once, and the timetable of `{}` repeats", p.name),
            "write the timetable without repeat = true, with the rush in it and what comes after: its last rate \
                stays"
                .into(),
        )
    } else {
        ("told of an overload that ends, and nothing here begins or ends".into(), BEGINNING.into())
    };
    Some((id.to_string(), wrong, "from the end of the last overload until no message waits", help))
}

/// Where an objective or a precision names a metric.
fn place(tree: &Node, path: &str) -> Option<Place> {
    let root = tree.as_table()?;
    let precision = || root.get("simulation")?.node.as_table()?.get("precision")?.node.as_table();
    let tables = [root.get("objectives").and_then(|field| field.node.as_table()), precision()];
    let mut entries = tables.into_iter().flatten().flat_map(|table| &table.0);
    entries.find(|entry| MetricId::usual_path(&entry.key) == path).map(|entry| entry.at)
}
