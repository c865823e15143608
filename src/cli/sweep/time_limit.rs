//! A worker's time limit: which points it still begins, and when it leaves those that are under way.

use super::peers::Worker;
use crate::cli::progress::{Bar, Stopwatch};
use crate::study::{WantedRuns, Watch};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// A limit on the time of a worker, if it has one, and what its points have taken.
#[derive(Debug)]
pub(super) struct TimeLimit {
    limit: Option<Duration>,
    since: Stopwatch,
    /// Nanoseconds of the point that took longest.
    longest: AtomicU64,
    reached: AtomicBool,
}

/// A point that a thread works on.
#[derive(Debug)]
struct UnderWay {
    begun: Duration,
    /// Spent meanwhile on other points: a thread that waits for parts of its point may begin another.
    elsewhere: Duration,
}

thread_local! {
    /// The points that this thread has begun and not ended, the last one last.
    static UNDER_WAY: RefCell<Vec<UnderWay>> = const { RefCell::new(Vec::new()) };
}

impl TimeLimit {
    /// Time begins now.
    pub(super) fn of(limit: Option<Duration>) -> Self {
        let (longest, reached) = (AtomicU64::new(0), AtomicBool::new(false));
        TimeLimit { limit, since: Stopwatch::start(), longest, reached }
    }

    /// The time since it began.
    pub(super) fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// Whether a point may begin: if it takes as long as the longest so far, it ends before the limit. Then
    /// this thread has begun it.
    pub(super) fn begins(&self) -> bool {
        let Some(limit) = self.limit else { return true };
        let now = self.since.elapsed();
        let fits = now + Duration::from_nanos(self.longest.load(Ordering::Relaxed)) < limit;
        if fits {
            let point = UnderWay { begun: now, elsewhere: Duration::ZERO };
            UNDER_WAY.with_borrow_mut(|points| points.push(point));
        } else {
            self.reached.store(true, Ordering::Relaxed);
        }
        fits
    }

    /// The point that this thread has begun last has ended.
    pub(super) fn ends(&self) {
        let now = self.since.elapsed();
        UNDER_WAY.with_borrow_mut(|points| {
            let Some(point) = points.pop() else { return };
            let took = now.saturating_sub(point.begun);
            let own = took.saturating_sub(point.elsewhere);
            self.longest.fetch_max(u64::try_from(own.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
            if let Some(outer) = points.last_mut() {
                outer.elsewhere += took;
            }
        });
    }

    /// Whether a point was not begun, or left, for lack of time.
    pub(super) fn is_reached(&self) -> bool {
        self.reached.load(Ordering::Relaxed)
    }

    /// Whether no point was done in time.
    pub(super) fn is_too_short(&self) -> bool {
        self.is_reached() && self.longest.load(Ordering::Relaxed) == 0
    }

    /// Whether time is up, for what is under way, too.
    fn is_over(&self) -> bool {
        let over = self.limit.is_some_and(|limit| self.since.elapsed() >= limit);
        if over {
            self.reached.store(true, Ordering::Relaxed);
        }
        over
    }
}

/// A limit as `--time-limit` takes it.
pub(super) fn time_limit(text: &str) -> Result<Duration, String> {
    let seconds = crate::units::duration(text).map_err(|e| e.to_string())?;
    let limit = Duration::try_from_secs_f64(seconds).ok().filter(|limit| !limit.is_zero());
    limit.ok_or_else(|| "nothing is done in no time; write that of the job less a minute, such as 50m".into())
}

/// A bar that asks work to end when time is up, too, and tells other workers what they may help with.
pub(super) struct LimitedBar<'a> {
    pub bar: &'a Bar,
    pub limit: &'a TimeLimit,
    pub worker: &'a Worker<'a>,
}

impl Watch for LimitedBar<'_> {
    fn says(&self, what: &str, done: f64, detail: &str) {
        self.bar.says(what, done, detail);
    }

    fn stopped(&self) -> bool {
        self.bar.stopped() || self.limit.is_over()
    }

    fn wants(&self, runs: &WantedRuns) {
        self.worker.wants(runs);
    }

    fn played_elsewhere(&self, runs: &WantedRuns, replication: u32) -> Option<Vec<u8>> {
        self.worker.played_elsewhere(runs, replication)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_point_is_begun_that_would_not_be_done_in_time() {
        let none = TimeLimit::of(None);
        none.longest.store(u64::MAX, Ordering::Relaxed);
        assert!(none.begins() && !none.is_over() && !none.is_reached());
        let hour = TimeLimit::of(Some(Duration::from_secs(3600)));
        assert!(hour.begins());
        hour.ends();
        assert!(hour.begins() && !hour.is_reached() && !hour.is_over());
        hour.longest.store(3_600_000_000_000, Ordering::Relaxed);
        assert!(!hour.begins() && hour.is_reached() && !hour.is_over());
        let over = TimeLimit::of(Some(Duration::from_nanos(1)));
        assert!(!over.begins() && over.is_over());
    }

    #[test]
    fn a_point_s_time_is_that_without_the_points_begun_within() {
        let limit = TimeLimit::of(Some(Duration::from_secs(3600)));
        assert!(limit.begins() && limit.begins());
        std::thread::sleep(Duration::from_millis(30));
        limit.ends();
        let inner = limit.longest.load(Ordering::Relaxed);
        UNDER_WAY.with_borrow(|points| {
            assert_eq!(points.len(), 1);
            assert!(points[0].elsewhere.as_nanos() >= u128::from(inner) && inner >= 30_000_000);
        });
        limit.ends();
        assert_eq!(limit.longest.load(Ordering::Relaxed), inner);
    }
}
