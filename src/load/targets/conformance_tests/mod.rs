//! What every target must do that plays a setting, one body for each behaviour: the crate's own queue first,
//! then every broker that is there.
//!
//! A broker is there if `QUEUELAB_<NAME>_URL` says where; without it a test says so and passes, unless
//! `QUEUELAB_REQUIRE` names the broker. What a target does not play it must refuse by name: [`REFUSED`] says
//! what, so that nothing is left out in silence.

mod bodies;
mod errors;
mod losses;
mod subject;
mod table;
mod trial;

use subject::Subject;

/// The behaviours that targets do not have: their scenarios are refused, with what to write instead.
const REFUSED: &[(&str, &[&str])] = &[
    ("in-process", &[]),
    ("nats", &["drop_head", "ttl", "priority"]),
    ("redis", &["drop_head", "ttl", "priority"]),
    ("activemq", &["drop_head", "ttl", "reject_publish", "hidden_time", "extended"]),
    ("rabbitmq", &["hidden_time", "extended"]),
    (
        "kafka",
        &[
            "retry_delay",
            "hidden_time",
            "extended",
            "priority",
            "prefetch",
            "reject_publish",
            "drop_head",
            "ttl",
        ],
    ),
    ("rocketmq", &["hidden_time", "extended", "priority", "prefetch", "reject_publish", "drop_head", "ttl"]),
    (
        "zeromq",
        &[
            "nack_again",
            "retry_delay",
            "hidden_time",
            "extended",
            "priority",
            "prefetch",
            "keys_stay",
            "delivery_limit",
            "dropped",
            "reject_publish",
            "drop_head",
            "ttl",
        ],
    ),
];

macro_rules! conformance {
    ($($target:ident = $name:literal),+ $(,)?) => {
        /// The targets that are tried, in the order of the table.
        const TRIED: &[&str] = &[$($name),+];

        $(mod $target {
            use super::*;

            const SUBJECT: Subject = Subject { name: $name };

            conformance!(@tests bodies: all_arrive_once, order, servers_share, neighbours_stay, foreign, backlog, verdicts, ack_settles,
                nack_again, retry_delay, hidden_time, extended, priority, prefetch, batch, keys_stay,
                topic_copies, servers_come_and_go, closed_queues_let_go, lets_go);
            conformance!(@tests losses: delivery_limit, dropped, reject_publish, drop_head, ttl);
            conformance!(@tests errors: nobody_listens, says_nothing);
        })+
    };
    (@tests $module:ident: $($test:ident),+) => {
        $(#[test]
        fn $test() {
            SUBJECT.run(stringify!($test), $module::$test);
        })+
    };
}

conformance!(
    in_process = "in-process",
    rabbitmq = "rabbitmq",
    nats = "nats",
    redis = "redis",
    activemq = "activemq",
    kafka = "kafka",
    rocketmq = "rocketmq",
    zeromq = "zeromq",
);
