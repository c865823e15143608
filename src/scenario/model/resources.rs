//! Resources that several groups of consumers need for their work, such as a database.

use super::super::compound::Required;
use super::super::declare::declare;
use super::super::notation::{Whole, Word};
use super::super::setting::choice;
use super::autoscale::MOST_SERVERS;

declare! {
    /// What servers need beside themselves while they work, and others need, too.
    pub struct Resource {
        /// As in the scenario.
        name: String = "resource".into();
        /// Messages that are worked on with it at once, or at full speed.
        capacity: u32 = 1, Required(Whole(1, MOST_SERVERS as u64), "10"),
            "messages that are worked on with it at once, or, where its users share it, at full speed";
        /// How its users share it.
        sharing: ResourceSharing = ResourceSharing::Slots, Word,
            "slots: a free server takes a message when there is a slot, too, which it has until it is done, and of \
             several groups the one whose message has waited longest is next; processor-sharing: all are served, each \
             by capacity/users of its speed where they are more than capacity";
    }
}

choice!(ResourceSharing: "slots" => Slots, "processor-sharing" => ProcessorSharing);

/// How the users of a resource share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ResourceSharing {
    /// Each has a part of it for itself.
    #[default]
    Slots,
    /// All have the same part of all of it.
    ProcessorSharing,
}

/// A resource as a group needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeededResource {
    /// Which of the scenario's.
    pub index: usize,
    /// Its capacity.
    pub capacity: u32,
    /// How it is shared.
    pub sharing: ResourceSharing,
}

impl Resource {
    /// As a group needs it that names it.
    pub fn needed(&self, index: usize) -> NeededResource {
        NeededResource { index, capacity: self.capacity, sharing: self.sharing }
    }
}
