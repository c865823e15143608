//! A queue of the scenario as queues of its parts, and the log in front of them where messages are durable.

use super::commits::Commits;
use super::partition::PartitionQueue;
use crate::load::targets::{Delivery, PublishRequest, Sent};
use crate::queue::log::Event;
use crate::queue::{PublishError, Reservation, Tag, Terms};
use std::time::Duration;

/// A queue of the scenario: a queue for each part of it, and the log in front of all of them.
pub(super) struct QueueBackend {
    pub partitions: Vec<PartitionQueue>,
    pub commits: Option<Commits>,
}

impl QueueBackend {
    /// The queue of a part; one that is not partitioned has one part, whoever asks.
    pub(super) fn partition(&self, part: usize) -> &PartitionQueue {
        &self.partitions[part.min(self.partitions.len() - 1)]
    }

    /// A durable message has its place before it goes to the disk.
    pub(super) fn publish(&self, request: &PublishRequest) -> Sent {
        let partition = self.partition(request.part);
        let Some(commits) = &self.commits else {
            let outcome = partition.queue.publish_with(request.message, terms(request));
            return sent(outcome.map_err(|refused| refused.why));
        };
        let outcome = partition.queue.reserve().map(Reservation::keep);
        match outcome {
            Ok(_) if commits.write(request) => Sent::Accepted,
            Ok(queue) => {
                queue.release();
                Sent::Closed
            }
            Err(why) => sent(Err::<(), _>(why)),
        }
    }

    pub(super) fn ack(&self, delivery: &Delivery) -> bool {
        let partition = self.partition(delivery.part);
        let settled = partition.queue.ack(Tag::from(delivery.tag)).is_ok();
        if let Some(commits) = self.commits.as_ref().filter(|_| settled) {
            commits.note(delivery.message, Event::Settled);
        }
        partition.settled(delivery);
        settled
    }

    pub(super) fn nack(&self, delivery: &Delivery, delay: u64) -> bool {
        let partition = self.partition(delivery.part);
        if let Some(commits) = &self.commits {
            commits.note(delivery.message, Event::Returned(delivery.deliveries));
        }
        let kept = partition.queue.nack_after(Tag::from(delivery.tag), Duration::from_nanos(delay)).is_ok();
        partition.settled(delivery);
        kept
    }

    /// Commits what comes and passes it on to the parts. The life of a thread.
    pub(super) fn commit(&self) {
        if let Some(commits) = &self.commits {
            commits.run(|request| {
                _ = self.partition(request.part).queue.fulfil(request.message, terms(request))
            });
        }
        self.partitions.iter().for_each(|partition| partition.queue.close());
    }

    /// Messages inside, those on their way to the disk included.
    pub(super) fn inside(&self) -> u64 {
        let ready: u64 = self.partitions.iter().map(|partition| partition.queue.counts().inside()).sum();
        ready + self.commits.as_ref().map_or(0, Commits::inside)
    }

    pub(super) fn close(&self) {
        match &self.commits {
            // What is written is passed on first.
            Some(commits) => commits.close(),
            None => self.partitions.iter().for_each(|partition| partition.queue.close()),
        }
    }

    pub(super) fn halt(&self) {
        self.partitions.iter().for_each(PartitionQueue::halt);
        self.commits.iter().for_each(Commits::close);
    }
}

fn terms(request: &PublishRequest) -> Terms {
    Terms { rank: request.rank, ttl: request.ttl }
}

fn sent<T>(outcome: Result<T, PublishError>) -> Sent {
    match outcome {
        Ok(_) => Sent::Accepted,
        Err(PublishError::Full) => Sent::Rejected,
        Err(PublishError::Wait | PublishError::Closed) => Sent::Closed,
    }
}
