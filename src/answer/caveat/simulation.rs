//! What a simulation is too short for, where it was ended early, and how its figures are to be read.

use crate::units::{Time, plain, significant};
use serde::Serialize;
use std::fmt;

/// What a simulation's figures lack; as text, a sentence without a full stop. Times are seconds.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SimulationCaveat {
    /// A law that every run must keep is broken: the simulation is wrong.
    #[error("{}", law.broken(*over_time, *of_messages))]
    Broken {
        /// Which, and where.
        law: BalanceLaw,
        /// As it is integrated over time.
        over_time: f64,
        /// As it adds up from messages.
        of_messages: f64,
    },
    /// Messages that had no end when the run had.
    #[error("{messages} messages were unfinished at the end and are in no latency")]
    Unfinished {
        /// How many.
        messages: u64,
    },
    /// The latency's 99th percentile is withheld.
    #[error(
        "the latency's p99 is withheld: of {messages} messages too few independent ones lie beyond it, for \
         neighbours are correlated; simulate longer"
    )]
    P99Withheld {
        /// All that were simulated.
        messages: u64,
    },
    /// A percentile with a stated precision is withheld.
    #[error(
        "{path} is withheld after {replications} replications: too few independent messages lie beyond it; \
         make [simulation] messages larger"
    )]
    Withheld {
        /// Its path.
        path: String,
        /// How many were made.
        replications: u32,
    },
    /// A stated precision is not reached.
    #[error(
        "{path} misses its precision by a factor of {} after {replications} replications; make \
         [simulation] messages larger",
        significant(*factor, 2)
    )]
    PrecisionMissed {
        /// The metric.
        path: String,
        /// Half-width over what was asked for.
        factor: f64,
        /// How many were made.
        replications: u32,
    },
    /// A precision is stated for what has no interval.
    #[error("the precision of {path} is not kept: it has no interval here")]
    NoInterval {
        /// The metric.
        path: String,
    },
    /// Batches of one run are alike, however long they are made.
    #[error("the run is too short for how slowly its figures change: their intervals may be too narrow")]
    BatchesAlike,
    /// Replications are short for a queue's load.
    #[error(
        "the run is short for `{queue}`'s load of {}: its intervals are widened for it; make [simulation] \
         messages {}, or longer",
        significant(*rho, 3), plain(*needed, 9)
    )]
    ShortForLoad {
        /// The queue that needs the longest.
        queue: String,
        /// Its load.
        rho: f64,
        /// Messages of a replication that would do.
        needed: f64,
    },
    /// Replications are too short to have percentiles of their own.
    #[error(
        "percentiles are the mean of each replication's own, and {} messages are few for `{queue}`'s load \
         of {}: they come out too low on both sides; make [simulation] messages {}, or longer",
        plain(*messages, 9), significant(*rho, 3), plain(*needed, 9)
    )]
    ShortForPercentiles {
        /// Of a replication.
        messages: f64,
        /// The queue that needs the longest.
        queue: String,
        /// Its load.
        rho: f64,
        /// Messages of a replication that would do.
        needed: f64,
    },
    /// Pilot runs did not settle.
    #[error("the start still shows after {messages} messages; make [simulation] messages larger")]
    StartShows {
        /// Of the longest pilot.
        messages: u64,
    },
    /// The start of a stated time is left out.
    #[error(
        "these are a steady state's figures, of {time} after a warm-up of {}; warmup = \"0s\" gives those \
         of the first {time} from an empty start",
        Time(*left_out), time = Time(*asked)
    )]
    AfterWarmUp {
        /// The stated time.
        asked: f64,
        /// What is left out before it.
        left_out: f64,
    },
    /// A warm-up is stated where there is no steady state.
    #[error("[simulation] warmup is not used: there is no steady state to wait for")]
    WarmUpUnused,
    /// What repeats takes longer than the stated time.
    #[error(
        "{what} takes {} to come round, and {time} do not cover it: figures are those of the first {time}, \
         from an empty start, and not of all times",
        Time(*lasts), time = Time(*stretch)
    )]
    CycleUncovered {
        /// What repeats.
        what: Recurring,
        /// How long one round takes.
        lasts: f64,
        /// The stated time.
        stretch: f64,
    },
    /// How figures of a stretch of time are made.
    #[error(
        "{}: figures are over the whole stretch of time, messages that come in it are followed to their \
         end, a maximum is the mean of the replications' own, and lengths are told over time",
        if *of_the_start { "these are the start's, from empty queues" } else { "there is no steady state" }
    )]
    WholeStretch {
        /// Whether the scenario asks for its start, from empty queues.
        of_the_start: bool,
    },
    /// A percentile over replications is withheld.
    #[error(
        "{path} is withheld: {replications} replications are too few for it; write [simulation] replications = \
         {needed}, or more"
    )]
    TooFewRuns {
        /// Its path.
        path: String,
        /// How many were made.
        replications: u32,
        /// How many are enough.
        needed: u32,
    },
    /// Some replications saw no end of a backlog.
    #[error(
        "drain_time of `{queue}` is withheld: in {late} of {replications} replications its backlog outlasts \
         what is played; write a longer [simulation] duration"
    )]
    DrainWithheld {
        /// Whose backlog.
        queue: String,
        /// Replications without its end.
        late: usize,
        /// All of them.
        replications: usize,
    },
    /// Arrivals come from a file and end.
    #[error(
        "the arrivals end: there is no steady state, and intervals say what chance does to these very \
         arrivals"
    )]
    ArrivalsEnd,
    /// The last rate of a timetable stays after it.
    #[error(
        "the timetable of `{producer}` does not repeat: after {} its last rate, {}/s, stays",
        Time(*lasts), significant(*rate, 4)
    )]
    LastRateStays {
        /// Whose timetable.
        producer: String,
        /// How long it is.
        lasts: f64,
        /// Messages a second.
        rate: f64,
    },
    /// Whole replications that were made before an interruption.
    #[error("interrupted: {finished} of {wanted} replications were finished")]
    InterruptedBetween {
        /// How many.
        finished: u32,
        /// How many were to be made.
        wanted: u32,
    },
    /// Replications that were ended by an interruption.
    #[error(
        "interrupted: the figures are those of {} cut short after {} or more of {} messages",
        if *replications == 1 { "1 replication that was".into() }
            else { format!("{replications} replications that were") },
        plain(*played as f64, 9), plain(*messages as f64, 9)
    )]
    InterruptedWithin {
        /// How many.
        replications: usize,
        /// Messages of the shortest of them.
        played: u64,
        /// Messages of a whole one.
        messages: u64,
    },
    /// One long run that was ended by an interruption.
    #[error(
        "interrupted: the figures are those of the first {} % of the one replication",
        significant(share * 100.0, 2)
    )]
    InterruptedRun {
        /// What was played of it.
        share: f64,
    },
    /// A single replication.
    #[error("one replication has no interval; use at least two, better ten")]
    OneReplication,
    /// Service times without a variance.
    #[error(
        "the service time of `{group}` has infinite variance: means converge slowly and their intervals are \
         too narrow"
    )]
    InfiniteVariance {
        /// The consumer group.
        group: String,
    },
    /// How long a group commit takes is not stated.
    #[error("a group commit is taken to need 1 ms; how fast the disk is only a measurement can say")]
    CommitAssumed,
    /// What the work of messages is taken to be that are delivered again.
    #[error("work that is delivered again to `{group}` is {work}")]
    RedeliveredWork {
        /// The consumer group.
        group: String,
        /// Which work they bring.
        work: RepeatedWork,
    },
}

