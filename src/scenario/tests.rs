//! Wrong input is told of in words, right input reads back as itself.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

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
const SMALL: &str = "[producers.web]\nto = \"orders\"\nrate = \"900/s\"\n[queues.orders]\n[consumers.workers]\nfrom = \"orders\"\ncount = 4\nservice_time = \"exponential(4ms)\"\n";

fn files(path: &Path) -> Result<Vec<u8>, String> {
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
fn a_blocked_overload_is_not_told_to_set_the_bound_it_has() {
    let text = small("900/s", "2000/s").replace("[queues.orders]", "[queues.orders]\nmax_length = 3\noverflow = \"block\"");
    let told = good(&text).warnings.render(false);
    assert!(told.contains("refuse or drop what does not fit") && !told.contains("bound it with max_length"), "{told}");
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
    assert_eq!(quick("1k/s", "4ms", "unlimited").expect("right").scenario.consumers[0].count, Servers::Unlimited);
    assert!(quick("1k", "4", "0").is_err_and(|p| p.len() == 3));
}

#[test]
fn knobs_turn_and_are_read() {
    let source = Source::new("orders.toml", SMALL);
    let value = |source: &Source, path: &str| setting(&parse(source, &NoFiles).expect("right").scenario, path);
    let turned = source.with("producers.web.rate", "7/s").with("consumers.workers.count", "9").with("producers.web.rate", "8/s");
    assert_eq!(value(&turned, "producers.web.rate").as_deref(), Some("8/s"));
    assert_eq!(value(&turned, "consumers.workers.count").as_deref(), Some("9"));
    assert_eq!(value(&source, "simulation.replications").as_deref(), Some("10"));
    assert_eq!(value(&source, "simulation.nothing"), None);
    let faster = source.with("consumers.workers.service_time.rate", "1k/s").with("queues.orders.max_length", "5");
    assert_eq!(value(&faster, "consumers.workers.service_time.mean").as_deref(), Some("1ms"));
    assert_eq!(value(&faster, "queues.orders.max_length").as_deref(), Some("5"));
    let objective = source.objective("producers.web.latency.p99 < 200ms").with("producers.web.arrivals.batch", "3");
    let scenario = parse(&objective, &NoFiles).expect("right").scenario;
    assert_eq!((scenario.objectives[0].limit, scenario.objectives[0].relation), (0.2, Relation::Less));
    assert_eq!(scenario.producers[0].batch, Batch::Fixed(3));
}

#[test]
fn times_under_a_microsecond_are_told_and_under_a_nanosecond_refused() {
    let service = |mean: &str| parse(&quick("1/s", &format!("exponential({mean})"), "1", Vec::new()), &NoFiles);
    let told = |mean: &str| service(mean).expect("right").warnings.to_string();
    assert!(told("500ns").contains("whole nanoseconds") && !told("1us").contains("whole nanoseconds"));
    assert!(service("0.5ns").expect_err("too short").to_string().contains("less than a nanosecond"));
}

#[test]
fn values_are_listed() {
    let list = |text: &str| values_of(text).expand();
    assert_eq!(list("2..5").map(|v| v.join(" ")), Ok("2 3 4 5".into()));
    assert_eq!(list("0.1/s .. 0.3/s by 0.1/s").map(|v| v.join(" ")), Ok("0.1/s 0.2/s 0.3/s".into()));
    assert_eq!(list("4ms, 5ms").map(|v| v.join(" ")), Ok("4ms 5ms".into()));
    for bad in ["", "5..2", "1..1000000000000", "1/s..9/s", "1/s..9/min by 1/s", "a..b", "1..nan", "1..2 by 0", ".."] {
        assert!(list(bad).is_err(), "{bad}");
    }
    let laws = list("lognormal(4ms, scv=2), {law = \"erlang\", k = 2, mean = \"4ms\"},4ms").expect("three values");
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
        assert!(why.contains(&format!("\"{instead}\"")), "{wrong}: {why}");
    }
    assert!(values_of("1,2,1").expand().is_err_and(|why| why.contains("`1` stands there twice")));
}

