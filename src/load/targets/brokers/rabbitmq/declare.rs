//! The queues of a run on the broker, and their settings.

use super::{TARGET, refuse};
use crate::load::LoadError;
use crate::load::targets::brokers::common::RunNames;
use crate::scenario::{BrokerQueue, Discipline, Durability, Overflow, QueueType, Scenario};
use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Result};

/// Milliseconds after which a queue that nobody uses deletes itself, beyond the length of the run.
const EXPIRES: f64 = 60_000.0;

/// The queues of a run, by queue of the scenario.
pub(super) struct BrokerQueues {
    pub each: Vec<BrokerQueueSettings>,
    queue_type: QueueType,
    existing: bool,
    /// Milliseconds.
    expires: i64,
}

/// A queue of the scenario on the broker.
pub(super) struct BrokerQueueSettings {
    /// A name for each part of a partitioned queue, or one.
    pub keys: Vec<ShortString>,
    /// Where messages go that expire or are dropped, if they can: a queue of the adapter.
    pub losses: Option<ShortString>,
    pub durable: bool,
    /// Whether messages bring their time to live.
    pub own_ttl: bool,
    /// Whether what fails is published again after a delay.
    pub delays: bool,
    pub delivery_limit: Option<u32>,
    pub dead_letter: Option<usize>,
    /// The smallest priority of a message, and how many there are above it.
    pub lowest: i64,
    priorities: i64,
    /// Milliseconds, if it is the same for all.
    ttl: Option<i64>,
    max_length: Option<i64>,
    drops: bool,
}

impl BrokerQueues {
    pub(super) fn new(scenario: &Scenario, names: &RunNames) -> Self {
        let broker = &scenario.measurement.broker;
        let existing = broker.queue == BrokerQueue::Existing;
        let name = |name: &str| if existing { name.to_string() } else { names.of(name) };
        let priorities = || scenario.producers.iter().map(|p| i64::from(p.priority));
        let (lowest, highest) =
            (priorities().min().unwrap_or(0).min(0), priorities().max().unwrap_or(0).max(0));
        let each = scenario.queues.iter().enumerate().map(|(index, queue)| {
            let servers: u32 =
                scenario.consumers_of(index).filter_map(|(_, c)| c.most_servers()).sum::<u32>().max(1);
            let own = name(&queue.name);
            let keys = match queue.partitions {
                Some(_) => (0..servers).map(|part| format!("{own}.{part}").into()).collect(),
                None => vec![own.as_str().into()],
            };
            let drops = queue.max_length.is_some() && queue.overflow == Overflow::DropHead;
            let constant = queue.message_ttl.as_ref().filter(|law| law.scv() == 0.0).map(|law| law.mean());
            BrokerQueueSettings {
                keys,
                losses: (drops || queue.message_ttl.is_some()).then(|| format!("{own}.losses").into()),
                durable: queue.durability == Durability::Fsync,
                own_ttl: queue.message_ttl.is_some() && constant.is_none(),
                delays: scenario.consumers_of(index).any(|(_, c)| c.retry_delay.is_some()),
                delivery_limit: queue.delivery_limit,
                dead_letter: queue.dead_letter,
                lowest,
                priorities: if queue.discipline == Discipline::Priority { highest - lowest } else { 0 },
                ttl: constant.map(|ttl| (ttl * 1e3 / scenario.measurement.speed).round() as i64),
                max_length: queue.max_length.map(|most| i64::try_from(most).unwrap_or(i64::MAX)),
                drops,
            }
        });
        let each = each.collect();
        let expires = (EXPIRES + 3e3 * scenario.measurement.duration).min(1e9) as i64;
        BrokerQueues { each, queue_type: broker.queue_type, existing, expires }
    }

    /// What kind of queues they are, in a word.
    pub(super) fn kind(&self) -> &'static str {
        match self.queue_type {
            _ if self.existing => "existing",
            QueueType::Quorum => "quorum",
            _ => "classic",
        }
    }

    /// Declares all queues, or looks at those that are there.
    pub(super) async fn declare(&self, channel: &Channel) -> Result<std::result::Result<(), LoadError>> {
        for queue in &self.each {
            for key in &queue.keys {
                let passive =
                    QueueDeclareOptions { passive: self.existing, durable: true, ..Default::default() };
                let arguments = if self.existing { FieldTable::default() } else { self.arguments(queue) };
                let found = channel.queue_declare(key.clone(), passive, arguments).await?;
                let (messages, consumers) = (found.message_count(), found.consumer_count());
                if self.existing && (messages > 0 || consumers > 0) {
                    return Ok(Err(refuse(format!(
                        "the existing queue `{key}` is in use: {messages} messages wait and {consumers} \
                         consumers take from it; empty it first, or leave measurement.broker.queue out, so \
                         that {TARGET} gets a queue of this run's own"
                    ))));
                }
            }
            if let Some(losses) = &queue.losses {
                let options = QueueDeclareOptions { durable: true, ..Default::default() };
                let mut arguments = FieldTable::default();
                arguments.insert("x-expires".into(), AMQPValue::LongLongInt(self.expires));
                channel.queue_declare(losses.clone(), options, arguments).await?;
            }
        }
        Ok(Ok(()))
    }

    fn arguments(&self, queue: &BrokerQueueSettings) -> FieldTable {
        let mut table = FieldTable::default();
        let mut set = |name: &str, value: AMQPValue| _ = table.insert(name.into(), value);
        let text = |text: &str| AMQPValue::LongString(text.into());
        set("x-expires", AMQPValue::LongLongInt(self.expires));
        if self.queue_type == QueueType::Quorum {
            set("x-queue-type", text("quorum"));
        }
        if let Some(most) = queue.max_length {
            set("x-max-length", AMQPValue::LongLongInt(most));
            set("x-overflow", text(if queue.drops { "drop-head" } else { "reject-publish" }));
        }
        if let Some(ttl) = queue.ttl {
            set("x-message-ttl", AMQPValue::LongLongInt(ttl));
        }
        if queue.priorities > 0 {
            set("x-max-priority", AMQPValue::LongInt(i32::try_from(queue.priorities).unwrap_or(255)));
        }
        // What the adapter itself gives up goes to the dead letters by itself; what the broker throws out is
        // heard of on the way.
        let dead = queue.dead_letter.map(|dead| &self.each[dead].keys[0]);
        if let Some(to) = queue.losses.as_ref().or(dead) {
            set("x-dead-letter-exchange", text(""));
            set("x-dead-letter-routing-key", text(to.as_str()));
        }
        table
    }

    /// Deletes the run's own queues.
    pub(super) async fn delete(&self, channel: &Channel) -> Result<()> {
        for queue in &self.each {
            let own = queue.keys.iter().filter(|_| !self.existing);
            for key in own.chain(&queue.losses) {
                channel.queue_delete(key.clone(), QueueDeleteOptions::default()).await?;
            }
        }
        Ok(())
    }
}
