//! Verdicts are those of the method that knows best, around small shares and near saturation, too.

use super::{both, scenario, simulated};
use crate::cli::Desk;
use queuelab::answer::Method;
use queuelab::study::{NoProgress, ObjectiveStatus, run};

fn queue(rate: u32, room: &str, count: u32, service: &str, rest: &str) -> String {
    format!(
        "[producers.web]\nto = \"orders\"\nrate = \
            \"{rate}/s\"\n[queues.orders]\n{room}\n[consumers.workers]\nfrom = \"orders\"\n\
        count = {count}\nservice_time = {{ law = \"exponential\", mean = \"{service}\" }}\n{rest}\n"
    )
}

/// M/M/4 at 900/s and 4 ms: p99 of the latency is 48.8 ms (Erlang C), however short the simulation is; it
/// decides, not an interval of a few milliseconds to either side.
#[test]
fn what_is_exact_is_met_at_a_first_look() {
    let objectives = "[objectives]\n\"producers.web.latency.p99\" = \"< 60ms\"";
    let desk = Desk::new("quick-exact", &[("quick.toml", &queue(900, "", 4, "4ms", objectives))]);
    let output = desk.run(&["run", "quick.toml", "--only", "theory,simulation", "--quick", "-v"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("within 48.8 ms")
            && said.contains("met: producers.web.latency.p99 < 60ms: 48.8 ms by theory"),
        "{said}"
    );
    assert!(said.contains("19 % to spare") && !said.contains("undecided"), "{said}");
}

/// M/M/1 at 80/s and 10 ms: p95 of the latency is ln 20 / (100 − 80) = 149.79 ms, a 700th below the limit.
#[test]
fn capacity_is_decided_by_what_is_exact() {
    let desk = Desk::new(
        "exact-capacity",
        &[("near.toml", &queue(80, "", 1, "10ms", "[simulation]\nmessages = 20000"))],
    );
    let output =
        desk.run(&["capacity", "near.toml", "--slo", "p95<=150ms", "--vary", "consumers.workers.count=1..4"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("consumers.workers.count = 1 is the smallest"), "{said}");
}

/// M/G/1 with Pareto's law of tail 1.8: its variance is infinite, and so is the mean wait
/// (Pollaczek–Khinchine).
#[test]
fn an_infinite_mean_is_no_headline_with_an_interval() {
    let text = queue(50, "", 1, "10ms", "[simulation]\nmessages = 20000\nreplications = 5")
        .replace("law = \"exponential\", mean = \"10ms\"", "law = \"pareto\", alpha = 1.8, mean = \"10ms\"");
    let said = queuelab::report::verdict(&both(&text)).remove(0);
    assert!(said.starts_with("The mean latency is infinite") && !said.contains('±'), "{said}");
}

/// M/M/1/50 at 0.8 (49 places and the server) loses (1 − ρ)ρ⁵⁰/(1 − ρ⁵¹) = 2.85e-6 of its messages; the
/// timeout never comes and keeps closed forms out. Of 200,000 none or one cluster is seen: that proves
/// nothing of a limit of a millionth.
#[test]
fn none_seen_is_not_none() {
    let text = queue(
        800,
        "max_length = 49\nvisibility_timeout = \"1000h\"",
        1,
        "1ms",
        "[objectives]\n\"total.loss\" = \"< 0.0001%\"\n[simulation]\nmessages = 20000",
    );
    let study = run(&scenario(&text), &[Method::Simulation], &NoProgress);
    let loss = study.answer(Method::Simulation).and_then(|a| a.get("total.loss")).expect("told");
    assert_ne!(study.objectives[0].outcome, ObjectiveStatus::Pass, "{loss:?}");
    assert!(loss.low() >= 0.0 && loss.low() <= 2.85e-6 && loss.high() >= 2.85e-6, "{loss:?}");
    assert!(loss.half_width.is_some_and(|half| half > 0.0), "{loss:?}");
}

/// What cannot be lost is not lost, and needs no interval.
#[test]
fn none_lost_where_none_can_be() {
    let (loss, half) =
        simulated(&queue(500, "", 1, "1ms", "[simulation]\nmessages = 5000\nreplications = 3"), "total.loss");
    assert_eq!((loss, half), (0.0, 0.0));
}

/// M/M/1 at 0.99: the start takes 4/(μ(1 − √ρ)²), some 160,000 services, to be forgotten, and ten times
/// 20,000 messages show too little of it: they are widened and said to, and a p99 is never told, whatever the
/// sample.
#[test]
fn a_run_that_is_short_for_its_load_says_so() {
    let text = queue(990, "", 1, "1ms", "[simulation]\nmessages = 20000");
    for seed in 1..=3 {
        let study = run(
            &queuelab::scenario::Scenario { seed, ..scenario(&text) },
            &[Method::Simulation],
            &NoProgress,
        );
        let answer = study.answer(Method::Simulation).expect("it is played");
        assert!(answer.get("total.latency.p99").is_none());
        let mean = answer.get("total.latency.mean").expect("told");
        // 1/(μ − λ) = 100 ms.
        assert!(mean.low() <= 0.1 && mean.high() >= 0.1, "{mean:?}");
        assert!(
            answer.caveats.iter().any(|c| c.to_string().contains("short for `orders`'s load of 0.99")),
            "{:?}",
            answer.caveats
        );
    }
}

/// A bound of three places makes M/M/1/4 of M/M/1: it loses (1 − ρ)ρ⁴/(1 − ρ⁵) = 12.2 % of its messages,
/// which is no improvement.
#[test]
fn losing_messages_is_not_better() {
    let desk = Desk::new(
        "better-by-losing",
        &[("q.toml", &queue(80, "", 1, "10ms", "[simulation]\nmessages = 20000"))],
    );
    let compare = ["compare", "q.toml", "--against", "queues.orders.max_length=3"];
    let output = desk.run(&[&compare[..], &["--check"]].concat());
    let said = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        !said.contains("✓ queues")
            && said.contains("is worse than")
            && said.contains("in total.loss")
            && !said.contains("is better than")
            && said.contains("12."),
        "{said}"
    );
    assert!(said.contains("queues.orders.max_length = 3 is worse than none in"), "{said}");
    assert_eq!(desk.run(&compare).status.code(), Some(0));
}

/// By priority (Cobham) the urgent fifth waits less and the rest longer than both did in turn.
#[test]
fn better_for_some_is_worse_for_others() {
    let text = "[producers.urgent]\nto = \"q\"\nrate = \"16/s\"\npriority = 1\n[producers.bulk]\nto = \
        \"q\"\nrate = \"64/s\"\n[queues.q]\n\
        [consumers.c]\nfrom = \"q\"\nservice_time = \
            { law = \"exponential\", mean = \"10ms\" }\n[simulation]\nmessages = 20000\n";
    let desk = Desk::new("better-for-some", &[("q.toml", text)]);
    let output = desk.run(&["compare", "q.toml", "--against", "queues.q.discipline=priority", "--check"]);
    let said = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("better for urgent (latency.") && said.contains("worse for bulk (latency."),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(1), "{said}");
}