/// What is wrong with a change to the small scenario, and words that must be told.
const WRONG: &[(&str, &str, &[&str])] = &[
    ("rate = \"900/s\"", "rate = 900", &["`rate` needs a unit", "write a rate: \"900/s\""]),
    ("rate = \"900/s\"", "rate = \"900\"", &["`rate` must be a rate", "`900` lacks a unit"]),
    ("rate = \"900/s\"", "rate = \"4ms\"", &["this is a duration"]),
    ("rate = \"900/s\"", "rate = \"-900/s\"", &["negative"]),
    ("rate = \"900/s\"", "rate = \"0/s\"", &["`rate` must be more than zero", "leave out what sends nothing"]),
    ("rate = \"900/s\"", "rate = \"900/s\"\nrate = \"800/s\"", &["duplicate key", "the first is here"]),
    ("[queues.orders]", "[queues.orders]\n[queues.orders]", &["duplicate key", "the first is here"]),
    ("[queues.orders]", "[queues.orders]\nmessage_ttl = \"999999999h\"", &["is too long", "292 years"]),
    ("[queues.orders]", "[simulation]\nwarmup = \"1000\"\n[queues.orders]", &["write 1000 for a number of messages"]),
    ("count = 4", "count = 100000000", &["write count = \"unlimited\""]),
    ("rate = \"900/s\"", "raet = \"900/s\"", &["did you mean `rate`?", "producer `web` lacks `rate`"]),
    ("rate = \"900/s\"", "rate = [1]", &["this is a list"]),
    ("rate = \"900/s\"", "rate = 1e400", &["`rate` needs a unit"]),
    ("rate = \"900/s\"", "rate = \"900/s\"\nsize = 100", &["`size` needs a unit", "100B"]),
    ("rate = \"900/s\"", "rate = \"900/s\"\npriority = 1.5", &["whole number"]),
    ("rate = \"900/s\"", "rate = \"900/s\"\narrivals = \"poison\"", &["did you mean `poisson`?"]),
    ("rate = \"900/s\"", "rate = \"900/s\"\narrivals = { proces = \"mmpp\" }", &["`process` is missing"]),
    ("rate = \"900/s\"", "rate = \"900/s\"\narrivals = { process = \"closed\" }", &["takes no rate", "lacks `concurrency`"]),
    ("rate = \"900/s\"", "arrivals = { process = \"schedule\", steps = [] }", &["`steps` is empty"]),
    ("rate = \"900/s\"", "arrivals = { process = \"schedule\", steps = [{ for = \"1h\", rate = \"0/s\" }] }", &["no step has one"]),
    (
        "rate = \"900/s\"",
        "arrivals = { process = \"mmpp\", rates = [\"1/s\"], dwell = [\"1s\", \"0s\"] }",
        &["`dwell` must be more than zero"],
    ),
    ("rate = \"900/s\"", "arrivals = { process = \"trace\", file = \"none.csv\" }", &["cannot be read", "not found"]),
    ("rate = \"900/s\"", "arrivals = { process = \"trace\", file = \"bad.csv\" }", &["not one cell of `gap` holds a time; line 2 is `x`"]),
    ("rate = \"900/s\"", "rate = \"1/s\"\narrivals = { process = \"renewal\", gap = \"9s\" }", &["a mean of its own"]),
    ("to = \"orders\"", "to = \"order\"", &["there is no queue or topic `order`", "did you mean `orders`?"]),
    ("to = \"orders\"", "", &["producer `web` lacks `to`", "write to = "]),
    ("[queues.orders]", "[queue.orders]", &["did you mean `queues`?"]),
    (
        "[queues.orders]",
        "[queues.orders]\n[queues.spare]",
        &["nobody consumes from queue `spare`", "nothing is ever sent to queue `spare`"],
    ),
    ("[queues.orders]", "[queues.orders]\ndead_letter = \"orders\"", &["its own dead-letter"]),
    ("[queues.orders]", "[queues.orders]\nttl = \"30s\"", &["did you mean `message_ttl`?"]),
    ("[queues.orders]", "[queues.orders]\ndiscipline = \"FIFO\"", &["did you mean `fifo`?"]),
    ("[queues.orders]", "[queues.orders]\npreemption = \"resume\"", &["does not go with an order in which no newcomer is more urgent"]),
    (
        "[queues.orders]",
        "[queues.orders]\n[topics.t]\nsubscriptions = [\"orders\", \"orders\"]",
        &["subscribed twice", "nothing is ever sent to topic"],
    ),
    ("[queues.orders]", "[queues.orders]\n[topics.t]\nsubscriptions = []", &["`subscriptions` is empty"]),
    ("count = 4", "count = 0", &["must be at least 1"]),
    ("count = 4", "count = 99999999999999999999", &["must be at most 1000000"]),
    ("count = 4", "count = \"unlimted\"", &["did you mean \"unlimited\"?"]),
    ("count = 4", "count = 4.5", &["`count` must be a whole number", "this is 4.5"]),
    ("count = 4", "servers = 4", &["did you mean `count`?"]),
    ("count = 4", "count = 4\nto = \"orders\"", &["messages go round for ever"]),
    ("count = 4", "count = 4\nto = [{ queue = \"orders\", probability = 1.4 }]", &["must be from 0 to 1"]),
    ("count = 4", "count = 4\nto = [{ queue = \"orders\", probability = 0.5 }, { topic = \"orders\" }]", &["there is no topic `orders`"]),
    ("count = 4", "count = 4\nfailure = { probability = 1 }", &["delivered again for ever"]),
    ("count = 4", "count = 4\nfailure = 5", &["5 % is written 0.05"]),
    ("count = 4", "count = 4\nfailure = nan", &["finite number", "not a number"]),
    ("count = 4", "count = 4\nautoscale = { max = 3, target_backlog = inf }", &["too large"]),
    ("from = \"orders\"", "from = \"ordres\"", &["did you mean `orders`?"]),
    ("exponential(4ms)", "exponental(4ms)", &["there is no law `exponental`", "did you mean `exponential`?"]),
    ("exponential(4ms)", "exponential(4)", &["`mean` needs a unit", "\"4ms\""]),
    ("exponential(4ms)", "exponential(4ms", &["a bracket is left open"]),
    ("exponential(4ms)", "exponential", &["the law `exponential` lacks its mean"]),
    ("exponential(4ms)", "exponential(0ms)", &["`mean` must be more than zero"]),
    ("exponential(4ms)", "exponential(4ms, scv=0.3)", &["cannot be chosen", "it is always 1"]),
    ("exponential(4ms)", "exponential(4ms, rate=250/s)", &["both a mean and a rate"]),
    ("count = 4", "count = 4\nautoscale = { max = 3, target_backlog = -1 }", &["`target_backlog` is out of range", "must be more than 0"]),
    ("exponential(4ms)", "exponential(4ms, 5ms)", &["`mean` is given twice"]),
    ("count = 4", "count = 9\nautoscale = { max = 3, target_backlog = 5 }", &["contradict each other", "from 1 to 3"]),
    ("rate = \"900/s\"", "arrivals = { process = \"renewal\", gap = \"exponential\" }", &["neither a rate nor the gap's mean"]),
    ("\"exponential(4ms)\"", "{ mean = \"4ms\" }", &["`service_time` does not say which law"]),
    ("\"exponential(4ms)\"", "4", &["`service_time` needs a unit"]),
    ("service_time", "service_tim", &["did you mean `service_time`?", "lacks `service_time`"]),
];

