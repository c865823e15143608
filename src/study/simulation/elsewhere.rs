//! Replications that another process plays: what it gives of them, and what is taken of that.

use super::replicate::Replication;
use super::runs::Runs;
use crate::scenario::Scenario;
use crate::stats::PackedSummary;
use crate::study::clock;
use crate::study::span::Drift;
use crate::study::watch::{WantedRuns, Watch};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// What is written of a replication.
#[derive(Serialize, Deserialize)]
struct PackedReplication {
    summary: PackedSummary,
    /// The bits of each queue's drift.
    drifts: Vec<[u64; 3]>,
    played: u64,
}

impl Replication {
    /// As bytes; `None` of one that is to be looked at where it is played.
    fn packed(self) -> Option<Vec<u8>> {
        let bits = |drift: &Drift| [drift.grown, drift.risen, drift.came].map(f64::to_bits);
        let (summary, drifts) = (self.summary.whole().packed()?, self.drifts.iter().map(bits).collect());
        serde_json::to_vec(&PackedReplication { summary, drifts, played: self.played }).ok()
    }

    fn unpacked(bytes: &[u8]) -> Option<Self> {
        let packed: PackedReplication = serde_json::from_slice(bytes).ok()?;
        let drift = |bits: [u64; 3]| {
            let [grown, risen, came] = bits.map(f64::from_bits);
            Drift { grown, risen, came }
        };
        let drifts = packed.drifts.into_iter().map(drift).collect();
        Some(Replication { summary: packed.summary.unpacked()?, drifts, played: packed.played })
    }
}

impl Runs<'_> {
    /// A replication that another has played in full. The first is never taken: it alone has levels over
    /// time.
    pub(super) fn taken(
        &self,
        wanted: &WantedRuns,
        replication: u32,
        watch: &dyn Watch,
    ) -> Option<Replication> {
        let bytes = watch.played_elsewhere(wanted, replication).filter(|_| replication > 0)?;
        Replication::unpacked(&bytes).filter(|one| one.played == self.messages)
    }
}

/// Plays replications of a scenario for whoever wants them, on all threads: each `next`, until there is none,
/// and gives it as bytes; nothing of one that is not to be taken.
pub(in crate::study) fn help(
    scenario: &Scenario,
    wanted: &WantedRuns,
    watch: &dyn Watch,
    next: &(dyn Fn() -> Option<u32> + Sync),
    give: &(dyn Fn(u32, &[u8]) + Sync),
) {
    if let Some(faster) = clock::beyond(scenario) {
        return help(&faster.scenario, wanted, watch, next, give);
    }
    let Ok(runs) = Runs::new(scenario) else { return };
    if runs.messages != wanted.messages {
        return;
    }
    (0..rayon::current_num_threads()).into_par_iter().for_each(|_| {
        while let Some(replication) = next().filter(|_| !watch.stopped()) {
            let one = runs.one(replication, wanted.warmup, watch, &|_| ());
            if one.played == runs.messages
                && let Some(bytes) = one.packed()
            {
                give(replication, &bytes);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, Source, parse};
    use crate::study::simulation::simulate;
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    /// Takes what was played before, and lists what was wanted and what was taken.
    #[derive(Default)]
    struct Taking {
        there: BTreeMap<u32, Vec<u8>>,
        wanted: Mutex<Vec<WantedRuns>>,
        taken: Mutex<Vec<u32>>,
    }

    impl Watch for Taking {
        fn says(&self, _: &str, _: f64, _: &str) {}

        fn wants(&self, wanted: &WantedRuns) {
            self.wanted.lock().expect("no panic").push(*wanted);
        }

        fn played_elsewhere(&self, _: &WantedRuns, replication: u32) -> Option<Vec<u8>> {
            let bytes = self.there.get(&replication)?;
            self.taken.lock().expect("no panic").push(replication);
            Some(bytes.clone())
        }
    }

    /// A network with losses and levels of all kinds, one queue, and queues by themselves, with a precision
    /// that takes more than one round.
    #[test]
    fn whoever_plays_them_the_answer_is_the_same() {
        let network = r#"
            producers.web = { to = "first", rate = "75/s" }
            queues.first = { max_length = 20, message_ttl = "200ms" }
            queues.second = {}
            consumers.a = { from = "first", count = 1, service_time = "10ms", failure = { probability = 0.1 }, retry_delay = "30ms", to = "second" }
            consumers.b = { from = "second", count = 2, service_time = { law = "exponential", mean = "20ms" } }
            simulation = { replications = 6, messages = 3000, warmup = 500 }
        "#;
        let one = r#"
            producers.web = { to = "jobs", rate = "75/s" }
            queues.jobs = {}
            consumers.a = { from = "jobs", count = 1, service_time = { law = "exponential", mean = "10ms" } }
            simulation = { precision = 0.01, messages = 20000 }
        "#;
        let apart = r#"
            producers = { x = { to = "x", rate = "75/s" }, y = { to = "y", rate = "50/s" } }
            queues = { x = {}, y = {} }
            consumers.a = { from = "x", count = 1, service_time = { law = "exponential", mean = "10ms" } }
            consumers.b = { from = "y", count = 1, service_time = { law = "exponential", mean = "10ms" } }
            simulation = { replications = 5, messages = 5000, warmup = 100 }
        "#;
        for (text, rounds) in [(network, 1), (one, 2), (apart, 1)] {
            let scenario = parse(&Source::new("t.toml", text), &NoFiles).expect("it is right").scenario;
            let alone = Taking::default();
            let right = simulate(&scenario, &alone).expect("it is played");
            let wanted = alone.wanted.into_inner().expect("no panic");
            assert!(wanted.len() >= rounds, "{wanted:?}");
            let there = Mutex::new(BTreeMap::new());
            for wanted in &wanted {
                let left = Mutex::new((wanted.from..wanted.to).filter(|r| r % 3 != 1));
                let next = || left.lock().expect("no panic").next();
                let give = |replication: u32, bytes: &[u8]| {
                    there.lock().expect("no panic").insert(replication, bytes.to_vec());
                };
                help(&scenario, wanted, &crate::study::NoProgress, &next, &give);
            }
            let helped = Taking { there: there.into_inner().expect("no panic"), ..Taking::default() };
            let answer = simulate(&scenario, &helped).expect("it is played");
            assert_eq!(format!("{answer:?}"), format!("{right:?}"));
            let mut taken = helped.taken.into_inner().expect("no panic");
            taken.sort_unstable();
            let all = wanted.last().expect("one round").to;
            assert_eq!(taken, (0..all).filter(|r| r % 3 != 1).collect::<Vec<_>>());
        }
    }
}
