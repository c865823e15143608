//! A partition and its consumer, which servers of one line share: one reads at a time.

use super::events::{KafkaState, is_transient};
use super::offsets::PartitionOffsets;
use super::{KafkaConsumer, reason};
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{Delivery, Trouble, TroubleKind};
use parking_lot::{Mutex, MutexGuard};
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::{Message, Offset, TopicPartitionList};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A partition with its consumer.
pub(super) struct PartitionReader {
    pub queue: usize,
    part: usize,
    state: Arc<KafkaState>,
    consumer: KafkaConsumer,
    /// Held by who waits for the next message.
    reading: Mutex<()>,
    offsets: Mutex<PartitionOffsets>,
}

impl PartitionReader {
    /// Reads a partition from an offset on.
    pub(super) fn new(
        state: &Arc<KafkaState>,
        consumer: KafkaConsumer,
        (queue, part): (usize, usize),
        from: u64,
    ) -> KafkaResult<Self> {
        let reader = PartitionReader {
            queue,
            part,
            state: Arc::clone(state),
            consumer,
            reading: Mutex::default(),
            offsets: Mutex::new(PartitionOffsets::starting_at(from)),
        };
        let from = reader.at(from)?;
        reader.consumer.assign(&from)?;
        // Who keeps the group's offsets is found out now and not with the first message.
        reader.consumer.commit(&from, CommitMode::Sync)?;
        Ok(reader)
    }

    fn at(&self, offset: u64) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::with_capacity(1);
        let offset = Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX));
        list.add_partition_offset(&self.state.topics[self.queue], self.part as i32, offset)?;
        Ok(list)
    }

    /// The right to read, if it is free by then.
    pub(super) fn lock(&self, within: Duration) -> Option<MutexGuard<'_, ()>> {
        self.reading.try_lock_for(within)
    }

    /// The first message that was given back.
    pub(super) fn take_again(&self) -> Option<Delivery> {
        self.offsets.lock().take_again()
    }

    /// The next message, which is waited for. Called by who may read.
    pub(super) fn read(&self, within: Duration) -> Option<Delivery> {
        let read = self.consumer.poll(within);
        // A commit that ended may be followed by the next.
        self.commit();
        match read? {
            Ok(message) => {
                let offset = u64::try_from(message.offset()).unwrap_or(0);
                self.offsets.lock().take(offset);
                let Some(number) = message.payload().and_then(|body| self.state.bodies.read(body)) else {
                    self.state.listener.trouble(Trouble { at: Monotonic.now(), kind: TroubleKind::Foreign });
                    self.settle(offset);
                    return None;
                };
                let part = self.part;
                Some(Delivery { message: number, deliveries: 1, tag: offset, part, until: u64::MAX })
            }
            Err(error) => {
                if !error.rdkafka_error_code().is_some_and(is_transient) {
                    self.state.lose(&reason(&error));
                }
                None
            }
        }
    }

    /// A message is done. False if nobody has it.
    pub(super) fn settle(&self, offset: u64) -> bool {
        let known = self.offsets.lock().settle(offset);
        self.commit();
        known
    }

    /// A message is to be delivered again. False if nobody has it.
    pub(super) fn give_back(&self, delivery: &Delivery) -> bool {
        self.offsets.lock().give_back(delivery)
    }

    /// Commits what is settled, one request at a time: what is settled meanwhile goes with the next.
    fn commit(&self) {
        let committing = &self.consumer.context().committing;
        if committing.swap(true, Ordering::AcqRel) {
            return;
        }
        let sent = match self.offsets.lock().take_commit() {
            Some(offset) => self.at(offset).and_then(|at| self.consumer.commit(&at, CommitMode::Async)),
            None => return committing.store(false, Ordering::Release),
        };
        if let Err(error) = sent {
            committing.store(false, Ordering::Release);
            self.state.lose(&reason(&error));
        }
    }
}
