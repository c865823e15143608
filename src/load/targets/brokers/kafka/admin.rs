//! Topics of a run: made before it and deleted after it, or looked at if they are somebody else's.

use super::client::KafkaClients;
use super::{KafkaProducer, reason};
use crate::load::LoadError;
use crate::load::targets::brokers::waker::wait_for;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer;
use std::time::{Duration, Instant};

/// How long clearing up may take.
const CLEAR_UP: Duration = Duration::from_secs(2);

/// A topic as a queue needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TopicSettings {
    pub name: String,
    pub partitions: usize,
    /// Whether each message is on the disk before it is confirmed.
    pub flushed: bool,
}

/// What makes topics, and deletes those that it made.
pub(super) struct TopicAdmin {
    client: AdminClient<DefaultClientContext>,
    made: Vec<String>,
    groups: Vec<String>,
}

impl TopicAdmin {
    /// # Errors
    /// No client can be made.
    pub(super) fn new(clients: &KafkaClients) -> Result<Self, LoadError> {
        Ok(TopicAdmin { client: clients.admin()?, made: Vec::new(), groups: Vec::new() })
    }

    /// A group that is to be deleted at the end.
    pub(super) fn add_group(&mut self, name: &str) {
        self.groups.push(name.into());
    }

    /// Makes topics with the broker's number of replicas.
    ///
    /// # Errors
    /// The broker makes one not.
    pub(super) fn make(&mut self, clients: &KafkaClients, topics: &[TopicSettings]) -> Result<(), LoadError> {
        let new: Vec<NewTopic<'_>> = topics
            .iter()
            .map(|topic| {
                let new = NewTopic::new(&topic.name, topic.partitions as i32, TopicReplication::Fixed(-1));
                if topic.flushed { new.set("flush.messages", "1") } else { new }
            })
            .collect();
        let options =
            AdminOptions::new().operation_timeout(Some(clients.wait)).request_timeout(Some(clients.wait));
        let made = wait_for(self.client.create_topics(&new, &options), clients.wait * 2);
        let silent = || format!("no answer within {} s", clients.wait.as_secs_f64());
        let made = match made {
            Some(Ok(made)) => made,
            Some(Err(error)) => return Err(clients.refused("topics could not be made", &reason(&error))),
            None => return Err(clients.refused("topics could not be made", &silent())),
        };
        let mut refusal = None;
        for one in made {
            match one {
                Ok(name) => self.made.push(name),
                Err((name, code)) => refusal = refusal.or(Some(not_made(clients, &name, code))),
            }
        }
        refusal.map_or(Ok(()), Err)
    }

    /// Deletes what was made, as far as the broker answers.
    pub(super) fn clear_up(&mut self) {
        let topics: Vec<&str> = self.made.iter().map(String::as_str).collect();
        let groups: Vec<&str> = self.groups.iter().map(String::as_str).collect();
        let _deleted = delete(&self.client, &topics, &groups);
    }
}

/// Why a topic was not deleted.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotDeleted {
    #[error("no answer within {} s", CLEAR_UP.as_secs_f64())]
    Silent,
    #[error("{}", reason(.0))]
    Refused(KafkaError),
    #[error("{0}")]
    Topic(RDKafkaErrorCode),
}

/// Deletes topics and groups.
///
/// # Errors
/// Why a topic was not deleted; a group that is not there is as good as deleted.
pub(super) fn delete(
    client: &AdminClient<DefaultClientContext>,
    topics: &[&str],
    groups: &[&str],
) -> Result<(), NotDeleted> {
    let options = AdminOptions::new().operation_timeout(Some(CLEAR_UP)).request_timeout(Some(CLEAR_UP));
    if !groups.is_empty() {
        let _deleted = wait_for(client.delete_groups(groups, &options), CLEAR_UP);
    }
    if topics.is_empty() {
        return Ok(());
    }
    let deleted = wait_for(client.delete_topics(topics, &options), CLEAR_UP).ok_or(NotDeleted::Silent)?;
    let refused = deleted.map_err(NotDeleted::Refused)?.into_iter().find_map(Result::err);
    refused.map_or(Ok(()), |(_, code)| Err(NotDeleted::Topic(code)))
}

fn not_made(clients: &KafkaClients, name: &str, code: RDKafkaErrorCode) -> LoadError {
    let why = match code {
        RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed => {
            "it may not create it; give it the right CREATE on topics that begin with queuelab".to_string()
        }
        other => other.to_string(),
    };
    clients.refused(&format!("topic {name} could not be made"), &why)
}

/// Waits until a topic has a leader for each of its partitions; says how many it has.
///
/// # Errors
/// It has none within the time that is waited for answers.
pub(super) fn await_leaders(
    clients: &KafkaClients,
    producer: &KafkaProducer,
    topic: &str,
    partitions: usize,
) -> Result<(), LoadError> {
    let until = Instant::now() + clients.wait;
    loop {
        let metadata = producer.client().fetch_metadata(Some(topic), clients.wait);
        let metadata =
            metadata.map_err(|error| clients.refused(&format!("topic {topic}"), &reason(&error)))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        let led = found.map_or(0, |found| found.partitions().iter().filter(|p| p.leader() >= 0).count());
        if led == partitions {
            return Ok(());
        }
        if Instant::now() >= until {
            let why = format!("{led} of its {partitions} partitions have a leader");
            return Err(clients.refused(&format!("topic {topic} is not ready"), &why));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
