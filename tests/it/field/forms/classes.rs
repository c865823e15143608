//! Several classes with ways of their own through one network: routes by producer.

use super::super::{both, refusal, scenario, value};
use queuelab::answer::Method;
use queuelab::scenario::{NoFiles, Source, parse, resolved_toml};
use queuelab::study::AgreementStatus;

/// Two classes at a front end: half of what `a` sends goes to a shared disk and comes back, and 40 % of what
/// `b` sends goes far away.
const CLASSES: &str = "[producers.a]\nto = \"front\"\nrate = \"20/s\"\n[producers.b]\nto = \"front\"\nrate \
    = \"30/s\"\n\
    [queues.front]\n[queues.disk]\ndiscipline = \"processor-sharing\"\n[queues.remote]\n\
    [consumers.front]\nfrom = \"front\"\nservice_time = \"exponential(10ms)\"\n\
    to = [{ queue = \"disk\", probability = 0.5, producers = [\"a\"] }, \
    { queue = \"remote\", probability = 0.4, producers = [\"b\"] }]\n\
    [consumers.disk]\nfrom = \"disk\"\nservice_time = \"lognormal(20ms, scv=2)\"\nto = \"front\"\n\
    [consumers.remote]\nfrom = \"remote\"\ncount = \"unlimited\"\nservice_time = \
    { law = \"uniform\", min = \"20ms\", max = \"80ms\" }\n\
    [simulation]\nmessages = 50_000\n";

/// By hand: `a` is 40/s at the front and 20/s at the disk, `b` 30/s at the front and 12/s far away. So the
/// loads are 0.7 and 0.4, a visit takes 10/0.3 = 33.3 ms at the front, 20/0.6 = 33.3 ms at the disk and 50 ms
/// far away: 100 ms for `a`, 53.3 ms for `b`.
#[test]
fn two_classes_with_ways_of_their_own() {
    let study = both(CLASSES);
    let [theory, simulated] =
        [Method::Theory, Method::Simulation].map(|m| study.answer(m).expect("both answer"));
    assert!(theory.exact && theory.by == "BCMP network of 3 queues and 2 classes", "{}", theory.by);
    for (path, exact) in [
        ("producers.a.latency.mean", 0.1),
        ("producers.b.latency.mean", 0.16 / 3.0),
        ("queues.front.utilization", 0.7),
        ("queues.disk.utilization", 0.4),
        ("queues.remote.arrival_rate", 12.0),
        ("queues.front.in_system.mean", 7.0 / 3.0),
        ("queues.disk.in_system.mean", 2.0 / 3.0),
        ("queues.remote.in_system.mean", 0.6),
    ] {
        assert!((value(theory, path) / exact - 1.0).abs() < 1e-12, "{path}: {}", value(theory, path));
        assert!(
            (value(simulated, path) / exact - 1.0).abs() < 0.04,
            "{path}: {} by simulation",
            value(simulated, path)
        );
    }
    let differ: Vec<_> =
        study.agreement.iter().filter(|a| a.verdict == AgreementStatus::Differ).map(|a| &a.metric).collect();
    assert!(differ.is_empty(), "{differ:?}");
}

/// First come, first served, constant services have no product form, and another approximation does not tell
/// classes apart.
#[test]
fn without_product_form_theory_refuses() {
    let study = both(&CLASSES.replace("exponential(10ms)", "10ms").replace("50_000", "2000"));
    let why =
        study.unanswered.iter().find(|u| u.method == Method::Theory).expect("refused").reason.to_string();
    assert!(why.contains("front"), "{why}");
}

#[test]
fn routes_by_producer_are_checked() {
    let of = |from: &str, to: &str| {
        assert!(CLASSES.contains(from), "{from}");
        refusal(&CLASSES.replace(from, to))
    };
    assert!(of("producers = [\"b\"]", "producers = [\"c\"]").contains("there is no producer `c`"));
    assert!(
        of("probability = 0.5, producers", "probability = 1.0, producers")
            .contains("the messages of `a` go round for ever")
    );
    let both = of(
        "{ queue = \"remote\", probability = 0.4, producers = [\"b\"] }",
        "{ queue = \"remote\", probability = 0.6 }",
    );
    assert!(both.contains("sum to more than 1"), "{both}");
    let twice = of(
        "{ queue = \"remote\", probability = 0.4, producers = [\"b\"] }",
        "{ queue = \"disk\", probability = 0.1 }",
    );
    assert!(twice.contains("`disk` is named twice in `to`"), "{twice}");
}

#[test]
fn routes_by_producer_are_told_again() {
    let scenario = scenario(CLASSES);
    let text = resolved_toml(&scenario);
    let again = parse(&Source { name: "again".into(), text, overrides: Vec::new() }, &NoFiles)
        .expect("what is told can be read");
    assert_eq!(again.scenario.consumers, scenario.consumers);
}
