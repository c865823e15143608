//! A call centre's promise is "80 % answered within 20 s": a percentile beside the usual ones.

use super::super::{both, refusal, value};
use queuelab::answer::Method;
use queuelab::study::ObjectiveStatus;

/// Agents on a line of 200 calls an hour of three minutes each, with a promise to keep.
fn centre(agents: u32, promise: &str) -> String {
    format!(
        "[producers.calls]\nto = \"line\"\nrate = \"200/h\"\n[queues.line]\n[consumers.agents]\nfrom = \
            \"line\"\ncount = {agents}\n\
         service_time = \"exponential(3min)\"\n[objectives]\n{promise}\n[simulation]\nmessages = 30_000\n"
    )
}

/// Erlang C with 10 erlangs: P(W > 20 s) is 0.2853 · e^(−1/3) = 0.2044 with 13 agents and 0.1741 · e^(−4/9) =
/// 0.1116 with 14, so that 14 answer 80 % within 20 s and 13 do not. With 13, p80 = ln(0.28527 / 0.2) / (3 /
/// 180 s) = 21.3 s.
#[test]
fn fourteen_agents_answer_80_per_cent_within_20_s() {
    let promise = "\"queues.line.wait.p80\" = \"< 20s\"";
    for agents in [13, 14] {
        let study = both(&centre(agents, promise));
        assert_eq!(study.objectives[0].outcome == ObjectiveStatus::Pass, agents == 14, "{agents} agents");
    }
    let study = both(&centre(13, promise));
    let [theory, simulated] =
        [Method::Theory, Method::Simulation].map(|m| study.answer(m).expect("both answer"));
    let p80 = value(theory, "queues.line.wait.p80");
    assert!((p80 - 21.3).abs() < 0.1, "{p80}");
    assert!((value(simulated, "queues.line.wait.p80") / p80 - 1.0).abs() < 0.1);
}

/// The quantiles of an exponential law are logarithms: −180 s · ln(1 − share).
#[test]
fn any_percentile_can_be_asked_for() {
    let promise = "\"total.service.p5\" = \"< 1h\"\n\"consumers.agents.service.p975\" = \"< \
        1h\"\n\"total.service.p9999\" = \"< 1h\"";
    let study = both(&centre(20, promise));
    let theory = study.answer(Method::Theory).expect("M/M/20");
    for (path, share) in [
        ("total.service.p5", 0.05f64),
        ("consumers.agents.service.p975", 0.975),
        ("total.service.p9999", 0.9999),
    ] {
        let exact = -180.0 * (1.0 - share).ln();
        assert!((value(theory, path) / exact - 1.0).abs() < 1e-9, "{path}");
        if let Some(told) =
            study.answer(Method::Simulation).and_then(|a| a.get(path)).filter(|_| share < 0.999)
        {
            let (value, half) = (told.value.expect("finite"), told.half_width.expect("ten runs"));
            assert!((value - exact).abs() < 2.0 * half && half < 0.1 * exact, "{path}: {value} ± {half}");
        }
    }
    // Of 300 000 messages 30 lie beyond p99.99.
    assert!(study.objectives.iter().all(|o| o.outcome == ObjectiveStatus::Pass), "{:?}", study.objectives);
}

#[test]
fn what_is_no_percentile_is_refused() {
    for wrong in ["p100", "p990", "p8x", "80"] {
        let told = refusal(&centre(14, &format!("\"queues.line.wait.{wrong}\" = \"< 20s\"")));
        assert!(told.contains(&format!("there is no metric `queues.line.wait.{wrong}`")), "{told}");
    }
}
