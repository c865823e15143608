//! One question, several answers: will this queue hold?
//!
//! A scenario says who sends, what waits and who works. Each of several witnesses answers it by itself: closed-form theory,
//! discrete-event simulation, and a measurement of the real queue in [`queue`] with its rehearsal and replay. A [`study::Study`]
//! holds their answers side by side and says where they agree.
//!
//! ```
//! use queuelab::answer::Method;
//! use queuelab::scenario::{NoFiles, Source, parse};
//! use queuelab::study::{Blind, run};
//!
//! let text = r#"
//!     producers.web     = { to = "orders", rate = "900/s" }
//!     queues.orders     = {}
//!     consumers.workers = { from = "orders", count = 4, service_time = { law = "exponential", mean = "4ms" } }
//!     simulation        = { messages = 50_000 }
//! "#;
//! let scenario = parse(&Source::new("orders.toml", text), &NoFiles)?.scenario;
//! let study = run(&scenario, &[Method::Theory, Method::Simulation], &Blind);
//!
//! let p99 = |method| study.answer(method).and_then(|answer| answer.get("producers.web.latency.p99"));
//! let (exact, simulated) = (p99(Method::Theory).expect("M/M/4"), p99(Method::Simulation).expect("ten replications"));
//! assert!((exact.value.expect("finite") - 0.0488).abs() < 5e-5);
//! assert!(simulated.half_width.is_some(), "a simulated figure has an interval");
//! # Ok::<(), queuelab::scenario::Problems>(())
//! ```
//!
//! # The way through it
//!
//! | what | where |
//! |---|---|
//! | instants in whole nanoseconds, quantities with their units; independent streams of random numbers | [`units`], [`rng`] |
//! | a message, the [record](message::Record) of its stay in a queue, who [listens](message::Recorder) | [`message`] |
//! | what a method found: [estimates](answer::Estimate) by metric path, or why it has no answer | [`answer`] |
//! | laws of times, arrival processes, and the [plan](workload::Plan): every message with its instant and its work | [`workload`] |
//! | TOML to a checked [scenario](scenario::Scenario), or all its problems at once | [`scenario`] |
//! | in what order those who wait are taken | [`discipline`] |
//! | closed forms, a file for each, and which of them fits | [`theory`] |
//! | what simulation and measurement decide alike: random draws, work, failures, routes | `behaviour` |
//! | the plan through an ideal queue: by recursion where it is enough, by events otherwise | [`sim`] |
//! | the real queue, a library of its own: acknowledgement, redelivery, topics, a write-ahead log | [`queue`] |
//! | the plan through a real queue, against the real clock | [`load`] |
//! | records to estimates with intervals | [`stats`] |
//! | a scenario by every method; sweeps, comparisons, searches, fits | [`study`] |
//! | a study as text, tables, plots and a page | [`report`] |
//! | files, terminal and exit codes, for the binary | [`cli`] |

pub mod answer;
mod behaviour;
#[cfg(feature = "cli")]
pub mod cli;
pub mod discipline;
pub mod load;
pub mod message;
pub mod queue;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod sim;
pub mod stats;
pub mod study;
pub mod theory;
pub mod units;
pub mod workload;
