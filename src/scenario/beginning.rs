//! Values at an instant, told where the scenario has no beginning from which to count.

use super::context::Context;
use super::model::Scenario;
use super::node::Node;
use super::place::Place;
use super::problem::Problem;
use crate::answer::MetricId;

/// Tells of the first of them.
pub(super) fn check(cx: &mut Context<'_>, tree: &Node, scenario: &Scenario) {
    if cx.broken || !cx.problems.is_empty() || scenario.has_a_beginning() {
        return;
    }
    let Some(path) = scenario.asked_instants().next().map(|(id, _)| id.to_string()) else { return };
    let told = Problem::error(
        place(tree, &path).unwrap_or_default(),
        format!("`{path}` is a value at an instant, and the scenario has no beginning to count from"),
    );
    cx.tell(told.label("what goes on for ever is told of its steady state").help(
        "write [simulation] duration = \"1h\" and warmup = 0 for a start with nothing there, give a queue an \
            initial_backlog, or let the rate follow a timetable that does not repeat",
    ));
}

/// Where an objective or a precision names a metric.
fn place(tree: &Node, path: &str) -> Option<Place> {
    let root = tree.as_table()?;
    let precision = || root.get("simulation")?.node.as_table()?.get("precision")?.node.as_table();
    let tables = [root.get("objectives").and_then(|field| field.node.as_table()), precision()];
    let mut entries = tables.into_iter().flatten().flat_map(|table| &table.0);
    entries.find(|entry| MetricId::usual_path(&entry.key) == path).map(|entry| entry.at)
}