#[test]
fn what_is_wrong_is_told_with_what_to_write_instead() {
    for (from, to, words) in WRONG {
        let told = wrong(&small(from, to));
        for word in *words {
            assert!(told.contains(word), "{to}: `{word}` is not in\n{told}");
        }
    }
}

/// What is of the wrong kind is told with an example of the right one, and what contradicts itself with a way out.
#[test]
fn every_refusal_says_what_to_write() {
    for (from, to, words) in [
        ("rate = \"900/s\"", "rate = \"900/s\"\narrivals = 5", "write { process = \"poisson\" }"),
        ("rate = \"900/s\"", "rate = \"900/s\"\nkeys = 5", "write { law = …, count = …, exponent = … }"),
        ("rate = \"900/s\"", "rate = \"900/s\"\nsend_time = true", "write \"4ms\", or { law = "),
        ("rate = \"900/s\"", "arrivals = { process = \"closed\", concurrency = 2, batch = 2 }", "one message at a time"),
        ("[queues.orders]", "[queues.orders]\ndiscipline = 5", "write one of: \"fifo\", \"lifo\""),
    ] {
        let told = wrong(&small(from, to));
        assert!(told.contains(words), "{to}: `{words}` is not in\n{told}");
    }
    let topic = |more: &str| wrong(&format!("{SMALL}\n[topics.t]\nsubscriptions = [\"orders\"]\n{more}\n"));
    assert!(topic("deliver = \"random\"\ncomplete_when = \"all\"").contains("deliver = \"all\""));
    assert!(topic("complete_when = \"most\"").contains("how many of the copies"));
    assert!(wrong(&format!("{SMALL}\n[simulation]\nprecision = {{ }}\n")).contains("total.latency.p99"));
}

