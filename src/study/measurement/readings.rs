//! A measurement by the rulers of other tools, from its records.

use super::by_station;
use super::figures::counted;
use super::kept::KeptRun;
use super::plan::{really_happened, really_sent};
use crate::answer::Reason;
use crate::message::Happened;
use crate::scenario::Scenario;
use crate::sim::FifoStation;
use crate::study::rulers::{self, Reading, Ruler};
use crate::units::NANOS_PER_SECOND;
use crate::workload::Block;

/// What each ruler shows, the honest one first. `station` is the queue, if it is one first-in-first-out queue
/// of this process; `host` is the scenario with what its host adds.
pub(super) fn readings(
    scenario: &Scenario,
    station: Option<&FifoStation>,
    host: &Scenario,
    planned: &Block,
    measured: &KeptRun,
    happened: &Happened,
) -> Vec<Reading> {
    let timings = measured.timings(&counted(scenario, measured.messages() as usize));
    // Clocks and sleeps of tools are those of the wall.
    let speed = scenario.measurement.speed;
    let (second, millisecond) = (NANOS_PER_SECOND * speed, (1e6 * speed).round() as u64);
    let clients = station.and_then(servers).map_or_else(
        || Reading::none(Ruler::WaitingClients, "needs one FIFO queue, no bound"),
        |servers| rulers::waiting_clients(&timings, servers),
    );
    let asleep = if scenario.is_closed() {
        Err("clients of a loop send when they are answered".into())
    } else {
        let paced = |plan| in_bursts(plan, millisecond);
        match station {
            Some(station) => {
                let groups = scenario.consumers.len();
                by_station(scenario, station, &paced(really_happened(&measured.stays, planned, groups)))
            }
            None => {
                let batches = scenario.consumers.iter().any(|c| c.batch.is_some());
                let plan = paced(really_sent(measured, planned, batches));
                KeptRun::replay(host, &plan, happened, measured.messages())
            }
        }
    };
    let asleep = asleep.map_or_else(
        |why: Reason| Reading::none(Ruler::WholeMilliseconds, why.to_string()),
        |run| {
            let timings = run.timings(&counted(scenario, run.messages() as usize));
            rulers::start_of_send(Ruler::WholeMilliseconds, &timings)
        },
    );
    vec![
        rulers::from_due(&timings),
        rulers::start_of_send(Ruler::StartOfSend, &timings),
        clients,
        rulers::averaged_seconds(&timings, second),
        rulers::decaying_reservoir(&timings, second, scenario.seed),
        asleep,
    ]
}

/// All servers of a queue that takes every message.
fn servers(station: &FifoStation) -> Option<usize> {
    let servers = station.groups.iter().map(|(_, servers)| servers.map(|n| n as usize));
    servers.sum::<Option<usize>>().filter(|_| station.room.is_none())
}

/// A plan as a sender plays it that sleeps for whole ticks: what is due meanwhile is sent when it wakes.
fn in_bursts(mut plan: Block, tick: u64) -> Block {
    plan.sent.iter_mut().for_each(|sent| *sent = sent.next_multiple_of(tick.max(1)));
    plan.due.clone_from(&plan.sent);
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::laws::Law;

    const MS: u64 = 1_000_000;

    /// Ten messages a millisecond, evenly, that one server does in 50 µs each: nobody waits.
    fn quiet() -> (Scenario, Block, KeptRun) {
        let scenario = Scenario::mgc(10_000.0, Law::deterministic(50e-6), 1);
        let due: Vec<u64> = (0..4000).map(|i| i * MS / 10).collect();
        let work = vec![50_000; due.len()];
        let planned = Block { sent: due.clone(), due, demand: vec![work], ..Block::default() };
        let station = FifoStation::of(&scenario).expect("one queue");
        let run = by_station(&scenario, &station, &planned).expect("it is played");
        (scenario, planned, run)
    }

    #[test]
    fn who_sleeps_for_whole_milliseconds_sends_bursts_that_wait_for_one_another() {
        let (scenario, planned, run) = quiet();
        let station = FifoStation::of(&scenario);
        let found = readings(&scenario, station.as_ref(), &scenario, &planned, &run, &Happened::default());
        let of = |ruler| found.iter().find(|r| r.ruler == ruler).expect("every ruler");
        assert_eq!(found.len(), 6);
        let near = |value: Option<f64>, expected: f64| {
            assert!((value.expect("known") / expected - 1.0).abs() < 2e-3, "{value:?} for {expected}")
        };
        for ruler in [Ruler::FromDue, Ruler::StartOfSend, Ruler::WaitingClients, Ruler::AveragedSeconds] {
            near(of(ruler).p99, 50e-6);
        }
        // Ten at a time: the first takes 50 µs, the last 500 µs.
        let asleep = of(Ruler::WholeMilliseconds);
        near(asleep.mean, 275e-6);
        near(asleep.max, 500e-6);
    }

    #[test]
    fn where_a_ruler_cannot_be_applied_it_says_why() {
        let (scenario, planned, run) = quiet();
        let found = readings(&scenario, None, &scenario, &planned, &run, &Happened::default());
        let clients = found.iter().find(|r| r.ruler == Ruler::WaitingClients).expect("every ruler");
        assert!(clients.p99.is_none() && clients.why.contains("FIFO"), "{clients:?}");
    }
}
