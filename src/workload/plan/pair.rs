//! The messages of two producers, the usual number, in the order in which they are sent: one pass, without an
//! order that is found first. Both have the same columns of demand.

use super::{Block, DrawnProducer};
use crate::rng::BLOCK;
use std::hint::select_unpredictable;

/// Replaces `out` by the next messages of both (ties: `a` first), a full block but for the last.
pub(super) fn merge(a: &mut DrawnProducer, b: &mut DrawnProducer, out: &mut Block) {
    out.clear();
    while out.len() < BLOCK {
        a.refill();
        b.refill();
        let room = BLOCK - out.len();
        match (a.rest(room).len(), b.rest(room).len()) {
            (0, 0) => return,
            (rows, 0) => append(a, 0, rows, out),
            (0, rows) => append(b, 1, rows, out),
            (of_a, of_b) => zip(a, b, of_a.min(of_b), out),
        }
    }
}

/// Adds the next rows of the only producer that has any left.
fn append(from: &mut DrawnProducer, producer: u32, rows: usize, out: &mut Block) {
    let next = from.at..from.at + rows;
    from.at = next.end;
    out.due.extend_from_slice(&from.block.due[next.clone()]);
    out.sent.extend_from_slice(&from.block.sent[next.clone()]);
    out.producer.resize(out.due.len(), producer);
    for c in from.rows.columns() {
        out.demand[c].extend_from_slice(&from.block.demand[c][next.clone()]);
    }
}

/// Adds so many rows, no more than each of them has, so that neither ends on the way; no branch depends on
/// whose they are.
fn zip(a: &mut DrawnProducer, b: &mut DrawnProducer, rows: usize, out: &mut Block) {
    let (from_a, from_b, to) = (a.at..a.at + rows, b.at..b.at + rows, out.len()..out.len() + rows);
    out.sent.resize(to.end, 0);
    out.due.resize(to.end, 0);
    out.producer.resize(to.end, 0);
    let (sent, due, whose) = (&mut out.sent[to.clone()], &mut out.due[to.clone()], &mut out.producer[to]);
    let (sent_a, sent_b) = (&a.block.sent[from_a.clone()], &b.block.sent[from_b.clone()]);
    let (due_a, due_b) = (&a.block.due[from_a.clone()], &b.block.due[from_b.clone()]);
    let (mut i, mut j) = (0, 0);
    for row in 0..rows {
        let b_first = sent_b[j] < sent_a[i];
        sent[row] = select_unpredictable(b_first, sent_b[j], sent_a[i]);
        due[row] = select_unpredictable(b_first, due_b[j], due_a[i]);
        whose[row] = u32::from(b_first);
        i += usize::from(!b_first);
        j += usize::from(b_first);
    }
    (a.at, b.at) = (a.at + i, b.at + j);
    for c in a.rows.columns() {
        let (work_a, work_b) = (&a.block.demand[c][from_a.clone()], &b.block.demand[c][from_b.clone()]);
        let mut j = 0;
        out.demand[c].extend(whose.iter().enumerate().map(|(row, whose)| {
            let work = select_unpredictable(*whose == 1, work_b[j], work_a[row - j]);
            j += *whose as usize;
            work
        }));
    }
}
