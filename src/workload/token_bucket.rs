//! Token buckets: how often something may be done.

/// A bucket of tokens, full at the start. Times are nanoseconds.
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
    /// One that holds `burst` tokens, of which one more comes every `period`.
    pub(crate) fn new(period: u64, burst: u32) -> Self {
        let period = period.max(1);
        TokenBucket { period, slack: u64::from(burst - 1).saturating_mul(period), full: 0 }
    }

    /// From when on there is a token.
    pub(crate) fn free_at(&self) -> u64 {
        self.full.saturating_sub(self.slack)
    }

    /// A token is taken, at an instant at which there is one.
    pub(crate) fn take(&mut self, now: u64) {
        self.full = self.full.max(now).saturating_add(self.period);
    }

    /// A token is taken as soon as there is one from an instant on: when.
    pub(crate) fn take_from(&mut self, instant: u64) -> u64 {
        let at = self.free_at().max(instant);
        self.take(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_a_burst_and_then_a_token_a_period() {
        let mut bucket = TokenBucket::new(100_000_000, 3);
        let mut taken = |at: u64| bucket.take_from(at) / 1_000_000;
        assert_eq!([0, 0, 0, 0, 0].map(&mut taken), [0, 0, 0, 100, 200]);
        // A long rest fills it again, and no more than that.
        let later = 10_000_000_000;
        assert_eq!([later; 4].map(taken), [10_000, 10_000, 10_000, 10_100]);
    }
}
