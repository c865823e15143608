//! The table of behaviours and targets in `benches/conformance.md`, as the tests hold it.

use super::{REFUSED, TRIED};
use std::fmt::Write as _;

/// Each behaviour that is tried, and what must be seen.
pub(super) const BEHAVIOURS: &[(&str, &str)] = &[
    ("all_arrive_once", "1,000 messages to one server: each once, none left by the broker's own count"),
    ("order", "1,000 messages to one server: in the order in which they were sent"),
    ("servers_share", "1,000 messages to four servers: none twice, and each server has some"),
    ("neighbours_stay", "another run beside it comes and goes: it has its own messages and takes none away"),
    ("foreign", "a message that is somebody else's: counted, settled, no server works on it"),
    ("backlog", "200 messages sent before any server is there: all of them, the first first"),
    ("verdicts", "1,000 messages sent without waiting: one confirm for each"),
    ("ack_settles", "messages that are settled do not come again"),
    ("nack_again", "one that is given back comes again, and says for which time"),
    ("retry_delay", "one that is given back for 300 ms does not come before"),
    ("hidden_time", "one that is held beyond its visibility timeout comes to another server"),
    ("extended", "one whose visibility timeout is extended does not"),
    ("priority", "urgent messages first, and in order among equals"),
    ("prefetch", "a server that works on one message holds as many as its window allows, and no more"),
    ("batch", "25 messages in batches of at most ten; one alone after its linger"),
    ("keys_stay", "200 messages of ten keys in four partitions: a key stays with one server, in order"),
    ("topic_copies", "each queue of a topic has a copy of each message"),
    ("servers_come_and_go", "servers leave and join while 1,000 messages come: each is settled once"),
    ("closed_queues_let_go", "servers that wait at a queue that is closed are let go"),
    ("lets_go", "all who wait are let go when a run is stopped"),
    ("delivery_limit", "one that is given back too often becomes a dead letter after its last delivery"),
    ("dropped", "one that is given back too often is lost where there is no queue for dead letters"),
    ("reject_publish", "a full queue refuses what comes, and says so"),
    ("drop_head", "a full queue drops its oldest"),
    ("ttl", "messages that wait longer than their time to live are expired, and told"),
    ("nobody_listens", "an address where nobody listens: what was tried, and how to start a server"),
    ("says_nothing", "a server that accepts and never answers: said within the time allowed"),
];

/// The rows of the table.
fn table() -> String {
    let mut out = format!("| behaviour | {} |\n|---|{}\n", TRIED.join(" | "), "---|".repeat(TRIED.len()));
    for (test, meaning) in BEHAVIOURS {
        let refused = |name: &str| REFUSED.iter().any(|(of, tests)| *of == name && tests.contains(test));
        let without = |name: &str| match *test {
            "foreign" => name == "in-process",
            "verdicts" | "nobody_listens" | "says_nothing" => ["in-process", "zeromq"].contains(&name),
            _ => false,
        };
        let cell = |name: &&str| match (refused(name), without(name)) {
            (true, _) => "refused",
            (_, true) => "–",
            _ => "✓",
        };
        let cells: Vec<&str> = TRIED.iter().map(cell).collect();
        writeln!(out, "| {meaning} (`{test}`) | {} |", cells.join(" | ")).expect("a string");
    }
    out
}

#[test]
fn the_kept_table_is_what_the_tests_hold() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/conformance.md");
    let kept = std::fs::read_to_string(file).expect("the table");
    assert!(kept.contains(&table()), "write this into benches/conformance.md:\n{}", table());
}
