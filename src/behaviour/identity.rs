//! Which message it is, as far as chance is concerned.

/// The lower bits of a number: the rounds of a client, or the messages that wait in a queue from the start.
const LOWER_BITS: u32 = 40;

/// Set in the numbers of messages that wait from the start.
const BACKLOG: u64 = 1 << 62;

/// What the random draws of a message depend on, beside the delivery that they are for. It never depends on
/// the order of events, so that threads draw what a simulation of the same plan draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct MessageIdentity {
    /// Its position in the plan, or a number beyond all positions.
    pub number: u64,
    /// A number for the way that this copy of it has come; 0 as its producer sends it.
    pub path: u64,
}

impl MessageIdentity {
    /// The message at a position of the plan.
    #[inline(always)]
    pub(crate) fn planned(position: u64) -> Self {
        MessageIdentity { number: position, path: 0 }
    }

    /// The message that a client of a closed loop sends in a round.
    pub(crate) fn of_client(client: u64, round: u64) -> Self {
        Self::planned(((client + 1) << LOWER_BITS) | round)
    }

    /// One of the messages that wait in a queue from the start.
    pub(crate) fn of_backlog(queue: usize, position: u64) -> Self {
        Self::planned(BACKLOG | ((queue as u64) << LOWER_BITS) | position)
    }

    /// Its position among those that wait in its queue from the start, if it is one and has not moved since.
    pub(crate) fn position_in_backlog(self) -> Option<u64> {
        (self.path == 0 && self.number & BACKLOG != 0).then_some(self.number & ((1 << LOWER_BITS) - 1))
    }

    /// As it goes on from a consumer, after so many deliveries.
    #[inline(always)]
    pub(crate) fn forwarded(self, deliveries: u32) -> Self {
        self.branch(deliveries.into())
    }

    /// One of its copies in a topic's subscriptions; the first is the message itself.
    #[inline(always)]
    pub(crate) fn copy(self, copy: usize) -> Self {
        if copy == 0 { self } else { self.branch(copy as u64) }
    }

    /// As it goes on when its copies have come together, whichever came last.
    pub(crate) fn rejoined(self) -> Self {
        MessageIdentity { path: self.path.wrapping_add(0x2545_f491_4f6c_dd1d), ..self }
    }

    /// As a dead letter.
    #[inline(always)]
    pub(crate) fn dead_lettered(self) -> Self {
        MessageIdentity { path: self.path.wrapping_add(0x5851_f42d_4c95_7f2d), ..self }
    }

    /// The count, beside the number, of what is drawn for one of its deliveries in a queue.
    #[inline(always)]
    pub(crate) fn count(self, deliveries: u32) -> u64 {
        self.path.wrapping_add(deliveries.into())
    }

    /// A way that no other copy takes, and no message that went on after another number of deliveries.
    #[inline(always)]
    fn branch(self, number: u64) -> Self {
        MessageIdentity {
            path: self.path.wrapping_add(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_and_origins_differ() {
        let sent = MessageIdentity::planned(5);
        let mut all =
            vec![sent, sent.copy(1), sent.copy(2), sent.dead_lettered(), sent.forwarded(2).dead_lettered()];
        all.extend([
            MessageIdentity::of_client(5, 5),
            MessageIdentity::of_client(0, 5),
            MessageIdentity::of_backlog(0, 5),
        ]);
        for (i, one) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|other| other != one), "{one:?}");
        }
        assert_eq!(sent.copy(0), sent);
        assert_eq!(sent.count(3), 3);
    }

    #[test]
    fn the_backlog_is_known_until_it_moves() {
        let waiting = MessageIdentity::of_backlog(3, 17);
        assert_eq!(waiting.position_in_backlog(), Some(17));
        assert_eq!(waiting.forwarded(1).position_in_backlog(), None);
        assert_eq!(MessageIdentity::of_client(9, 17).position_in_backlog(), None);
    }
}
