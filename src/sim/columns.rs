//! The recursion over whole columns of arrivals and demands, where every message is accepted and servers are
//! alike.

use super::servers::Pool;

/// What came of the rows played last, a row for each accepted message; `rows` of them are there.
#[derive(Default)]
pub(super) struct ServedColumns {
    pub rows: usize,
    pub taken: Vec<u64>,
    pub finished: Vec<u64>,
    pub consumer: Vec<u32>,
}

impl ServedColumns {
    /// Makes room for so many rows.
    pub(super) fn begin(&mut self, rows: usize) {
        self.rows = 0;
        if self.taken.len() < rows {
            self.taken.resize(rows, 0);
            self.finished.resize(rows, 0);
        }
        self.consumer.clear();
    }

    /// Adds a row.
    pub(super) fn push(&mut self, start: u64, end: u64) {
        (self.taken[self.rows], self.finished[self.rows]) = (start, end);
        self.rows += 1;
    }

    /// Adds starts and ends when every message is accepted and servers are alike; the sums of waits and of
    /// demands.
    pub(super) fn extend(&mut self, pool: &mut Pool, sent: &[u64], demand: &[u64]) -> (u64, u64) {
        let rows = self.rows..self.rows + sent.len();
        self.rows = rows.end;
        let (taken, finished) = (&mut self.taken[rows.clone()], &mut self.finished[rows]);
        if pool.unlimited {
            for i in 0..sent.len() {
                (taken[i], finished[i]) = (sent[i], sent[i] + demand[i]);
                pool.engage_another(sent[i], finished[i]);
            }
            return (0, demand.iter().sum());
        }
        match pool.len() {
            1 => sorted::<1>(pool, sent, demand, taken, finished),
            2 => sorted::<2>(pool, sent, demand, taken, finished),
            3 => sorted::<3>(pool, sent, demand, taken, finished),
            4 => sorted::<4>(pool, sent, demand, taken, finished),
            5 => sorted::<5>(pool, sent, demand, taken, finished),
            6 => sorted::<6>(pool, sent, demand, taken, finished),
            7 => sorted::<7>(pool, sent, demand, taken, finished),
            8 => sorted::<8>(pool, sent, demand, taken, finished),
            _ => {
                let mut sums = (0, 0);
                for i in 0..sent.len() {
                    let (_, start, end) = pool.serve(sent[i], demand[i]);
                    (taken[i], finished[i]) = (start, end);
                    sums = (sums.0 + (start - sent[i]), sums.1 + demand[i]);
                }
                sums
            }
        }
    }
}

/// Position of the first of some ascending instants that lies after another; in growing steps, for it is
/// near.
pub(super) fn first_after(ascending: &[u64], at: u64) -> usize {
    let mut reach = 32;
    while reach < ascending.len() && ascending[reach] <= at {
        reach *= 2;
    }
    let near = &ascending[..reach.min(ascending.len())];
    near.partition_point(|&s| s <= at)
}

/// The recursion over an ascending list of free instants, kept in registers: no branch depends on the data.
fn sorted<const C: usize>(
    pool: &mut Pool,
    sent: &[u64],
    demand: &[u64],
    taken: &mut [u64],
    finished: &mut [u64],
) -> (u64, u64) {
    let mut free: [u64; C] = pool.sorted();
    // The sums cost nothing here, where each step waits for the one before it.
    let (mut waited, mut worked) = (0, 0);
    let rows = sent.iter().zip(demand).zip(taken.iter_mut().zip(finished.iter_mut()));
    for ((&arrival, &work), (start, end)) in rows {
        *start = arrival.max(free[0]);
        *end = *start + work;
        waited += *start - arrival;
        worked += work;
        let mut carried = *end;
        for k in 1..C {
            let (low, high) = (carried.min(free[k]), carried.max(free[k]));
            (free[k - 1], carried) = (low, high);
        }
        free[C - 1] = carried;
    }
    pool.restore(&free);
    (waited, worked)
}
