//! One measured run: what is asked, what it leaves, and how far it can be believed.

use super::clock::Monotonic;
use super::lives::Lives;
use super::records::Aftermath;
use super::score::Score;
use super::stage::Stage;
use super::witness::steal_share;
use super::{LoadError, calibrate, gates, host, system, targets};
use crate::answer::Gate;
use crate::message::Record;
use crate::scenario::Scenario;
use crate::units::{Time, seconds};
use crate::workload::Block;
use std::collections::BTreeMap;

/// How the caller stops a run and hears of its progress; both are called a few times a second by the thread that called [`measure`].
#[derive(Clone, Copy)]
pub struct Control<'a> {
    /// Told the share of the planned time that has passed.
    pub progress: &'a dyn Fn(f64),
    /// Whether the run is to end now; what was finished is returned.
    pub stopped: &'a dyn Fn() -> bool,
}

/// What a run leaves. Times are nanoseconds from the start, in real time.
#[derive(Debug, Clone)]
pub struct Run {
    /// Every message, in the order of the plan. The planned service of each is its group's demand in the plan.
    pub records: Vec<Record>,
    /// Against what, and how.
    pub by: String,
    /// How far the run can be believed.
    pub gates: Vec<Gate>,
    /// What keeps the figures from being taken at face value, beyond the gates, in sentences.
    pub caveats: Vec<String>,
    /// When it ended.
    pub ended: u64,
    /// Whether it was ended before all was served: by the caller, or because time was up.
    pub cut_short: bool,
    /// The machine and the program, by name.
    pub host: BTreeMap<String, String>,
}

