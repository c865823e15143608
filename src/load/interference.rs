//! Interference by the scheduler and the hypervisor while a run lasts.

use super::system;

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

/// The share of all processor time that the hypervisor kept for others between two looks.
pub(super) fn steal_share(before: Option<(u64, u64)>, after: Option<(u64, u64)>) -> Option<f64> {
    let ((stolen0, all0), (stolen1, all1)) = (before?, after?);
    let all = all1.checked_sub(all0).filter(|&all| all > 0)?;
    Some(stolen1.saturating_sub(stolen0) as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_stays_unknown() {
        let known = SchedulerInterference { run_queue_wait: Some(5), switches: Some(1) };
        assert_eq!(known.plus(known).since(known), known);
        assert_eq!(known.plus(SchedulerInterference::default()), SchedulerInterference::default());
        assert_eq!(steal_share(Some((1, 100)), Some((11, 200))), Some(0.1));
        assert_eq!(steal_share(Some((1, 100)), Some((1, 100))), None);
    }
}
