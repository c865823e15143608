//! The thread that reads what a broker says to who sends: confirms and refusals.

use super::error::WireError;
use super::frames::{Decode, Incoming};
use super::socket::Socket;
use crate::load::clock::{Clock, Monotonic};

/// How often a connection on which nothing comes is looked at, in nanoseconds.
const LOOK: u64 = 500_000_000;

/// What is done with the frames of a connection.
pub(in crate::load::targets) trait FrameHandler {
    type Decoder: Decode;

    /// A frame has come.
    ///
    /// # Errors
    /// The conversation cannot go on.
    fn on_frame(&mut self, socket: &Socket, frame: <Self::Decoder as Decode>::Frame)
    -> Result<(), WireError>;

    /// Nothing has come for a while: something is asked that the broker must answer.
    ///
    /// # Errors
    /// The conversation cannot go on.
    fn on_silence(&mut self, socket: &Socket) -> Result<(), WireError>;
}

/// Reads until the conversation ends, and says why. A broker that answers nothing for `wait` seconds is lost.
pub(in crate::load::targets) fn read_frames<H: FrameHandler>(
    handler: &mut H,
    socket: &Socket,
    incoming: &mut Incoming,
    wait: f64,
) -> WireError {
    let patience = (wait.clamp(0.0, 1e6) * 1e9) as u64;
    let mut heard = Monotonic.now();
    loop {
        let now = Monotonic.now();
        let outcome = match incoming.next::<H::Decoder>(socket, now + LOOK.min(patience / 2)) {
            Ok(Some(frame)) => {
                heard = Monotonic.now();
                handler.on_frame(socket, frame)
            }
            Ok(None) if Monotonic.now().saturating_sub(heard) > patience => Err(WireError::Silent(wait)),
            Ok(None) => handler.on_silence(socket),
            Err(why) => Err(why),
        };
        if let Err(why) = outcome {
            return why;
        }
    }
}
