use super::*;
use crate::answer::Estimate;
use crate::study::NoProgress;
use crate::workload::laws::Law;

fn runs(servers: u32) -> Vec<RunFigures> {
    let mut scenario = Scenario::mgc(180.0, Law::exponential(0.01), servers);
    scenario.simulation.length = crate::scenario::Length::Messages(20_000);
    simulated(&scenario, &NoProgress).expect("stable")
}

#[test]
fn pairs_see_what_separate_runs_would_not() {
    let (two, three) = (runs(2), runs(3));
    let rows = judged(vec![paired(&two, &three, 0.95, &[])], 0.95).remove(0);
    let p99 = rows.iter().find(|r| r.metric == "total.latency.p99").expect("compared");
    assert_eq!(p99.verdict, Verdict::Better);
    let same = judged(vec![paired(&two, &two, 0.95, &[])], 0.95).remove(0);
    assert!(same.iter().all(|r| r.verdict == Verdict::Same && r.difference == 0.0), "{same:?}");
}

#[test]
fn what_clients_do_about_slow_messages_is_no_other_traffic() {
    let mut both =
        [Scenario::mgc(50.0, Law::exponential(0.01), 1), Scenario::mgc(50.0, Law::exponential(0.01), 1)];
    both[1].producers[0].hedge = Some(crate::scenario::Hedge { after: 0.1, at_most: 1 });
    let resolved = || both.each_ref().map(crate::scenario::resolved);
    let [one, two] = resolved();
    assert_eq!(other_questions(&one, &two), []);
    let [one, mut two] = resolved();
    two["producers"]["producer"]["rate"] = "60/s".into();
    assert_eq!(other_questions(&one, &two).len(), 1, "{two}");
}

/// 1 000 messages wait before c servers of 10 ms while 50/s come: they drain in 1 000 / (100 c − 50) s.
fn draining(servers: u32) -> Scenario {
    let mut scenario = Scenario::mgc(50.0, Law::exponential(0.01), servers);
    scenario.queues[0].initial_backlog = 1000;
    scenario
}

#[test]
fn backlogs_are_compared_by_how_long_they_last() {
    let mut both = [draining(1), draining(2)];
    alike(&mut both).expect("both drain");
    assert_eq!(both[0].simulation.length, both[1].simulation.length);
    let [one, two] = both.map(|s| simulated(&s, &NoProgress).expect("played"));
    let rows = judged(vec![paired(&one, &two, 0.95, &[])], 0.95).remove(0);
    let drain = &rows[0];
    assert!(drain.metric.ends_with(".drain_time") && drain.verdict == Verdict::Better, "{drain:?}");
    // 20 s and 6.67 s. Twice the half-width: a right program fails once in some 1 000 seeds.
    assert!(
        (drain.difference + 13.33).abs() < 2.0 * drain.half_width.expect("ten replications"),
        "{drain:?}"
    );
    assert!(undrained(&[("one", &one), ("two", &two)]).is_empty());
}

#[test]
fn what_did_not_drain_is_not_compared_but_told() {
    let mut both = [draining(1), draining(2)];
    // One server needs 20 s, two a third of that.
    both[0].simulation.length = Length::Duration(10.0);
    alike(&mut both).expect("a duration is stated");
    let [one, two] = both.map(|s| simulated(&s, &NoProgress).expect("played"));
    assert!(paired(&one, &two, 0.95, &[]).iter().all(|row| !row.metric.ends_with(".drain_time")));
    let said = undrained(&[("one", &one), ("two", &two)]);
    let [ComparisonNote::Undrained { name, late: 10, all: 10, .. }] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!(name, "one");
}

#[test]
fn a_backlog_and_a_steady_state_have_nothing_in_common() {
    let mut both = [draining(1), Scenario::mgc(50.0, Law::exponential(0.01), 1)];
    assert!(alike(&mut both).is_err());
    let [a, b] = both.map(|s| crate::scenario::resolved(&s));
    assert_eq!(other_questions(&a, &b), [TrafficDifference::Backlogs { first: 1000.0, second: 0.0 }]);
}

#[test]
fn holm_corrects_for_everything_that_is_compared() {
    let row = |p| Row { metric: "total.latency.mean".into(), a: 1.0, b: 0.9, half_width: Some(0.05), p };
    let judged = judged(vec![vec![row(0.01), row(0.04)], vec![row(0.03)]], 0.95);
    let p: Vec<f64> = judged.iter().flatten().map(|d| d.p).collect();
    // Holm's example worked by hand: 3 × 0.01, then 2 × 0.03, then the larger of that and 0.04.
    assert!(p.iter().zip([0.03, 0.06, 0.06]).all(|(a, b)| (a - b).abs() < 1e-12), "{p:?}");
    assert_eq!(judged[0][0].verdict, Verdict::Better);
    assert_eq!(judged[1][0].verdict, Verdict::Same);
}

#[test]
fn other_traffic_is_another_question() {
    let a = crate::scenario::resolved(&Scenario::mgc(180.0, Law::exponential(0.01), 2));
    let more_servers = crate::scenario::resolved(&Scenario::mgc(180.0, Law::exponential(0.01), 3));
    let more_traffic = crate::scenario::resolved(&Scenario::mgc(190.0, Law::exponential(0.01), 2));
    assert!(other_questions(&a, &more_servers).is_empty());
    let [path, first, second] = ["producers.producer.rate", "180/s", "190/s"].map(String::from);
    let rates = TrafficDifference::Setting { path, first: Some(first), second: Some(second) };
    assert_eq!(other_questions(&a, &more_traffic), [rates]);
}

#[test]
fn results_made_apart_add_their_variances() {
    let of =
        |value, half| BTreeMap::from([("total.latency.mean".to_string(), Estimate::with(value, Some(half)))]);
    let rows = judged(vec![unpaired(&of(1.0, 0.03), &of(1.2, 0.04), 0.95, 9, &[])], 0.95).remove(0);
    assert!((rows[0].half_width.expect("both have one") - 0.05).abs() < 1e-12);
    assert_eq!(rows[0].verdict, Verdict::Worse);
}
