//! Why there is no steady state: which backlog grows without end, and how fast.

use crate::units::{near_one, plain, significant};

/// A backlog that grows without end; as text, a sentence without a full stop. Rates are messages a second.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Growth {
    /// More arrives than can be served.
    #[error("rho = {}, the backlog grows by {} messages/s", near_one(*rho), significant(*growth, 3))]
    Load {
        /// Offered load over capacity.
        rho: f64,
        /// What arrives beyond it.
        growth: f64,
    },
    /// Exactly as much arrives as can be served, which chance turns into an ever longer queue.
    #[error("rho = 1, the backlog grows without bound, though slower and slower")]
    Critical,
    /// More arrives for the partitions of one server than it can serve.
    #[error(
        "the server with the busiest partitions has rho = {}, {}",
        near_one(*rho),
        match *growth {
            0.0 => "its backlog grows without bound, though slower and slower".into(),
            growth => format!("its backlog grows by {} messages/s", significant(growth, 3)),
        }
    )]
    Partition {
        /// Of the busiest server.
        rho: f64,
        /// Of all servers.
        growth: f64,
    },
    /// A producer makes more than it may send.
    #[error(
        "`{producer}` makes {} messages/s and may send {}: what waits to be sent grows without end",
        plain(*rate, 4), plain(*limit, 4)
    )]
    Unsent {
        /// Its name.
        producer: String,
        /// Messages a second that it makes.
        rate: f64,
        /// What its rate limit allows.
        limit: f64,
    },
    /// Service times have no mean.
    #[error(
        "the mean service time is infinite, so {}",
        if *limited { "no number of servers keeps up" } else { "ever more messages are in service" }
    )]
    EndlessService {
        /// Whether the number of servers is limited.
        limited: bool,
    },
    /// More arrives at the only queue than can be served, as simulated.
    #[error(
        "rho = {}, the backlog grows by {}{} messages/s",
        significant(*rho, 4), significant(*growth, 3), spread(*half_width)
    )]
    Simulated {
        /// Offered load over capacity.
        rho: f64,
        /// Seen in the simulation.
        growth: f64,
        /// Half the width of its interval.
        half_width: Option<f64>,
    },
    /// One queue of several was seen to grow.
    #[error(
        "the backlog of queue `{queue}` grows by {}{} messages/s",
        significant(*growth, 3), spread(*half_width)
    )]
    Drifting {
        /// The one that grows fastest.
        queue: String,
        /// Seen in the simulation.
        growth: f64,
        /// Half the width of its interval.
        half_width: Option<f64>,
    },
    /// A queue was seen to grow in some replications alone, and not to come back.
    #[error(
        "in {grew} of {of} replications the backlog of `{queue}` grew until the end: it may hold for long, but \
         does not come back once it has collapsed"
    )]
    Collapsing {
        /// The queue.
        queue: String,
        /// Replications in which it grew.
        grew: usize,
        /// All of them.
        of: usize,
    },
    /// More comes to one queue of several than its servers can do, all of them or the busiest by its
    /// partitions.
    #[error(
        "rho = {} {} `{queue}`, whose backlog grows without end{}",
        significant(*rho, 4),
        servers.map_or("in queue".into(), |servers| {
            format!("at the busiest of the {servers} servers with a partition of queue")
        }),
        if *critical { ", though slower and slower" } else { "" }
    )]
    Overloaded {
        /// The one with the highest load.
        queue: String,
        /// Its load, or that of its busiest server.
        rho: f64,
        /// How many servers have a partition, where one of them alone is overloaded.
        servers: Option<u32>,
        /// Whether exactly as much comes as can be served.
        critical: bool,
    },
    /// More is to be sent in a measurement than can be served.
    #[error("rho = {}, the backlog only grows", significant(*rho, 4))]
    Planned {
        /// Offered load over capacity.
        rho: f64,
    },
    /// Read from a file, of which the sentence alone is known.
    #[error("{0}")]
    Saved(String),
}

fn spread(half_width: Option<f64>) -> String {
    half_width.map_or(String::new(), |half| format!(" ± {}", significant(half, 2)))
}

impl Growth {
    /// The same of a scenario that is slower by a factor.
    #[must_use]
    pub(super) fn slowed(mut self, factor: f64) -> Growth {
        match &mut self {
            Growth::Load { growth, .. } | Growth::Partition { growth, .. } => *growth /= factor,
            Growth::Simulated { growth, half_width, .. } | Growth::Drifting { growth, half_width, .. } => {
                *growth /= factor;
                half_width.iter_mut().for_each(|half| *half /= factor);
            }
            _ => {}
        }
        self
    }
}
