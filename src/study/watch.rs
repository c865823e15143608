//! Who is told how far long work has come, may stop it, and may do a part of it.

/// Told of progress from any thread.
pub trait Watch: Sync {
    /// What is being done, the share of it that is done, and a detail.
    fn says(&self, what: &str, done: f64, detail: &str);

    /// What is to be known before something begins, in a sentence without a full stop.
    fn warns(&self, _: &str) {}

    /// Whether the person wants it to end early.
    fn stopped(&self) -> bool {
        false
    }

    /// Told of replications before they are played: others may play some of them.
    fn wants(&self, _: &WantedRuns) {}

    /// What another has played of one of them, as [`help`](super::sweep::help) gives it; asked just before it
    /// would be played here.
    fn played_elsewhere(&self, _: &WantedRuns, _replication: u32) -> Option<Vec<u8>> {
        None
    }
}

/// Replications of a sweep's point that are wanted: the same ones of the same length give the same bytes,
/// whoever plays them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedRuns {
    /// The point's position in the grid.
    pub point: usize,
    /// Messages that are left out at the start of each.
    pub warmup: u64,
    /// Messages that count in each.
    pub messages: u64,
    /// The first of them.
    pub from: u32,
    /// Past the last of them.
    pub to: u32,
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Watch for NoProgress {
    fn says(&self, _: &str, _: f64, _: &str) {}
}
