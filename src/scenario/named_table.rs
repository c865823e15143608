//! The tables of the grammar that have names in them.

/// A table of the grammar that has names in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NamedTable {
    /// What sends.
    Producers,
    /// What waits.
    Queues,
    /// What serves.
    Consumers,
    /// What distributes.
    Topics,
}

impl NamedTable {
    /// As a scenario writes it.
    pub fn name(self) -> &'static str {
        match self {
            NamedTable::Producers => "producers",
            NamedTable::Queues => "queues",
            NamedTable::Consumers => "consumers",
            NamedTable::Topics => "topics",
        }
    }
}
