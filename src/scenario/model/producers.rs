//! Producers: who sends, when messages are due, what they carry.

use super::super::compound::{Maybe, Required, TableOf, TableOr};
use super::super::declare::declare;
use super::super::notation::{Bytes, Rate, Signed, Timespan, Whole};
use super::super::setting::{SettingKey, Takes, key};
use super::consumers::FAILURE;
use super::{Arrivals, Batch, Destination};
use crate::workload::laws::Law;
use std::ops::Bound;

declare! {
    /// Who sends: one stream of messages.
    pub struct Producer {
        /// As in the scenario.
        name: String = "producer".into();
        /// Where its messages go.
        to: Destination = Destination::Queue(0) => { to: Takes::Text, "the queue or topic that it sends to" };
        /// Messages a second, all batches counted. For a closed loop, a schedule or a trace: what follows
        /// from it (0 where nothing does).
        rate: f64 = 0.0 => { rate: Takes::Rate, "messages a second, all batches counted" };
        /// When its sends, or batches of them, are due.
        arrivals: Arrivals = Arrivals::Poisson => {
            arrivals: Takes::Any, "when messages are due; default a Poisson process"
        };
        /// How many messages a send has.
        batch: Batch = Batch::Fixed(1);
        /// How often it may send.
        rate_limit: Option<SendLimit> = None, Maybe(TableOr("the producer's", "rate")),
            "how often it may send at most, by a bucket of tokens; until it may, a message waits with its sender, which \
             counts in send and latency";
        /// From due, or from when it may be sent, to reaching the queue; a pure delay, sends overlap.
        send_time: Law = Law::deterministic(0.0), Timespan::OrZero, "from due to reaching the queue";
        /// Larger is sooner.
        priority: i32 = 0, Signed("larger is sooner"), "larger is sooner";
        /// Bytes of content.
        size: u32 = 100, Bytes, "bytes of content";
        /// The law of the messages' keys, where they have any.
        keys: Option<Keys> = None => { keys: Takes::Table(|| KEYS.to_vec()), "the law of message keys; \
            key 1 of one producer is that of another, too" };
        /// How long a message may wait in the queue that it comes to first, beside what that says; `None` is
        /// no limit of its own.
        ttl: Option<Law> = None, Maybe(Timespan::AboveZero),
            "how long its messages may wait in the queue that they come to first, once they are in it; where that has a message_ttl, too, \
             the shorter holds";
        /// The work that this producer's messages bring, instead of the consumer's.
        service_time: Option<Law> = None, Maybe(Timespan::OrZero),
            "the work that its messages bring to the first of their queues, instead of the consumer's";
        /// When it sends again what is not answered, while what it sent before is still worked on.
        resend: Option<Resend> = None, Maybe(TableOf("the producer's")),
            "clients send again what is not done in time, and give up in the end; what they sent before is worked on \
             all the same";
        /// When it sends another copy of what is not answered, and takes whichever is done first.
        hedge: Option<Hedge> = None, Maybe(TableOr("the producer's", "after")),
            "clients send another copy of what is not done in time and take whichever is done first, as hedged requests \
             do; the others are worked on all the same, each with work of its own. A message is lost when all of its \
             copies are; of a copy, send counts from when the message was due";
        /// Probability that handling one of its messages fails, at every delivery, instead of the consumers'.
        failure: Option<f64> = None => {
            failure: Takes::Table(|| FAILURE.to_vec()),
                "handling its messages fails, instead of the consumers'; 1 is poison"
        };
    }
}

declare! {
    /// A token bucket: a send takes a token, of which there are so many after a rest, and so many more a
    /// second.
    #[derive(Copy)]
    pub struct SendLimit {
        /// Tokens a second.
        rate: f64 = 1.0, Required(Rate, "\"70/min\""), "sends a second in the long run, at most";
        /// Tokens that the bucket holds.
        burst: u32 = 1, Whole(1, 1_000_000), "sends at once after a rest";
    }
}

declare! {
    /// When clients send a message again.
    #[derive(Copy)]
    pub struct Resend {
        /// Seconds.
        after: f64 = 1.0, Required(Timespan::AboveZero, "\"2s\""),
            "for how long a client waits for each copy to be done";
        /// Copies beside the first.
        at_most: u32 = 0, Required(Whole(0, 1000), "3"),
            "copies beside the first; when it has waited for the last one, too, the message is lost. 0 is a client that \
             gives up";
    }
}

declare! {
    /// When clients send another copy of a message without giving up those before.
    #[derive(Copy)]
    pub struct Hedge {
        /// Seconds.
        after: f64 = 1.0, Required(Timespan::AboveZero, "\"50ms\""), "without an answer until the next copy is sent";
        /// Copies beside the first.
        at_most: u32 = 1, Whole(1, 1000), "copies beside the first";
    }
}

/// The most keys of a producer's messages, and the most clients of a closed loop.
pub(in super::super) const MOST_DISTINCT_KEYS: u32 = 100_000_000;
pub(in super::super) const MOST_CLIENTS: u32 = 1_000_000;

pub(in super::super) const KEYS: &[SettingKey] = &[
    key("law", Takes::Text, "uniform or zipf"),
    key("count", Takes::Whole(1, MOST_DISTINCT_KEYS as i64), "how many keys there are"),
    key(
        "exponent",
        Takes::Number(Bound::Included(0.0), Bound::Included(100.0)),
        "of zipf: key k is drawn with probability proportional to k^-exponent",
    ),
];

/// The law of message keys, from 0 to `count` − 1.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Keys {
    /// Every key alike.
    Uniform {
        /// How many keys there are.
        count: u32,
    },
    /// Key k (from 1) with probability proportional to k^(−exponent).
    Zipf {
        /// How many keys there are.
        count: u32,
        /// 0 is uniform; about 1 is usual for what people ask for.
        exponent: f64,
    },
}

/// Rates that differ by less than this share of them are alike.
const ALIKE: f64 = 1e-9;

impl Producer {
    /// A Poisson producer.
    pub fn poisson(name: &str, queue: usize, rate: f64) -> Self {
        Producer { name: name.into(), to: Destination::Queue(queue), rate, ..Producer::default() }
    }

    /// The copies that its clients send of a message beside the first, at most; `None` if they send once.
    pub(crate) fn most_copies(&self) -> Option<u32> {
        self.resend.map(|resend| resend.at_most).or(self.hedge.map(|hedge| hedge.at_most))
    }

    /// The rate of the limit that lets no more be sent than is made, or by chance just as much, so that what waits
    /// to be sent grows without end.
    pub(crate) fn outgrown_limit(&self) -> Option<f64> {
        let limit = self.rate_limit?.rate;
        let even = self.arrivals.is_regular() && self.rate <= limit * (1.0 + ALIKE);
        let grows = self.rate >= limit * (1.0 - ALIKE) && !even;
        (grows && !matches!(self.arrivals, Arrivals::Trace { .. })).then_some(limit)
    }

    /// Messages a second over the time that is played. A trace is played from its first message to its last,
    /// so that there is one more than its rate says.
    pub(crate) fn played_rate(&self) -> f64 {
        match &self.arrivals {
            Arrivals::Trace { instants, .. } => match instants.last() {
                Some(&last) if last > 0.0 => instants.len() as f64 / last,
                _ => 0.0,
            },
            _ => self.rate,
        }
    }
}
