//! Queues and topics.

use super::super::context::{Context, Whose};
use super::super::model::{Complete, Deliver, Durability, MOST_SYNCS, Queue, SYNCS, Topic};
use super::super::node::{Field, Table, TableEntry, Value};
use super::super::notation::DeclaredTable as _;
use super::super::problem::Problem;

pub(super) fn read(cx: &mut Context<'_>, entry: &TableEntry) -> Queue {
    let empty = Table::default();
    let table = cx.table(entry.field(), &Queue::keys()).unwrap_or(&empty);
    let mut queue = Queue { name: entry.key.clone(), ..Queue::default() };
    queue.read(cx, table, &Whose::entry("queue", entry));
    if let Some((durability, syncs)) = table.get("durability").and_then(|f| durability(cx, f)) {
        (queue.durability, queue.sync_per_message) = (durability, syncs);
    }
    queue.join = table.get("join").and_then(|f| cx.topic(f));
    queue.dead_letter = table.get("dead_letter").and_then(|f| dead_letter(cx, f, &entry.key));
    together(cx, table, &queue);
    queue
}

/// What a publish waits for, and how many commits that is: a word, or a table.
fn durability(cx: &mut Context<'_>, field: Field<'_>) -> Option<(Durability, u32)> {
    if !matches!(field.node.value, Value::Table(_)) {
        return cx.choice(field).map(|durability| (durability, 1));
    }
    let table = cx.table(field, SYNCS)?;
    let whose = Whose { what: "the queue's", name: "durability", at: field.node.at };
    let syncs = cx.required(table, "sync_per_message", &whose, "2")?;
    cx.count(syncs, 1, MOST_SYNCS).map(|syncs| (Durability::Fsync, syncs))
}

/// Settings that make sense with others only.
fn together(cx: &mut Context<'_>, table: &Table, queue: &Queue) {
    if let Some(field) = table.get("overflow").filter(|_| table.get("max_length").is_none()) {
        let told = Problem::warning(field.node.at, format!("queue `{}` never overflows", queue.name))
            .label("it has no max_length");
        cx.warnings.push(told.help("add max_length = 10_000, or leave overflow out"));
    }
    if let Some(field) = table
        .get("max_length")
        .filter(|_| queue.max_length == Some(0) && queue.durability == Durability::Fsync)
    {
        let told = Problem::error(
            field.node.at,
            "a message must be on disk before it is taken, and there is no room for it meanwhile",
        );
        cx.tell(
            told.label("must be at least 1")
                .help("write max_length = 1 or more, or leave out durability = \"fsync\""),
        );
    }
}

fn dead_letter(cx: &mut Context<'_>, field: Field<'_>, own: &str) -> Option<usize> {
    let queue = cx.queue(field)?;
    if cx.names.queues[queue] == own {
        cx.tell(
            Problem::error(field.node.at, format!("queue `{own}` cannot be its own dead-letter queue"))
                .label("name another queue"),
        );
        return None;
    }
    Some(queue)
}

pub(super) fn topic(cx: &mut Context<'_>, entry: &TableEntry) -> Topic {
    let whose = Whose::entry("topic", entry);
    if cx.names.queues.number(&entry.key).is_some() {
        let told = Problem::error(entry.at, format!("both a topic and a queue are called `{}`", entry.key));
        cx.tell(told.label("a destination could mean either").help("give one of them another name"));
    }
    let empty = Table::default();
    let table = cx.table(entry.field(), &Topic::keys()).unwrap_or(&empty);
    let subscriptions = subscriptions(cx, table, &whose);
    let mut topic = Topic { name: entry.key.clone(), ..Topic::default() };
    topic.read(cx, table, &whose);
    let complete_when =
        table.get("complete_when").and_then(|f| complete(cx, f, subscriptions.len())).unwrap_or_default();
    if let Some(field) = table
        .get("complete_when")
        .filter(|_| complete_when != Complete::Each && topic.deliver != Deliver::All)
    {
        let told = Problem::error(field.node.at, "`complete_when` counts copies, and this topic makes none")
            .label("leave it out");
        cx.tell(told.help("or write deliver = \"all\", which sends a copy to every subscription"));
    }
    Topic { complete_when, subscriptions, ..topic }
}

fn subscriptions(cx: &mut Context<'_>, table: &Table, whose: &Whose<'_>) -> Vec<usize> {
    let list = cx.required(table, "subscriptions", whose, "[\"QUEUE\", …]").and_then(|f| cx.list(f));
    let Some(list) = list else {
        cx.broken = true;
        return Vec::new();
    };
    let mut found: Vec<usize> = Vec::new();
    for node in list {
        let Some(queue) = cx.queue(Field { key: "subscriptions", node }) else { continue };
        if found.contains(&queue) {
            let told =
                Problem::error(node.at, format!("queue `{}` is subscribed twice", cx.names.queues[queue]));
            cx.tell(told.label("leave it out").help("for two copies, subscribe two queues"));
        } else {
            found.push(queue);
        }
    }
    found
}

fn complete(cx: &mut Context<'_>, field: Field<'_>, copies: usize) -> Option<Complete> {
    if let Some(word) = field.node.as_text() {
        if !["each", "all"].contains(&word) {
            let told = Problem::error(field.node.at, format!("`{word}` is not a value of `complete_when`"));
            cx.tell(told.help("write \"each\", \"all\", or how many of the copies must be done"));
            return None;
        }
        return cx.word(field, &["each", "all"]).map(|i| [Complete::Each, Complete::All][i]);
    }
    let most = u32::try_from(copies.max(1)).unwrap_or(u32::MAX);
    cx.count(field, 1, most).map(Complete::Some)
}
