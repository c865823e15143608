//! Every feature of the grammar, one and two at a time, on the base scenario of every model: theory refuses, or its exact answer agrees
//! with a simulation.
//!
//! A model that says "exact" has to reject whatever it does not model. So every setting that may change an answer is turned on, alone and
//! with every other one, where each model is at home. What theory still calls exact is simulated (12 replications of 1 500 messages), and
//! every figure that both know is compared at 99.9 %. What misses is simulated again with another seed and 20 times the messages, and
//! fails the test if the same figure then misses at 99.9999 %: a right theory fails once in a million such figures, some dozens for each
//! of the few scenarios that come so far, and the seeds are fixed. `PAIRS=M/M/1` looks at the bases of that name only.

use crate::combinations::{misses, simulated, twice};
use queuelab::answer::Answer;
use queuelab::scenario::{NoFiles, Scenario, Source, Warmup, parse};
use queuelab::theory;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Replications, and messages left out at the start of each.
const RUNS: u32 = 12;
const WARMUP: u64 = 500;

/// Table, key and value.
type Setting = (&'static str, &'static str, &'static str);

const POISSON: [Setting; 2] = [("producers.p", "to", "\"q\""), ("producers.p", "rate", "\"5/s\"")];
const EXPONENTIAL: Setting = ("consumers.c", "service_time", "{ law = \"exponential\", mean = \"100ms\" }");

/// A base: a name, and the settings beyond one Poisson producer, one queue and one exponential server at half its load.
const ONE_QUEUE: &[(&str, &[Setting])] = &[
    ("M/M/1", &[]),
    ("M/M/c", &[("consumers.c", "count", "2")]),
    ("M/M/c/K", &[("queues.q", "max_length", "3")]),
    ("M/M/c/K, dropping the oldest", &[("queues.q", "max_length", "3"), ("queues.q", "overflow", "\"drop-head\"")]),
    (
        "M/G/∞",
        &[("consumers.c", "count", "\"unlimited\""), ("consumers.c", "service_time", "{ law = \"erlang\", k = 2, mean = \"100ms\" }")],
    ),
    ("M/G/c/c", &[("queues.q", "max_length", "0"), ("consumers.c", "count", "2")]),
    ("D/D/c", &[("producers.p", "arrivals", "{ process = \"periodic\" }"), ("consumers.c", "service_time", "\"100ms\"")]),
    (
        "M/M/1 with priorities",
        &[
            ("queues.q", "discipline", "\"priority\""),
            ("producers.u", "to", "\"q\""),
            ("producers.u", "rate", "\"2/s\""),
            ("producers.u", "priority", "2"),
        ],
    ),
    (
        "M/M/2 with priorities",
        &[
            ("queues.q", "discipline", "\"priority\""),
            ("producers.u", "to", "\"q\""),
            ("producers.u", "rate", "\"2/s\""),
            ("producers.u", "priority", "2"),
            ("consumers.c", "count", "2"),
        ],
    ),
    (
        "M/M/1 with priorities that interrupt",
        &[
            ("queues.q", "discipline", "\"priority\""),
            ("queues.q", "preemption", "\"resume\""),
            ("producers.u", "to", "\"q\""),
            ("producers.u", "rate", "\"2/s\""),
            ("producers.u", "priority", "2"),
        ],
    ),
    (
        "M/G/1, last first",
        &[
            ("queues.q", "discipline", "\"lifo\""),
            ("consumers.c", "service_time", "{ law = \"uniform\", min = \"50ms\", max = \"150ms\" }"),
        ],
    ),
    (
        "M/G/1, last first and at once",
        &[
            ("queues.q", "discipline", "\"lifo\""),
            ("queues.q", "preemption", "\"resume\""),
            ("consumers.c", "service_time", "{ law = \"uniform\", min = \"50ms\", max = \"150ms\" }"),
        ],
    ),
    ("M/M/c, at random", &[("queues.q", "discipline", "\"random\""), ("consumers.c", "count", "2")]),
    (
        "M/G/c, shared",
        &[
            ("queues.q", "discipline", "\"processor-sharing\""),
            ("consumers.c", "service_time", "{ law = \"erlang\", k = 2, mean = \"100ms\" }"),
        ],
    ),
    ("M/G/1, shortest first", &[("queues.q", "discipline", "\"shortest\"")]),
    ("M/M/c+G", &[("queues.q", "message_ttl", "\"150ms\"")]),
    ("retries", &[("consumers.c", "failure", "{ probability = 0.2 }")]),
    ("back-off", &[("consumers.c", "failure", "{ probability = 0.2 }"), ("consumers.c", "retry_delay", "\"300ms\"")]),
    ("partitions", &[("queues.q", "partitions", "4"), ("consumers.c", "count", "2")]),
    (
        "breaks while busy",
        &[(
            "consumers.c",
            "outages",
            "{ up = { law = \"exponential\", mean = \"2s\" }, down = { law = \"erlang\", k = 2, mean = \"200ms\" }, while = \"busy\", in_progress = \"resume\" }",
        )],
    ),
    (
        "breaks at any time",
        &[
            ("consumers.c", "count", "2"),
            (
                "consumers.c",
                "outages",
                "{ up = { law = \"exponential\", mean = \"2s\" }, down = { law = \"exponential\", mean = \"200ms\" } }",
            ),
        ],
    ),
    (
        "M^X/G/1",
        &[
            ("producers.p", "arrivals", "{ process = \"poisson\", batch = 2 }"),
            ("consumers.c", "service_time", "{ law = \"erlang\", k = 2, mean = \"100ms\" }"),
        ],
    ),
    ("M/M^[1,b]/1", &[("consumers.c", "batch", "{ max = 3 }")]),
    ("M/D/c", &[("consumers.c", "count", "2"), ("consumers.c", "service_time", "\"100ms\"")]),
    ("M/G/1", &[("consumers.c", "service_time", "{ law = \"lognormal\", mean = \"100ms\", scv = 1.5 }")]),
    ("GI/M/1", &[("producers.p", "arrivals", "{ process = \"renewal\", gap = { law = \"uniform\", min = \"100ms\", max = \"300ms\" } }")]),
    (
        "GI/M/c",
        &[
            ("producers.p", "arrivals", "{ process = \"renewal\", gap = { law = \"uniform\", min = \"100ms\", max = \"300ms\" } }"),
            ("consumers.c", "count", "2"),
        ],
    ),
    (
        "MAP/PH/c",
        &[
            ("producers.p", "arrivals", "{ process = \"mmpp\", rates = [\"2/s\", \"8/s\"], dwell = [\"1s\", \"1s\"] }"),
            ("consumers.c", "service_time", "{ law = \"hyperexponential\", scv = 2, mean = \"100ms\" }"),
        ],
    ),
    ("finite source", &[CLOSED]),
];

const CLOSED: Setting =
    ("producers.p", "arrivals", "{ process = \"closed\", concurrency = 4, think_time = { law = \"exponential\", mean = \"500ms\" } }");

/// Bases of two queues, `q` and `r`.
const TWO_QUEUES: &[(&str, &[Setting])] = &[
    ("tandem", &[("consumers.c", "to", "\"r\"")]),
    ("feedback", &[("consumers.c", "to", "\"r\""), ("consumers.d", "to", "[{ queue = \"q\", probability = 0.2 }]")]),
    ("tandem with blocking", &[("consumers.c", "to", "\"r\""), ("queues.r", "max_length", "2"), ("queues.r", "overflow", "\"block\"")]),
    ("closed tandem", &[CLOSED, ("consumers.c", "to", "\"r\"")]),
    (
        "dead letters",
        &[("queues.q", "delivery_limit", "1"), ("queues.q", "dead_letter", "\"r\""), ("consumers.c", "failure", "{ probability = 0.2 }")],
    ),
    ("copies", &[("topics.t", "deliver", "\"all\"")]),
    ("copies of which all count", &[("topics.t", "deliver", "\"all\""), ("topics.t", "complete_when", "\"all\"")]),
    ("copies of which one counts", &[("topics.t", "deliver", "\"all\""), ("topics.t", "complete_when", "1")]),
    (
        "copies without a wait",
        &[
            ("topics.t", "deliver", "\"all\""),
            ("topics.t", "complete_when", "\"all\""),
            ("consumers.c", "count", "\"unlimited\""),
            ("consumers.d", "count", "\"unlimited\""),
        ],
    ),
    ("in turn", &[("topics.t", "deliver", "\"round-robin\"")]),
    ("at random", &[("topics.t", "deliver", "\"random\"")]),
    ("by key", &[("topics.t", "deliver", "\"by-key\"")]),
    ("the shorter of two", &[("topics.t", "deliver", "\"shortest-queue\"")]),
    ("the power of two", &[("topics.t", "deliver", "\"power-of-two\"")]),
];

/// What may be turned on: a name and settings. Those of the queue and its consumers can be those of another queue, too.
const FEATURES: &[(&str, &[Setting])] = &[
    ("Erlang gaps", &[("producers.p", "arrivals", "{ process = \"renewal\", gap = { law = \"erlang\", k = 2 } }")]),
    ("hyperexponential gaps", &[("producers.p", "arrivals", "{ process = \"renewal\", gap = { law = \"hyperexponential\", scv = 3 } }")]),
    ("periodic", &[("producers.p", "arrivals", "{ process = \"periodic\" }")]),
    ("mmpp", &[("producers.p", "arrivals", "{ process = \"mmpp\", rates = [\"2/s\", \"8/s\"], dwell = [\"1s\", \"1s\"] }")]),
    (
        "timetable",
        &[
            (
                "producers.p",
                "arrivals",
                "{ process = \"schedule\", steps = [{ for = \"1s\", rate = \"3/s\" }, { for = \"1s\", rate = \"7/s\" }], repeat = true }",
            ),
            ("producers.p", "rate", ""),
        ],
    ),
    ("closed", &[CLOSED, ("producers.p", "rate", "")]),
    ("batches of two", &[("producers.p", "arrivals", "{ process = \"poisson\", batch = 2 }")]),
    ("batches of any size", &[("producers.p", "arrivals", "{ process = \"poisson\", batch = { law = \"geometric\", mean = 2 } }")]),
    ("periodic batches", &[("producers.p", "arrivals", "{ process = \"periodic\", batch = 2 }")]),
    ("send time", &[("producers.p", "send_time", "\"50ms\"")]),
    ("random send time", &[("producers.p", "send_time", "{ law = \"exponential\", mean = \"50ms\" }")]),
    ("priority", &[("producers.p", "priority", "1")]),
    ("keys", &[("producers.p", "keys", "{ law = \"uniform\", count = 3 }")]),
    ("own work", &[("producers.p", "service_time", "{ law = \"exponential\", mean = \"80ms\" }")]),
    ("own constant work", &[("producers.p", "service_time", "\"80ms\"")]),
    ("own failure", &[("producers.p", "failure", "{ probability = 0.1 }")]),
    ("another producer", &[("producers.z", "rate", "\"1/s\"")]),
    ("another regular producer", &[("producers.z", "rate", "\"1/s\""), ("producers.z", "arrivals", "{ process = \"periodic\" }")]),
    (
        "another producer's work",
        &[("producers.z", "rate", "\"1/s\""), ("producers.z", "service_time", "{ law = \"exponential\", mean = \"200ms\" }")],
    ),
    ("another closed producer", &[("producers.z", "arrivals", "{ process = \"closed\", concurrency = 2, think_time = \"500ms\" }")]),
    ("lifo", &[("queues.q", "discipline", "\"lifo\"")]),
    ("priorities", &[("queues.q", "discipline", "\"priority\"")]),
    ("random order", &[("queues.q", "discipline", "\"random\"")]),
    ("shortest", &[("queues.q", "discipline", "\"shortest\"")]),
    ("deadline", &[("queues.q", "discipline", "\"deadline\"")]),
    ("producers in turn", &[("queues.q", "discipline", "\"round-robin\"")]),
    ("shared", &[("queues.q", "discipline", "\"processor-sharing\"")]),
    ("resume", &[("queues.q", "preemption", "\"resume\"")]),
    ("restart", &[("queues.q", "preemption", "\"restart\"")]),
    ("room", &[("queues.q", "max_length", "3")]),
    ("room, dropping the oldest", &[("queues.q", "max_length", "3"), ("queues.q", "overflow", "\"drop-head\"")]),
    ("room, blocking", &[("queues.q", "max_length", "2"), ("queues.q", "overflow", "\"block\"")]),
    ("no room", &[("queues.q", "max_length", "0")]),
    ("no room, blocking", &[("queues.q", "max_length", "0"), ("queues.q", "overflow", "\"block\"")]),
    ("time to live", &[("queues.q", "message_ttl", "\"200ms\"")]),
    ("random time to live", &[("queues.q", "message_ttl", "{ law = \"exponential\", mean = \"200ms\" }")]),
    ("one delivery", &[("queues.q", "delivery_limit", "1")]),
    ("two deliveries", &[("queues.q", "delivery_limit", "2")]),
    (
        "dead letters",
        &[
            ("queues.q", "dead_letter", "\"dead\""),
            ("queues.dead", "max_length", "1000000"),
            ("consumers.dead", "from", "\"dead\""),
            ("consumers.dead", "service_time", "\"10ms\""),
        ],
    ),
    ("visibility timeout", &[("queues.q", "visibility_timeout", "\"250ms\"")]),
    ("enqueued", &[("queues.q", "durability", "\"enqueued\"")]),
    ("fsync", &[("queues.q", "durability", "\"fsync\"")]),
    ("one partition", &[("queues.q", "partitions", "1")]),
    ("partitions", &[("queues.q", "partitions", "4")]),
    ("backlog", &[("queues.q", "initial_backlog", "30")]),
    ("two servers", &[("consumers.c", "count", "2")]),
    ("servers without limit", &[("consumers.c", "count", "\"unlimited\"")]),
    ("constant service", &[("consumers.c", "service_time", "\"100ms\"")]),
    ("Erlang service", &[("consumers.c", "service_time", "{ law = \"erlang\", k = 2, mean = \"100ms\" }")]),
    ("uniform service", &[("consumers.c", "service_time", "{ law = \"uniform\", min = \"50ms\", max = \"150ms\" }")]),
    ("time per message", &[("consumers.c", "service_time_per_message", "\"20ms\"")]),
    ("prefetch", &[("consumers.c", "prefetch", "4")]),
    ("batch", &[("consumers.c", "batch", "{ max = 3 }")]),
    ("batch that lingers", &[("consumers.c", "batch", "{ max = 3, linger = \"100ms\" }")]),
    ("auto", &[("consumers.c", "ack", "\"auto\"")]),
    ("failure", &[("consumers.c", "failure", "{ probability = 0.2 }")]),
    ("retry delay", &[("consumers.c", "retry_delay", "\"300ms\"")]),
    (
        "back-off",
        &[
            ("consumers.c", "failure", "{ probability = 0.2 }"),
            ("consumers.c", "retry_delay", "{ min = \"100ms\", max = \"1s\", jitter = true }"),
        ],
    ),
    (
        "outages",
        &[(
            "consumers.c",
            "outages",
            "{ up = { law = \"exponential\", mean = \"2s\" }, down = { law = \"exponential\", mean = \"200ms\" } }",
        )],
    ),
    (
        "outages that resume",
        &[("consumers.c", "outages", "{ up = { law = \"exponential\", mean = \"2s\" }, down = \"200ms\", in_progress = \"resume\" }")],
    ),
    (
        "outages while busy",
        &[("consumers.c", "outages", "{ up = { law = \"exponential\", mean = \"2s\" }, down = \"200ms\", while = \"busy\" }")],
    ),
    ("regular outages", &[("consumers.c", "outages", "{ up = \"2s\", down = \"200ms\", while = \"busy\", in_progress = \"resume\" }")]),
    ("autoscaling", &[("consumers.c", "autoscale", "{ min = 1, max = 3, target_backlog = 2, every = \"500ms\" }")]),
    (
        "onward",
        &[
            ("consumers.c", "to", "\"on\""),
            ("queues.on", "partitions", ""),
            ("consumers.on", "from", "\"on\""),
            ("consumers.on", "service_time", "{ law = \"exponential\", mean = \"50ms\" }"),
        ],
    ),
    ("hand-off", &[("simulation", "hand_off", "\"20ms\"")]),
    ("back again", &[("consumers.c", "to", "[{ queue = \"q\", probability = 0.2 }]")]),
    ("another group", &[("consumers.e", "from", "\"q\""), ("consumers.e", "service_time", "{ law = \"exponential\", mean = \"100ms\" }")]),
    ("a slower group", &[("consumers.e", "from", "\"q\""), ("consumers.e", "service_time", "{ law = \"exponential\", mean = \"200ms\" }")]),
];

/// A scenario under construction.
#[derive(Clone)]
struct Draft(BTreeMap<String, BTreeMap<String, String>>);

impl Draft {
    fn set(&mut self, table: &str, key: &str, value: &str) {
        let table = self.0.entry(table.into()).or_default();
        if value.is_empty() {
            table.remove(key)
        } else {
            table.insert(key.into(), value.into())
        };
    }

    fn with(&self, settings: &[(String, String, String)]) -> Draft {
        let mut draft = self.clone();
        settings.iter().for_each(|(table, key, value)| draft.set(table, key, value));
        // A second producer sends where the first does.
        let to = draft.0["producers.p"]["to"].clone();
        if let Some(other) = draft.0.get_mut("producers.z") {
            other.insert("to".into(), to);
        }
        draft
    }

    fn text(&self) -> String {
        let line = |(key, value): (&String, &String)| format!("{key} = {value}\n");
        self.0.iter().map(|(table, keys)| format!("[{table}]\n{}", keys.iter().map(line).collect::<String>())).collect()
    }
}

fn base(settings: &[Setting], queues: usize) -> Draft {
    let mut draft = Draft(BTreeMap::new());
    POISSON.iter().chain([&EXPONENTIAL]).for_each(|(table, key, value)| draft.set(table, key, value));
    draft.set("consumers.c", "from", "\"q\"");
    draft.set("queues.q", "partitions", "");
    if queues == 2 {
        draft.set("queues.r", "partitions", "");
        draft.set("consumers.d", "from", "\"r\"");
        draft.set("consumers.d", "service_time", EXPONENTIAL.2);
    }
    settings.iter().for_each(|(table, key, value)| draft.set(table, key, value));
    if draft.0.contains_key("topics.t") {
        draft.set("topics.t", "subscriptions", "[\"q\", \"r\"]");
        draft.set("producers.p", "to", "\"t\"");
    }
    if draft.0["producers.p"].get("arrivals").is_some_and(|a| a.contains("closed")) {
        draft.set("producers.p", "rate", "");
    }
    draft
}

type Feature = (String, Vec<(String, String, String)>);

/// Which queues the features of queues and consumers are those of.
#[derive(Clone, Copy, PartialEq)]
enum Where {
    First,
    Second,
    Both,
}

fn features(place: Where) -> Vec<Feature> {
    let owned = |s: &Setting| (s.0.to_string(), s.1.to_string(), s.2.to_string());
    let of_queue = |s: &(String, String, String)| s.0 == "queues.q" || s.0 == "consumers.c";
    let other = |(table, key, value): &(String, String, String)| {
        (if table == "queues.q" { "queues.r".to_string() } else { table.replace("consumers.c", "consumers.d") }, key.clone(), value.clone())
    };
    let at = |settings: Vec<(String, String, String)>| match place {
        _ if !settings.iter().all(of_queue) => settings,
        Where::First => settings,
        Where::Second => settings.iter().map(other).collect(),
        Where::Both => settings.iter().cloned().chain(settings.iter().map(other)).collect(),
    };
    FEATURES.iter().map(|(name, settings)| (name.to_string(), at(settings.iter().map(owned).collect()))).collect()
}

/// Every feature alone and with every other one that does not set the same.
fn drafts(base: &Draft, place: Where) -> Vec<(String, Draft)> {
    let all = features(place);
    let mut out = vec![("nothing".to_string(), base.clone())];
    for (i, (one, first)) in all.iter().enumerate() {
        out.push((one.clone(), base.with(first)));
        for (other, second) in &all[i + 1..] {
            let same = |s: &(String, String, String)| first.iter().any(|f| (&f.0, &f.1) == (&s.0, &s.1));
            if !second.iter().any(same) {
                out.push((format!("{one} and {other}"), base.with(first).with(second)));
            }
        }
    }
    out
}

/// A scenario and its exact answer, if it has one.
fn exact(text: &str) -> Option<(Scenario, Answer)> {
    let source = Source { name: "pair".into(), text: text.to_string(), overrides: Vec::new() };
    // Some pairs contradict each other, and the grammar says so.
    let mut scenario = parse(&source, &NoFiles).ok()?.scenario;
    scenario.simulation.warmup = Warmup::Messages(WARMUP);
    let answer = theory::answer(&scenario).ok().filter(|answer| answer.exact)?;
    Some((scenario, answer))
}

/// What was judged already: scenarios that are the same to theory and in a short run need to be compared once.
type Judged = Mutex<BTreeSet<String>>;

/// Whether a pair was compared, and what is wrong with it.
fn judge(what: &str, text: &str, judged: &Judged) -> (bool, Option<String>) {
    let Some((scenario, exact)) = exact(text) else { return (false, None) };
    if let Some((path, _)) = exact.metrics.iter().find(|(_, e)| e.value.is_none()) {
        return (true, Some(format!("{what}: {} says that {path} is infinite, of\n{text}", exact.by)));
    }
    let Some(short) = simulated(&scenario, 4, 600, 1) else { return (false, None) };
    if !judged.lock().expect("nobody panics").insert(format!("{:?} {:?}", exact.metrics, short.metrics)) {
        return (true, None);
    }
    let Some(first) = simulated(&scenario, 5, 1_500, RUNS) else { return (false, None) };
    let missed = misses(&exact, &first, 0.999, RUNS);
    if missed.is_empty() {
        return (true, None);
    }
    let again = simulated(&scenario, 6, 30_000, RUNS).map(|second| misses(&exact, &second, 0.999_999, RUNS)).unwrap_or_default();
    let both = twice(&missed, &again);
    (true, (!both.is_empty()).then(|| format!("{what}: {} says\n{both:#?}\nof\n{text}", exact.by)))
}

#[test]
fn a_model_that_says_exact_rejects_what_it_does_not_model() {
    let wanted = std::env::var("PAIRS").unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut list = Vec::new();
    let places =
        [(1, ONE_QUEUE, Where::First), (2, TWO_QUEUES, Where::First), (2, TWO_QUEUES, Where::Second), (2, TWO_QUEUES, Where::Both)];
    for (queues, bases, place) in places {
        for (name, settings) in bases.iter().filter(|(name, _)| wanted.is_empty() || *name == wanted) {
            for (what, draft) in drafts(&base(settings, queues), place) {
                let text = draft.text();
                if seen.insert(text.clone()) {
                    list.push((format!("{name} with {what}"), text));
                }
            }
        }
    }
    let judged = Judged::default();
    let (next, compared, wrong) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((what, text)) = list.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (known, problem) = judge(what, text, &judged);
                    compared.fetch_add(usize::from(known), Ordering::Relaxed);
                    wrong.lock().expect("nobody panics").extend(problem);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("nobody panicked");
    let compared = compared.into_inner();
    eprintln!("{} scenarios, {compared} compared, {} wrong", list.len(), wrong.len());
    assert!(wrong.is_empty(), "{} of {compared} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 0 && (compared * 40 > list.len() || !wanted.is_empty()), "only {compared} of {} were compared", list.len());
}
