//! How the number of messages spreads over time.

use super::*;

fn queue(rate: &str, queue: &str, group: &str, asked: &[&str]) -> String {
    let objectives: String = asked.iter().map(|m| format!("\"queues.q.{m}.sd\" = \"< 1000\"\n")).collect();
    format!(
        "[producers.p]\nto = \"q\"\nrate = \"{rate}\"\n[queues.q]\n{queue}\n[consumers.c]\nfrom = \"q\"\n{group}\n\
         [objectives]\n{objectives}[simulation]\nmessages = 100_000\nconfidence = 0.999\n"
    )
}

/// Exact values from the laws of the numbers, of another hand's sums over states; theory has them, too, and
/// the simulation's intervals hold them.
#[test]
fn the_spread_of_a_number_is_that_of_its_law() {
    let exponential = "service_time = \"exponential(10ms)\"";
    let rho: f64 = 0.8;
    let geometric = |from: i32| {
        // Of (N − from)⁺ where P(N ≥ n) = ρⁿ.
        let p = rho.powi(from + 1);
        let (first, second) = (p / (1.0 - rho), p * (1.0 + rho) / (1.0 - rho).powi(2));
        (second - first * first).sqrt()
    };
    let states = |count: usize, weight: &dyn Fn(usize) -> f64, level: &dyn Fn(f64) -> f64| {
        let weights: Vec<f64> = (0..count).map(weight).collect();
        let total: f64 = weights.iter().sum();
        let moment = |n: i32| {
            weights.iter().enumerate().map(|(i, w)| level(i as f64).powi(n) * w / total).sum::<f64>()
        };
        (moment(2) - moment(1).powi(2)).sqrt()
    };
    // Two servers at 1.6, at most three waiting: weights 1, 1.6, 1.28 and then 0.8 times the one before.
    let weight = |n: usize| if n == 0 { 1.0 } else { 1.6 * rho.powi(n as i32 - 1) };
    // M/D/1 at 0.8: Var(N) = ρ³/3/(1 − ρ) + ρ²(…): by Pollaczek and Khinchine for S = 1.
    let fixed = {
        let (wait, second) = (rho / 2.0 / (1.0 - rho), rho / 3.0 / (1.0 - rho));
        let variance = wait * wait + second;
        (rho * wait + rho * rho * variance).sqrt()
    };
    let cases: [(String, Vec<(&str, f64)>); 4] = [
        (
            queue("80/s", "", exponential, &["in_system", "queue_length"]),
            vec![("in_system", geometric(0)), ("queue_length", geometric(1))],
        ),
        (
            queue(
                "160/s",
                "max_length = 3",
                &format!("count = 2\n{exponential}"),
                &["in_system", "queue_length"],
            ),
            vec![
                ("in_system", states(6, &weight, &|n| n)),
                ("queue_length", states(6, &weight, &|n| (n - 2.0).max(0.0))),
            ],
        ),
        (queue("80/s", "", "service_time = \"10ms\"", &["queue_length"]), vec![("queue_length", fixed)]),
        (
            queue(
                "200/s",
                "",
                "count = \"unlimited\"\nservice_time = { law = \"uniform\", min = \"5ms\", max = \"15ms\" }",
                &["in_system"],
            ),
            vec![("in_system", 2f64.sqrt())],
        ),
    ];
    for (text, known) in cases {
        let study = both(&text);
        for (metric, exact) in known {
            let path = format!("queues.q.{metric}.sd");
            let theory = value(study.answer(Method::Theory).expect("exact"), &path);
            assert!((theory / exact - 1.0).abs() < 1e-9, "{path}: {theory}, {exact}");
            let found = study.answer(Method::Simulation).expect("played").get(&path).expect("asked for");
            let near = found.low() <= exact && exact <= found.high();
            assert!(near && found.half_width.is_some_and(|half| half < 0.15 * exact), "{found:?} {exact}");
        }
        assert!(study.agreement.iter().any(|a| a.metric.ends_with(".sd")));
    }
    // Of the messages behind a server and three places senders hold the rest.
    let block = queue("80/s", "max_length = 3\noverflow = \"block\"", exponential, &["blocked"]);
    let study = both(&block);
    let found =
        study.answer(Method::Simulation).expect("played").get("queues.q.blocked.sd").expect("asked for");
    assert!(found.low() <= geometric(4) && geometric(4) <= found.high(), "{found:?} {}", geometric(4));
    // Nobody asks, nobody is told.
    let other = queue("80/s", "", exponential, &["in_system"]).replace("in_system.sd", "in_system.mean");
    assert!(both(&other).answers.iter().all(|answer| answer.get("queues.q.in_system.sd").is_none()));
}
