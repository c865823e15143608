//! Which of several queues gets a message that is published to all of them.

/// How a topic shares its messages out among its subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Deliver {
    /// Each gets a copy.
    #[default]
    All,
    /// One after the other.
    RoundRobin,
    /// Any one.
    Random,
    /// The one with the fewest messages inside, waiting or in service; any of them if there are several.
    ShortestQueue,
    /// The shorter of two that are picked at random: nearly as good, for two looks instead of all.
    PowerOfTwo,
    /// Always the same for a key.
    ByKey,
}

/// The first place, from the one whose turn it is, that has room for a message: how a queue deals messages to
/// its consumers' windows.
pub(crate) fn in_turn(turn: usize, places: usize, has_room: impl Fn(usize) -> bool) -> Option<usize> {
    (0..places).map(|i| (turn + i) % places).find(|&place| has_room(place))
}

/// One of so many, by random bits.
fn pick(bits: u64, among: usize) -> usize {
    ((u128::from(bits) * among as u128) >> 64) as usize
}

impl Deliver {
    /// One of so many queues for a message that only one of them gets. `inside` says how many messages a
    /// queue has, `bits` are the message's random bits for a number of the pick, `turn` counts messages, and
    /// `by_key` is the queue to which the message's key leads.
    pub(crate) fn choose(
        self,
        among: usize,
        inside: impl Fn(usize) -> u64,
        bits: impl Fn(u64) -> u64,
        turn: impl FnOnce() -> u64,
        by_key: impl FnOnce() -> usize,
    ) -> usize {
        match self {
            Deliver::All | Deliver::Random => pick(bits(0), among),
            Deliver::RoundRobin => (turn() % among as u64) as usize,
            Deliver::ShortestQueue => shortest(among, inside, bits(0)),
            Deliver::PowerOfTwo if among > 1 => {
                let first = pick(bits(0), among);
                let second = (first + 1 + pick(bits(1 << 32), among - 1)) % among;
                if inside(second) < inside(first) { second } else { first }
            }
            Deliver::PowerOfTwo => 0,
            Deliver::ByKey => by_key(),
        }
    }
}

/// Any of the shortest queues. Other threads may change queues meanwhile: then the first that was the
/// shortest is as good.
fn shortest(among: usize, inside: impl Fn(usize) -> u64, bits: u64) -> usize {
    let (mut least, mut first, mut ties) = (u64::MAX, 0, 0);
    for queue in 0..among {
        let level = inside(queue);
        if level < least {
            (least, first, ties) = (level, queue, 1);
        } else if level == least {
            ties += 1;
        }
    }
    match pick(bits, ties) {
        0 => first,
        nth => (first + 1..among).filter(|&queue| inside(queue) == least).nth(nth - 1).unwrap_or(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(deliver: Deliver, levels: &[u64], bits: [u64; 2]) -> usize {
        deliver.choose(
            levels.len(),
            |queue| levels[queue],
            |number| bits[usize::from(number > 0)],
            || 7,
            || 2,
        )
    }

    #[test]
    fn each_way_looks_at_what_it_says() {
        let half = 1 << 63;
        assert_eq!(choose(Deliver::Random, &[9, 9, 9, 9], [half, 0]), 2);
        assert_eq!(choose(Deliver::RoundRobin, &[9, 9, 9, 9], [0, 0]), 3);
        assert_eq!(choose(Deliver::ByKey, &[9, 9, 9, 9], [0, 0]), 2);
        assert_eq!(choose(Deliver::PowerOfTwo, &[3, 1, 2, 0], [0, 0]), 1);
        assert_eq!(choose(Deliver::PowerOfTwo, &[1, 1, 0, 0], [0, 0]), 0);
        assert_eq!(choose(Deliver::PowerOfTwo, &[5], [half, half]), 0);
    }

    #[test]
    fn any_of_the_shortest_queues_is_joined() {
        let levels = [2, 1, 3, 1, 1];
        let third = u64::MAX / 3 + 1;
        assert_eq!(
            [0, third, 2 * third].map(|bits| choose(Deliver::ShortestQueue, &levels, [bits, 0])),
            [1, 3, 4]
        );
    }

    #[test]
    fn messages_are_dealt_in_turn_to_those_that_have_room() {
        let full = [false, true, true, false];
        assert_eq!(
            [0, 1, 3, 4].map(|turn| in_turn(turn, 4, |place| !full[place])),
            [Some(0), Some(3), Some(3), Some(0)]
        );
        assert_eq!(in_turn(2, 4, |_| false), None);
    }
}
