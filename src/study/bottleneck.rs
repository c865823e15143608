//! Where a scenario is tightest: the queue, or the partition, whose servers are busiest.

use super::{Study, lanes, methods};
use crate::answer::Answer;
use crate::theory::{self, partitions::UNEVEN};

/// Where it is tightest, and the mean share of time for which the servers there are busy.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Bottleneck {
    /// The only queue that is served.
    Only { queue: String, rho: f64 },
    /// The fullest of several queues.
    Fullest { queue: String, rho: f64 },
    /// A queue's busiest partition, which is much busier than any queue as a whole.
    Partition { queue: String, rho: f64 },
}

/// Where it is tightest by some answers of a study; `None` where nothing is known of any queue's servers.
pub(crate) fn bottleneck(study: &Study, answers: &[Answer]) -> Option<Bottleneck> {
    let queues = &study.scenario.queues;
    let load =
        |name: &str| methods::best(answers, &format!("queues.{name}.utilization")).and_then(|(_, e)| e.value);
    let loads = queues.iter().filter_map(|queue| Some((load(&queue.name)?, queue.name.clone())));
    let (rho, queue) = loads.max_by(|a, b| a.0.total_cmp(&b.0))?;
    // Loads are worth their time only where partitions have any.
    let bound = queues.iter().any(|queue| queue.partitions.is_some());
    let explained = if bound { theory::loads(&study.scenario) } else { Vec::new() };
    let partitions = explained.iter().filter_map(|load| {
        let busiest = lanes::busiest(load).filter(|lane| lane.rho < 1.0)?;
        Some((busiest.rho, load.queue.clone()))
    });
    if let Some((full, queue)) =
        partitions.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(full, _)| *full > rho * (1.0 + UNEVEN))
    {
        return Some(Bottleneck::Partition { queue, rho: full });
    }
    let served = queues.iter().filter(|q| load(&q.name).is_some()).count();
    Some(if served == 1 { Bottleneck::Only { queue, rho } } else { Bottleneck::Fullest { queue, rho } })
}
