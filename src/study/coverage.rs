//! What a simulation saw too little of to say anything about it.

use crate::answer::{Caveat, CoverageCaveat, SimulationCaveat};
use crate::scenario::{Arrivals, Batch, Consumer, Length, Producer, Scenario, lasts};
use crate::stats::Combined;

/// What happened fewer times than this in all replications says little.
const FEW: f64 = 10.0;

/// What the scenario has and the simulation hardly met or never: `lasted` is how many seconds each
/// replication took.
pub(super) fn unseen(
    scenario: &Scenario,
    combined: &Combined,
    lasted: f64,
    replications: u32,
) -> Vec<Caveat> {
    let all = lasted * f64::from(replications);
    let silent = |p: &Producer| {
        let nothing = combined
            .counts
            .get(&format!("producers.{}.latency", p.name))
            .is_none_or(|counts| counts.total() == 0);
        let lost = combined
            .metrics
            .get(&format!("producers.{}.loss", p.name))
            .and_then(|e| e.value)
            .is_some_and(|loss| loss > 0.0);
        let trace = matches!(p.arrivals, Arrivals::Trace { .. });
        let producer = p.name.clone();
        (nothing && !lost).then(|| match p.batch.mean() / p.rate {
            every if !trace && every.is_finite() && every > lasted => {
                CoverageCaveat::SendsTooSeldom { producer, every, lasted }
            }
            _ => CoverageCaveat::NothingDone { producer },
        })
    };
    let rare = |p: &Producer| {
        silent(p).or_else(|| bursts(p, all)).or_else(|| states(p, all)).or_else(|| steps(p, scenario, lasted))
    };
    let looks = |c: &Consumer| {
        let every = c.autoscale.filter(|scale| scale.every > lasted)?.every;
        Some(CoverageCaveat::NeverScaled { group: c.name.clone(), every, lasted })
    };
    let producers = scenario.producers.iter().filter_map(rare);
    let breaks = scenario.consumers.iter().filter_map(|c| breaks(c, all));
    producers.chain(breaks).chain(scenario.consumers.iter().filter_map(looks)).map(Caveat::from).collect()
}

/// Of a timetable that ends, that its last rate stays.
pub(super) fn last_rates(scenario: &Scenario) -> impl Iterator<Item = Caveat> {
    let one = |p: &Producer| match p.arrivals.timetable() {
        Some((table, _, false)) => {
            let (producer, lasts) = (p.name.clone(), lasts(table));
            Some(SimulationCaveat::LastRateStays { producer, lasts, rate: p.rate }.into())
        }
        _ => None,
    };
    scenario.producers.iter().filter_map(one)
}

/// Too few batches to tell what many of them do.
fn bursts(p: &Producer, all: f64) -> Option<CoverageCaveat> {
    let gap = p.batch.mean() / p.rate;
    let open =
        !matches!(p.arrivals, Arrivals::Closed { .. } | Arrivals::Trace { .. } | Arrivals::Schedule { .. });
    let constant = matches!(p.arrivals, Arrivals::Periodic) && matches!(p.batch, Batch::Fixed(_));
    let few = open && !constant && !p.batch.is_single() && all < FEW * gap;
    let producer = p.name.clone();
    few.then(|| CoverageCaveat::FewBatches { producer, every: gap, batches: all / gap })
}

/// Too few turns of the states of a modulated process.
fn states(p: &Producer, all: f64) -> Option<CoverageCaveat> {
    let Arrivals::Mmpp { dwell, .. } = &p.arrivals else { return None };
    let round: f64 = dwell.iter().sum();
    let producer = p.name.clone();
    (all < FEW * round).then(|| CoverageCaveat::FewRounds { producer, round, times: all / round })
}

/// A step that begins after the end.
fn steps(p: &Producer, scenario: &Scenario, lasted: f64) -> Option<CoverageCaveat> {
    let (table, _, repeat) = p.arrivals.timetable()?;
    if repeat && !matches!(scenario.simulation.length, Length::Duration(_)) {
        return None;
    }
    let begins = |i: usize| lasts(&table[..i]);
    let first = (1..table.len()).find(|&i| begins(i) >= lasted)?;
    let producer = p.name.clone();
    Some(CoverageCaveat::StepUnreached { producer, step: first + 1, begins: begins(first), lasted })
}

/// Too few breaks of a group's servers.
fn breaks(c: &Consumer, all: f64) -> Option<CoverageCaveat> {
    let outages = c.outages.as_ref()?;
    let every = outages.up.mean() + outages.down.mean();
    let times = f64::from(c.most_servers()?) * all / every;
    (times < FEW).then(|| CoverageCaveat::FewOutages { group: c.name.clone(), every, times })
}
