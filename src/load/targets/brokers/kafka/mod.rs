//! Kafka as a target, by librdkafka's blocking producer and consumer.
//!
//! A queue is a topic with a partition for each line: one, or one for each server's share of a partitioned
//! queue. A partition has one consumer; servers of one line share what it fetches, as a process with several
//! threads does. Partitions are assigned, not subscribed to: who reads which is the plan's matter, and no
//! rebalance comes in between.

mod admin;
mod client;
mod events;
mod line;
mod offsets;
mod prime;
mod publisher;
mod receiver;

use super::common::{MessageBodies, RunNames, is_of_a_run};
use crate::answer::Facts;
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::leftovers::Leftovers;
use crate::load::targets::{
    Listener, LostMessage, Opening, Publisher, Receiver, Subscription, Target, Trouble,
};
use crate::scenario::{BrokerQueue, BrokerSettings, Connections, Durability, Queue, Scenario};
use admin::{TopicAdmin, TopicSettings, await_leaders};
use client::KafkaClients;
use events::{ConsumerEvents, KafkaState, ProducerEvents};
use line::PartitionReader;
use parking_lot::Mutex;
use publisher::KafkaPublisher;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::metadata::Metadata;
use rdkafka::producer::{Producer, ThreadedProducer};
use receiver::KafkaReceiver;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Its name in `measurement.target`.
const TARGET: &str = "kafka";

/// Messages that tell how long deliveries take before a run.
const WARM_UP: u64 = 200;

/// Between two looks for verdicts that have not come, in nanoseconds.
const LOOK: u64 = 1_000_000;

type KafkaProducer = ThreadedProducer<ProducerEvents>;
type KafkaConsumer = BaseConsumer<ConsumerEvents>;

struct Kafka {
    state: Arc<KafkaState>,
    clients: KafkaClients,
    /// The one that all threads share, if they do.
    producer: Arc<KafkaProducer>,
    /// Those of single threads, which are heard after these have gone.
    others: Mutex<Vec<Arc<KafkaProducer>>>,
    connections: Connections,
    /// By queue of the scenario: its partitions, if somebody reads them.
    readers: Vec<Vec<PartitionReader>>,
    give_up: Vec<GiveUp>,
    admin: TopicAdmin,
    facts: Facts,
}

/// What becomes of messages of a queue that fail too often.
#[derive(Debug, Clone, Copy)]
struct GiveUp {
    limit: Option<u32>,
    dead_letter: Option<usize>,
}

pub(in crate::load::targets) fn open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    let scenario = opening.scenario;
    let (broker, names) = (&scenario.measurement.broker, RunNames::new());
    let clients = KafkaClients::new(broker, &names)?;
    let own = broker.queue == BrokerQueue::Own;
    let topic = |queue: &Queue| if own { names.of(&queue.name) } else { queue.name.clone() };
    let topics = scenario.queues.iter().map(topic).collect();
    let state =
        Arc::new(KafkaState::new(Arc::clone(&opening.listener), MessageBodies::new(names.run()), topics));
    let producer = Arc::new(clients.producer(&state)?);
    let cluster = clients.greet(&producer, &state)?;
    let admin = TopicAdmin::new(&clients)?;
    let give_up = |queue: &Queue| GiveUp { limit: queue.delivery_limit, dead_letter: queue.dead_letter };
    // What has been made is deleted when this goes, however far it came.
    let mut kafka = Kafka {
        facts: facts(&cluster, scenario),
        others: Mutex::default(),
        connections: broker.connections,
        readers: Vec::new(),
        give_up: scenario.queues.iter().map(give_up).collect(),
        state,
        clients,
        producer,
        admin,
    };
    kafka.declare(scenario, own)?;
    kafka.read(scenario, &names, own)?;
    kafka.state.reached();
    Ok(Box::new(kafka))
}

/// Where a broker answers that no scenario names, and what the cluster says of itself.
fn greeted() -> Result<(KafkaClients, Metadata), LoadError> {
    let (settings, names) = (BrokerSettings { wait: 2.0, ..BrokerSettings::default() }, RunNames::new());
    let clients = KafkaClients::new(&settings, &names)?;
    let state = KafkaState::new(Arc::new(Unheard), MessageBodies::new(names.run()), Vec::new());
    let state = Arc::new(state);
    let cluster = clients.greet(&clients.producer(&state)?, &state)?;
    Ok((clients, cluster))
}

/// Where a broker answers that no scenario names.
pub(in crate::load::targets) fn probe() -> Result<String, LoadError> {
    greeted().map(|(clients, _)| clients.place())
}

/// What earlier runs left: topics, and groups of the same names.
pub(in crate::load::targets) fn leftovers() -> Result<Leftovers, LoadError> {
    let (clients, cluster) = greeted()?;
    let names = cluster.topics().iter().map(|topic| topic.name().to_string());
    let names = names.filter(|name| is_of_a_run(name, '.')).collect();
    let admin = clients.admin()?;
    Ok(Leftovers::new(names, move |name| {
        admin::delete(&admin, &[name], &[name]).map_err(|why| clients.refused(name, &why.to_string()))
    }))
}

/// Who asks only whether a broker is there.
struct Unheard;

impl Listener for Unheard {
    fn confirmed(&self, _message: u64, _at: u64) {}
    fn refused(&self, _queue: usize, _message: u64, _at: u64) {}
    fn lost(&self, _lost: LostMessage) {}
    fn trouble(&self, _trouble: Trouble) {}
}

