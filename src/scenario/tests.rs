//! Wrong input is told of in words, right input reads back as itself.

use super::*;
use proptest::prelude::*;

const WHOLE: &str = r#"
title = "Order \"processing\" at peak"
seed  = 42

[producers.web]
to        = "orders"
rate      = "900/s"
arrivals  = { process = "poisson", batch = { law = "geometric", mean = 2.5 } }
send_time = "50us"
priority  = -3
size      = "2KiB"
keys      = { law = "zipf", count = 1000, exponent = 1.1 }
service_time = "exponential(rate=250/s)"

[producers.burst]
to = "events"
rate = "333/s"
arrivals = { process = "mmpp", rates = ["1k/s", "0/s"], dwell = ["1s", "9s"] }

[producers.steady]
to = "events"
rate = "7/s"
arrivals = { process = "renewal", gap = "exponential" , batch = 3 }

[producers.day]
to = "events"
arrivals = { process = "schedule", steps = [{ for = "1h", rate = "10/s" }, { for = "90min", rate = "0.3/s" }], repeat = true, ramp = true }

[producers.users]
to = "orders"
arrivals = { process = "closed", concurrency = 12, think_time = { law = "exponential", mean = "1.7s" } }

[producers."old.log"]
to = "audit"
arrivals = { process = "trace", file = "log.csv", batch = { law = "values", values = [1, 10], weights = [0.9, 0.1] } }

[queues.orders]
discipline = "priority"
preemption = "resume"
max_length = 10_000
overflow = "drop-head"
message_ttl = "30s"
delivery_limit = 5
dead_letter = "orders-dead"
visibility_timeout = "31s"
durability = "fsync"
partitions = 8
initial_backlog = 3

[queues.audit]
[queues.orders-dead]
[queues.shipments]

[topics.events]
subscriptions = ["orders", "audit"]
deliver = "all"
complete_when = 2

[consumers.workers]
from = "orders"
count = 4
service_time = { law = "exponential", mean = "4ms" }
service_time_per_message = "20us"
prefetch = 10
batch = { max = 100, linger = "5ms" }
ack = "manual"
failure = { probability = 0.01 }
retry_delay = { min = "100ms", max = "10s", jitter = true }
outages = { up = { law = "exponential", mean = "1h" }, down = "5m", while = "busy", in_progress = "resume" }
autoscale = { min = 2, max = 20, target_backlog = 100, every = "15s", startup = "30s", cooldown = "5m" }
to = [{ queue = "shipments", probability = 0.9 }, { topic = "events", probability = 0.05 }]

[consumers.auditors]
from = "audit"
count = "unlimited"
service_time = "0.333333ms"

[consumers.shippers]
from = "shipments"
service_time = "1ms"

[simulation]
messages = 1e6
warmup = "30s"
replications = 20
confidence = 0.99
precision = { "producers.web.latency.p99" = 0.02 }

[measurement]
duration = "3s"
work = "spin"
speed = 60

[objectives]
"producers.web.latency.p99" = "< 200ms"
"queues.orders.loss" = "<= 0.1%"
"total.throughput" = "> 900/s"

[sweep]
"producers.web.rate" = ["500/s", "700/s"]
"consumers.workers.autoscale.max" = "2..8"
"producers.web.service_time.rate" = "100/s..300/s by 100/s"
"consumers.auditors.count" = [4, "unlimited"]
"#;

/// One producer, one queue, one group; `{}` takes more lines.
const SMALL: &str = "[producers.web]\nto = \"orders\"\nrate = \"900/s\"\n[queues.orders]\n[consumers.workers]\nfrom = \"orders\"\ncount = 4\nservice_time = \"exponential(4ms)\"\n";

fn files(path: &Path) -> Result<String, String> {
    match path.to_str() {
        Some("log.csv") => Ok("timestamp_ms\n5\n7.5\n20\n".into()),
        Some("bad.csv") => Ok("gap\n1\nx\n3\n".into()),
        _ => Err("not found".into()),
    }
}

fn read(text: &str) -> Result<Parsed, Problems> {
    parse(&Source::new("orders.toml", text), &files)
}

fn good(text: &str) -> Parsed {
    read(text).unwrap_or_else(|p| panic!("{p}"))
}

/// The problems of a text that must have some.
fn wrong(text: &str) -> String {
    read(text).expect_err(text).render(false)
}

fn small(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    SMALL.replace(from, to)
}

#[test]
fn look() {
    let p = good(WHOLE);
    println!("{}", p.warnings);
    println!("{}", resolved_toml(&p.scenario));
    println!("{}", wrong("[producers.web]\nto = 'order'\nrate=900\nraet=3\n[queues.orders]\n[consumers.w]\nfrom='orders'\nservice_time='20 foo'\ncount=0\n"));
    println!("{}", good(&small("900/s","1200/s")).warnings);
    println!("{}", read("").expect_err("").render(false));
    println!("{}", wrong("a = [1,\nb = \n c == 2\n"));
    for set in ["producers.wbe.rate=3/s", "producers.web.rate=900", "consumers.workers.service_time.mean=5", "foo=3", "producers.web.rate", "consumers.workers.service_time={a=", "consumers.workers.cuont=3"] {
        println!("{}", parse(&Source::new("orders.toml", SMALL).set("--set", set), &NoFiles).expect_err("x"));
    }
}
