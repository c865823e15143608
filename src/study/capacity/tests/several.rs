//! Searches of several settings against Erlang's formula and against what a person can play by hand.

use super::super::*;
use crate::answer::{Answer, Method};
use crate::scenario::NoFiles;
use crate::study::NoProgress;
use crate::study::sweep::{Grid, SweptSetting};

fn grid(axes: &[(&str, &str)]) -> Grid {
    let axis = |(path, values): &(&str, &str)| SweptSetting {
        path: path.to_string(),
        values: scenario::values_of(values).expand().expect("values"),
    };
    Grid { axes: axes.iter().map(axis).collect() }
}

fn cheapest(text: &str, axes: &[(&str, &str)], prices: &Prices) -> Result<Cheapest, NoSearch> {
    let source = Source::new("test", text);
    SeveralSearch { source: &source, files: &NoFiles, grid: grid(axes), prices }.run(&NoProgress)
}

/// Two queues that have nothing to do with one another, of exponential services of 20 ms.
fn two(rates: (u32, u32), objectives: &str) -> String {
    let queue = |name: &str, rate: u32| {
        format!(
            "[producers.{name}]\nto = \"{name}\"\nrate = \"{rate}/s\"\n[queues.{name}]\n[consumers.{name}]\n\
             from = \"{name}\"\nservice_time = \"exponential(20ms)\"\n"
        )
    };
    format!(
        "{}{}[objectives]\n{objectives}\n[simulation]\nmessages = 200_000\n",
        queue("a", rates.0),
        queue("b", rates.1)
    )
}

fn prices(first: f64, second: f64) -> Prices {
    let of = |path: &str, price| (Priced::Setting(path.into()), price);
    Prices(vec![of("consumers.a.count", first), of("consumers.b.count", second)])
}

const COUNTS: [(&str, &str); 2] = [("consumers.a.count", "1..20"), ("consumers.b.count", "1..20")];

fn found(cheapest: &Cheapest) -> Option<(Vec<&str>, f64)> {
    let found = cheapest.found()?;
    Some((found.values.iter().map(String::as_str).collect(), found.cost?.value?))
}

/// Whatever the prices are, objectives that each name one queue are met at least by both single answers,
/// which are 3 and 9 (p99 117.8 and 124.6 ms by Erlang's C, and no steady state with one server less).
#[test]
fn separate_objectives_have_both_single_answers() {
    let text = two(
        (100, 400),
        "\"producers.a.latency.p99\" = \"< 200ms\"\n\"producers.b.latency.p99\" = \"< 200ms\"",
    );
    for (first, second) in [(1.0, 1.0), (3.0, 1.0), (1.0, 40.0)] {
        let cheapest = cheapest(&text, &COUNTS, &prices(first, second)).expect("sound");
        assert_eq!(found(&cheapest), Some((vec!["3", "9"], 3.0 * first + 9.0 * second)));
        assert_eq!((cheapest.outcome, cheapest.fails_again), (ObjectiveStatus::Pass, None));
        // Both ends, both of their neighbours, the pair, and the easiest of all.
        assert!(cheapest.tried.len() <= 6, "{}", cheapest.tried.len());
        let proof: Vec<_> = cheapest.proof.iter().map(|at| &cheapest.tried[*at]).collect();
        assert!(proof.iter().all(|one| one.trial.outcome == ObjectiveStatus::Fail) && proof.len() == 2);
        assert_eq!(cheapest.checks.len(), 3, "one of each group lost, and bursts");
    }
}

/// Both queues share a limit on the mean, so that servers of one make up for those of the other: 23.20 ms
/// with 3 and 9, 23.11 ms with 4 and 8, 24.90 ms with 3 and 8 (Erlang's C).
#[test]
fn a_shared_objective_is_met_where_it_is_cheapest() {
    let text = two((100, 300), "\"total.latency.mean\" = \"< 24ms\"");
    for (first, second, pair, cost) in [(3.0, 1.0, ["3", "9"], 18.0), (1.0, 3.0, ["4", "8"], 28.0)] {
        let cheapest = cheapest(&text, &COUNTS, &prices(first, second)).expect("sound");
        assert_eq!(found(&cheapest), Some((pair.to_vec(), cost)));
        assert_eq!(cheapest.outcome, ObjectiveStatus::Pass);
        assert!(cheapest.tried.len() <= 20, "{} of 400", cheapest.tried.len());
        // Everything cheaper has no more of either than a pair that failed.
        let cells = |one: &Combination| (one.index / 20 + 1, one.index % 20 + 1);
        for (a, b) in (1..=20).flat_map(|a| (1..=20).map(move |b| (a, b))) {
            let price = first * a as f64 + second * b as f64;
            let covered = cheapest.proof.iter().map(|at| cells(&cheapest.tried[*at]));
            assert!(price >= cost || covered.clone().any(|f| f.0 >= a && f.1 >= b), "{a} {b}");
        }
    }
}

