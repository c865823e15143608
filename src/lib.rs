//! **Will this queue hold?** One question about a message queue, and several answers to hold beside one
//! another.
//!
//! A *scenario* says who sends, what waits and who works. Each *method* answers it by itself: closed-form
//! **theory**, discrete-event **simulation**, and **measurement** of a real queue under load. Every figure
//! comes with its uncertainty, and a study says where the methods agree. What a method cannot answer it
//! refuses, with the reason.
//!
//! The crate is a program, `queuelab`, which its README shows, and a library. Three things in it are worth
//! embedding: the simulator, the closed forms, and the queue.
//!
//! # Simulate a scenario
//!
//! A scenario is a few lines of TOML, checked as a whole: [`scenario::parse`] gives a
//! [`Scenario`](scenario::Scenario), or every problem at once. [`study::run`] asks the methods that are
//! wanted; figures are found by their path.
//!
//! ```
//! use queuelab::answer::Method;
//! use queuelab::scenario::{NoFiles, Source, parse};
//! use queuelab::study::{NoProgress, run};
//!
//! let text = r#"
//!     producers.web     = { to = "orders", rate = "900/s" }
//!     queues.orders     = {}
//!     consumers.workers = { from = "orders", count = 4, service_time = { law = "exponential", mean = "4ms" } }
//!     simulation        = { messages = 50_000 }
//! "#;
//! let scenario = parse(&Source::new("orders.toml", text), &NoFiles)?.scenario;
//! let study = run(&scenario, &[Method::Theory, Method::Simulation], &NoProgress);
//!
//! let p99 = |method| study.answer(method).and_then(|answer| answer.get("producers.web.latency.p99"));
//! let (exact, simulated) = (p99(Method::Theory).expect("M/M/4"), p99(Method::Simulation).expect("played"));
//! assert!((exact.value.expect("finite") - 0.0488).abs() < 5e-5); // Seconds.
//! assert!(simulated.half_width.is_some(), "a simulated figure has an interval");
//! # Ok::<(), queuelab::scenario::Problems>(())
//! ```
//!
//! # The closed form of a station
//!
//! The formulas are plain functions of numbers, a file for each model, with source and domain ([`theory`]
//! lists them). Or let [`theory::answer`] choose the model that fits and give every metric that it yields:
//!
//! ```
//! use queuelab::scenario::Scenario;
//! use queuelab::theory::{self, mmc};
//! use queuelab::workload::laws::Law;
//!
//! // M/M/4: 900 messages/s, each server does 250 a second.
//! let wait = mmc::wait_mean(900.0, 250.0, 4);
//! assert!((wait - 0.00788).abs() < 5e-6); // Seconds.
//!
//! // M/G/1: a service time of 4 ms on average, with twice the variance of an exponential one.
//! let station = Scenario::mgc(200.0, Law::lognormal(0.004, 2.0), 1);
//! let answer = theory::answer(&station)?;
//! assert!(answer.exact && answer.by.starts_with("M/LN/1"));
//! let p99 = answer.get("queues.queue.wait.p99").and_then(|wait| wait.value).expect("known for every law");
//! assert!(p99 > 0.1 && p99 < 0.2);
//! # Ok::<(), queuelab::answer::Unanswered>(())
//! ```
//!
//! # The queue with its log
//!
//! [`queue`] is an in-process queue with what brokers have: acknowledgement, redelivery, time to live, dead
//! letters, topics. With its write-ahead log a message that was confirmed survives a crash:
//!
//! ```
//! use queuelab::queue::{Confirm, DurableQueue, Settings};
//! use std::time::Instant;
//!
//! let folder = std::env::temp_dir().join(format!("orders-{}", std::process::id()));
//! let start = Instant::now();
//! let open = || DurableQueue::open(&folder, Settings::default(), move || start.elapsed().as_nanos() as u64);
//! let queue = open()?;
//! queue.publish(b"pay invoice 12", Confirm::Durable)?; // On the disk when this returns.
//! drop(queue);
//!
//! let queue = open()?;
//! let mut deliveries = Vec::new();
//! queue.consume(1, &mut deliveries);
//! assert_eq!(&*deliveries[0].body.bytes, b"pay invoice 12");
//! queue.ack(&deliveries[0])?;
//! # drop(queue);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Cargo features
//!
//! All are on unless `default-features = false` says otherwise; the library needs none of them.
//!
//! | feature | what it adds | crates |
//! |---|---|---|
//! | `cli` | the program, and problems of a scenario shown with carets below the lines that they are about | `clap`, `indicatif`, `ctrlc`, `annotate-snippets` |
//! | `plots` | SVG plots, and pages with plots in them | `plotters` |
//! | `channels` | crossbeam-channel, flume and kanal as targets of measurements | those three |
//!
//! Without them 60 crates are compiled, with all of them 92.
//!
//! # The way through it
//!
//! | what | where |
//! |---|---|
//! | a message, the [record](message::Record) of its stay in a queue, who [listens](message::Recorder) | [`message`] |
//! | what a method found: [estimates](answer::Estimate) by metric path, or why it has no answer | [`answer`] |
//! | laws of times, arrival processes, and the [plan](workload::Plan): every message with its instant and its work | [`workload`] |
//! | TOML to a checked [scenario](scenario::Scenario), or all its problems at once | [`scenario`] |
//! | closed forms, a file for each, and which of them fits | [`theory`] |
//! | what simulation and measurement decide alike: random draws, work, failures, routes | `behaviour`, not public |
//! | the plan through an ideal queue: by recursion where it is enough, by events otherwise | [`sim`] |
//! | the real queue, a library of its own: acknowledgement, redelivery, topics, a write-ahead log | [`queue`] |
//! | the plan through a real queue, against the real clock | `load`, not public: [`study::run`] measures |
//! | records to estimates with intervals | [`stats`] |
//! | a scenario by every method; sweeps, comparisons, searches, fits | [`study`] |
//! | a study as text, JSON and files | [`report`] |
//! | instants in whole nanoseconds, quantities with their units; independent streams of random numbers | [`units`], [`rng`] |
//!
//! How to use it: the [`manual`]. How to work on it: [`contributing`]. What changed: [`changelog`]. Its
//! words: [`vocabulary`].

pub mod answer;
mod behaviour;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod discipline;
mod linear;
// Without the program nobody lists targets or calibrates.
#[cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]
mod load;
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

#[doc = include_str!("manual/mod.md")]
pub mod manual {
    #[doc = include_str!("manual/automation.md")]
    pub mod automation {}

    #[doc = include_str!("manual/closed_forms.md")]
    pub mod closed_forms {}

    #[doc = include_str!("manual/design.md")]
    pub mod design {}

    #[doc = include_str!("manual/measured_times.md")]
    pub mod measured_times {}

    #[doc = include_str!("manual/methods.md")]
    pub mod methods {}

    #[doc = include_str!("manual/questions.md")]
    pub mod questions {}

    #[doc = include_str!("manual/targets.md")]
    pub mod targets {}

    #[doc = include_str!("manual/tutorial.md")]
    pub mod tutorial {}

    #[doc = include_str!("manual/validation.md")]
    pub mod validation {}
}

#[doc = include_str!("contributing.md")]
pub mod contributing {}

#[doc = include_str!("changelog.md")]
pub mod changelog {}

#[doc = include_str!("vocabulary.md")]
pub mod vocabulary {}
