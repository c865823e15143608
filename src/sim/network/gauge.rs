//! A level with its integral over time.

/// Something that is counted, and how long it was how many.
///
/// With every change at an instant t the sum gives up t for each that comes and gets it back for each that goes, so that
/// the integral up to now is `sum + level · now`: no multiplication at a change.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gauge {
    level: u64,
    sum: i128,
}

impl Gauge {
    #[inline(always)]
    pub(super) fn up(&mut self, now: u64) {
        self.level += 1;
        self.sum -= i128::from(now);
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
        let mut gauge = Gauge::default();
        gauge.up(10);
        gauge.up(20);
        gauge.down(25);
        assert_eq!((gauge.level(), gauge.area(25), gauge.area(35)), (1, 20, 30));
    }
}
