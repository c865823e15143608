//! The gallery: every scenario opens with its question, answer and source; its commands run; its figures are
//! the oracle's.
//!
//! Expected figures are exact where the literature has them, and else come from an independent event
//! simulation. They must lie within twice the simulation's 95 % interval (about 99.9 % each way) or within
//! the stated rounding of the oracle; the seeds are fixed, so a test that passes passes always.

use crate::cli::Desk;
use crate::semantics::fingerprint;
use queuelab::answer::{Answer, Method};
use queuelab::message::Keep;
use queuelab::rng::Key;
use queuelab::scenario::{Length, NoFiles, Scenario, Source, parse};
use queuelab::sim::{Engine, Network};
use queuelab::study::{NoProgress, run};
use queuelab::workload::file;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

pub(crate) fn gallery() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder())
        .expect("the gallery")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| {
            (
                path.file_name().expect("a name").to_string_lossy().into_owned(),
                std::fs::read_to_string(&path).expect("a text"),
            )
        })
        .collect();
    found.sort();
    found
}

/// The commands that a scenario's head shows.
pub(crate) fn commands(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("#     queuelab ")).map(str::trim).collect()
}

#[test]
fn every_scenario_opens_with_its_question_answer_and_source() {
    for (name, text) in gallery() {
        let head: String =
            text.lines().take_while(|line| line.starts_with('#')).collect::<Vec<_>>().join(" ");
        let first = text.lines().next().unwrap_or_default();
        let question =
            first.contains('?') || head.split("queuelab").next().is_some_and(|before| before.contains('?'));
        assert!(question || name.ends_with("-closed.toml"), "{name} does not open with a question");
        assert!(head.contains("source"), "{name} names no source");
        assert!(!commands(&text).is_empty(), "{name} shows no command");
    }
}

