//! What a queue is told once, when it is made.

/// What happens to a message that finds the queue full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// It is given back.
    #[default]
    RejectPublish,
    /// The oldest waiting one is thrown out.
    DropHead,
    /// Its publisher waits.
    Block,
}

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
