//! desque's serial calendar with queues in a row written on it.

use desque::serial::{Event, Simulation};
use desque::{SimState, SimTime};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::cmp::Ordering;
use std::collections::VecDeque;

#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
struct Time(f64);

impl Eq for Time {}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl SimTime for Time {}

/// Queues in a row, all alike, in each of which messages of several priorities wait.
struct Queues {
    rng: Xoshiro256PlusPlus,
    rate: f64,
    servers: usize,
    busy: Vec<usize>,
    /// By queue and priority, the most urgent first.
    lines: Vec<Vec<VecDeque<f64>>>,
    left: u64,
    waited: f64,
}

impl SimState<Time> for Queues {
    fn is_complete(&self, _: &Time) -> bool {
        false
    }
}

impl Queues {
    fn exponential(&mut self) -> f64 {
        Exp1.sample(&mut self.rng)
    }
}

type Sim = Simulation<Queues, Time>;

#[derive(Debug)]
struct Arrival;

#[derive(Debug)]
struct Departure {
    queue: usize,
}

fn begin(sim: &mut Sim, queue: usize) -> desque::Result {
    let now = sim.current_time().0;
    let service = sim.state_mut().exponential();
    sim.schedule(Departure { queue }, Time(now + service))
}

fn reach(sim: &mut Sim, queue: usize) -> desque::Result {
    let now = sim.current_time().0;
    let queues = sim.state_mut();
    if queues.busy[queue] < queues.servers {
        queues.busy[queue] += 1;
        return begin(sim, queue);
    }
    let priorities = queues.lines[queue].len();
    let priority = if priorities > 1 { queues.rng.random_range(0..priorities) } else { 0 };
    queues.lines[queue][priority].push_back(now);
    Ok(())
}

impl Event<Queues, Time> for Arrival {
    fn execute(&mut self, sim: &mut Sim) -> desque::Result {
        let now = sim.current_time().0;
        let queues = sim.state_mut();
        queues.left -= 1;
        if queues.left > 0 {
            let gap = queues.exponential() / queues.rate;
            sim.schedule(Arrival, Time(now + gap))?;
        }
        reach(sim, 0)
    }
}

impl Event<Queues, Time> for Departure {
    fn execute(&mut self, sim: &mut Sim) -> desque::Result {
        let (now, queue) = (sim.current_time().0, self.queue);
        let queues = sim.state_mut();
        match queues.lines[queue].iter_mut().find_map(VecDeque::pop_front) {
            Some(arrived) => {
                queues.waited += now - arrived;
                begin(sim, queue)?;
            }
            None => queues.busy[queue] -= 1,
        }
        let last = sim.state().lines.len() - 1;
        if queue < last { reach(sim, queue + 1) } else { Ok(()) }
    }
}

fn main() {
    let given: Vec<String> = std::env::args().collect();
    let (rate, stations, servers, priorities) = match given[1].as_str() {
        "one" => (0.9, 1, 1, 1),
        "four" => (3.6, 1, 4, 1),
        "tandem" => (0.8, 3, 1, 1),
        "priorities" => (0.8, 1, 1, 2),
        other => panic!("no work is called {other}"),
    };
    let messages: u64 = given[2].parse().expect("messages");
    let queues = Queues {
        rng: Xoshiro256PlusPlus::seed_from_u64(1),
        rate,
        servers,
        busy: vec![0; stations],
        lines: vec![vec![VecDeque::new(); priorities]; stations],
        left: messages,
        waited: 0.0,
    };
    let mut sim = Sim::new(queues, Time(0.0));
    sim.schedule(Arrival, Time(0.0)).expect("not in the past");
    sim.run().expect("no event fails");
    println!("{}", sim.state().waited / messages as f64);
}
