//! What a queue is told once, when it is made.

use crate::scenario::{self, Overflow};

/// The settings of one queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Ready messages that may wait, those in service not counted; `None` is without bound.
    pub max_length: Option<u64>,
    /// What happens to a message that finds it full.
    pub overflow: Overflow,
    /// Messages for which room is made beforehand, so that a measured run allocates nothing.
    pub reserve: usize,
    /// How often a consumer looks before it parks. One look is about 10 ns; parking and waking cost 15 µs and more.
    pub spins: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { max_length: None, overflow: Overflow::default(), reserve: 0, spins: 500 }
    }
}

impl From<&scenario::Queue> for Settings {
    fn from(queue: &scenario::Queue) -> Self {
        Settings { max_length: queue.max_length, overflow: queue.overflow, ..Settings::default() }
    }
}
