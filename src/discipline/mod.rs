//! In what order waiting messages are taken, a file per discipline; and which of several queues a message
//! joins.
//!
//! A discipline holds tickets, not messages. It knows nothing of time, servers or settings, so that a
//! simulator and a real queue can share it. Whoever owns the messages takes some of them away behind its back
//! (expired, thrown out): their tickets come out all the same and are to be passed over, and
//! [`Waiting::retain`] clears them away when there are many.
//!
//! Processor sharing is no order: there everybody is taken at once.

mod deliver;
mod fifo;
mod keyed;
mod lifo;
mod priority;
mod random;
mod round_robin;
mod sorted;

pub use deliver::Deliver;
pub(crate) use deliver::in_turn;
pub(crate) use fifo::Fifo;
pub(crate) use keyed::Keyed;
pub(crate) use lifo::Lifo;
pub(crate) use priority::Priority;
pub(crate) use random::Random;
pub(crate) use round_robin::RoundRobin;
pub(crate) use sorted::Sorted;

/// A place in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    /// What the discipline sorts by, smaller is sooner: a level of priority, a producer, an amount of work,
    /// an instant. Others ignore it.
    pub key: u64,
    /// Rises from arrival to arrival; a message that comes back to its old place keeps it.
    pub place: u64,
    /// The owner's name for the message.
    pub slot: u32,
}

/// The order of a queue. Called by one thread at a time.
pub(crate) trait ServiceOrder {
    /// Adds a ticket: at the end, or where its place says if it comes back.
    fn push(&mut self, ticket: Ticket);

    /// The ticket that is to be taken next.
    fn pop(&mut self) -> Option<Ticket>;

    /// Tickets in it, those of messages that are gone included.
    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps those tickets only, of which none is of a message that is gone.
    fn retain(&mut self, keep: &mut dyn FnMut(&Ticket) -> bool);

    /// A message with this key has gone behind its back; its ticket may still be here.
    fn gone(&mut self, _key: u64) {}

    /// The ticket that was taken last is that of a message that is gone.
    fn pass_over(&mut self) {}
}

/// Any discipline that has an order.
#[derive(Debug, Clone)]
pub(crate) enum Waiting {
    Fifo(Fifo),
    Lifo(Lifo),
    Priority(Priority),
    Random(Random),
    RoundRobin(RoundRobin),
    /// Shortest first, or earliest deadline first: it is all in the key.
    Sorted(Sorted),
    /// One message of a key at a time.
    Keyed(Box<Keyed>),
}

macro_rules! each {
    ($self:ident, $order:ident => $call:expr) => {
        match $self {
            Waiting::Fifo($order) => $call,
            Waiting::Lifo($order) => $call,
            Waiting::Priority($order) => $call,
            Waiting::Random($order) => $call,
            Waiting::RoundRobin($order) => $call,
            Waiting::Sorted($order) => $call,
            Waiting::Keyed($order) => $call,
        }
    };
}

impl Waiting {
    #[inline(never)]
    fn push_to_other(&mut self, key: u64, place: u64, slot: u32) {
        each!(self, order => order.push(Ticket { key, place, slot }));
    }

    #[inline(never)]
    fn pop_from_other(&mut self) -> Option<(u64, u64, u32)> {
        each!(self, order => order.pop()).map(|t| (t.key, t.place, t.slot))
    }
}

impl ServiceOrder for Waiting {
    /// The usual orders are written out: a ticket that is handed over by address, as to the others, has to
    /// lie in memory.
    #[inline(always)]
    fn push(&mut self, ticket: Ticket) {
        match self {
            Waiting::Fifo(order) => order.push(ticket),
            Waiting::Priority(order) => order.push(ticket),
            _ => self.push_to_other(ticket.key, ticket.place, ticket.slot),
        }
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<Ticket> {
        match self {
            Waiting::Fifo(order) => order.pop(),
            Waiting::Priority(order) => order.pop(),
            _ => self.pop_from_other().map(|(key, place, slot)| Ticket { key, place, slot }),
        }
    }

    #[inline(always)]
    fn len(&self) -> usize {
        each!(self, order => order.len())
    }

    fn retain(&mut self, keep: &mut dyn FnMut(&Ticket) -> bool) {
        each!(self, order => order.retain(keep));
    }

    fn gone(&mut self, key: u64) {
        each!(self, order => order.gone(key));
    }

    fn pass_over(&mut self) {
        each!(self, order => order.pass_over());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;

    fn ticket(key: u64, place: u64) -> Ticket {
        Ticket { key, place, slot: place as u32 }
    }

    fn drain(order: &mut Waiting) -> Vec<u64> {
        std::iter::from_fn(|| order.pop()).map(|t| t.place).collect()
    }

    fn filled(mut order: Waiting) -> Waiting {
        for (key, place) in [(2, 0), (1, 1), (2, 2), (0, 3), (1, 4)] {
            order.push(ticket(key, place));
        }
        order
    }

    #[test]
    fn each_takes_in_its_own_order() {
        let cases = [
            (Waiting::Fifo(Fifo::default()), [0, 1, 2, 3, 4]),
            (Waiting::Lifo(Lifo::default()), [4, 3, 2, 1, 0]),
            (Waiting::Priority(Priority::new(3)), [3, 1, 4, 0, 2]),
            (Waiting::Sorted(Sorted::default()), [3, 1, 4, 0, 2]),
        ];
        for (order, expected) in cases {
            assert_eq!(drain(&mut filled(order.clone())), expected, "{order:?}");
        }
    }

    #[test]
    fn what_comes_back_gets_its_old_place() {
        let cases = [
            (Waiting::Fifo(Fifo::default()), [0, 1, 2, 3, 4]),
            (Waiting::Lifo(Lifo::default()), [4, 3, 2, 1, 0]),
            (Waiting::Priority(Priority::new(3)), [3, 1, 4, 0, 2]),
        ];
        for (order, expected) in cases {
            let mut order = filled(order);
            let mut out: Vec<Ticket> = (0..3).filter_map(|_| order.pop()).collect();
            out.swap(0, 1);
            out.into_iter().for_each(|t| order.push(t));
            assert_eq!(drain(&mut order), expected, "{order:?}");
        }
    }

    #[test]
    fn random_takes_everybody_once_and_first_places_evenly() {
        let mut firsts = [0_u32; 5];
        let mut order = Waiting::Random(Random::new(Key::new(3, 0)));
        for _ in 0..10_000 {
            order = filled(order);
            let mut all = drain(&mut order);
            firsts[all[0] as usize] += 1;
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3, 4]);
        }
        // Five standard deviations of a binomial count of 10 000 with probability 1/5 are 200.
        assert!(firsts.iter().all(|n| n.abs_diff(2000) < 200), "{firsts:?}");
    }

    #[test]
    fn retain_forgets_the_others() {
        let orders = [
            Waiting::Fifo(Fifo::default()),
            Waiting::Lifo(Lifo::default()),
            Waiting::Priority(Priority::new(3)),
            Waiting::Random(Random::new(Key::new(1, 0))),
            Waiting::RoundRobin(RoundRobin::new(3)),
            Waiting::Sorted(Sorted::default()),
        ];
        for order in orders {
            let mut order = filled(order);
            order.retain(&mut |t| t.place % 2 == 0);
            let mut left = drain(&mut order);
            left.sort_unstable();
            assert_eq!(left, [0, 2, 4]);
            assert!(order.is_empty());
        }
    }
}
