//! What servers count: faults of the target, and time in service.

/// What a server counted, summed over servers at the end: faults of the target, and time in service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::load) struct ServerTotals {
    /// Messages that came although they had been taken, that were done twice, or that were never in the plan.
    pub duplicated: u64,
    /// First deliveries that came after a later message of the same line.
    pub disordered: u64,
    /// Settlements that the target would not have.
    pub unsettled: u64,
    /// What was planned and what it came to, in the first half of the run and in the second.
    pub halves: [ServiceTime; 2],
}

/// Nanoseconds of service that were planned, and that it really took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::load) struct ServiceTime {
    pub planned: u64,
    pub real: u64,
}

impl ServiceTime {
    pub(in crate::load) fn plus(self, other: ServiceTime) -> ServiceTime {
        ServiceTime { planned: self.planned + other.planned, real: self.real + other.real }
    }

    /// By what share it took longer than planned.
    pub(in crate::load) fn overrun(self) -> Option<f64> {
        (self.planned > 0).then(|| self.real as f64 / self.planned as f64 - 1.0)
    }
}

impl ServerTotals {
    pub(in crate::load) fn merge(&mut self, other: &ServerTotals) {
        self.duplicated += other.duplicated;
        self.disordered += other.disordered;
        self.unsettled += other.unsettled;
        self.halves = [self.halves[0].plus(other.halves[0]), self.halves[1].plus(other.halves[1])];
    }

    /// All services together.
    pub(in crate::load) fn service_time(&self) -> ServiceTime {
        self.halves[0].plus(self.halves[1])
    }
}
