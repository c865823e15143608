//! Capacity: what a group of consumers can do by itself, outages counted.

use super::model::{Ack, Consumer, LimitScope, Servers};
use super::range::Range;
use crate::workload::laws::Law;

/// What is less than this share is rounding.
pub(super) const EXACT: f64 = 1e-12;

/// The share of a server's time in which it works or could work: up / (up + down). A server that breaks only
/// while it works is down for as long a share of the time that it is needed.
pub(super) fn up(group: &Consumer) -> f64 {
    on_shift(group) * repaired(group)
}

/// The servers that there are on average, as a share of the most.
fn on_shift(group: &Consumer) -> f64 {
    let Some(most) = group.shifts.iter().map(|shift| shift.count).max() else { return 1.0 };
    let all: f64 = group.shifts.iter().map(|shift| shift.lasts * f64::from(shift.count)).sum();
    all / (f64::from(most) * group.shifts.iter().map(|shift| shift.lasts).sum::<f64>())
}

/// The same share of servers that break.
fn repaired(group: &Consumer) -> f64 {
    let Some(outages) = &group.outages else { return 1.0 };
    let share = outages.up.mean() / (outages.up.mean() + outages.down.mean());
    // Of times without a mean nothing is known.
    if share.is_nan() { 1.0 } else { share }
}

/// Deliveries a second that a group can do; `None` is without limit.
pub(super) fn capacity(group: &Consumer) -> Option<f64> {
    let servers = group.most_servers().map(|n| f64::from(n) * up(group));
    let slots = group.resource.map(|needed| f64::from(needed.capacity));
    let at_work = servers.into_iter().chain(slots).reduce(f64::min);
    let work = at_work.map(|n| n / per_message(group));
    let work = work.map(|work| work / (1.0 + left_idle(group).least));
    match (work, limit(group)) {
        (Some(work), Some(limit)) => Some(work.min(limit)),
        (work, limit) => work.or(limit),
    }
}

/// For how long servers are idle although messages wait, because the first in line needs more of them: as a
/// share of the time in which they work.
///
/// # Formula
/// Of c servers, ⌊c/k⌋ messages that need k each are served at once. Where the numbers differ, no more than
/// ⌊c/k⌋ of the least are, and no fewer than of the most; and while the first in line waits, at most the most
/// that one needs less one are idle.
pub(super) fn left_idle(group: &Consumer) -> Range {
    let Some(servers) = group.most_servers().filter(|_| group.needs_several()) else {
        return Range { least: 0.0, most: 0.0 };
    };
    let ((fewest, most), mean) = (group.range_needed(), group.mean_needed());
    let busy = |messages: u32| f64::from(messages) * mean;
    let idle = |busy: f64| (f64::from(servers) / busy - 1.0).max(0.0);
    let least_busy = busy(servers / most).max(f64::from(servers + 1) - f64::from(most));
    Range { least: idle(busy(servers / fewest)), most: idle(least_busy) }
}

/// Deliveries a second that a group is limited to, if it is.
pub(super) fn limit(group: &Consumer) -> Option<f64> {
    let limit = group.rate_limit?;
    match limit.by {
        LimitScope::Group => Some(limit.rate),
        LimitScope::Server => group.most_servers().map(|n| f64::from(n) * limit.rate),
    }
}

/// Seconds of a server for a message, of full batches.
pub(super) fn per_message(group: &Consumer) -> f64 {
    let batch = group.batch.map_or(1.0, |b| f64::from(b.max.max(1)));
    per_delivery(group, &group.service_time) / batch
        + group.service_time_per_message.mean() * at_full(group) / group.mean_speed()
}

/// By how much more of a server's time a delivery takes than is written: when all servers are at work and
/// many messages wait, and where it has several of them.
fn at_full(group: &Consumer) -> f64 {
    let speed = group.service_rate.as_ref().zip(group.most_servers());
    speed.map_or(group.mean_needed(), |(rate, servers)| 1.0 / rate.speed_at_full_load(servers))
}

/// Mean time of a delivery under full load, whether it is interrupted or not, over servers of all speeds.
pub(super) fn per_delivery(group: &Consumer, service: &Law) -> f64 {
    let whole = || service.mean() / group.mean_speed();
    cut_short(group, service).map_or_else(whole, |(_, time)| time) * at_full(group)
}

/// The probability that an outage interrupts a delivery that then begins anew, and the mean time of a
/// delivery until its end or that, where servers break after exponential times: 1 − L(δ) and (1 − L(δ)) / δ,
/// with L the transform of the service time and δ the rate of breaks. What its message brings is drawn once,
/// so that long work is interrupted more often than this.
pub(super) fn cut_short(group: &Consumer, service: &Law) -> Option<(f64, f64)> {
    let outages =
        group.outages.as_ref().filter(|o| o.redeliver && group.ack == Ack::Manual && works_alone(group))?;
    let Law::Exponential(up) = &outages.up else { return None };
    let rate = 1.0 / up.mean;
    let whole = service.transform(rate.into()).map(|l| l.re).filter(|l| *l > 0.0)?;
    (rate * service.mean() > EXACT).then(|| (1.0 - whole, (1.0 - whole) / rate))
}

/// Whether a delivery's time is that of one service.
pub(super) fn works_alone(group: &Consumer) -> bool {
    group.batch.is_none() && group.service_time_per_message.is_zero() && !group.has_speeds()
}

/// The share of the messages that each group takes: in proportion to what it can serve.
pub(crate) fn shares(groups: &[&Consumer]) -> Vec<f64> {
    if let Some(unlimited) = groups.iter().position(|c| c.count == Servers::Unlimited) {
        return (0..groups.len()).map(|i| f64::from(u8::from(i == unlimited))).collect();
    }
    let speed = |c: &&Consumer| c.most_servers().map_or(0.0, |n| f64::from(n) / per_message(c).max(1e-12));
    let total: f64 = groups.iter().map(speed).sum();
    groups
        .iter()
        .map(|c| if total > 0.0 && total.is_finite() { speed(c) / total } else { 1.0 / groups.len() as f64 })
        .collect()
}
