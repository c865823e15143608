//! Who is told how far long work has come, and may stop it.

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
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Watch for NoProgress {
    fn says(&self, _: &str, _: f64, _: &str) {}
}