/// Plays a plan against the scenario's target and the real clock. The plan is in real time: `measurement.speed` is the caller's to apply.
///
/// # Errors
/// A scenario that cannot be played here, and why. A host that cannot keep up is no error: the gates tell.
pub fn measure(scenario: &Scenario, plan: &Block, control: &Control<'_>) -> Result<Run, LoadError> {
    let score = Score::new(scenario, plan)?;
    let target = targets::open(scenario, plan.len())?;
    let lives = Lives::new(plan.len());
    let mut facts = host::host();
    let margin = calibrate::margin(&Monotonic);
    let steal = system::steal_and_total();
    let performance = Stage::new(&score, target.as_ref(), &lives, scenario.measurement.work, margin).perform(control)?;
    let watched = &performance.watched;
    let after = Aftermath::gather(scenario, &score, &lives, &target.dropped(), watched);
    let mut evidence = gates::Evidence {
        hindrance: performance.hindrance,
        meter: performance.generator,
        inversions: after.evidence.inversions + performance.inversions,
        faults: performance.faults,
        server_time: watched.ended * score.servers(),
        steal: steal_share(steal, system::steal_and_total()),
        ..after.evidence
    };
    facts.extend(host::load_average().map(|load| ("load average after".into(), load)));
    facts.insert("spun before a deadline".into(), Time(seconds(margin)).to_string());
    let caveat = watched
        .cut_short
        .then(|| format!("the run was cut short after {}; what had not been served then is unfinished", Time(seconds(watched.ended))));
    Ok(Run {
        records: after.records,
        by: format!("{}, {} server threads", scenario.measurement.target, score.servers()),
        gates: gates::gates(&mut evidence),
        caveats: caveat.into_iter().collect(),
        ended: watched.ended,
        cut_short: watched.cut_short,
        host: facts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Outcome;
    use crate::scenario::{Overflow, Servers, Work};
    use crate::workload::laws::Law;
    use std::cell::Cell;

    /// So many messages, a gap apart, with this demand.
    fn plan(count: u64, gap: u64, demand: u64) -> Block {
        let due: Vec<u64> = (0..count).map(|i| i * gap).collect();
        Block { sent: due.clone(), demand: vec![vec![demand; count as usize]], due, ..Block::default() }
    }

    fn scenario(servers: u32) -> Scenario {
        Scenario::mgc(1000.0, Law::deterministic(0.001), servers)
    }

    fn play(scenario: &Scenario, plan: &Block) -> Run {
        measure(scenario, plan, &Control { progress: &|_| {}, stopped: &|| false }).expect("the scenario can be played")
    }

    fn gate(run: &Run, name: &str) -> f64 {
        run.gates.iter().find(|g| g.name == name).unwrap_or_else(|| panic!("there is a gate `{name}`")).value
    }

    #[test]
    fn every_message_is_served_once_and_told_in_the_order_of_the_plan() {
        for target in ["in-process", "null"] {
            let (mut scenario, plan) = (scenario(2), plan(100, 500_000, 200_000));
            scenario.measurement.target = target.into();
            let run = play(&scenario, &plan);
            assert!(!run.cut_short && run.caveats.is_empty());
            for (i, r) in run.records.iter().enumerate() {
                assert_eq!((r.message.id, r.message.due, r.outcome, r.deliveries), (i as u64, plan.due[i], Outcome::Served, 1));
                assert!(plan.sent[i] <= r.sent && r.sent <= r.taken && r.taken + 200_000 <= r.finished, "{r:?}");
            }
            for name in ["lost", "duplicated", "disordered", "unsettled", "clock inversions", "unsent", "unfinished"] {
                assert_eq!(gate(&run, name), 0.0, "{name}");
            }
        }
    }

    #[test]
    fn bounds_act_as_they_do_in_brokers() {
        // Ten at once into a queue of three before one server: who finds no room, and who is served in any case.
        let cases = [(Overflow::RejectPublish, Outcome::Rejected, 0), (Overflow::DropHead, Outcome::Dropped, 9)];
        for (overflow, lost, safe) in cases {
            let run = play_bounded(overflow);
            let count = |outcome| run.records.iter().filter(|r| r.outcome == outcome).count();
            assert_eq!(count(Outcome::Served) + count(lost), 10, "{overflow:?}");
            assert!(count(Outcome::Served) >= 3);
            assert_eq!(run.records[safe].outcome, Outcome::Served);
            assert_eq!(gate(&run, "lost"), 0.0);
        }
        assert!(play_bounded(Overflow::Block).records.iter().all(|r| r.outcome == Outcome::Served));
    }

    fn play_bounded(overflow: Overflow) -> Run {
        let mut scenario = scenario(1);
        (scenario.queues[0].max_length, scenario.queues[0].overflow) = (Some(3), overflow);
        scenario.measurement.work = Work::Sleep;
        play(&scenario, &plan(10, 0, 10_000_000))
    }

    #[test]
    fn a_stopped_run_returns_what_was_finished() {
        let looks = Cell::new(0);
        let stopped = || {
            looks.set(looks.get() + 1);
            looks.get() > 3
        };
        let run = measure(&scenario(1), &plan(1_000, 60_000_000, 1_000), &Control { progress: &|_| {}, stopped: &stopped })
            .expect("it can be played");
        assert!(run.cut_short && run.caveats.len() == 1);
        assert_eq!(run.records.len(), 1_000);
        assert_eq!(run.records[999].outcome, Outcome::Unfinished);
        assert_eq!(gate(&run, "unsent"), 0.0, "what was not yet due is no fault");
    }

    #[test]
    fn what_cannot_be_played_is_refused_with_advice() {
        let refusal = |change: &dyn Fn(&mut Scenario)| {
            let mut scenario = scenario(1);
            change(&mut scenario);
            measure(&scenario, &plan(1, 0, 0), &Control { progress: &|_| {}, stopped: &|| false })
                .map(|_| ())
                .expect_err("refused")
                .to_string()
        };
        assert!(refusal(&|s| s.consumers[0].count = Servers::Count(5_000)).contains("at most 512"));
        assert!(refusal(&|s| s.consumers[0].count = Servers::Unlimited).contains("write a number"));
        assert!(refusal(&|s| s.measurement.target = "kafka".into()).contains("\"in-process\""));
        assert!(refusal(&|s| s.queues[0].message_ttl = Some(Law::deterministic(1.0))).contains("message_ttl"));
        let nothing = Control { progress: &|_| {}, stopped: &|| false };
        assert_eq!(measure(&scenario(1), &plan(0, 0, 0), &nothing).map(|_| ()), Err(LoadError::EmptyPlan));
    }
}
