//! An open target, what it is given and what it tells.

use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{
    Delivery, Listener, LostMessage, Opening, PublishRequest, Publisher, Receiver, Sent, Subscription,
    Target, Trouble, open,
};
use crate::scenario::Scenario;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long something is waited for that must come, and for something that must not.
const MUST: Duration = Duration::from_secs(10);
pub(super) const MUST_NOT: u64 = 300_000_000;

/// What a target told outside of calls.
#[derive(Default)]
pub(super) struct Heard {
    pub confirmed: Mutex<Vec<u64>>,
    pub refused: Mutex<Vec<(usize, u64)>>,
    pub lost: Mutex<Vec<LostMessage>>,
    pub troubles: Mutex<Vec<Trouble>>,
}

impl Listener for Heard {
    fn confirmed(&self, message: u64, _: u64) {
        self.confirmed.lock().push(message);
    }

    fn refused(&self, queue: usize, message: u64, _: u64) {
        self.refused.lock().push((queue, message));
    }

    fn lost(&self, lost: LostMessage) {
        self.lost.lock().push(lost);
    }

    fn trouble(&self, trouble: Trouble) {
        self.troubles.lock().push(trouble);
    }
}

/// An open target.
pub(super) struct TargetTrial {
    pub target: Box<dyn Target>,
    pub heard: Arc<Heard>,
    /// By queue: how many messages a server may hold.
    holds: Vec<u32>,
}

impl TargetTrial {
    pub(super) fn open(scenario: Scenario) -> Self {
        let heard = Arc::new(Heard::default());
        let listener = Arc::clone(&heard) as Arc<dyn Listener>;
        let hold = |queue| {
            let group = scenario.consumers_of(queue).map(|(_, consumer)| consumer).next();
            group.map_or(1, |c| c.batch.map_or(c.prefetch, |batch| batch.max).max(1))
        };
        let holds = (0..scenario.queues.len()).map(hold).collect();
        let target = open(&Opening { scenario: &scenario, messages: 2_000, listener, session: None });
        TargetTrial { target: target.unwrap_or_else(|why| panic!("{why}")), heard, holds }
    }

    pub(super) fn publisher(&self) -> Box<dyn Publisher + '_> {
        self.target.publisher().unwrap_or_else(|why| panic!("{why}"))
    }

    pub(super) fn receiver(&self, queue: usize, part: usize) -> Box<dyn Receiver + '_> {
        let of = Subscription { queue, part, hold: self.holds[queue] };
        self.target.receiver(of).unwrap_or_else(|why| panic!("{why}"))
    }

    /// Publishes messages of a hundred bytes to a queue, without waiting for verdicts.
    pub(super) fn publish(&self, queue: usize, messages: std::ops::Range<u64>) {
        let mut publisher = self.publisher();
        for message in messages {
            let sent = publisher.publish(queue, &request(message));
            assert!(matches!(sent, Sent::Accepted | Sent::Pending), "{message} {sent:?}");
        }
    }

    /// Waits until something is so.
    pub(super) fn eventually(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let from = Instant::now();
        while !so(self) {
            let told = self.heard.troubles.lock().clone();
            assert!(from.elapsed() < MUST, "in {MUST:?} it did not come about that {what}; {told:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// That the queues are empty by the target's own count, and nothing went wrong.
    pub(super) fn is_clean(&self, queues: usize) {
        let empty = |trial: &Self| (0..queues).all(|queue| trial.target.in_system(queue).unwrap_or(0) == 0);
        self.eventually("all queues are empty", empty);
        assert_eq!(*self.heard.troubles.lock(), []);
    }
}

/// A message of a hundred bytes.
pub(super) fn request(message: u64) -> PublishRequest {
    PublishRequest { message, size: 100, ..PublishRequest::default() }
}

/// Takes messages until there are so many, without settling them.
pub(super) fn take(by: &mut dyn Receiver, count: usize) -> Vec<Delivery> {
    let (mut taken, until) = (Vec::new(), Monotonic.now() + MUST.as_nanos() as u64);
    while taken.len() < count {
        let before = taken.len();
        assert!(by.take(1, until, &mut taken), "all is over after {before} of {count}");
        assert!(taken.len() > before, "only {before} of {count} came in {MUST:?}");
    }
    taken
}

/// Takes messages and settles each before the next.
pub(super) fn serve(by: &mut dyn Receiver, count: usize) -> Vec<Delivery> {
    let one = |_| {
        let delivery = take(by, 1)[0];
        assert!(by.ack(&delivery), "{delivery:?}");
        delivery
    };
    (0..count).map(one).collect()
}

/// Takes and settles what comes until nothing came for a while.
pub(super) fn serve_the_rest(by: &mut dyn Receiver) -> Vec<Delivery> {
    let mut served = Vec::new();
    loop {
        let mut taken = Vec::new();
        by.take(1, Monotonic.now() + MUST_NOT, &mut taken);
        let Some(delivery) = taken.first() else { return served };
        assert!(by.ack(delivery), "{delivery:?}");
        served.push(*delivery);
    }
}

/// That nothing comes for a while.
pub(super) fn nothing_more(by: &mut dyn Receiver) {
    let more = messages(&serve_the_rest(by));
    assert!(more.is_empty(), "{more:?}");
}

pub(super) fn messages(deliveries: &[Delivery]) -> Vec<u64> {
    deliveries.iter().map(|delivery| delivery.message).collect()
}