/// A saved side without figures, because it grows without end, is the worse one.
#[test]
fn a_saved_side_that_does_not_hold_is_worse() {
    let slow = queue(80, "", 1, "15ms", "[simulation]\nmessages = 5000\nreplications = 3");
    let desk = Desk::new("saved-unstable", &[("a.toml", &slow.replace("15ms", "5ms")), ("b.toml", &slow)]);
    for file in ["a.toml", "b.toml"] {
        assert!(
            desk.run(&["run", file, "--only", "theory,simulation", "--quiet", "--out", "kept"])
                .status
                .success()
        );
    }
    let output = desk.run(&["compare", "kept/a", "kept/b", "--check"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("is worse than") && said.contains("unstable"), "{said}");
}

/// 1000 messages at the start, then 80/s to two servers of 20 ms (100/s): those of the start are messages,
/// too, in the sentence as in the table.
#[test]
fn the_mean_latency_is_one_figure() {
    let text = "[producers.p]\nto = \"jobs\"\nrate = \"80/s\"\n[queues.jobs]\ninitial_backlog = \
        1000\n[consumers.w]\nfrom = \"jobs\"\n\
        count = 2\nservice_time = \"20ms\"\n[simulation]\nduration = \"3min\"\nreplications = 4\n";
    let desk = Desk::new("one-latency", &[("q.toml", text)]);
    let said = String::from_utf8_lossy(&desk.run(&["run", "q.toml", "--only", "simulation", "-v"]).stdout)
        .into_owned();
    // A figure, a unit: `1661` in a row of `latency, mean (W), ms`, `1.66 ± 0.053 s` in the sentence.
    let seconds = |figure: &str, unit: &str| {
        figure.parse::<f64>().expect("a number") * if unit.starts_with("ms") { 1e-3 } else { 1.0 }
    };
    let row: Vec<&str> = said
        .lines()
        .find(|line| line.starts_with("latency, mean"))
        .expect("a row")
        .split_whitespace()
        .collect();
    let sentence: Vec<&str> = said.split_whitespace().collect();
    let (row, headline) = (seconds(row[4], row[3]), seconds(sentence[3], sentence[6]));
    assert!((row / headline - 1.0).abs() < 0.05, "{said}");
}
