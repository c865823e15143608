//! Interference by the scheduler and the hypervisor while a run lasts.

use super::system::{self, ProcessorTicks};

/// How the scheduler delayed a thread, as far as the system tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SchedulerInterference {
    /// Nanoseconds for which it was ready and had no processor.
    pub run_queue_wait: Option<u64>,
    /// How often it was put off the processor against its will.
    pub switches: Option<u64>,
}

impl SchedulerInterference {
    /// This thread's figures so far.
    pub(super) fn now() -> Self {
        SchedulerInterference {
            run_queue_wait: system::run_queue_wait(),
            switches: system::involuntary_switches(),
        }
    }

    /// What has been added since an earlier look.
    pub(super) fn since(self, earlier: Self) -> Self {
        let between = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        SchedulerInterference {
            run_queue_wait: between(self.run_queue_wait, earlier.run_queue_wait),
            switches: between(self.switches, earlier.switches),
        }
    }

    /// Both threads' figures together; unknown if either is.
    pub(super) fn plus(self, other: Self) -> Self {
        let sum = |a: Option<u64>, b: Option<u64>| Some(a? + b?);
        SchedulerInterference {
            run_queue_wait: sum(self.run_queue_wait, other.run_queue_wait),
            switches: sum(self.switches, other.switches),
        }
    }
}

/// Who had the processors between two looks, as shares of their time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct ProcessorShares {
    /// The hypervisor, for others.
    pub stolen: f64,
    /// This program.
    pub own: f64,
    /// The servers on this machine that this program is connected to, such as a broker's.
    pub servers: f64,
    /// All else on this machine.
    pub others: f64,
}

impl ProcessorShares {
    pub(super) fn between(before: Option<ProcessorTicks>, after: Option<ProcessorTicks>) -> Option<Self> {
        let (before, after) = (before?, after?);
        let all = after.all.checked_sub(before.all).filter(|&all| all > 0)?;
        let share =
            |of: fn(&ProcessorTicks) -> u64| of(&after).saturating_sub(of(&before)) as f64 / all as f64;
        let [stolen, own, servers] = [share(|t| t.stolen), share(|t| t.own), share(|t| t.servers)];
        let others = (1.0 - stolen - own - servers - share(|t| t.idle)).max(0.0);
        Some(ProcessorShares { stolen, own, servers, others })
    }

    /// The share of the processors' time that somebody on this machine used.
    pub(super) fn used(&self) -> f64 {
        self.own + self.servers + self.others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_stays_unknown() {
        let known = SchedulerInterference { run_queue_wait: Some(5), switches: Some(1) };
        assert_eq!(known.plus(known).since(known), known);
        assert_eq!(known.plus(SchedulerInterference::default()), SchedulerInterference::default());
        let first = ProcessorTicks { stolen: 1, idle: 50, own: 10, servers: 3, all: 100 };
        let second = ProcessorTicks { stolen: 11, idle: 90, own: 30, servers: 23, all: 200 };
        let shares = ProcessorShares::between(Some(first), Some(second)).expect("time has passed");
        assert_eq!((shares.stolen, shares.own, shares.servers), (0.1, 0.2, 0.2));
        assert!((shares.others - 0.1).abs() < 1e-12 && (shares.used() - 0.5).abs() < 1e-12);
        assert_eq!(ProcessorShares::between(Some(first), Some(first)), None);
    }
}
