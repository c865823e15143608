//! Partitions: they keep the messages of a key in order for one member of a consumer group.

use super::delivery::{Lost, PublishError, Refused};
use super::settings::{Settings, Terms};
use super::shell::{Queue, Reservation};
use super::topic::bits;

/// A queue in parts for the members of a consumer group: messages of a key go to one partition, a partition
/// to one member, so that what belongs together stays in order.
pub struct Partitioned<T> {
    /// By member: the partitions that are his, in one line.
    members: Vec<Queue<T>>,
    partitions: u64,
}

impl<T: Clone> Partitioned<T> {
    /// Partitions for so many members, dealt out in turn; members beyond the partitions have none. The
    /// settings are each member's. Clock and listener as in [`Queue::new`].
    ///
    /// # Panics
    /// Without partitions or members.
    pub fn new(
        partitions: u32,
        members: u32,
        settings: &Settings,
        now: impl Fn() -> u64 + Send + Sync + Clone + 'static,
        on_loss: impl Fn(Lost<T>) + Send + Sync + Clone + 'static,
    ) -> Self {
        assert!(partitions > 0 && members > 0, "there is a partition and a member");
        let members = (0..members).map(|_| Queue::new(settings.clone(), now.clone(), on_loss.clone()));
        Partitioned { members: members.collect(), partitions: partitions.into() }
    }

    /// Publishes a message under a key.
    ///
    /// # Errors
    /// As [`Queue::publish`] of the member whose partition it is.
    pub fn publish(&self, key: u64, body: T) -> Result<u64, Refused<T>> {
        self.publish_to((bits(key, 0) % self.partitions) as usize, body, Terms::default())
    }

    /// Publishes a message to a partition, with a rank or a time to live of its own.
    ///
    /// # Errors
    /// As [`Queue::publish_with`] of the member whose partition it is.
    pub fn publish_to(&self, partition: usize, body: T, terms: Terms) -> Result<u64, Refused<T>> {
        self.member_of(partition).publish_with(body, terms)
    }

    /// Keeps a place in a partition, as [`Queue::reserve`] does.
    ///
    /// # Errors
    /// The queue of its member is full or closed.
    pub fn reserve(&self, partition: usize) -> Result<Reservation<'_, T>, PublishError> {
        self.member_of(partition).reserve()
    }

    /// What the member consumes that has a partition: that of its own number, among others.
    pub fn member_of(&self, partition: usize) -> &Queue<T> {
        &self.members[partition % self.members.len()]
    }

    /// Messages inside that are not settled.
    pub fn inside(&self) -> u64 {
        self.members.iter().map(|queue| queue.counts().inside()).sum()
    }

    /// Accepts no more messages.
    pub fn close(&self) {
        self.members.iter().for_each(Queue::close);
    }

    /// Closes, and lets everybody go at once.
    pub fn halt(&self) {
        self.members.iter().for_each(Queue::halt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_with_one_member_and_in_order() {
        let queue = Partitioned::new(8, 3, &Settings::default(), || 0, |_| {});
        for n in 0..600_u64 {
            queue.publish(n % 20, n).expect("there is no bound");
        }
        assert_eq!(queue.inside(), 600);
        let mut owner = [None; 20];
        for member in 0..3 {
            let mut hand = Vec::new();
            queue.member_of(member).try_consume(usize::MAX, &mut hand);
            assert!(!hand.is_empty());
            let mut last = [None; 20];
            for n in hand.iter().map(|d| d.body) {
                let key = (n % 20) as usize;
                assert!(owner[key].is_none_or(|m| m == member) && last[key] < Some(n));
                (owner[key], last[key]) = (Some(member), Some(n));
            }
        }
    }
}