#[test]
fn what_is_free_or_gets_worse_is_said() {
    let text = two((100, 100), "\"total.latency.mean\" = \"< 24ms\"");
    let free = cheapest(&text, &COUNTS, &prices(1.0, 0.0)).expect_err("more of b is free");
    assert!(matches!(free, NoSearch::Free(path) if path == "consumers.b.count"));
    let text =
        two((100, 100), "\"total.latency.mean\" = \"< 24ms\"\n\"consumers.a.utilization\" = \"> 30%\"");
    let axes = [("consumers.a.count", "1..4"), ("consumers.b.count", "1..8")];
    // With 4 of a utilization is 50 %, and with 10 it is 20 %.
    let worse = [("consumers.a.count", "1..10"), axes[1]];
    let easy = cheapest(&text, &axes, &Prices::servers()).expect("sound");
    assert_eq!((easy.outcome, easy.fails_again), (ObjectiveStatus::Pass, None));
    let none = cheapest(&text, &worse, &Prices::servers()).expect("sound");
    assert_eq!((none.outcome, none.found), (ObjectiveStatus::Fail, None));
}

/// Twenty messages of a second each, of which a person can play every instant: an autoscaler that looks every
/// 2.7 s.
fn twenty(objectives: &str) -> String {
    format!(
        "[queues.q]\ninitial_backlog = 20\n[consumers.c]\nfrom = \"q\"\nservice_time = \"1s\"\ncount = 1\n\
         autoscale = {{ max = 4, target_backlog = 5, every = \"2.7s\" }}\n[simulation]\nduration = \"20s\"\n\
         [objectives]\n{objectives}\n"
    )
}

/// By target and cooldown: the drain time, the mean number of servers over 20 s, and scalings in them. With 5
/// messages a server three are started at 2.7 s and let go at 5.4 s, when 5 wait, until 5.7 s.
const PLAYED: [((&str, &str), [f64; 3]); 5] = [
    (("5", "0s"), [10.0, 1.45, 2.0]),
    (("5", "60s"), [6.7, 3.595, 1.0]),
    (("10", "0s"), [13.0, 1.3, 2.0]),
    (("10", "60s"), [10.7, 1.865, 1.0]),
    (("20", "0s"), [19.0, 1.0, 0.0]),
];

const AUTOSCALE: [(&str, &str); 2] =
    [("consumers.c.autoscale.target_backlog", "5,10,20"), ("consumers.c.autoscale.cooldown", "0s,60s")];

#[test]
fn an_autoscaler_is_set_as_cheaply_as_it_may_be() {
    let tried = cheapest(&twenty("\"queues.q.drain_time\" = \"< 12s\""), &AUTOSCALE, &Prices::servers());
    let tried = tried.expect("sound");
    for ((target, cooldown), expected) in PLAYED {
        let one = tried.tried.iter().find(|one| one.values == [target, cooldown]).expect("each was tried");
        let by = |a: &&Answer| a.method == Method::Simulation;
        let answer = one.trial.answers.iter().find(by).expect("it was played");
        let value = |path: &str| answer.get(path).and_then(|e| e.value).expect(path);
        let scalings = value("consumers.c.scalings") / 180.0;
        let played = [value("queues.q.drain_time"), value("consumers.c.count"), scalings];
        for (is, should) in played.into_iter().zip(expected) {
            assert!((is - should).abs() < 1e-6, "{target} {cooldown}: {played:?}, not {expected:?}");
        }
    }
    let of =
        |cheapest: &Cheapest| found(cheapest).map(|(values, cost)| (values.join(" "), (cost * 1e6).round()));
    assert_eq!(of(&tried), Some(("5 0s".into(), 1.45e6)));
    assert_eq!(
        (tried.outcome, tried.tried.len(), tried.looked),
        (ObjectiveStatus::Pass, 6, LookedThrough::Each)
    );
    assert!(tried.rivals.is_empty() && tried.proof.len() == 3, "{:?} {:?}", tried.rivals, tried.proof);
    let calm = "\"queues.q.drain_time\" = \"< 12s\"\n\"consumers.c.scalings\" = \"<= 200/h\"";
    let calm = cheapest(&twenty(calm), &AUTOSCALE, &Prices::servers()).expect("sound");
    assert_eq!(of(&calm), Some(("10 60s".into(), 1.865e6)));
    let hard = cheapest(&twenty("\"queues.q.drain_time\" = \"< 6s\""), &AUTOSCALE, &Prices::servers());
    let hard = hard.expect("sound");
    assert_eq!((hard.outcome, hard.found), (ObjectiveStatus::Fail, None));
}

#[test]
fn too_many_combinations_are_refused() {
    let axes = [("consumers.c.autoscale.target_backlog", "1..900"), ("consumers.c.autoscale.max", "1..2")];
    let refused = cheapest(&twenty("\"queues.q.drain_time\" = \"< 12s\""), &axes, &Prices::servers());
    assert!(matches!(refused, Err(NoSearch::TooMany(1800))));
}
