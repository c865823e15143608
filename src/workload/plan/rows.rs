//! One producer's messages in the order in which they are sent, in blocks.

use super::reorder::Reorder;
use super::{Group, PlannedProducer};
use crate::rng::{BLOCK, Key, Stream};
use crate::units::{MAX_NANOS, NANOS_PER_SECOND, nanos};
use crate::workload::Block;
use crate::workload::arrivals::{self, ArrivalProcess};
use crate::workload::instants;
use crate::workload::laws::Law;
use crate::workload::plan_error::PlanError;
use crate::workload::token_bucket::TokenBucket;

pub(super) struct PlanRows {
    drawn: Drawn,
    /// Where send times vary, messages may overtake one another on their way.
    reorder: Option<Reorder>,
}

/// Messages in the order in which they are due.
struct Drawn {
    process: Box<dyn ArrivalProcess>,
    /// Where sends are limited to a rate: the bucket of tokens, and from when on messages may be sent.
    limit: Option<(TokenBucket, Vec<u64>)>,
    send: Send,
    /// The producer's own work; it takes the place of what the groups would draw.
    own: Option<DrawnTimes>,
    /// The columns of the groups that its messages may meet, and their work.
    groups: Vec<(usize, DrawnTimes)>,
}

/// How long messages are on their way.
enum Send {
    /// So many nanoseconds, most often none.
    Constant(u64),
    Varying(Box<DrawnTimes>, Vec<u64>),
}

/// Times of a law, drawn from a stream of their own, with a second law's added if there is one.
struct DrawnTimes {
    law: (Law, Stream),
    extra: Option<(Law, Stream)>,
}

impl DrawnTimes {
    /// Laws are in seconds; draws in nanoseconds.
    fn new(key: Key, law: &Law, extra: Option<&Law>) -> Self {
        let draw = |law: &Law, key: Key| (law.scaled(NANOS_PER_SECOND), Stream::new(key));
        DrawnTimes {
            law: draw(law, key),
            extra: extra.filter(|l| !l.is_zero()).map(|l| draw(l, key.role("per message", ""))),
        }
    }

    /// Replaces `out` by the next `count` times; a block's worth is used up in any case.
    fn next(&mut self, count: usize, out: &mut Vec<u64>) {
        let mut times = [0.0; BLOCK];
        self.law.0.fill(&mut self.law.1, &mut times);
        if let Some((law, stream)) = &mut self.extra {
            let mut more = [0.0; BLOCK];
            law.fill(stream, &mut more);
            times.iter_mut().zip(more).for_each(|(time, m)| *time += m);
        }
        instants::round(&times, out);
        out.truncate(count);
    }
}

impl PlanRows {
    /// `columns` says which of so many columns of demand is each group's.
    pub(super) fn new(
        key: Key,
        source: &PlannedProducer<'_>,
        groups: &[Group<'_>],
        columns: &[Option<u32>],
        width: usize,
    ) -> Result<Self, PlanError> {
        let name = source.name;
        let process = arrivals::process(key, name, source.arrivals, source.rate, source.batch)?;
        let send = match source.send_time {
            Law::Deterministic(constant) => Send::Constant(nanos(constant.value).unwrap_or(MAX_NANOS)),
            law => Send::Varying(Box::new(DrawnTimes::new(key.role("send", name), law, None)), Vec::new()),
        };
        let own = source.service_time.map(|law| DrawnTimes::new(key.role("work", name), law, None));
        let group = |&g: &usize| {
            let (group, column) = (&groups[g], columns[g]?);
            let key = key.role("service", group.name).role("from", name);
            Some((column as usize, DrawnTimes::new(key, group.service_time, Some(group.per_message))))
        };
        let groups: Vec<_> = source.to.iter().filter_map(group).collect();
        let reorder = matches!(send, Send::Varying(..))
            .then(|| Reorder::new(width, groups.iter().map(|(column, _)| *column).collect()));
        let bucket =
            |(rate, burst): (f64, u32)| TokenBucket::new(nanos(1.0 / rate).unwrap_or(MAX_NANOS), burst);
        let limit = source.limit.map(|limit| (bucket(limit), Vec::new()));
        Ok(PlanRows { drawn: Drawn { process, limit, send, own, groups }, reorder })
    }

    /// The columns of demand that are not empty.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> {
        self.drawn.groups.iter().map(|(column, _)| *column)
    }

    /// Replaces `out` by the next messages: a full block, or fewer when the producer ends, and none ever
    /// after.
    pub(super) fn next(&mut self, out: &mut Block) {
        match &mut self.reorder {
            None => self.drawn.next(out),
            Some(reorder) => reorder.next(|block| self.drawn.next(block), out),
        }
    }
}

impl Drawn {
    fn next(&mut self, out: &mut Block) {
        self.process.next(&mut out.due);
        let count = out.due.len();
        out.sent.clear();
        let from = match &mut self.limit {
            None => &out.due,
            Some((bucket, allowed)) => {
                allowed.clear();
                allowed.extend(out.due.iter().map(|due| bucket.take_from(*due)));
                allowed
            }
        };
        match &mut self.send {
            Send::Constant(0) => out.sent.extend_from_slice(from),
            Send::Constant(time) => out.sent.extend(from.iter().map(|from| from.saturating_add(*time))),
            Send::Varying(times, buffer) => {
                times.next(count, buffer);
                out.sent.extend(from.iter().zip(buffer).map(|(from, time)| from.saturating_add(*time)));
            }
        }
        match (&mut self.own, &mut self.groups[..]) {
            (None, groups) => groups.iter_mut().for_each(|(c, times)| times.next(count, &mut out.demand[*c])),
            (Some(_), []) => {}
            // The work is the message's own: the same for whoever takes it.
            (Some(own), [(first, _), others @ ..]) => {
                let mut same = std::mem::take(&mut out.demand[*first]);
                own.next(count, &mut same);
                others.iter().for_each(|(c, _)| out.demand[*c].clone_from(&same));
                out.demand[*first] = same;
            }
        }
    }
}
