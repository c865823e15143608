//! Units of figures.

use serde::{Deserialize, Serialize};

/// What a quantity is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Unit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Events a second.
    #[serde(rename = "1/s")]
    PerSecond,
    /// Events an hour.
    #[serde(rename = "1/h")]
    PerHour,
    /// Numbers of messages.
    Messages,
    /// Numbers of servers.
    Servers,
    /// A share, from 0 to 1.
    Ratio,
    /// Numbers of processors.
    Processors,
    /// Deliveries of one message.
    Deliveries,
}

impl Unit {
    /// As it is written in files.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Seconds => "s",
            Unit::PerSecond => "1/s",
            Unit::PerHour => "1/h",
            Unit::Messages => "messages",
            Unit::Servers => "servers",
            Unit::Ratio => "ratio",
            Unit::Processors => "processors",
            Unit::Deliveries => "deliveries",
        }
    }
}
