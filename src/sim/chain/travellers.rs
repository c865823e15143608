//! The messages that are between the queues of a chain, by slot.

use crate::message::{Exit, Message, Outcome};

/// A message on its way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traveller {
    pub(super) message: Message,
    pub(super) entered: u64,
    pub(super) worked: u64,
    pub(super) inside: bool,
}

/// Messages on their ways, and the work that each carries for the queues to come.
#[derive(Default)]
pub(super) struct Travellers {
    pub(super) all: Vec<Traveller>,
    pub(super) work: Vec<u64>,
    pub(super) width: usize,
    pub(super) free: Vec<u32>,
    /// Messages below this number that are inside.
    pub(super) mark: u64,
    pub(super) below: usize,
}

impl Traveller {
    #[inline]
    pub(super) fn exit(&self, finished: u64, outcome: Outcome) -> Exit {
        Exit { message: self.message, sent: self.entered, held: 0, finished, worked: self.worked, outcome }
    }
}

impl Travellers {
    #[inline]
    pub(super) fn add(&mut self, traveller: Traveller) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.all.push(Traveller::default());
            self.work.resize(self.all.len() * self.width, 0);
            (self.all.len() - 1) as u32
        });
        self.all[slot as usize] = traveller;
        slot
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: u32) {
        let traveller = &mut self.all[slot as usize];
        traveller.inside = false;
        self.below -= usize::from(traveller.message.id < self.mark);
        self.free.push(slot);
    }

    pub(super) fn count_below(&mut self, mark: u64) {
        self.mark = mark;
        self.below = self.all.iter().filter(|t| t.inside && t.message.id < mark).count();
    }
}
