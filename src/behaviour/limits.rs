//! Token buckets: how often a group or a server may take a message.

use super::TimeScale;
use crate::scenario::RateLimit;

/// A bucket of tokens, full at the start. Times are nanoseconds of the engine's clock.
#[derive(Debug, Clone)]
pub(crate) struct TokenBucket {
    /// Between two tokens.
    period: u64,
    /// What a full bucket allows beyond one token.
    slack: u64,
    /// When the bucket would be full again, less one token.
    full: u64,
}

impl TokenBucket {
    pub(crate) fn new(limit: RateLimit, scale: TimeScale) -> Self {
        let period = scale.nanos(1.0 / limit.rate).max(1);
        TokenBucket { period, slack: u64::from(limit.burst - 1).saturating_mul(period), full: 0 }
    }

    /// From when on there is a token.
    pub(crate) fn free_at(&self) -> u64 {
        self.full.saturating_sub(self.slack)
    }

    /// A token is taken, at an instant at which there is one.
    pub(crate) fn take(&mut self, now: u64) {
        self.full = self.full.max(now).saturating_add(self.period);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::LimitScope;

    #[test]
    fn a_bucket_gives_a_burst_and_then_a_token_a_period() {
        let limit = RateLimit { rate: 10.0, burst: 3, by: LimitScope::Group };
        let mut bucket = TokenBucket::new(limit, TimeScale::REAL);
        let mut taken = |at: u64| {
            let from = bucket.free_at();
            bucket.take(from.max(at));
            from / 1_000_000
        };
        assert_eq!([0, 0, 0, 0, 0].map(&mut taken), [0, 0, 0, 100, 200]);
        // A long rest fills it again, and no more than that.
        let later = 10_000_000_000;
        assert_eq!([later; 4].map(taken), [300, 9_900, 10_000, 10_100]);
    }
}
