//! The real in-process queue: what simulated answers are held against, and an embedded queue in its own right.
//!
//! Three layers, each usable without the next: [`State`] decides (a pure state machine: no lock, no clock, no
//! input or output), [`Queue`] adds one lock and the waiting of threads. Whatever a queue can do to a message is decided in the
//! first layer alone, so that it can be tested against a plain model, step by step.

#[cfg(test)]
mod model_test;
mod settings;
mod shell;
mod slots;
mod state;

pub use settings::{Overflow, Settings};
pub use shell::Queue;
pub use slots::Tag;
pub use state::{Counts, Delivery, Loss, Lost, Misuse, Refusal, Refused, State};
