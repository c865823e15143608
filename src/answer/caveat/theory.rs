//! What models leave out, and how good their approximations are.

use crate::units::{Time, near_one, significant};
use serde::Serialize;

/// What a model leaves out or only approximates; as text, a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TheoryCaveat {
    /// The simulation's host needs time of its own, and theory's does not.
    #[error("of an ideal host, which hands messages over in no time")]
    IdealHost,
    /// Several groups of a queue are taken to be one.
    #[error("alike consumer groups are taken to share the work in proportion to their servers")]
    GroupsShareWork,
    /// Group commits take time.
    #[error("what durability costs is not part of the model")]
    DurabilityLeftOut,
    /// One server has more to do than the others, by its partitions.
    #[error(
        "the busiest partition's server has rho = {}, where all have {} on average",
        near_one(*rho), near_one(*average)
    )]
    UnevenPartitions {
        /// Its load.
        rho: f64,
        /// That of all.
        average: f64,
    },
    /// Which keys share a partition is a matter of the hash.
    #[error(
        "keys come to partitions in turn, which leaves the busiest server at rho = {}; a hash deals them by chance: \
         in 9 of 10 it would be at {} to {}",
        near_one(*dealt), significant(*low, 3), significant(*high, 3)
    )]
    KeysByHash {
        /// What the busiest server's load is at least, but for one hash in twenty.
        low: f64,
        /// And at most, but for one in twenty.
        high: f64,
        /// What it is here.
        dealt: f64,
    },
    /// Who is interrupted waits once more.
    #[error("the wait counts interruptions: it is the latency less the time in service")]
    InterruptionsInWait,
    /// The wait has no mean, behind one server.
    #[error(
        "the service time has no variance, so the mean wait is infinite: longer simulations and \
         measurements give ever larger means"
    )]
    ServiceWithoutVariance,
    /// The wait has a mean and no variance.
    #[error("the wait has a mean but no variance: intervals of its simulated mean are too narrow")]
    WaitWithoutVariance,
    /// The wait has no mean, behind several servers.
    #[error(
        "the tail of the service time is so heavy that the mean wait is infinite: longer simulations and \
         measurements give ever larger means"
    )]
    HeavyTail,
    /// Means by Allen and Cunneen's formula.
    #[error(
        "an approximation from two moments (Allen–Cunneen; squared coefficients of variation {arrivals:.3} \
         of the gaps and {service:.3} of the service)"
    )]
    TwoMoments {
        /// Squared coefficient of variation of the gaps.
        arrivals: f64,
        /// And of the service times.
        service: f64,
    },
    /// What else is known of a wait that is approximated, in seconds.
    #[error(
        "the mean wait is at most {} (Kingman's bound); Krämer and Langenbach-Belz say {}",
        Time(*most), Time(*refined)
    )]
    WaitBound {
        /// Kingman's bound.
        most: f64,
        /// Krämer and Langenbach-Belz's approximation.
        refined: f64,
    },
    /// Queues of a network, each solved for itself.
    #[error(
        "every queue is taken for itself, with gaps of scv {} (Whitt's decomposition)",
        scvs.iter().map(|scv| format!("{scv:.2}")).collect::<Vec<_>>().join(", ")
    )]
    Decomposed {
        /// Squared coefficient of variation of the gaps at each queue.
        scvs: Vec<f64>,
    },
    /// The limit of many queues, of which a message joins the shorter of two.
    #[error("the limit of ever more queues (mean field); {queues} queues wait longer")]
    MeanField {
        /// How many there are.
        queues: usize,
    },
    /// Batches by size or time are taken to meet a free server.
    #[error(
        "every batch is taken to find a free server; of batches that came by chance, {} % would not (exact \
         for count = \"unlimited\")",
        significant(100.0 * share, 2)
    )]
    FreeServers {
        /// Of the batches that would wait.
        share: f64,
    },
    /// The last of several alike copies.
    #[error("the time until all {copies} copies are done is Nelson and Tantawi's approximation")]
    NelsonTantawi {
        /// Of each message.
        copies: u32,
    },
    /// Copies whose times are not independent.
    #[error(
        "the time until {needed} of {copies} copies are done takes them for independent, which is too late \
         for all and too early for one"
    )]
    IndependentCopies {
        /// That complete a message.
        needed: u32,
        /// Of each message.
        copies: u32,
    },
    /// The first of two servers waits for room.
    #[error(
        "the first server is blocked {:.1} % of the time; its utilization counts work alone",
        100.0 * share
    )]
    FirstBlocked {
        /// Of the time.
        share: f64,
    },
    /// A timetable that ends, of which theory knows means.
    #[error("there is no steady state: means over time and the mean time to drain are what theory gives")]
    MeansOverTime,
    /// Messages that flow at their mean rate.
    #[error("fluid approximation: right under heavy overload, too low near or below full load")]
    Fluid,
}
