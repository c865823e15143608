//! What is to be said of a run that was cut short, and what of it counts.

use super::kept::KeptRun;
use crate::answer::{MeasurementCaveat, PERCENTILES};
use crate::message::Outcome;
use crate::scenario::{Scenario, circle};
use crate::workload::Block;

/// The last share of a run that was cut short in which nothing happens if it is a deadlock that ended it.
const STILL: f64 = 0.2;

/// That consumers wait for room in a circle, if that is why a run had to be cut short (at an instant in
/// nanoseconds).
pub(super) fn deadlock(
    scenario: &Scenario,
    measured: &KeptRun,
    cut_short: bool,
    ended: f64,
) -> Option<MeasurementCaveat> {
    let circle = circle(scenario);
    if !cut_short || circle.is_empty() {
        return None;
    }
    let served = measured
        .stays
        .iter()
        .filter(|r| r.outcome == Outcome::Served && circle.contains(&(r.queue as usize)));
    let last = served.map(|r| r.finished).max().unwrap_or(0) as f64;
    (last < (1.0 - STILL) * ended).then(|| {
        let circle = circle.iter().map(|&queue| scenario.queues[queue].name.clone()).collect();
        MeasurementCaveat::Deadlock { since: last / 1e9, circle }
    })
}

/// What a run that was cut short says of the messages that were due by then, if only the first of them were
/// finished: the others took longer, and percentiles beyond their share are bounds.
pub(super) fn censored(finished: u64, due: u64) -> Option<MeasurementCaveat> {
    let missing = (due > finished).then(|| 1.0 - finished as f64 / due as f64)?;
    let bounds =
        PERCENTILES.iter().filter(|(_, share)| missing > 1.0 - share).map(|(name, _)| *name).collect();
    Some(MeasurementCaveat::Censored { finished, due, bounds })
}

/// What was finished of a run that was cut short: the plan up to the first message that was not, and what was
/// told of that part. The others would be compared with a rehearsal that goes on.
pub(super) fn finished(mut planned: Block, measured: &mut KeptRun, before: u64) -> Block {
    let whole = measured.finished();
    measured.retain_below(whole);
    let rows = (whole.saturating_sub(before) as usize).min(planned.len());
    let producers = planned.producer.len().min(rows);
    planned.due.truncate(rows);
    planned.sent.truncate(rows);
    planned.producer.truncate(producers);
    planned.demand.iter_mut().for_each(|column| column.truncate(rows));
    planned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Record;
    use crate::scenario::Overflow;

    #[test]
    fn a_deadlock_is_told_where_a_run_stood_still() {
        let mut scenario = Scenario::mgc(100.0, crate::workload::laws::Law::exponential(0.001), 1);
        (scenario.queues[0].max_length, scenario.queues[0].overflow) = (Some(1), Overflow::Block);
        let stay = Record {
            message: crate::message::Message::default(),
            sent: 0,
            taken: 0,
            finished: 1_000_000_000,
            queue: 0,
            consumer: 0,
            server: 0,
            deliveries: 1,
            outcome: Outcome::Served,
        };
        let told = KeptRun::measured(vec![stay], Vec::new());
        assert_eq!(deadlock(&scenario, &told, true, 10e9), None);
        let to = crate::scenario::Destination::Queue(0);
        scenario.consumers[0].to = vec![crate::scenario::Route { to, probability: 0.4 }];
        let said =
            deadlock(&scenario, &told, true, 10e9).expect("it stood still for nine seconds").to_string();
        assert!(
            said.starts_with(
                "deadlock: after 1.00 s nobody went on, as consumers of `queue` wait for room in `queue`"
            ),
            "{said}"
        );
        assert_eq!(
            (deadlock(&scenario, &told, false, 10e9), deadlock(&scenario, &told, true, 1.1e9)),
            (None, None)
        );
    }

    #[test]
    fn percentiles_beyond_the_share_of_the_unfinished_are_bounds() {
        assert_eq!(censored(1_000, 1_000), None);
        let told = censored(970, 1_000).expect("thirty are missing").to_string();
        assert!(told.ends_with("of all that were due, p99, p999 ≥ what is told"), "{told}");
        assert!(censored(9_995, 10_000).is_some_and(|told| told.to_string().ends_with("finished")));
    }
}
