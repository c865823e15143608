//! What a scenario has and a simulation hardly met or never.

use crate::units::{Time, significant};
use serde::Serialize;

/// What a simulation saw too seldom to say anything about it; as text, a sentence without a full stop. Times
/// are seconds.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CoverageCaveat {
    /// A producer sends more seldom than the run lasts.
    #[error(
        "producer `{producer}` sends only every {}, and none of its messages was seen in {}",
        Time(*every), Time(*lasted)
    )]
    SendsTooSeldom {
        /// Who.
        producer: String,
        /// How often.
        every: f64,
        /// A replication.
        lasted: f64,
    },
    /// No message of a producer came to its end.
    #[error("no message of producer `{producer}` was done in what was played")]
    NothingDone {
        /// Whose.
        producer: String,
    },
    /// Too few batches to tell what many of them do.
    #[error(
        "producer `{producer}` sends a batch only every {}: about {} in all that was played",
        Time(*every), significant(*batches, 2)
    )]
    FewBatches {
        /// Who.
        producer: String,
        /// How often.
        every: f64,
        /// How many in all replications.
        batches: f64,
    },
    /// Too few turns of the states of a modulated process.
    #[error(
        "the states of `{producer}` take {} to come round, {} times in all that was played: too few for \
         figures of the long run; make [simulation] messages larger",
        Time(*round), significant(*times, 2)
    )]
    FewRounds {
        /// Whose.
        producer: String,
        /// How long all states together take.
        round: f64,
        /// How often in all replications.
        times: f64,
    },
    /// A step of a timetable begins after the end.
    #[error(
        "step {step} of the timetable of `{producer}`, from {} on, is never reached in {}",
        Time(*begins), Time(*lasted)
    )]
    StepUnreached {
        /// Whose timetable.
        producer: String,
        /// Counted from one.
        step: usize,
        /// When it begins.
        begins: f64,
        /// A replication.
        lasted: f64,
    },
    /// Too few outages of a group's servers.
    #[error(
        "a server of `{group}` breaks only every {}: {} in all that was played, too seldom for figures of \
         the long run; make [simulation] messages larger",
        Time(*every),
        if *times < 0.5 { "most likely never".into() }
            else { format!("about {} times", significant(*times, 2)) }
    )]
    FewOutages {
        /// The consumer group.
        group: String,
        /// How often one breaks.
        every: f64,
        /// How often in all replications.
        times: f64,
    },
    /// A group looks at its backlog more seldom than the run lasts.
    #[error("`{group}` looks at its backlog only every {}: it never scaled in {}", Time(*every), Time(*lasted))]
    NeverScaled {
        /// The consumer group.
        group: String,
        /// How often.
        every: f64,
        /// A replication.
        lasted: f64,
    },
}

impl CoverageCaveat {
    /// The same of a scenario that is slower by a factor.
    pub(super) fn slowed(mut self, factor: f64) -> Self {
        use CoverageCaveat::*;
        let times = match &mut self {
            FewBatches { every: time, .. }
            | FewOutages { every: time, .. }
            | FewRounds { round: time, .. } => {
                vec![time]
            }
            StepUnreached { begins: time, lasted, .. }
            | SendsTooSeldom { every: time, lasted, .. }
            | NeverScaled { every: time, lasted, .. } => vec![time, lasted],
            NothingDone { .. } => Vec::new(),
        };
        times.into_iter().for_each(|time| *time *= factor);
        self
    }
}
