//! Random draws of a run: each role has a stream of its own, which is read by message and count and never in
//! the order of events.

use crate::rng::Key;
use crate::units::{MAX_NANOS, NANOS_PER_SECOND, whole};
use crate::workload::laws::Law;

/// What is drawn while a run lasts. What messages bring with them is drawn by the
/// [plan](crate::workload::Plan), by other names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A group's time for a delivery that the plan does not know, and what each message adds to it.
    Service,
    ServicePerMessage,
    /// The work that a producer gave to a message, where the plan does not know it.
    BroughtWork,
    /// Whether a handler fails, and after what delay it tries again.
    Failure,
    RetryDelay,
    /// How long a message is on its way to a server, and its acknowledgement back.
    TransitOut,
    TransitBack,
    /// Where a processed message goes.
    Route,
    /// How long a server is up, and down.
    TimeUp,
    TimeDown,
    TimeToLive,
    /// How long a producer's message may wait.
    OwnTimeToLive,
    /// How long a message is held back.
    DeliverAfter,
    /// The order of a queue with random order.
    Order,
    /// Which idle server of a queue takes a message.
    ServerChoice,
    /// How many servers a message needs.
    ServersNeeded,
    /// Which of several queues a free server asks first.
    SharedQueue,
    /// How long a group commit takes.
    Commit,
    /// How long a message takes to a server that has nothing to do, and to one that has just become free.
    HandOff,
    Turnaround,
    /// Which subscription of a topic gets a message.
    Subscription,
    /// A message's key, and that of messages without one.
    MessageKey,
    NoKey,
    /// How long a client of a closed loop thinks, and how long it then takes to send.
    ThinkTime,
    SendTime,
}

impl Role {
    /// The name of its stream. Every answer depends on these names.
    fn name(self) -> &'static str {
        match self {
            Role::Service => "service again",
            Role::ServicePerMessage => "per message again",
            Role::BroughtWork => "work again",
            Role::Failure => "failure",
            Role::RetryDelay => "retry",
            Role::TransitOut => "transit",
            Role::TransitBack => "transit back",
            Role::Route => "route",
            Role::TimeUp => "up",
            Role::TimeDown => "down",
            Role::TimeToLive => "ttl",
            Role::OwnTimeToLive => "own ttl",
            Role::DeliverAfter => "after",
            Role::Order => "order",
            Role::ServerChoice => "server",
            Role::ServersNeeded => "servers",
            Role::SharedQueue => "queue",
            Role::Commit => "sync",
            Role::HandOff => "hand-off",
            Role::Turnaround => "turnaround",
            Role::Subscription => "deliver",
            Role::MessageKey => "key",
            Role::NoKey => "keys",
            Role::ThinkTime => "think",
            Role::SendTime => "send",
        }
    }

    /// The key of its stream for a producer, queue, topic or group in a run.
    pub(crate) fn key(self, run: Key, who: &str) -> Key {
        run.role(self.name(), who)
    }
}

/// How fast a clock goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TimeScale {
    nanos_per_second: f64,
}

impl TimeScale {
    /// A clock that shows the scenario's own time.
    pub(crate) const REAL: TimeScale = TimeScale { nanos_per_second: NANOS_PER_SECOND };

    /// A clock by which everything takes only one `speed`th of its time.
    pub(crate) fn faster(speed: f64) -> Self {
        TimeScale { nanos_per_second: NANOS_PER_SECOND / speed }
    }

    /// Seconds of the scenario as nanoseconds of the clock; what is beyond 292 years is 292 years.
    #[inline]
    pub(crate) fn nanos(self, seconds: f64) -> u64 {
        whole(seconds * self.nanos_per_second).unwrap_or(MAX_NANOS)
    }
}

/// The streams of a run and its clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draws {
    run: Key,
    pub scale: TimeScale,
}

impl Draws {
    pub(crate) fn new(run: Key, scale: TimeScale) -> Self {
        Draws { run, scale }
    }

    pub(crate) fn key(self, role: Role, who: &str) -> Key {
        role.key(self.run, who)
    }

    /// Times of a law for a role.
    pub(crate) fn times(self, law: &Law, role: Role, who: &str) -> RandomTime {
        RandomTime { law: law.clone(), key: self.key(role, who), scale: self.scale }
    }
}

/// A random time, in nanoseconds of the run's clock.
#[derive(Debug, Clone)]
pub(crate) struct RandomTime {
    law: Law,
    key: Key,
    scale: TimeScale,
}

impl RandomTime {
    /// The time for a message or a server, and a count.
    #[inline]
    pub(crate) fn at(&self, number: u64, count: u64) -> u64 {
        self.scale.nanos(self.law.draw_at(self.key, number, count))
    }

    /// The times for messages that follow one another, for one count.
    pub(crate) fn fill(&self, first: u64, count: u64, out: &mut [u64]) {
        if self.scale == TimeScale::REAL {
            return self.law.draw_all_at(self.key, first, count, out);
        }
        (first..).zip(out).for_each(|(number, time)| *time = self.at(number, count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faster_clock_shows_the_same_times_divided() {
        let run = Key::new(1, 0);
        let times = |scale| Draws::new(run, scale).times(&Law::exponential(1.0), Role::Service, "workers");
        let (real, fast) = (times(TimeScale::REAL), times(TimeScale::faster(1000.0)));
        let mut many = [0; 3];
        for (scaled, ratio) in [(&real, 1), (&fast, 1000)] {
            scaled.fill(7, 2, &mut many);
            for (i, time) in many.into_iter().enumerate() {
                assert_eq!(time, scaled.at(7 + i as u64, 2));
                assert!((time * ratio).abs_diff(real.at(7 + i as u64, 2)) <= ratio);
            }
        }
        assert_eq!(TimeScale::REAL.nanos(1e300), MAX_NANOS);
    }
}
