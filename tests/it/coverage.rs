//! Intervals hold what they promise: over many seeds, as many of them cover the exact value as their
//! confidence says.
//!
//! Every test runs `COVERAGE_SEEDS` seeds (a few by default, so that it takes seconds) and asks that the
//! number of intervals that cover lies in the central 99.9 % of the binomial distribution, or within 93–97 %
//! where that is wider than the binomial's. With `COVERAGE_SEEDS=1000` and `--nocapture` it prints the table
//! of `benches/coverage.md`.

use queuelab::answer::{Answer, Method};
use queuelab::scenario::{Discipline, Length, Precision, Scenario};
use queuelab::study::{NoProgress, run};
use queuelab::workload::laws::Law;
use statrs::distribution::{Binomial, DiscreteCDF};

const METRICS: [&str; 3] = ["queues.queue.wait.mean", "queues.queue.in_system.mean", "total.latency.p99"];

fn seeds() -> u64 {
    std::env::var("COVERAGE_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(25)
}

/// Runs the seeds and checks each metric's coverage against the exact values, theory's unless one is given
/// for p99.
fn covers(name: &str, scenario: &Scenario, p99: Option<f64>) {
    let theory = run(scenario, &[Method::Theory], &NoProgress);
    let theory = theory.answer(Method::Theory).expect("a closed form");
    let exact = |path| theory.get(path).and_then(|e| e.value);
    holds(
        name,
        scenario,
        &METRICS.map(|path| (path, if path.ends_with("p99") { p99.or(exact(path)) } else { exact(path) })),
    );
}

/// Runs the seeds and checks how often each metric's interval holds its exact value, where one is known.
fn holds(name: &str, scenario: &Scenario, metrics: &[(&str, Option<f64>)]) {
    let mut tallies = vec![Tally::default(); metrics.len()];
    for seed in 1..=seeds() {
        let study = run(&Scenario { seed, ..scenario.clone() }, &[Method::Simulation], &NoProgress);
        let answer = study.answer(Method::Simulation).expect("it is played");
        for (tally, (path, exact)) in tallies.iter_mut().zip(metrics) {
            tally.add(answer, path, *exact);
        }
    }
    for (tally, (path, _)) in tallies.iter().zip(metrics) {
        println!("| {name} | {path} | {} |", tally.row());
    }
    for (tally, (path, exact)) in tallies.iter().zip(metrics) {
        if exact.is_some() {
            tally.check(&format!("{name}, {path}"), scenario.simulation.confidence);
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Tally {
    told: u64,
    covered: u64,
    /// Sums of errors, and of half-widths, as shares of the exact value.
    error: f64,
    half_width: f64,
}

impl Tally {
    fn add(&mut self, answer: &Answer, path: &str, exact: Option<f64>) {
        let Some(estimate) = answer.get(path) else { return };
        let (Some((value, half)), Some(exact)) = (estimate.value.zip(estimate.half_width), exact) else {
            return;
        };
        self.told += 1;
        self.covered += u64::from((estimate.low()..=estimate.high()).contains(&exact));
        self.error += value / exact - 1.0;
        self.half_width += half / exact;
    }

    fn row(&self) -> String {
        let n = self.told as f64;
        let share = |x: f64| 100.0 * x / n;
        format!(
            "{:.1} % of {} | {:+.3} % | {:.2} %",
            share(self.covered as f64),
            self.told,
            share(self.error),
            share(self.half_width)
        )
    }

    fn check(&self, what: &str, confidence: f64) {
        assert!(self.told * 10 >= seeds() * 9, "{what}: withheld too often");
        let law = Binomial::new(confidence, self.told).expect("a share");
        let (low, high) = (law.inverse_cdf(0.0005), law.inverse_cdf(0.9995));
        assert!(
            (low..=high).contains(&self.covered),
            "{what}: {} of {} cover, not {low} to {high}",
            self.covered,
            self.told
        );
    }
}

fn plain(rate: f64, service: Law, servers: u32, messages: u64) -> Scenario {
    let mut scenario = Scenario::mgc(rate, service, servers);
    scenario.simulation.length = Length::Messages(messages);
    scenario
}

#[test]
fn m_m_1() {
    for (rho, messages) in [(0.5, 50_000), (0.8, 50_000), (0.9, 100_000), (0.95, 1_000_000)] {
        covers(&format!("M/M/1 at {rho}"), &plain(rho, Law::exponential(1.0), 1, messages), None);
    }
}

/// The exact p99 of the first two is that of the transform of the latency (Pollaczek–Khinchine), inverted by
/// another hand: Abate & Whitt's Euler summation with 36 terms in Python.
#[test]
fn m_g_1() {
    covers("M/D/1 at 0.9", &plain(0.9, Law::deterministic(1.0), 1, 100_000), Some(22.898_237_337));
    covers(
        "M/H2/1, scv 4, at 0.9",
        &plain(0.9, Law::hyperexponential(1.0, 4.0), 1, 1_000_000),
        Some(118.930_326_6),
    );
    covers("M/lognormal/1, scv 2, at 0.9", &plain(0.9, Law::lognormal(1.0, 2.0), 1, 200_000), None);
}

#[test]
fn m_m_4() {
    covers("M/M/4 at 0.9", &plain(3.6, Law::exponential(1.0), 4, 100_000), None);
}

#[test]
fn one_long_run() {
    for (rho, messages) in [(0.5, 200_000), (0.8, 500_000), (0.9, 1_000_000)] {
        let mut scenario = plain(rho, Law::exponential(1.0), 1, messages);
        scenario.simulation.replications = 1;
        covers(&format!("M/M/1 at {rho}, one run"), &scenario, None);
    }
}

/// Taken by priority, which all have in common, a queue goes through the event calendar and its statistics.
#[test]
fn one_long_run_by_events() {
    let mut scenario = plain(0.8, Law::exponential(1.0), 1, 250_000);
    scenario.queues[0].discipline = Discipline::Priority;
    scenario.simulation.replications = 1;
    covers("M/M/1 at 0.8, by events, one run", &scenario, None);
}

#[test]
fn until_a_percentile_is_precise() {
    let mut scenario = plain(0.8, Law::exponential(1.0), 1, 50_000);
    scenario.simulation.precision = Precision::Paths(vec![("total.latency.p99".into(), 0.04)]);
    covers("M/M/1 at 0.8, p99 to 4 %", &scenario, None);
}

#[test]
fn a_precision_alone_is_enough() {
    let mut scenario = plain(0.9, Law::exponential(1.0), 1, 1);
    scenario.simulation.length = Length::Auto;
    scenario.simulation.precision = Precision::Means(0.05);
    covers("M/M/1 at 0.9, means to 5 %", &scenario, None);
}

/// A single server of mean service 1 s, at 0.8 messages a second, with the lines of a scenario's queue,
/// consumer and simulation.
fn written(producer: &str, queue: &str, consumer: &str, simulation: &str) -> Scenario {
    crate::semantics::scenario(&format!(
        "[producers.p]\nto = \"queue\"\n{producer}\n[queues.queue]\n{queue}\n[consumers.c]\nfrom = \
            \"queue\"\n\
        service_time = {{ law = \"exponential\", mean = \"1s\" }}\n{consumer}\n[simulation]\n{simulation}\n"
    ))
}

const STEADY: &str = "rate = \"0.8/s\"";

/// M/M/1/K loses (1 − ρ)ρᴷ/(1 − ρᴷ⁺¹) of its messages: 1.01e-4 with K = 34, 2.85e-6 with K = 50 (K − 1 places
/// and the server). Where hardly any is seen, nearly all intervals cover.
#[test]
fn rare_losses() {
    let lost = |room: i32| 0.2 * 0.8_f64.powi(room) / (1.0 - 0.8_f64.powi(room + 1));
    for (room, messages) in [(34, 20_000), (26, 20_000), (50, 20_000)] {
        let scenario =
            written(STEADY, &format!("max_length = {}", room - 1), "", &format!("messages = {messages}"));
        let (mut covered, mut below) = (0, 0);
        for seed in 1..=seeds() {
            let study = run(&Scenario { seed, ..scenario.clone() }, &[Method::Simulation], &NoProgress);
            let loss = *study.answer(Method::Simulation).and_then(|a| a.get("total.loss")).expect("told");
            covered += u64::from((loss.low()..=loss.high()).contains(&lost(room)));
            below += u64::from(loss.low() < 0.0 || loss.half_width.is_none_or(|half| half <= 0.0));
        }
        println!(
            "| M/M/1/{room} at 0.8, loss {:.2e} | total.loss | {:.1} % |",
            lost(room),
            100.0 * covered as f64 / seeds() as f64
        );
        let least = Binomial::new(0.94, seeds()).expect("a share").inverse_cdf(0.0005);
        assert!(
            covered >= least && below == 0,
            "room {room}: {covered} of {} cover, {below} reach below 0",
            seeds()
        );
    }
}

/// Two M/M/1 queues in a row: the latency is the sum of independent exponential times of rates μ − λ (Reich
/// 1957), here 0.5 and 0.3 a second; its p99 is where (0.5 e^(−0.3 t) − 0.3 e^(−0.5 t)) / 0.2 is a hundredth.
#[test]
fn a_tandem() {
    let scenario = crate::semantics::scenario(
        "[producers.p]\nto = \"queue\"\nrate = \
            \"0.5/s\"\n[queues.queue]\n[queues.second]\n[consumers.c]\nfrom = \"queue\"\nto = \"second\"\n\
        service_time = { law = \"exponential\", mean = \"1s\" }\n[consumers.d]\nfrom = \"second\"\n\
        service_time = { law = \"exponential\", mean = \"1.25s\" }\n[simulation]\nmessages = 30000\n",
    );
    let beyond = |t: f64| (0.5 * (-0.3 * t).exp() - 0.3 * (-0.5 * t).exp()) / 0.2;
    let (mut low, mut high) = (0.0, 100.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if beyond(middle) > 0.01 { low = middle } else { high = middle }
    }
    holds(
        "two M/M/1 in a row",
        &scenario,
        &[("total.latency.mean", Some(2.0 + 1.0 / 0.3)), ("total.latency.p99", Some(high))],
    );
}

/// What fails is done again at once: the whole work of a message is exponential with rate μ(1 − p), and so is
/// its latency with rate μ(1 − p) − λ.
#[test]
fn retries() {
    let scenario = written("rate = \"0.6/s\"", "", "failure = { probability = 0.2 }", "messages = 40000");
    let rate = 0.8 - 0.6;
    holds(
        "M/M/1 with retries",
        &scenario,
        &[("total.latency.mean", Some(1.0 / rate)), ("total.latency.p99", Some(100.0_f64.ln() / rate))],
    );
}

/// A server that stops for 5 s in the mean, 50 s after it began again, and resumes what it did: theory's
/// M/G/1 with breakdowns.
#[test]
fn outages() {
    let law = |mean: &str| format!("{{ law = \"exponential\", mean = \"{mean}\" }}");
    let outages = format!(
        "outages = {{ up = {}, down = {}, while = \"always\", in_progress = \"resume\" }}",
        law("50s"),
        law("5s")
    );
    let scenario = written("rate = \"0.6/s\"", "", &outages, "messages = 40000");
    let theory = run(&scenario, &[Method::Theory], &NoProgress);
    let exact = theory
        .answer(Method::Theory)
        .filter(|a| a.exact)
        .and_then(|a| a.get("total.latency.mean"))
        .and_then(|e| e.value);
    assert!(exact.is_some(), "{:?}", theory.unanswered);
    holds("M/M/1 with outages", &scenario, &[("total.latency.mean", exact)]);
}

/// Servers without limit hold λ S messages in the mean, whatever the timetable that repeats (the M(t)/G/∞
/// queue).
#[test]
fn a_timetable_that_repeats() {
    let steps = "arrivals = \
        { process = \"schedule\", steps = [{ for = \"60s\", rate = \"2/s\" }, { for = \"40s\", rate = \"7/s\" }], repeat = true }";
    let scenario = written(steps, "", "count = \"unlimited\"", "messages = 20000");
    holds(
        "M(t)/M/∞, 2 and 7/s in turn",
        &scenario,
        &[("queues.queue.in_system.mean", Some(4.0)), ("queues.queue.arrival_rate", Some(4.0))],
    );
}

/// N messages wait at the start: a server that does μ a second while λ come has none waiting after (N − 1)/(μ
/// − λ) in the mean, for it takes the first at once.
#[test]
fn a_backlog_drains() {
    let scenario =
        written("rate = \"0.5/s\"", "initial_backlog = 101", "", "duration = \"20min\"\nreplications = 20");
    holds("M/M/1 with 101 at the start", &scenario, &[("queues.queue.drain_time", Some(200.0))]);
}