fn facts(cluster: &Metadata, scenario: &Scenario) -> Facts {
    let (_, library) = rdkafka::util::get_rdkafka_version();
    let broker = &scenario.measurement.broker;
    let acks = if broker.confirm { "all" } else { "0" };
    let facts = [
        (
            "broker",
            format!("Kafka, {} nodes; the protocol does not tell its version", cluster.brokers().len()),
        ),
        ("client", format!("rdkafka 0.39, librdkafka {library}, linger.ms 0, acks {acks}")),
        ("consumers", "one for each partition, assigned; servers of one line share what it fetches".into()),
    ];
    facts.into_iter().map(|(name, fact)| (name.into(), fact)).collect()
}

/// How many partitions a queue's topic has: one for each server's share, or one.
fn partitions(scenario: &Scenario, queue: usize) -> usize {
    let servers = || scenario.consumers_of(queue).map(|(_, c)| c.most_servers().unwrap_or(1) as usize).sum();
    scenario.queues[queue].partitions.map_or(1, |_| servers())
}

impl Kafka {
    /// Makes the topics, or looks at those that are there.
    fn declare(&mut self, scenario: &Scenario, own: bool) -> Result<(), LoadError> {
        let topics: Vec<TopicSettings> = scenario
            .queues
            .iter()
            .enumerate()
            .map(|(index, queue)| TopicSettings {
                name: self.state.topics[index].clone(),
                partitions: partitions(scenario, index),
                flushed: queue.durability == Durability::Fsync,
            })
            .collect();
        if own {
            self.admin.make(&self.clients, &topics)?;
        }
        topics.iter().try_for_each(|t| await_leaders(&self.clients, &self.producer, &t.name, t.partitions))
    }

    /// Begins to read the partitions of queues that have consumers.
    fn read(&mut self, scenario: &Scenario, names: &RunNames, own: bool) -> Result<(), LoadError> {
        for (queue, of) in scenario.queues.iter().enumerate() {
            let parts =
                if scenario.consumers_of(queue).count() > 0 { partitions(scenario, queue) } else { 0 };
            let group = names.of(&of.name);
            if parts > 0 {
                self.admin.add_group(&group);
            }
            let readers: Result<Vec<PartitionReader>, LoadError> =
                (0..parts).map(|part| self.reader(queue, part, &group, own)).collect();
            let readers = readers?;
            prime::prime(&readers, &self.clients, &self.producer, &self.state)?;
            self.readers.push(readers);
        }
        Ok(())
    }

    fn reader(
        &self,
        queue: usize,
        part: usize,
        group: &str,
        own: bool,
    ) -> Result<PartitionReader, LoadError> {
        let (topic, clients) = (&self.state.topics[queue], &self.clients);
        let refused =
            |error: &KafkaError| clients.refused(&format!("topic {topic} cannot be read"), &reason(error));
        let consumer = clients.consumer(&self.state, group)?;
        // A broker that leads it may not know that yet.
        let until = Instant::now() + clients.wait;
        let (low, high) = loop {
            match consumer.fetch_watermarks(topic, part as i32, clients.wait) {
                Ok(ends) => break ends,
                Err(error) if Instant::now() >= until => return Err(refused(&error)),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        if low < high && !own {
            let why = "it is not empty: give the run a topic of its own, or one that is";
            return Err(clients.refused(&format!("topic {topic} cannot be used"), why));
        }
        let from = u64::try_from(high).unwrap_or(0);
        PartitionReader::new(&self.state, consumer, (queue, part), from).map_err(|error| refused(&error))
    }

    fn handle(&self) -> Result<KafkaPublisher<'_>, LoadError> {
        let producer = match self.connections {
            Connections::Each => {
                let own = Arc::new(self.clients.producer(&self.state)?);
                self.others.lock().push(Arc::clone(&own));
                own
            }
            Connections::Shared => Arc::clone(&self.producer),
        };
        Ok(KafkaPublisher::new(producer, &self.state))
    }
}

impl Target for Kafka {
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, LoadError> {
        Ok(Box::new(self.handle()?))
    }

    fn receiver(&self, of: Subscription) -> Result<Box<dyn Receiver + '_>, LoadError> {
        let readers = &self.readers[of.queue];
        Ok(Box::new(KafkaReceiver {
            reader: &readers[of.part.min(readers.len() - 1)],
            give_up: self.give_up[of.queue],
            publisher: KafkaPublisher::new(Arc::clone(&self.producer), &self.state),
        }))
    }

    fn close(&self, queue: usize) {
        self.state.close(queue);
    }

    fn halt(&self) {
        self.state.halt();
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        Some(self.state.inside.inside(queue))
    }

    fn await_verdicts(&self, until: u64) {
        let all: Vec<_> = self.others.lock().iter().chain([&self.producer]).map(Arc::clone).collect();
        let missing = || all.iter().any(|producer| producer.in_flight_count() > 0);
        while missing() && Monotonic.now() < until {
            Monotonic.sleep_until(Monotonic.now() + LOOK);
        }
    }

    fn warm_up(&self) -> u64 {
        WARM_UP
    }

    fn facts(&self) -> Facts {
        self.facts.clone()
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        self.state.halt();
        self.readers.clear();
        self.admin.clear_up();
    }
}

/// What went wrong, without the client's own wrapping.
fn reason(error: &KafkaError) -> String {
    error.rdkafka_error_code().map_or_else(|| error.to_string(), |code| code.to_string())
}
