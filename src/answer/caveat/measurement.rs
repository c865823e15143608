//! What happened in a measured run, and where it differs from what is simulated.

use crate::answer::Reason;
use crate::units::{Time, significant};
use serde::{Serialize, Serializer};
use std::fmt;

/// What a measurement's figures are to be read with; as text, a sentence without a full stop. Times are
/// seconds.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MeasurementCaveat {
    /// The run ended before all was served.
    #[error("the run was cut short after {}; what had not been served then is unfinished", Time(*lasted))]
    CutShort {
        /// How long it lasted.
        lasted: f64,
    },
    /// Connections to a broker were lost and made anew.
    #[error(
        "the connection was lost {} and made anew, {} in all without one; messages that were published again because their \
         confirm had not come: {republished}, delivered again: {delivered_again}; waits and latencies have that in \
         them, the rehearsal has not, and the replay a part of it",
        if *times == 1 { "once".into() } else { format!("{times} times") }, Time(*away)
    )]
    Reconnected {
        /// How often.
        times: u64,
        /// Seconds without one.
        away: f64,
        /// Messages that were published again.
        republished: u64,
        /// Messages that were delivered again.
        delivered_again: u64,
    },
    /// The answers are about a part of the plan.
    #[error(
        "all answers are about the first {finished} of {due} messages that were due, which were finished{}",
        if bounds.is_empty() { String::new() }
            else { format!(": of all that were due, {} ≥ what is told", bounds.join(", ")) }
    )]
    Censored {
        /// Messages that were finished.
        finished: u64,
        /// Messages that were due by then.
        due: u64,
        /// Percentiles that are lower bounds.
        bounds: Vec<&'static str>,
    },
    /// Consumers waited for one another's queues to have room.
    #[error(
        "deadlock: after {} nobody went on, as {}; use another overflow than \"block\" in this circle",
        Time(*since), waits_in_circle(circle)
    )]
    Deadlock {
        /// When the last message was served.
        since: f64,
        /// Queues, the consumers of each waiting for room in the next.
        circle: Vec<String>,
    },
    /// Times in which a free server could have had a message.
    #[error(
        "a message waited {} on average, {} % of its latency, although a server was free: wake-ups and \
         hand-offs, which the replay does not have, and neither has it what waited behind them{}",
        Time(*mean), significant(100.0 * share, 2), stalls(*stalled)
    )]
    HandOffs {
        /// Of all messages.
        mean: f64,
        /// Of the mean latency.
        share: f64,
        /// How often a second the generator lost its processor, and for how long each time.
        stalled: Option<(f64, f64)>,
    },
    /// The target plays a setting otherwise than the simulation does.
    #[error("{setting} on {target}: {how}")]
    PlayedOtherwise {
        /// The setting.
        setting: String,
        /// What is measured.
        target: &'static str,
        /// As its table of features says.
        how: &'static str,
    },
    /// What has expired leaves later than in the simulation.
    #[error(
        "what has expired in `{queue}` is thrown out when it comes to the head of the line, and at once in \
         the simulation: the same messages are served, but the measured line is longer"
    )]
    LateExpiry {
        /// The queue.
        queue: String,
    },
    /// One run of something without a steady state.
    #[error(
        "there is no steady state: figures are over the whole run, of which there is one, so that they have \
         no intervals"
    )]
    WholeRun,
    /// The plan could not be simulated.
    #[error("measured without a rehearsal: {why}")]
    NotRehearsed {
        /// Why.
        #[serde(serialize_with = "as_text")]
        why: Reason,
    },
    /// A broker's deliveries, as the rehearsal or the replay has them.
    #[error(
        "deliveries take what they took {seen}: {} to a consumer that has nothing to do, {} from a service \
         to the next",
        Time(*idle_hop), Time(*turnaround)
    )]
    Deliveries {
        /// When.
        seen: DeliveriesSeen,
        /// To an idle consumer.
        idle_hop: f64,
        /// From a service to the next.
        turnaround: f64,
    },
    /// What a broker's deliveries take from a group's servers. Rates are messages a second and server.
    #[error(
        "with prefetch {prefetch} this broker lets a server of `{group}` do {}/s of the {}/s that its work \
         allows{}{}",
        significant(*rate, 3), significant(*alone, 3), raised(*loads),
        remedy(*hides, *of_two)
    )]
    Turnaround {
        /// The consumer group.
        group: String,
        /// Its prefetch.
        prefetch: u32,
        /// Whether a larger one would hide it: the next message is then with the server before it is done.
        hides: bool,
        /// What it would be by twos, messages a second and server, where servers fetch only what they have
        /// nothing of: half of it is left.
        #[serde(skip_serializing_if = "Option::is_none")]
        of_two: Option<f64>,
        /// With the broker.
        rate: f64,
        /// Without it.
        alone: f64,
        /// The servers' load with and without it, where it is known.
        loads: Option<(f64, f64)>,
    },
}

fn as_text<S: Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(reason)
}

fn stalls(stalled: Option<(f64, f64)>) -> String {
    stalled.map_or(String::new(), |(often, long)| {
        format!(
            "; the generator alone lost its processor {} times a second, {} each time",
            significant(often, 2),
            Time(long)
        )
    })
}

/// The load from which a little more work makes waits much longer.
const NEAR_FULL: f64 = 0.95;

fn raised(loads: Option<(f64, f64)>) -> String {
    loads.map_or(String::new(), |(with, without)| {
        let grows = match with {
            with if with >= 1.0 => ", so that its backlog grows",
            with if with >= NEAR_FULL => {
                ", where waits are so sensitive that the rehearsal, with what the pilot saw, may be off by half or more"
            }
            _ => "",
        };
        format!(": its load is {} instead of {}{grows}", significant(with, 3), significant(without, 3))
    })
}

/// What a larger prefetch does about it.
fn remedy(hides: bool, of_two: Option<f64>) -> String {
    match of_two {
        _ if hides => "; prefetch 2 hides it".into(),
        Some(rate) => format!(
            "; prefetch 2 does not hide it but halves it, to {}/s, as a server fetches when it has nothing left",
            significant(rate, 3)
        ),
        None => String::new(),
    }
}

/// Who waits for whom, the consumers of each queue for room in the next and those of the last for room in the
/// first.
pub(crate) fn waits_in_circle(queues: &[String]) -> String {
    let next = queues.iter().cycle().skip(1);
    let one = |(queue, next)| format!("consumers of `{queue}` wait for room in `{next}`");
    queues.iter().zip(next).map(one).collect::<Vec<_>>().join(", ")
}

/// When deliveries were seen that a simulated host is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveriesSeen {
    /// Before the run.
    Before,
    /// In the run.
    Meanwhile,
}

impl fmt::Display for DeliveriesSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DeliveriesSeen::Before => "before the run",
            DeliveriesSeen::Meanwhile => "in the run",
        })
    }
}