impl SimulationCaveat {
    /// The same of a scenario that is slower by a factor.
    pub(super) fn slowed(mut self, factor: f64) -> Self {
        use SimulationCaveat::*;
        let (times, rate) = match &mut self {
            AfterWarmUp { asked, left_out } => (vec![asked, left_out], None),
            CycleUncovered { lasts, stretch, .. } => (vec![lasts, stretch], None),
            LastRateStays { lasts, rate, .. } => (vec![lasts], Some(rate)),
            _ => return self,
        };
        times.into_iter().for_each(|time| *time *= factor);
        rate.into_iter().for_each(|rate| *rate /= factor);
        self
    }
}

/// A law and the place that it was checked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BalanceLaw {
    /// L = λW in a queue, with L measured over time.
    Little(String),
    /// Busy servers of a group = throughput × mean service.
    Utilization(String),
    /// Every message of the window had one end.
    Conservation(String),
    /// No share of the servers that there are is more than all of them, by metric path.
    Share(String),
}

impl BalanceLaw {
    fn broken(&self, over_time: f64, of_messages: f64) -> String {
        match self {
            BalanceLaw::Little(queue) => format!(
                "Little's law is broken in queue `{queue}`: L is {over_time:.4} over time, but λW is \
                 {of_messages:.4}"
            ),
            BalanceLaw::Utilization(group) => format!(
                "the utilization law is broken for `{group}`: {over_time:.4} servers are busy over time, \
                 but throughput × mean service is {of_messages:.4}"
            ),
            BalanceLaw::Share(metric) => format!(
                "{metric} is {over_time:.4}, and more than all servers, or fewer than none, cannot be at work"
            ),
            BalanceLaw::Conservation(place) => format!(
                "flow is not conserved in queue `{place}`: {over_time:.0} messages came, but \
                 {of_messages:.0} are accounted for"
            ),
        }
    }
}

/// Something that comes round again at fixed instants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recurring {
    /// A producer's timetable.
    Timetable(String),
    /// A producer's sends, a constant gap apart.
    Sends(String),
    /// A consumer group's timetable.
    Shifts(String),
    /// Servers of a consumer group that are up and down together.
    Outages(String),
}

impl fmt::Display for Recurring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Recurring::Timetable(producer) => write!(f, "the timetable of `{producer}`"),
            Recurring::Shifts(group) => write!(f, "the timetable of `{group}`"),
            Recurring::Sends(producer) => write!(f, "the gap between sends of `{producer}`"),
            Recurring::Outages(group) => write!(f, "the time up and down of `{group}`"),
        }
    }
}

/// What the work of redelivered messages is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepeatedWork {
    /// Drawn anew.
    DrawnAgain,
    /// The same again.
    Same,
    /// The same again for producers that bring it, drawn anew for the others.
    SameIfBrought,
}

impl fmt::Display for RepeatedWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RepeatedWork::DrawnAgain => {
                "drawn anew (redelivery_work = \"drawn-again\"); if a long job stays long, write \"same\""
            }
            RepeatedWork::Same => "the same again (redelivery_work = \"same\")",
            RepeatedWork::SameIfBrought => {
                "the same again where its producer brings it, else drawn anew (redelivery_work)"
            }
        })
    }
}
