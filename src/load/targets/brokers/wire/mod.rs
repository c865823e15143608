//! Protocols spoken over a socket that blocks: whoever waits for a message reads the socket itself, so that
//! nothing lies between the broker and that thread.

mod error;
mod frames;
mod lines;
mod login;
mod packet;
mod reader;
mod senders;
mod session;
mod socket;
mod take;
mod tls;

pub(in crate::load::targets) use error::{Malformed, WireError};
pub(in crate::load::targets) use frames::{Decode, Incoming};
pub(in crate::load::targets) use lines::{BrokerLine, BrokerLines, window};
pub(in crate::load::targets) use login::{Login, PROBE};
pub(in crate::load::targets) use packet::{PACKET, Packet};
pub(in crate::load::targets) use reader::FrameHandler;
pub(in crate::load::targets) use senders::{Senders, hear};
pub(in crate::load::targets) use session::Session;
pub(in crate::load::targets) use socket::Socket;
pub(in crate::load::targets) use take::{WireReceiver, hand_out, take};

#[cfg(test)]
pub(in crate::load::targets) use frames::torture;