/// Every command that a scenario shows, with fewer replications: whether it is understood and runs through.
#[test]
fn the_gallerys_commands_run() {
    let desk = Desk::new("gallery", &[]);
    desk.copy(&folder(), "scenarios");
    for (name, text) in gallery() {
        for command in commands(&text) {
            let mut words: Vec<&str> = command.split_whitespace().collect();
            if !["explain", "fit"].contains(&words[0]) {
                words.extend(["--set", "simulation.replications=3", "--quiet"]);
            }
            if command == format!("run scenarios/{name}") {
                words.extend(["--only", "theory,simulation"]);
            }
            let output = desk.run(&words);
            let code = output.status.code();
            assert!(
                code.is_some_and(|c| [0, 1, 3].contains(&c)),
                "{command}: {code:?}\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}

/// A gallery scenario with settings.
fn scenario(name: &str, settings: &[(&str, &str)]) -> Scenario {
    let text = std::fs::read_to_string(folder().join(name)).expect("a scenario");
    let source =
        settings.iter().fold(Source::new(name, text), |source, (path, value)| source.with(path, value));
    parse(&source, &NoFiles).expect("a sound scenario").scenario
}

fn simulated(name: &str, settings: &[(&str, &str)]) -> Answer {
    let study = run(&scenario(name, settings), &[Method::Simulation], &NoProgress);
    study.answer(Method::Simulation).unwrap_or_else(|| panic!("{name}: {:?}", study.unanswered)).clone()
}

/// Holds a metric to the oracle's figure, which is itself known within a share.
fn holds(what: &str, answer: &Answer, metric: &str, expected: f64, share: f64) {
    let estimate = answer.get(metric).unwrap_or_else(|| panic!("{what}: nobody knows {metric}"));
    let value = estimate.value.unwrap_or(f64::INFINITY);
    let allowed = 2.0 * estimate.half_width.unwrap_or(0.0) + share * expected;
    assert!(
        (value - expected).abs() <= allowed,
        "{what}: {metric} is {value} ± {:?}, not {expected}",
        estimate.half_width
    );
}

#[test]
fn teachers_figures() {
    for (name, metric, expected) in [
        ("mm1.toml", "total.latency.mean", 0.020),
        ("mm1.toml", "total.latency.p99", 0.0921),
        ("mmc.toml", "queues.jobs.wait.mean", 0.010_787),
        ("mmc.toml", "queues.jobs.delayed", 0.6472),
        ("md1.toml", "queues.jobs.wait.mean", 0.008),
        ("mg1-heavy-tail.toml", "queues.jobs.wait.mean", 0.034),
        ("inspection-paradox.toml", "queues.stop.wait.mean", 0.005_556),
        ("erlang-b.toml", "queues.exchange.loss", 0.078_741),
    ] {
        let study = run(
            &scenario(name, &[("simulation.messages", "300000")]),
            &[Method::Theory, Method::Simulation],
            &NoProgress,
        );
        for answer in &study.answers {
            holds(name, answer, metric, expected, 1e-3);
        }
        assert_eq!(study.answers.len(), 2, "{name}: {:?}", study.unanswered);
    }
}

#[test]
fn a_lost_pod() {
    let settings = [("simulation.messages", "300000")];
    holds("8 consumers", &simulated("pod-dies.toml", &settings), "queues.jobs.wait.p99", 0.048, 0.01);
    let seven = [settings[0], ("consumers.workers.count", "7")];
    holds("7 consumers", &simulated("pod-dies.toml", &seven), "queues.jobs.wait.p99", 0.144, 0.005);
}

#[test]
fn prefetch_hurts_the_tail() {
    for (prefetch, p99) in [("1", 0.200), ("2", 0.261), ("5", 0.393), ("20", 0.712), ("100", 1.243)] {
        let answer = simulated("prefetch.toml", &[("consumers.workers.prefetch", prefetch)]);
        // The oracle is a simulation too, of 300 000 messages: about 3 % in p99.
        holds(&format!("prefetch {prefetch}"), &answer, "total.latency.p99", p99, 0.03);
    }
}

#[test]
fn one_queue_beats_eight_partitions() {
    holds("one queue", &simulated("pooled-vs-partitions.toml", &[]), "total.latency.p99", 0.103, 0.005);
    let eight = simulated("pooled-vs-partitions.toml", &[("queues.jobs.partitions", "8")]);
    holds("eight partitions", &eight, "total.latency.p99", 0.461, 0.005);
}

#[test]
fn poison_that_fails_fast_is_bearable() {
    let answer = simulated("poison.toml", &[]);
    // Every hundredth message is tried four times and then given up.
    holds("poison", &answer, "queues.jobs.attempts", 1.03, 2e-4);
    holds("poison", &answer, "queues.jobs.loss", 0.01, 1e-3);
    holds("poison", &answer, "queues.jobs.utilization", (376.2 + 4.0 * 3.8) * 0.02 / 8.0, 1e-3);
    let clean = scenario("poison.toml", &[("producers.poison.failure", "0")]);
    assert!((queuelab::theory::explain(&clean).loads[0].rho.expect("servers") - 0.95).abs() < 1e-9);
}

#[test]
fn poison_that_times_out_is_collapse() {
    let rho = |settings: &[(&str, &str)]| {
        queuelab::theory::explain(&scenario("poison.toml", settings)).loads[0].rho.expect("servers")
    };
    assert!((rho(&[]) - 0.9785).abs() < 1e-9);
    let slow = ("producers.poison.service_time", "30s");
    // 0.99 × 20 ms + 0.01 × 4 × 30 s is 61 times 20 ms; 61 × 0.95 = 58.
    assert!((rho(&[slow]) - 0.95 * (0.99 + 0.01 * 4.0 * 30.0 / 0.02)).abs() < 1e-9);
    assert!((rho(&[slow, ("queues.jobs.delivery_limit", "1")]) - 15.2).abs() < 0.05);
    let rare = [slow, ("producers.poison.rate", "0.38/s"), ("producers.good.rate", "379.62/s")];
    assert!((rho(&rare) / 0.95 - 7.0).abs() < 0.05);
}

/// Partitions share nothing, so that each is an M/M/1: the figures are the root of their mixture's tail,
/// worked out apart.
#[test]
fn a_hot_key_decides_whatever_the_partitions() {
    let with = |partitions: &str| scenario("hot-partition.toml", &[("queues.jobs.partitions", partitions)]);
    let eight = run(&with("8"), &[Method::Simulation], &NoProgress);
    assert!(eight.unstable().is_some(), "the hottest of 8 partitions has rho 1.053");
    for (partitions, mean, p99) in
        [("16", 0.060_18, 0.5381), ("32", 0.041_65, 0.3246), ("64", 0.037_06, 0.2744)]
    {
        let answer = simulated("hot-partition.toml", &[("queues.jobs.partitions", partitions)]);
        holds(&format!("{partitions} partitions"), &answer, "total.latency.mean", mean, 1e-3);
        holds(&format!("{partitions} partitions"), &answer, "total.latency.p99", p99, 1e-3);
    }
}

/// The oracle is an independent event simulation of four times 300 000 messages; its own error is the last
/// column.
#[test]
fn batches_pay_where_the_server_is_busy() {
    for (rate, batch, mean, p50, p99, error) in [
        ("100/s", "1", 0.002_510, 0.002_2, 0.005_574, 0.003),
        ("100/s", "10", 0.006_533, 0.007_2, 0.007_761, 0.004),
        ("300/s", "1", 0.004_323, 0.003_482, 0.014_30, 0.008),
        ("300/s", "10", 0.006_119, 0.006_867, 0.008_001, 0.001),
        ("400/s", "1", 0.010_252, 0.007_580, 0.040_99, 0.03),
        ("400/s", "10", 0.006_065, 0.006_550, 0.008_2, 0.001),
        ("400/s", "100", 0.006_066, 0.006_551, 0.008_2, 0.001),
    ] {
        let answer = simulated(
            "batching.toml",
            &[("producers.web.rate", rate), ("consumers.worker.batch.max", batch)],
        );
        for (metric, expected) in
            [("total.latency.mean", mean), ("total.latency.p50", p50), ("total.latency.p99", p99)]
        {
            holds(&format!("{rate} in batches of {batch}"), &answer, metric, expected, error);
        }
    }
}

#[test]
fn priority_by_cobham() {
    let set = [("simulation.messages", "300000"), ("queues.jobs.discipline", "priority")];
    let answer = simulated("priority.toml", &set);
    holds("urgent", &answer, "producers.urgent.wait.mean", 0.010, 1e-3);
    holds("bulk", &answer, "producers.bulk.wait.mean", 0.050, 1e-3);
    holds("in order", &simulated("priority.toml", &set[..1]), "producers.urgent.wait.mean", 0.040, 1e-3);
}

#[test]
fn visibility_timeouts_by_the_exponential_law() {
    let one = simulated("visibility-timeout.toml", &[("queues.jobs.visibility_timeout", "1s")]);
    let e = |x: f64| (-x).exp();
    holds("1 s", &one, "queues.jobs.attempts", 1.0 + e(1.0) + e(2.0), 1e-3);
    holds("1 s", &one, "total.dead_lettered", e(3.0), 1e-3);
    let five = simulated("visibility-timeout.toml", &[("queues.jobs.visibility_timeout", "5s")]);
    holds("5 s", &five, "queues.jobs.attempts", 1.0 + e(5.0) + e(10.0), 1e-3);
}

#[test]
fn a_database_behind_the_consumers_sets_the_latency() {
    // 25 ms of work and then M/M/20 at 18 erlang: 18 ms and C(20, 18) × 18 ms / (20 − 18), Erlang's formula.
    let sixty = simulated("shared-database.toml", &[("consumers.workers.count", "60")]);
    holds("60 consumers", &sixty, "total.latency.mean", 0.025 + DATABASE, 1e-3);
}

/// The database's mean latency, in seconds.
const DATABASE: f64 = 0.0229569;

#[test]
fn a_closed_loop_does_not_see_the_stall() {
    let open = simulated("coordinated-omission.toml", &[]);
    // The oracle saw some 60 stalls; p99 lies on the steep part of what they leave behind.
    holds("open loop", &open, "total.latency.p99", 1.679, 0.03);
    holds(
        "closed loop",
        &simulated("coordinated-omission-closed.toml", &[]),
        "total.latency.p99",
        0.001,
        0.01,
    );
}

#[test]
fn growth_hits_the_wall_in_the_fourth_month() {
    let held = |rate: &str| {
        let study = run(
            &scenario("growth-and-cost.toml", &[("producers.web.rate", rate)]),
            &[Method::Theory],
            &NoProgress,
        );
        study.answers.len() == 1
    };
    assert_eq!(["1000/s", "1050/s", "1102/s", "1158/s", "1216/s"].map(held), [true, true, true, true, false]);
}

#[test]
fn the_lag_to_page_at() {
    let lags = queuelab::study::sensitivity::lags(&scenario("lag-alert.toml", &[]), 60.0);
    assert!((lags[0].messages - 72_000.0).abs() < 1e-6 && lags[0].per_partition == Some(3000.0), "{lags:?}");
}

#[test]
fn the_fit_finds_what_made_the_file() {
    let text = std::fs::read_to_string(folder().join("calibrate.csv")).expect("the file");
    let measured = file::read(text.as_bytes(), file::Want::All, &[]).expect("a sound file");
    let fit = queuelab::study::fit::fit(measured).expect("a sound file");
    let service = fit.columns.iter().find(|c| c.name == "service").expect("a column of work");
    assert_eq!((service.candidates[0].law.name(), fit.bad.len()), ("lognormal", 1));
    // 1 500 values: the mean is known within 2 × √(2/1500) = 7 %, the fitted scv within some 20 %.
    let law = &service.candidates[0].law;
    assert!((law.mean() / 0.020 - 1.0).abs() < 0.1 && (law.scv() / 2.0 - 1.0).abs() < 0.25, "{law:?}");
    assert!((fit.stream.expect("arrivals").rate - 100.0).abs() < 8.0);
}

#[test]
fn black_friday_drains_in_an_hour() {
    let answer = simulated("black-friday.toml", &[("simulation.replications", "3")]);
    // 56.7 min; the end of a drain at 300/s of spare capacity is random by some seconds.
    holds("drain", &answer, "queues.orders.drain_time", 3400.0, 0.005);
    holds("backlog", &answer, "queues.orders.queue_length.max", 1.02e6, 0.005);
    // The last of the rush finds 1.02 million before it: 1.02e6 / 1 300 s.
    holds("lateness", &answer, "total.latency.max", 785.0, 0.01);
}

#[test]
fn an_autoscaler_is_a_minute_late() {
    let answer = simulated("autoscale-keda.toml", &[("simulation.replications", "3")]);
    holds("backlog", &answer, "queues.jobs.queue_length.max", 89.0 * 800.0, 0.02);
}

#[test]
fn a_dump_makes_everybody_wait_but_by_turns_or_priority() {
    let fifo = simulated("noisy-tenant.toml", &[]);
    let latest = fifo.get("producers.quiet.latency.max").and_then(|e| e.value).expect("known");
    // 10 000/s and 50/s against 500/s for 10 s: 95 500 messages wait, 191 s of work.
    assert!((latest - 191.0).abs() < 6.0, "{latest}");
    // While 100 000 jobs are worked off at 450/s, completions are a Poisson process of 500/s. By turns each
    // job of the quiet tenant takes two of them, an M/E2/1 with rho 0.2: 4 ms and 0.2/0.8 × 0.75 × 4 ms;
    // first in line it takes one, an M/M/1: 1/(500 − 50) s. Before and after hardly anybody waits.
    let backlogged = 100_000.0 / 450.0 / 300.0;
    for (discipline, wait) in [("round-robin", 0.00475), ("priority", 1.0 / 450.0)] {
        let answer = simulated("noisy-tenant.toml", &[("queues.jobs.discipline", discipline)]);
        holds(discipline, &answer, "producers.quiet.wait.mean", wait * backlogged, 0.01);
    }
}

/// The scenarios of the gallery as the simulator plays them.
fn played() -> impl Iterator<Item = (String, Scenario)> {
    gallery().into_iter().map(|(name, text)| {
        let source = Source { name: name.clone(), text, overrides: Vec::new() };
        let scenario =
            parse(&source, &NoFiles).unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario;
        (name, scenario)
    })
}

/// Threads share the work, not the chance.
#[test]
fn every_answer_is_the_same_for_any_number_of_threads() {
    for (name, mut scenario) in played() {
        scenario.simulation.replications = 3;
        scenario.queues.iter_mut().for_each(|q| q.initial_backlog = q.initial_backlog.min(1000));
        let rate: f64 = scenario.producers.iter().map(|p| p.rate).sum();
        // Of a timetable too, the first of its messages are enough.
        scenario.simulation.length =
            if rate > 0.0 { Length::Duration(1000.0 / rate) } else { Length::Messages(1000) };
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let study = pool.install(|| run(&scenario, &[Method::Simulation], &NoProgress));
            format!(
                "{:?}{:?}",
                serde_json::to_string(&study.answer(Method::Simulation)).expect("plain data"),
                study.unanswered
            )
        };
        let one = with(1);
        assert!(one == with(2) && one == with(8), "{name}");
    }
}

/// Value stability: a seed keeps its trajectory from one version to the next. Change these only with a word
/// to the users.
#[test]
fn trajectories_of_the_gallery_stay_what_they_are() {
    let seen: Vec<(String, u64)> = played()
        .map(|(name, scenario)| {
            let plan = scenario.open_plan(1, 0).expect("a plan");
            let mut network = Network::new(&scenario, plan, Key::new(1, 0), None).expect("a network");
            let mut keep = Keep::default();
            network.advance(2000, &mut keep);
            (name, fingerprint(&keep))
        })
        .collect();
    let kept: Vec<(String, u64)> =
        FINGERPRINTS.iter().map(|(name, hash)| (name.to_string(), *hash)).collect();
    assert_eq!(seen, kept);
}

const FINGERPRINTS: &[(&str, u64)] = &[
    ("autoscale-keda.toml", 4856146728444227102),
    ("batching.toml", 2419389060899436830),
    ("black-friday.toml", 15336773759866171019),
    ("calibrate.toml", 10670346905936771908),
    ("coordinated-omission-closed.toml", 14610586662120749403),
    ("coordinated-omission.toml", 16012309730263100827),
    ("erlang-b.toml", 13135223065844428873),
    ("growth-and-cost.toml", 16763772024146492071),
    ("hot-partition.toml", 10279700247537484873),
    ("inspection-paradox.toml", 11195545991067477768),
    ("lag-alert.toml", 12517172834918465683),
    ("md1.toml", 13155987361281172767),
    ("mg1-heavy-tail.toml", 2880388387982269835),
    ("mm1.toml", 16617980523407085063),
    ("mmc.toml", 13045349583975560257),
    ("noisy-tenant.toml", 15869288829863131442),
    ("peak-sizing.toml", 11941808894426089344),
    ("pod-dies.toml", 9588775044281213968),
    ("poison.toml", 16802898880876004761),
    ("pooled-vs-partitions.toml", 9588775044281213968),
    ("prefetch.toml", 15128532899414486348),
    ("priority.toml", 15398266931539403669),
    ("quickstart.toml", 2400551257436578133),
    ("shared-database.toml", 5768049155699572660),
    ("visibility-timeout.toml", 307977236778201910),
];
