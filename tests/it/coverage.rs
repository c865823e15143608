//! Intervals hold what they promise: over many seeds, as many of them cover the exact value as their confidence says.
//!
//! Every test runs `COVERAGE_SEEDS` seeds (a few by default, so that it takes seconds) and asks that the number of
//! intervals that cover lies in the central 99.9 % of the binomial distribution, or within 93–97 % where that is wider than
//! the binomial's. With `COVERAGE_SEEDS=1000` and `--nocapture` it prints the table of `benches/coverage.md`.

use queuelab::answer::{Answer, Method};
use queuelab::scenario::{Discipline, Length, Precision, Scenario};
use queuelab::study::{Blind, run};
use queuelab::workload::laws::Law;
use statrs::distribution::{Binomial, DiscreteCDF};

const METRICS: [&str; 3] = ["queues.queue.wait.mean", "queues.queue.in_system.mean", "total.latency.p99"];

fn seeds() -> u64 {
    std::env::var("COVERAGE_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(25)
}

/// Runs the seeds and checks each metric's coverage against the exact values, theory's unless one is given for p99.
fn covers(name: &str, scenario: &Scenario, p99: Option<f64>) {
    let theory = run(scenario, &[Method::Theory], &Blind);
    let theory = theory.answer(Method::Theory).expect("a closed form");
    let exact = |path| theory.get(path).and_then(|e| e.value);
    let exact = METRICS.map(|path| if path.ends_with("p99") { p99.or(exact(path)) } else { exact(path) });
    let mut tallies = [Tally::default(); 3];
    for seed in 1..=seeds() {
        let study = run(&Scenario { seed, ..scenario.clone() }, &[Method::Simulation], &Blind);
        let answer = study.answer(Method::Simulation).expect("it is played");
        for ((tally, path), exact) in tallies.iter_mut().zip(METRICS).zip(exact) {
            tally.add(answer, path, exact);
        }
    }
    for (tally, path) in tallies.iter().zip(METRICS) {
        println!("| {name} | {path} | {} |", tally.row());
    }
    for ((tally, path), exact) in tallies.iter().zip(METRICS).zip(exact) {
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
        let Some((value, half)) = answer.get(path).and_then(|e| e.value.zip(e.half_width)) else { return };
        let Some(exact) = exact else { return };
        self.told += 1;
        self.covered += u64::from((value - exact).abs() <= half);
        self.error += value / exact - 1.0;
        self.half_width += half / exact;
    }

    fn row(&self) -> String {
        let n = self.told as f64;
        let share = |x: f64| 100.0 * x / n;
        format!("{:.1} % of {} | {:+.3} % | {:.2} %", share(self.covered as f64), self.told, share(self.error), share(self.half_width))
    }

    fn check(&self, what: &str, confidence: f64) {
        assert!(self.told * 10 >= seeds() * 9, "{what}: withheld too often");
        let law = Binomial::new(confidence, self.told).expect("a share");
        let (low, high) = (law.inverse_cdf(0.0005), law.inverse_cdf(0.9995));
        assert!((low..=high).contains(&self.covered), "{what}: {} of {} cover, not {low} to {high}", self.covered, self.told);
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

/// The exact p99 of the first two is that of the transform of the latency (Pollaczek–Khinchine), inverted by another hand:
/// Abate & Whitt's Euler summation with 36 terms in Python.
#[test]
fn m_g_1() {
    covers("M/D/1 at 0.9", &plain(0.9, Law::deterministic(1.0), 1, 100_000), Some(22.898_237_337));
    covers("M/H2/1, scv 4, at 0.9", &plain(0.9, Law::hyperexponential(1.0, 4.0), 1, 1_000_000), Some(118.930_326_6));
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
