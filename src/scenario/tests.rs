//! Wrong input is told of in words, right input reads back as itself.

mod robust;
mod wrong;

use super::*;

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
max_length = 10_000
overflow = "drop-head"
message_ttl = "30s"
delivery_limit = 5
dead_letter = "orders-dead"
visibility_timeout = "31s"
durability = "fsync"
initial_backlog = 3

[queues.audit]
[queues.orders-dead]
discipline = "lifo"
preemption = "resume"

[queues.shipments]
partitions = 8

[topics.events]
subscriptions = ["orders", "audit"]
deliver = "all"
complete_when = 2

[consumers.workers]
from = "orders"
count = 4
service_time = { law = "exponential", mean = "4ms" }
service_time_per_message = "20us"
batch = { max = 100, linger = "5ms" }
ack = "manual"
failure = { probability = 0.01 }
retry_delay = { min = "100ms", max = "10s", jitter = true }
autoscale = { min = 2, max = 20, target_backlog = 100, every = "15s", startup = "30s", cooldown = "5m" }
to = [{ queue = "shipments", probability = 0.9 }, { topic = "events", probability = 0.05 }]

[consumers.auditors]
from = "audit"
count = "unlimited"
service_time = "0.333333ms"
prefetch = 10

[consumers.shippers]
from = "shipments"
service_time = "1ms"
outages = { up = { law = "exponential", mean = "1h" }, down = "5m", while = "busy", in_progress = "resume" }

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
"consumers.workers.autoscale.max" = "4..8"
"producers.web.service_time.rate" = "100/s..300/s by 100/s"
"consumers.auditors.count" = [4, "unlimited"]
"#;

/// One producer, one queue, one group; `{}` takes more lines.
const SMALL: &str = "[producers.web]\nto = \"orders\"\nrate = \
    \"900/s\"\n[queues.orders]\n[consumers.workers]\nfrom = \"orders\"\ncount = 4\nservice_time = \
    \"exponential(4ms)\"\n";

fn files(path: &Path) -> Result<Vec<u8>, FileError> {
    match path.to_str() {
        Some("log.csv") => Ok("timestamp_ms\n5\n7.5\n20\n".into()),
        Some("bad.csv") => Ok("gap\nx\ny\n".into()),
        _ => Err("not found".into()),
    }
}

fn read(text: &str) -> Result<Parsed, Problems> {
    parse(&Source::new("orders.toml", text), &files)
}

fn good(text: &str) -> Parsed {
    read(text).unwrap_or_else(|p| panic!("{p}"))
}

