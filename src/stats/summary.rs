//! One run as numbers.

use super::checks::Balance;
use super::histogram::BucketCounts;
use super::message_stats::MessageStats;
use super::moments::{Moments, SharedTimes};
use crate::answer::{AskedStatistic, BalanceLaw, Moment, PERCENTILES, Statistic, path};
use crate::units::seconds;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One run as numbers: by metric path, with the counts from which percentiles of several runs come.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Figures by metric path.
    pub values: BTreeMap<String, f64>,
    /// What is told of times and lengths beside the usual statistics.
    pub asked: Vec<AskedStatistic>,
    /// By path without statistic, as in `queues.orders.wait`.
    pub counts: BTreeMap<String, Arc<BucketCounts>>,
    /// Levels at the instants that were looked at, by path without statistic, as in
    /// `queues.orders.queue_length`.
    pub levels: BTreeMap<String, Arc<BucketCounts>>,
    /// Levels over time of each queue, by its name: seconds, waiting, in system.
    pub trails: BTreeMap<String, Vec<Moment>>,
    /// The two sides of laws that every run must keep.
    pub balances: BTreeMap<BalanceLaw, Balance>,
    /// Of several parts whose figures are not put together, each part's.
    pub(super) parts: Vec<Summary>,
    /// Messages of the window: all, served, still inside at the end.
    pub offered: u64,
    /// Messages that were served.
    pub served: u64,
    /// Messages that were still inside at the end.
    pub unfinished: u64,
    /// The histograms that were told of last, and what was told: several places often have the same times.
    pub(super) told: Vec<(Arc<BucketCounts>, Vec<Option<f64>>)>,
}

/// So many histograms are remembered: those of one producer, its queue and its group.
const REMEMBERED: usize = 8;

/// A map of all parts at once: each of them is in order, so that what is left is to merge them.
fn together<K: Ord, V>(
    parts: &mut [Summary],
    map: fn(&mut Summary) -> &mut BTreeMap<K, V>,
) -> BTreeMap<K, V> {
    parts.iter_mut().flat_map(|part| std::mem::take(map(part))).collect()
}

impl Summary {
    /// The same with the figures of its parts put together.
    #[must_use]
    pub fn whole(self) -> Summary {
        if self.parts.is_empty() {
            return self;
        }
        let mut parts = self.parts;
        Summary {
            values: together(&mut parts, |part| &mut part.values),
            counts: together(&mut parts, |part| &mut part.counts),
            levels: together(&mut parts, |part| &mut part.levels),
            balances: together(&mut parts, |part| &mut part.balances),
            parts: Vec::new(),
            ..self
        }
    }

    /// Its parts, or all of it.
    pub(super) fn into_parts(mut self) -> Vec<Summary> {
        if self.parts.is_empty() { vec![self] } else { std::mem::take(&mut self.parts) }
    }

    pub(super) fn producer(&mut self, place: &str, messages: &MessageStats<SharedTimes>, throughput: f64) {
        let lost = messages.lost.values().sum::<u64>() - messages.dead_lettered();
        self.values.insert(path(place, "throughput", ""), throughput);
        self.values.insert(path(place, "loss", ""), lost as f64 / messages.offered().max(1) as f64);
        self.times(place, "latency", &messages.latency);
        self.times(place, "wait", &messages.wait);
        self.times(place, "service", &messages.service);
        self.times(place, "send", &messages.send);
    }

    /// For how long senders had to wait for room, those included who had not to.
    pub(super) fn blocked(&mut self, place: &str, messages: &MessageStats<SharedTimes>) {
        let mut all = messages.blocked.clone();
        all.add_zeros(messages.latency.moments.count.saturating_sub(messages.blocked.moments.count));
        self.times(place, "blocked", &all);
    }

    /// The share of the messages that lie in dead-letter queues.
    pub(super) fn dead_letters(&mut self, place: &str, messages: &MessageStats<SharedTimes>) {
        self.values.insert(
            path(place, "dead_lettered", ""),
            messages.dead_lettered() as f64 / messages.offered().max(1) as f64,
        );
    }

    fn moments(&mut self, place: &str, key: &str, moments: &Moments) {
        for (statistic, value) in [
            ("mean", moments.mean()),
            ("sd", moments.sd()),
            ("max", moments.mean().map(|_| seconds(moments.max))),
        ] {
            if let Some(value) = value {
                self.values.insert(path(place, key, statistic), value);
            }
        }
    }

    /// Percentiles of a length, from the levels at the instants that were looked at.
    pub(super) fn levels(&mut self, place: &str, key: &str, counts: &BucketCounts) {
        let asked =
            self.asked.iter().filter_map(|asked| Some((asked.name.as_str(), asked.statistic.share()?)));
        let ranks = counts.ranks();
        for (statistic, share) in std::iter::once(("p99", 0.99)).chain(asked) {
            if let Some(level) = ranks.level(share) {
                self.values.insert(path(place, key, statistic), level as f64);
            }
        }
        self.levels.insert(path(place, key, ""), Arc::new(counts.clone()));
    }

    pub(super) fn times(&mut self, place: &str, key: &str, times: &SharedTimes) {
        self.moments(place, key, &times.moments);
        let known = self.told.iter().position(|(counts, _)| Arc::ptr_eq(counts, &times.counts));
        let known = known.unwrap_or_else(|| {
            let figures = self.figures_of(&times.counts);
            if self.told.len() == REMEMBERED {
                self.told.remove(0);
            }
            self.told.push((times.counts.clone(), figures));
            self.told.len() - 1
        });
        let usual = PERCENTILES.iter().map(|(name, _)| *name);
        let names = usual.chain(self.asked.iter().map(|asked| asked.name.as_str()));
        for (name, value) in names.zip(&self.told[known].1) {
            if let Some(value) = *value {
                self.values.insert(path(place, key, name), value);
            }
        }
        self.counts.insert(path(place, key, ""), times.counts.clone());
    }

    /// The usual percentiles of times and what is asked for besides, in this order.
    fn figures_of(&self, counts: &BucketCounts) -> Vec<Option<f64>> {
        let ranks = counts.ranks();
        let usual = PERCENTILES.iter().map(|(_, share)| Statistic::Percentile(*share));
        let figure = |statistic| match statistic {
            Statistic::Percentile(share) => ranks.quantile(share),
            Statistic::Within(time) => (counts.total() > 0).then(|| ranks.share_within(time)),
            _ => None,
        };
        usual.chain(self.asked.iter().map(|asked| asked.statistic)).map(figure).collect()
    }

    /// Lets histograms go that were only remembered.
    pub(super) fn forget_histograms(&mut self) {
        self.told = Vec::new();
    }
}
