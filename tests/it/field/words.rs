//! Words of the grammar that people lacked, each with a right value: exact, or by a slow simulator of its own
//! that is written from what the word means and shares nothing with the engine. Simulations have a fixed seed
//! and intervals of 99.9 %: a right one misses once in a thousand seeds.

mod blocking_retries;
mod choosing;
mod drains;
mod head_expiry;
mod hedging;
mod held_back;
mod instants;
mod joins;
mod late_acks;
mod locks;
mod oldest;
mod own_ttl;
mod rate_limits;
mod rebalancing;
mod resending;
mod resources;
mod scalings;
mod send_limits;
mod several_servers;
mod shared_workers;
mod spreads;
mod timetables;
mod transit;

use super::{both, refusal, scenario, simulated, value};
use queuelab::answer::Method;
use queuelab::rng::Key;
use queuelab::study::Study;

/// What theory says against a scenario.
fn refused(study: &Study) -> String {
    study.unanswered.iter().find(|u| u.method == Method::Theory).expect("refused").reason.to_string()
}

/// Messages of a Poisson process with exponential work, each of a key: when it comes, its key and its work.
fn messages(count: u64, rate: f64, keys: u32, work: f64) -> Vec<(f64, u32, f64)> {
    let (draws, mut at) = (Key::new(20_261, 0), 0.0);
    let each = |i: u64| {
        let uniform = |count| draws.uniform_at(i, count);
        at -= uniform(0).ln() / rate;
        (at, (uniform(1) * f64::from(keys)).ceil() as u32, -uniform(2).ln() * work)
    };
    (0..count).map(each).collect()
}

/// What a consumer has fetched ahead it would begin while a sooner message waits: refused, however it
/// fetches.
#[test]
fn what_is_fetched_ahead_does_not_go_with_preemption() {
    for by in ["turn", "demand"] {
        let text = format!(
            "[producers.p]\nto = \"q\"\nrate = \"1/s\"\n[queues.q]\ndiscipline = \"priority\"\npreemption = \"resume\"\n\
             [consumers.c]\nfrom = \"q\"\nservice_time = \"exponential(10ms)\"\nprefetch = 4\nprefetch_by = \"{by}\"\n"
        );
        let refusal = refusal(&text);
        assert!(refusal.contains("preemption, which does not go with prefetch above 1"), "{refusal}");
    }
}