/// The small scenario with a setting beside it.
fn given(set: &str) -> Source {
    Source { overrides: vec![set.into()], ..Source::new("orders.toml", SMALL) }
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
fn the_whole_grammar_reads_and_its_echo_reads_back_the_same() {
    let first = good(WHOLE).scenario;
    let text = resolved_toml(&first);
    assert_eq!(good(&text).scenario, first, "{text}");
    // The JSON says the same as the TOML.
    let json: serde_json::Value = toml::from_str(&text).expect("TOML");
    assert_eq!(json, resolved(&first));
}

#[test]
fn a_rate_is_one_that_nanoseconds_can_tell() {
    for rate in ["2e9/s", "1e300/s", "1e-10/s"] {
        let told = wrong(&small("900/s", rate));
        assert!(told.contains("`rate` is out of range") && told.contains("/s"), "{told}");
    }
    good(&small("900/s", "1e-3/s"));
}

#[test]
fn a_setting_reaches_into_what_is_written_in_short() {
    let at = |short: &str, path: &str, value: &str| {
        let text = small("rate = \"900/s\"", &format!("rate = \"900/s\"\n{short}"));
        let parsed = parse(&Source::new("orders.toml", &text).with(path, value), &NoFiles).expect("sound");
        parsed.scenario.producers[0].clone()
    };
    let hedged = at("hedge = \"50ms\"", "producers.web.hedge.at_most", "3").hedge.expect("hedged");
    assert_eq!((hedged.after, hedged.at_most), (0.05, 3));
    let limited = at("rate_limit = \"1000/s\"", "producers.web.rate_limit.burst", "7");
    let limited = limited.rate_limit.expect("limited");
    assert_eq!((limited.rate, limited.burst), (1000.0, 7));
}

#[test]
fn who_makes_more_than_may_be_sent_is_told() {
    let warned = |limit: &str| {
        let text = small("rate = \"900/s\"", &format!("rate = \"900/s\"\nrate_limit = \"{limit}\""));
        read(&text).expect("sound").warnings.render(false)
    };
    assert!(warned("800/s").contains("producer `web` makes more than its rate_limit lets it send"));
    assert!(!warned("1000/s").contains("rate_limit"));
}

#[test]
fn a_blocked_overload_is_not_told_to_set_the_bound_it_has() {
    let text = small("900/s", "2000/s")
        .replace("[queues.orders]", "[queues.orders]\nmax_length = 3\noverflow = \"block\"");
    let told = good(&text).warnings.render(false);
    assert!(
        told.contains("refuse or drop what does not fit") && !told.contains("bound it with max_length"),
        "{told}"
    );
}

#[test]
fn scenarios_made_in_code_echo_too() {
    let mut other = Scenario::mgc(1.0 / 3.0, crate::workload::laws::Law::exponential(0.1 + 0.2), 3);
    other.consumers[0].service_time_per_message = crate::workload::laws::Law::deterministic(1.0 / 7.0);
    other.simulation.length = Length::Duration(1e-7 / 3.0);
    assert_eq!(good(&resolved_toml(&other)).scenario, other);
}

#[test]
fn a_command_line_makes_a_scenario() {
    let quick = |r, s, c| parse(&super::quick(r, s, c, Vec::new()), &NoFiles);
    let scenario = quick("1k/s", "exponential(20ms)", "24").expect("right").scenario;
    assert_eq!(scenario, Scenario::mgc(1000.0, crate::workload::laws::Law::exponential(0.02), 24));
    assert_eq!(
        quick("1k/s", "4ms", "unlimited").expect("right").scenario.consumers[0].count,
        Servers::Unlimited
    );
    assert!(quick("1k", "4", "0").is_err_and(|p| p.len() == 3));
}

#[test]
fn knobs_turn_and_are_read() {
    let source = Source::new("orders.toml", SMALL);
    let value =
        |source: &Source, path: &str| setting(&parse(source, &NoFiles).expect("right").scenario, path);
    let turned = source
        .with("producers.web.rate", "7/s")
        .with("consumers.workers.count", "9")
        .with("producers.web.rate", "8/s");
    assert_eq!(value(&turned, "producers.web.rate").as_deref(), Some("8/s"));
    assert_eq!(value(&turned, "consumers.workers.count").as_deref(), Some("9"));
    assert_eq!(value(&source, "simulation.replications").as_deref(), Some("10"));
    assert_eq!(value(&source, "simulation.nothing"), None);
    let faster =
        source.with("consumers.workers.service_time.rate", "1k/s").with("queues.orders.max_length", "5");
    assert_eq!(value(&faster, "consumers.workers.service_time.mean").as_deref(), Some("1ms"));
    assert_eq!(value(&faster, "queues.orders.max_length").as_deref(), Some("5"));
    let objective =
        source.objective("producers.web.latency.p99 < 200ms").with("producers.web.arrivals.batch", "3");
    let scenario = parse(&objective, &NoFiles).expect("right").scenario;
    assert_eq!((scenario.objectives[0].limit, scenario.objectives[0].relation), (0.2, Relation::Less));
    assert_eq!(scenario.producers[0].batch, Batch::Fixed(3));
}

#[test]
fn times_under_a_microsecond_are_told_and_under_a_nanosecond_refused() {
    let service =
        |mean: &str| parse(&quick("1/s", &format!("exponential({mean})"), "1", Vec::new()), &NoFiles);
    let told = |mean: &str| service(mean).expect("right").warnings.to_string();
    assert!(told("500ns").contains("whole nanoseconds") && !told("1us").contains("whole nanoseconds"));
    assert!(service("0.5ns").expect_err("too short").to_string().contains("less than a nanosecond"));
}

#[test]
fn values_are_listed() {
    let list = |text: &str| values_of(text).expand();
    assert_eq!(list("2..5").map(|v| v.join(" ")), Ok("2 3 4 5".into()));
    assert_eq!(list("0.1/s .. 0.3/s by 0.1/s").map(|v| v.join(" ")), Ok("0.1/s 0.2/s 0.3/s".into()));
    // Growth by a share of each: 3 % a month.
    assert_eq!(
        list("100/s..110/s by 3 %").map(|v| v.join(" ")),
        Ok("100/s 103/s 106.09/s 109.2727/s".into())
    );
    assert_eq!(list("1ms..8ms by 100%").map(|v| v.join(" ")), Ok("1ms 2ms 4ms 8ms".into()));
    assert_eq!(list("1%..3% by 1%").map(|v| v.join(" ")), Ok("1% 2% 3%".into()));
    assert_eq!(list("4ms, 5ms").map(|v| v.join(" ")), Ok("4ms 5ms".into()));
    for bad in
        ["", "5..2", "1..1000000000000", "1/s..9/s", "1/s..9/min by 1/s", "a..b", "1..nan", "1..2 by 0", ".."]
    {
        assert!(list(bad).is_err(), "{bad}");
    }
    let laws =
        list("lognormal(4ms, scv=2), {law = \"erlang\", k = 2, mean = \"4ms\"},4ms").expect("three values");
    assert_eq!(laws, ["lognormal(4ms, scv=2)", "{law = \"erlang\", k = 2, mean = \"4ms\"}", "4ms"]);
}

/// What is to be written instead can itself be written.
#[test]
fn values_that_will_not_do_are_corrected() {
    for (wrong, instead) in [
        ("8..2", "2..8"),
        ("9/s..1/s", "1/s..9/s"),
        ("9/s..1/s by -2/s", "1/s..9/s by 2/s"),
        ("1/s..500/s", "1/s..500/s by 100/s"),
        ("1..10 by 0", "1..10 by 2"),
        ("1..10 by -1", "1..10 by 2"),
        ("1ms..2ms by 0ms", "1ms..2ms by 0.2ms"),
    ] {
        let why = values_of(wrong).expand().expect_err(wrong);
        assert!(why.to_string().contains(&format!("\"{instead}\"")), "{wrong}: {why}");
    }
    assert!(values_of("1,2,1").expand().is_err_and(|why| why.to_string().contains("`1` stands there twice")));
}

#[test]
fn an_overload_is_a_warning_with_its_growth() {
    let warnings = good(&small("900/s", "1200/s")).warnings.render(false);
    // A backlog may be asked to shrink.
    good(&format!("{SMALL}[objectives]\n\"queues.orders.growth\" = \"< 0/s\"\n"));
    for words in
        ["rho = 1.20", "200 messages/s more arrive", "5 servers would do", "lambda = 1200/s", "c = 4"]
    {
        assert!(warnings.contains(words), "{words} is not in\n{warnings}");
    }
    assert!(good(&small("[queues.orders]", "[queues.orders]\nmax_length = 3")).warnings.is_empty());
    assert!(good(SMALL).warnings.is_empty());
    assert!(good(&small("4ms", "4s")).warnings.render(false).contains("did you mean 4.00 ms?"));
    assert!(good(&small("900/s", "995/s")).warnings.render(false).contains("nearly full"));
    assert!(
        good(&small("[queues.orders]", "[queues.orders]\noverflow = \"block\""))
            .warnings
            .render(false)
            .contains("never overflows")
    );
}

#[test]
fn a_delay_before_tries_that_never_come_is_a_warning() {
    let delayed = |more: &str| {
        good(&small("service_time =", &format!("retry_delay = \"1s\"{more}\nservice_time =")))
            .warnings
            .render(false)
    };
    let told = |more: &str| delayed(more).contains("nothing is ever tried again");
    assert!(told("") && !told("\nfailure = 0.0") && !told("\nfailure = 0.01"));
}