#[test]
fn a_message_on_its_way_to_disk_needs_room() {
    let told = wrong(&small("[queues.orders]", "[queues.orders]\nmax_length = 0\ndurability = \"fsync\""));
    assert!(told.contains("must be at least 1") && told.contains("write max_length = 1"), "{told}");
    good(&small("[queues.orders]", "[queues.orders]\nmax_length = 1\ndurability = \"fsync\""));
}

#[test]
fn a_batch_that_lingers_needs_room() {
    let batch = |more: &str| small("count = 4", "count = 4\nbatch = { max = 5, linger = \"1ms\" }").replace("[queues.orders]", more);
    let told = wrong(&batch("[queues.orders]\nmax_length = 0"));
    assert!(told.contains("all is refused") && told.contains("write max_length = 1"), "{told}");
    good(&batch("[queues.orders]\nmax_length = 1"));
    good(&batch("[queues.orders]\nmax_length = 0\noverflow = \"block\""));
}

#[test]
fn wrong_tables_after_the_small_scenario_are_told() {
    for (more, words) in [
        ("[simulation]\nmessages = 1000000000000000000", "must be at most"),
        ("[simulation]\nmessages = 5\nduration = \"1h\"", "both messages and a duration"),
        ("[simulation]\nconfidence = 95", "95 % is written 0.95"),
        ("[simulation]\nwarmup = \"atuo\"", "is not a warm-up"),
        ("[simulation]\nprecision = { \"producers.wbe.latency\" = 0.1 }", "did you mean `producers.web.latency`?"),
        ("[objectives]\n\"producers.web.latency.p100\" = \"< 1s\"", "did you mean `producers.web.latency.p50`?"),
        ("[objectives]\n\"producers.web.latency.p99\" = \"< 200\"", "lacks a unit of time"),
        ("[objectives]\n\"producers.web.latency.p99\" = \"200ms\"", "begin with <, <=, > or >="),
        ("[objectives]\n\"queues.orders.loss\" = \"< 1ms\"", "write \"< 0.1%\""),
        ("[sweep]\n\"producers.wbe.rate\" = [\"1/s\"]", "did you mean `web`?"),
        ("[sweep]\n\"consumers.workers.cuont\" = \"2..8\"", "did you mean `count`?"),
        ("[sweep]\n\"consumers.workers.count\" = \"0..8\"", "`count` is out of range, with consumers.workers.count = 0"),
        ("[sweep]\n\"consumers.workers.count\" = []", "is empty"),
        ("[sweep]\n\"producers.web.rate\" = [\"1/s\", 2]", "`rate` needs a unit"),
        ("[swep]", "did you mean `sweep`?"),
        ("[queues]\norders = 3", "this is not TOML"),
    ] {
        let told = wrong(&format!("{SMALL}{more}\n"));
        assert!(told.contains(words), "{more}: `{words}` is not in\n{told}");
    }
}

#[test]
fn all_problems_of_a_file_are_told_together_with_their_places() {
    let text =
        "[producers.web]\nto = 'order'\nrate=900\nraet=3\n[queues.orders]\n[consumers.w]\nfrom='orders'\nservice_time='20 foo'\ncount=0\n";
    let problems = read(text).expect_err("five");
    let places: Vec<_> = problems.positions().map(|(_, line, column)| (line, column)).collect();
    assert_eq!(places, [(2, 6), (3, 6), (4, 1), (8, 14), (9, 7)]);
    assert!(problems.render(true).contains("\u{1b}["));
}

#[test]
fn a_problem_looks_like_this() {
    let told = wrong(&small("rate = \"900/s\"", "rate = 900"));
    let expected = "\
error: `rate` needs a unit
 --> orders.toml:3:8
  |
3 | rate = 900
  |        ^^^ a bare number
  |
  = help: write a rate: \"900/s\" if it is per second, or \"900/min\"
";
    assert_eq!(told, expected);
    let set = Source::new("orders.toml", SMALL).with("producers.wbe.rate", "3/s");
    let expected = "\
error: there is no producer `wbe`
 --> --set:1:11
  |
1 | producers.wbe.rate=3/s
  |           ^^^ did you mean `web`?
";
    assert_eq!(parse(&set, &NoFiles).expect_err("no such producer").render(false), expected);
}

