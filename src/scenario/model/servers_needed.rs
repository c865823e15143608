//! How many servers a message needs at once.

use super::super::compound::{ListOf, Required};
use super::super::context::Context;
use super::super::declare::declare;
use super::super::node::{Field, Value as NodeValue};
use super::super::notation::{Notation, Positive, Whole};
use super::super::setting::Takes;
use super::autoscale::MOST_SERVERS;
use serde_json::{Value, json};

declare! {
    /// So many servers, for some of the messages.
    #[derive(Copy)]
    pub struct ServersNeeded {
        /// How many servers such a message has at once.
        servers: u32 = 1, Required(Whole(1, MOST_SERVERS as u64), "2"), "servers that such a message has at once";
        /// How often, beside the others of the list.
        weight: f64 = 1.0, Positive(1e9), "how often messages need so many, beside the other numbers of the list";
    }
}

/// One number of servers for all messages, or a list of tables with how often each is needed.
pub(super) struct ServersOrList;

impl Notation<Vec<ServersNeeded>> for ServersOrList {
    fn takes(&self) -> Takes {
        Takes::Any
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<Vec<ServersNeeded>> {
        if !matches!(field.node.value, NodeValue::List(_)) {
            let servers = cx.count(field, 1, MOST_SERVERS)?;
            return Some(vec![ServersNeeded { servers, weight: 1.0 }]);
        }
        ListOf("the consumers'", "servers_per_message = 2").read(cx, field)
    }
    fn echo(&self, value: &Vec<ServersNeeded>) -> Value {
        match value.as_slice() {
            [] => Value::Null,
            [only] => json!(only.servers),
            all => ListOf("", "").echo(&all.to_vec()),
        }
    }
}
