//! What a simulation saw too little of to say anything about it.

use crate::scenario::{Arrivals, Batch, Consumer, Length, Producer, Scenario, lasts};
use crate::stats::Combined;
use crate::units::{Time, significant};

/// What happened fewer times than this in all replications says little.
const FEW: f64 = 10.0;

/// What the scenario has and the simulation hardly met or never: `lasted` is how many seconds each
/// replication took.
pub(super) fn unseen(
    scenario: &Scenario,
    combined: &Combined,
    lasted: f64,
    replications: u32,
) -> Vec<String> {
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
        (nothing && !lost).then(|| match p.batch.mean() / p.rate {
            gap if !trace && gap.is_finite() && gap > lasted => {
                format!(
                    "producer `{}` sends only every {}, and none of its messages was seen in {}",
                    p.name,
                    Time(gap),
                    Time(lasted)
                )
            }
            _ => format!("no message of producer `{}` was done in what was played", p.name),
        })
    };
    let rare = |p: &Producer| {
        silent(p).or_else(|| bursts(p, all)).or_else(|| states(p, all)).or_else(|| steps(p, scenario, lasted))
    };
    let mut out: Vec<String> = scenario.producers.iter().filter_map(rare).collect();
    out.extend(scenario.consumers.iter().filter_map(|c| breaks(c, all)));
    let looks = |c: &Consumer| {
        let every = c.autoscale.filter(|scale| scale.every > lasted)?.every;
        Some(format!(
            "`{}` looks at its backlog only every {}: it never scaled in {}",
            c.name,
            Time(every),
            Time(lasted)
        ))
    };
    out.extend(scenario.consumers.iter().filter_map(looks));
    out
}

/// Of a timetable that ends, that its last rate stays.
pub(super) fn last_rates(scenario: &Scenario) -> Vec<String> {
    let one = |p: &Producer| match p.arrivals.timetable() {
        Some((table, _, false)) => Some(format!(
            "the timetable of `{}` does not repeat: after {} its last rate, {}/s, stays",
            p.name,
            Time(lasts(table)),
            significant(p.rate, 4)
        )),
        _ => None,
    };
    scenario.producers.iter().filter_map(one).collect()
}

/// Too few batches to tell what many of them do.
fn bursts(p: &Producer, all: f64) -> Option<String> {
    let gap = p.batch.mean() / p.rate;
    let open =
        !matches!(p.arrivals, Arrivals::Closed { .. } | Arrivals::Trace { .. } | Arrivals::Schedule { .. });
    let constant = matches!(p.arrivals, Arrivals::Periodic) && matches!(p.batch, Batch::Fixed(_));
    let few = open && !constant && !p.batch.is_single() && all < FEW * gap;
    few.then(|| {
        format!(
            "producer `{}` sends a batch only every {}: about {} in all that was played",
            p.name,
            Time(gap),
            significant(all / gap, 2)
        )
    })
}

/// Too few turns of the states of a modulated process.
fn states(p: &Producer, all: f64) -> Option<String> {
    let Arrivals::Mmpp { dwell, .. } = &p.arrivals else { return None };
    let turn: f64 = dwell.iter().sum();
    (all < FEW * turn).then(|| {
        format!(
            "the states of `{}` take {} to come round, {} times in all that was played: too few for figures \
                of the long run; make \
             [simulation] messages larger",
            p.name,
            Time(turn),
            significant(all / turn, 2)
        )
    })
}

/// A step that begins after the end.
fn steps(p: &Producer, scenario: &Scenario, lasted: f64) -> Option<String> {
    let (table, _, repeat) = p.arrivals.timetable()?;
    if repeat && !matches!(scenario.simulation.length, Length::Duration(_)) {
        return None;
    }
    let begins = |i: usize| lasts(&table[..i]);
    let first = (1..table.len()).find(|&i| begins(i) >= lasted)?;
    Some(format!(
        "step {} of the timetable of `{}`, from {} on, is never reached in {}",
        first + 1,
        p.name,
        Time(begins(first)),
        Time(lasted)
    ))
}

/// Too few breaks of a group's servers.
fn breaks(c: &Consumer, all: f64) -> Option<String> {
    let outages = c.outages.as_ref()?;
    let every = outages.up.mean() + outages.down.mean();
    let servers = f64::from(c.most_servers()?);
    let times = servers * all / every;
    (times < FEW).then(|| {
        let seen = if times < 0.5 {
            "most likely never".into()
        } else {
            format!("about {} times", significant(times, 2))
        };
        format!(
            "a server of `{}` breaks only every {}: {seen} in all that was played, too seldom for figures \
                of the long run; make [simulation] \
             messages larger",
            c.name,
            Time(every)
        )
    })
}
