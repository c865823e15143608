//! A number of things that changes, with its integral over time.

/// How many of something there are, and the integral of that number over time.
///
/// One that comes at an instant t subtracts t from `sum`, one that goes adds it, so that the integral up to
/// now is `sum + level · now`: no multiplication at a change.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TimeIntegral {
    level: u64,
    sum: i128,
}

impl TimeIntegral {
    #[inline(always)]
    pub(super) fn up(&mut self, now: u64) {
        self.level += 1;
        self.sum -= i128::from(now);
    }

    /// So many come together.
    pub(super) fn up_by(&mut self, count: u64, now: u64) {
        self.level += count;
        self.sum -= i128::from(count) * i128::from(now);
    }

    #[inline(always)]
    pub(super) fn down(&mut self, now: u64) {
        self.level -= 1;
        self.sum += i128::from(now);
    }

    #[inline(always)]
    pub(super) fn level(&self) -> u64 {
        self.level
    }

    /// In nanoseconds times whatever is counted.
    pub(super) fn area(&self, now: u64) -> u128 {
        (self.sum + i128::from(self.level) * i128::from(now)) as u128
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_integral() {
        let mut integral = TimeIntegral::default();
        integral.up(10);
        integral.up(20);
        integral.down(25);
        assert_eq!((integral.level(), integral.area(25), integral.area(35)), (1, 20, 30));
    }
}