#[test]
fn wrong_settings_beside_the_file_are_told() {
    for (set, words) in [
        ("producers.web.rate=900", "`rate` needs a unit"),
        ("producers.web.rate", "lacks its value"),
        ("producers.web.rate=", "lacks its value"),
        ("producers.web=3", "a path ends with a setting"),
        ("producers..rate=3/s", "this is not a path"),
        ("consumers.workers.service_time.mean=5", "`mean` needs a unit"),
        ("consumers.workers.service_time={a=", "this is not TOML"),
        ("consumers.workers.cuont=3", "did you mean `count`?"),
        ("consumers.workers.count.x=3", "has no settings inside"),
        ("sed=3", "did you mean `seed`?"),
        ("title=", "lacks its value"),
        ("objectives.producers.web.latency.p99=< 200", "lacks a unit of time"),
    ] {
        let told = parse(&given(set), &NoFiles).expect_err(set).render(false);
        assert!(told.contains(words) && told.contains("--> --set:1:"), "{set}: `{words}` is not in\n{told}");
    }
}

#[test]
fn an_overload_is_a_warning_with_its_growth() {
    let warnings = good(&small("900/s", "1200/s")).warnings.render(false);
    for words in ["rho = 1.20", "200 messages/s more arrive", "5 servers would do", "lambda = 1200/s", "c = 4"] {
        assert!(warnings.contains(words), "{words} is not in\n{warnings}");
    }
    assert!(good(&small("[queues.orders]", "[queues.orders]\nmax_length = 3")).warnings.is_empty());
    assert!(good(SMALL).warnings.is_empty());
    assert!(good(&small("4ms", "4s")).warnings.render(false).contains("did you mean 4.00 ms?"));
    assert!(good(&small("900/s", "995/s")).warnings.render(false).contains("nearly full"));
    assert!(good(&small("[queues.orders]", "[queues.orders]\noverflow = \"block\"")).warnings.render(false).contains("never overflows"));
}

#[test]
fn a_delay_before_tries_that_never_come_is_a_warning() {
    let delayed =
        |more: &str| good(&small("service_time =", &format!("retry_delay = \"1s\"{more}\nservice_time ="))).warnings.render(false);
    let told = |more: &str| delayed(more).contains("nothing is ever tried again");
    assert!(told("") && !told("\nfailure = 0.0") && !told("\nfailure = 0.01"));
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for text in [
        "[".repeat(50_000),
        format!("a = {}", "[".repeat(50_000)),
        format!("a{} = 1", ".a".repeat(50_000)),
        format!("[a{}]", ".a".repeat(50_000)),
    ] {
        assert!(read(&text).is_err());
        let set = format!("producers.web.keys={}", "{a=".repeat(20_000));
        assert!(parse(&given(&set), &NoFiles).is_err());
    }
}

/// Pieces that mutations put into a scenario.
const PIECES: &[&str] = &[
    "-1",
    "0",
    "1e400",
    "nan",
    "inf",
    "\"",
    "{",
    "}",
    "[",
    "]",
    "=",
    "..",
    "\"2..8\"",
    "\"orders\"",
    "\"events\"",
    "\u{feff}",
    "\u{0}",
    "é",
    "1979-05-27",
    "true",
    "99999999999999999999",
    "\"4ms\"",
    "\"900/s\"",
    "[[a]]",
    "{ law = \"exponential\" }",
    "\"exponential((\"",
    "\n",
    "'",
    "#",
];

/// A file that is no scenario at all is told of in about the time in which it is read, a hundred thousand mistakes or one.
#[test]
fn every_line_of_a_long_file_that_is_no_scenario_is_told_of_once() {
    let lines = 100_000;
    for line in ["= 1 = 2\n", "x = 1\n"] {
        let problems = read(&line.repeat(lines)).expect_err("no scenario");
        let first = usize::from(line.starts_with('x'));
        assert_eq!(problems.len(), lines - first, "{line}");
        assert!(problems.render(false).contains(&format!("… and {} more", problems.len() - super::problem::SHOWN)), "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn mutated_scenarios_never_panic(edits in prop::collection::vec((0..WHOLE.len(), 0..40_usize, 0..PIECES.len()), 1..6)) {
        let mut text = String::from(WHOLE);
        for (at, length, piece) in edits {
            let start = text.floor_char_boundary(at.min(text.len()));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, PIECES[piece]);
        }
        if let Err(problems) = read(&text) {
            prop_assert!(!problems.render(true).is_empty() && problems.positions().count() == problems.len());
        }
    }

    #[test]
    fn random_text_never_panics(text in "\\PC{0,200}", set in "[a-z.=\"'{\\[ 0-9é]{0,40}") {
        prop_assert!(read(&text).is_err());
        let source = given(&set).objective(&set);
        if let Err(problems) = parse(&source, &NoFiles) {
            prop_assert!(!problems.render(false).is_empty());
        }
    }
}
