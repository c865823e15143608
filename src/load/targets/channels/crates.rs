//! Channels of other crates.

use super::{Channel, open};
use crate::load::LoadError;
use crate::load::targets::{Opening, Target};

macro_rules! channel {
    ($open:ident, $name:ident, $crate_name:ident, $docs:literal) => {
        #[doc = $docs]
        struct $name($crate_name::Receiver<u64>);

        impl Channel for $name {
            type Sender = $crate_name::Sender<u64>;

            fn open(room: Option<usize>) -> (Self::Sender, Self) {
                let (sender, receiver) = room.map_or_else($crate_name::unbounded, $crate_name::bounded);
                (sender, $name(receiver))
            }

            fn send(sender: &Self::Sender, message: u64) -> bool {
                sender.send(message).is_ok()
            }

            fn try_send(sender: &Self::Sender, message: u64) -> bool {
                taken(sender.try_send(message))
            }

            fn receive(&self) -> Option<u64> {
                self.0.recv().ok()
            }
        }

        pub(in super::super) fn $open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
            open::<$name>(opening.scenario)
        }
    };
}

/// Channels disagree on what a send that does not wait returns.
trait TrySend {
    fn taken(self) -> bool;
}

impl<E> TrySend for Result<(), E> {
    fn taken(self) -> bool {
        self.is_ok()
    }
}

impl<E> TrySend for Result<bool, E> {
    fn taken(self) -> bool {
        self.unwrap_or(false)
    }
}

fn taken(outcome: impl TrySend) -> bool {
    outcome.taken()
}

channel!(crossbeam, Crossbeam, crossbeam_channel, "crossbeam-channel.");
channel!(flume, Flume, flume, "flume.");
channel!(kanal, Kanal, kanal, "kanal.");
