//! What is wrong is told with its place and with what to write instead.

use super::*;

/// What is wrong with a change to the small scenario, and words that must be told.
const WRONG: &[(&str, &str, &[&str])] = &[
    ("rate = \"900/s\"", "rate = 900", &["`rate` needs a unit", "write a rate: \"900/s\""]),
    ("rate = \"900/s\"", "rate = \"900\"", &["`rate` must be a rate", "`900` lacks a unit"]),
    ("rate = \"900/s\"", "rate = \"4ms\"", &["this is a duration"]),
    ("rate = \"900/s\"", "rate = \"-900/s\"", &["negative"]),
    (
        "rate = \"900/s\"",
        "rate = \"0/s\"",
        &["`rate` must be more than zero", "leave out what sends nothing"],
    ),
    ("rate = \"900/s\"", "rate = \"900/s\"\nrate = \"800/s\"", &["duplicate key", "the first is here"]),
    ("[queues.orders]", "[queues.orders]\n[queues.orders]", &["duplicate key", "the first is here"]),
    ("[queues.orders]", "[queues.orders]\nmessage_ttl = \"999999999h\"", &["is too long", "292 years"]),
    (
        "[queues.orders]",
        "[simulation]\nwarmup = \"1000\"\n[queues.orders]",
        &["write 1000 for a number of messages"],
    ),
    ("count = 4", "count = 100000000", &["write count = \"unlimited\""]),
    ("rate = \"900/s\"", "raet = \"900/s\"", &["did you mean `rate`?", "producer `web` lacks `rate`"]),
    ("rate = \"900/s\"", "rate = [1]", &["this is a list"]),
    ("rate = \"900/s\"", "rate = 1e400", &["`rate` needs a unit"]),
    ("rate = \"900/s\"", "rate = \"900/s\"\nsize = 100", &["`size` needs a unit", "100B"]),
    ("rate = \"900/s\"", "rate = \"900/s\"\npriority = 1.5", &["whole number"]),
    ("rate = \"900/s\"", "rate = \"900/s\"\narrivals = \"poison\"", &["did you mean `poisson`?"]),
    ("rate = \"900/s\"", "rate = \"900/s\"\narrivals = { proces = \"mmpp\" }", &["`process` is missing"]),
    (
        "rate = \"900/s\"",
        "rate = \"900/s\"\narrivals = { process = \"closed\" }",
        &["takes no rate", "lacks `concurrency`"],
    ),
    ("rate = \"900/s\"", "arrivals = { process = \"schedule\", steps = [] }", &["`steps` is empty"]),
    (
        "rate = \"900/s\"",
        "arrivals = { process = \"schedule\", steps = [{ for = \"1h\", rate = \"0/s\" }] }",
        &["no step has one"],
    ),
    (
        "rate = \"900/s\"",
        "arrivals = { process = \"mmpp\", rates = [\"1/s\"], dwell = [\"1s\", \"0s\"] }",
        &["`dwell` must be more than zero"],
    ),
    (
        "rate = \"900/s\"",
        "arrivals = { process = \"trace\", file = \"none.csv\" }",
        &["cannot be read", "not found"],
    ),
    (
        "rate = \"900/s\"",
        "arrivals = { process = \"trace\", file = \"bad.csv\" }",
        &["not one cell of `gap` holds a time; line 2 is `x`"],
    ),
    (
        "rate = \"900/s\"",
        "rate = \"1/s\"\narrivals = { process = \"renewal\", gap = \"9s\" }",
        &["a mean of its own"],
    ),
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
    (
        "[queues.orders]",
        "[queues.orders]\npreemption = \"resume\"",
        &["does not go with an order in which no newcomer is more urgent"],
    ),
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
    ("count = 4", "servers = 4", &["or count = 4"]),
    ("count = 4", "count = 4\nto = \"orders\"", &["messages go round for ever"]),
    ("count = 4", "count = 4\nto = [{ queue = \"orders\", probability = 1.4 }]", &["must be from 0 to 1"]),
    (
        "count = 4",
        "count = 4\nto = [{ queue = \"orders\", probability = 0.5 }, { topic = \"orders\" }]",
        &["there is no topic `orders`"],
    ),
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
    (
        "count = 4",
        "count = 4\nautoscale = { max = 3, target_backlog = -1 }",
        &["`target_backlog` is out of range", "must be more than 0"],
    ),
    ("exponential(4ms)", "exponential(4ms, 5ms)", &["`mean` is given twice"]),
    (
        "count = 4",
        "count = 9\nautoscale = { max = 3, target_backlog = 5 }",
        &["contradict each other", "from 1 to 3"],
    ),
    (
        "rate = \"900/s\"",
        "arrivals = { process = \"renewal\", gap = \"exponential\" }",
        &["neither a rate nor the gap's mean"],
    ),
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

/// What is of the wrong kind is told with an example of the right one, and what contradicts itself with a way
/// out.
#[test]
fn every_refusal_says_what_to_write() {
    for (from, to, words) in [
        ("rate = \"900/s\"", "rate = \"900/s\"\narrivals = 5", "write { process = \"poisson\" }"),
        ("rate = \"900/s\"", "rate = \"900/s\"\nkeys = 5", "write { law = …, count = …, exponent = … }"),
        ("rate = \"900/s\"", "rate = \"900/s\"\nsend_time = true", "write \"4ms\", or { law = "),
        (
            "rate = \"900/s\"",
            "arrivals = { process = \"closed\", concurrency = 2, batch = 2 }",
            "one message at a time",
        ),
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
    let batch = |more: &str| {
        small("count = 4", "count = 4\nbatch = { max = 5, linger = \"1ms\" }")
            .replace("[queues.orders]", more)
    };
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
        (
            "[simulation]\nprecision = { \"producers.wbe.latency\" = 0.1 }",
            "did you mean `producers.web.latency`?",
        ),
        (
            "[objectives]\n\"producers.web.latency.p100\" = \"< 1s\"",
            "a percentile lies above p0 and below p100: ",
        ),
        ("[objectives]\n\"producers.web.latency.p99\" = \"< 200\"", "lacks a unit of time"),
        ("[objectives]\n\"producers.web.latency.p99\" = \"200ms\"", "begin with <, <=, > or >="),
        ("[objectives]\n\"queues.orders.loss\" = \"< 1ms\"", "write \"< 0.1%\""),
        ("[objectives]\n\"producers.web.latency.p99\" = \"< 0ms\"", "nothing is below zero"),
        ("[objectives]\n\"total.latency.within(1s)\" = \"> 100%\"", "no share is above 100 %"),
        ("[sweep]\n\"producers.wbe.rate\" = [\"1/s\"]", "did you mean `web`?"),
        ("[sweep]\n\"consumers.workers.cuont\" = \"2..8\"", "did you mean `count`?"),
        (
            "[sweep]\n\"consumers.workers.count\" = \"0..8\"",
            "`count` is out of range, with consumers.workers.count = 0",
        ),
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
    let text = "[producers.web]\nto = \
        'order'\nrate=900\nraet=3\n[queues.orders]\n[consumers.w]\nfrom='orders'\nservice_time='20 \
        foo'\ncount=0\n";
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
fn a_password_in_an_address_is_refused_and_not_shown() {
    let text = format!("{SMALL}\n[measurement.broker]\nurl = \"amqp://app:hunter2@host\"\n");
    let problems = parse(&Source::new("a.toml", &text), &NoFiles).expect_err("refused");
    let told = problems.render(false);
    assert!(told.contains("QUEUELAB_CREDENTIALS") && told.contains("***@host"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}
