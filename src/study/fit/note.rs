//! What is to be minded about a fit.

/// What is to be minded about a fit and its scenario. Times are seconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FitNote {
    /// What was found in the file, in a sentence.
    File(String),
    /// A column with few values.
    FewValues {
        /// The column.
        column: String,
        /// How many it has.
        values: usize,
    },
    /// Times of which waiting is a part.
    Latency,
    /// The scenario's rate is a guess.
    RateGuessed {
        /// Whether the file has arrivals, all at one instant.
        at_once: bool,
    },
    /// The scenario's service time is a guess.
    WorkGuessed {
        /// Whether the file has times of the work, all of them zero.
        zero: bool,
    },
    /// The file is over before its work is done, so that it needs fewer consumers than lasting traffic would.
    EndsBeforeItsWork {
        /// How long the file lasts.
        lasted: f64,
        /// A message's work, on average.
        work: f64,
        /// Consumers that do for the file.
        consumers: u32,
        /// Its messages.
        messages: usize,
        /// How many would be busy on average.
        load: f64,
        /// How many the scenario has, if more.
        more: Option<u32>,
    },
    /// The best law has no variance, and is not offered.
    NoVariance {
        /// The column.
        column: String,
        /// The law.
        law: &'static str,
    },
    /// No law is offered.
    NoLaw {
        /// The column.
        column: String,
        /// Whether some come near it but for its tail.
        tail: bool,
    },
    /// With work of a law messages do not wait as with the file's.
    OtherWaits {
        /// The column.
        column: String,
        /// The law.
        law: &'static str,
    },
    /// The work depends on when it comes, or on the work before it.
    DependentWork {
        /// By which share waits with independent work are longer than the file's.
        off: f64,
    },
}
