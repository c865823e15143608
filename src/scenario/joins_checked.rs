//! Copies that would not rejoin, told where they should.

use super::check::place;
use super::context::Context;
use super::joins::wrong_joins;
use super::model::Scenario;
use super::named_table::NamedTable;
use super::node::Node;
use super::problem::Problem;

/// Tells of them.
pub(super) fn check(cx: &mut Context<'_>, tree: &Node, scenario: &Scenario) {
    if cx.broken {
        return;
    }
    for wrong in wrong_joins(scenario) {
        let at = place(tree, NamedTable::Queues.name(), &wrong.queue, "join").unwrap_or_default();
        let told = Problem::error(at, format!("queue `{}` cannot join", wrong.queue));
        cx.tell(told.label(wrong.what).help(wrong.instead));
    }
}
