//! When a message is done of which a topic made copies.

use crate::scenario::Complete;

/// How many of a topic's copies must be served; `None` where each counts by itself. Within a message that
/// itself is a copy and is waited for, all of them are waited for together.
pub(crate) fn copies_needed(rule: Complete, copies: u32, waited_for: bool) -> Option<u32> {
    match rule {
        Complete::Each => waited_for.then_some(copies),
        Complete::All => Some(copies),
        Complete::Some(needed) => Some(needed),
    }
}

/// The copies of one message that are waited for together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Copies {
    /// Copies still to be served until the message is done.
    needed: u32,
    /// Copies that have not ended.
    alive: u32,
    over: bool,
}

impl Copies {
    pub(crate) fn new(copies: u32, needed: u32) -> Self {
        Copies { needed, alive: copies, over: false }
    }

    /// One of them ends. Says whether the message ends with it: enough copies are served, or that has become
    /// impossible.
    pub(crate) fn end_one(&mut self, served: bool) -> bool {
        self.alive -= 1;
        if self.over {
            return false;
        }
        self.needed -= u32::from(served);
        self.over = self.needed == 0 || self.needed > self.alive;
        self.over
    }

    /// One more is made.
    pub(crate) fn add_one(&mut self) {
        self.alive += 1;
    }

    /// Nobody waits for them any more.
    pub(crate) fn give_up(&mut self) {
        self.over = true;
    }

    /// Whether the message has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// Copies that have not ended.
    pub(crate) fn alive(&self) -> u32 {
        self.alive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(needed: u32, served: [bool; 4]) -> [bool; 4] {
        let mut copies = Copies::new(4, needed);
        served.map(|served| copies.end_one(served))
    }

    #[test]
    fn a_message_ends_once_when_enough_copies_are_served_or_too_few_are_left() {
        assert_eq!(ends(2, [true, false, true, true]), [false, false, true, false]);
        assert_eq!(ends(4, [true; 4]), [false, false, false, true]);
        assert_eq!(ends(3, [true, false, false, true]), [false, false, true, false]);
    }

    #[test]
    fn copies_are_waited_for_as_their_topic_says_or_together() {
        assert_eq!(copies_needed(Complete::Each, 3, false), None);
        assert_eq!(copies_needed(Complete::Each, 3, true), Some(3));
        assert_eq!(
            [Complete::All, Complete::Some(2)].map(|rule| copies_needed(rule, 3, false)),
            [Some(3), Some(2)]
        );
    }
}
