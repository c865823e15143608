//! desque's serial calendar with a queue written on it.

use desque::serial::{Event, Simulation};
use desque::{SimState, SimTime};
use rand::SeedableRng;
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

struct Queue {
    rng: Xoshiro256PlusPlus,
    servers: usize,
    busy: usize,
    line: VecDeque<f64>,
    left: u64,
    waited: f64,
}

impl SimState<Time> for Queue {
    fn is_complete(&self, _: &Time) -> bool {
        false
    }
}

impl Queue {
    fn exponential(&mut self) -> f64 {
        Exp1.sample(&mut self.rng)
    }
}

type Sim = Simulation<Queue, Time>;

#[derive(Debug)]
struct Arrival;

#[derive(Debug)]
struct Departure;

fn begin(sim: &mut Sim) -> desque::Result {
    let now = sim.current_time().0;
    let service = sim.state_mut().exponential();
    sim.schedule(Departure, Time(now + service))
}

impl Event<Queue, Time> for Arrival {
    fn execute(&mut self, sim: &mut Sim) -> desque::Result {
        let now = sim.current_time().0;
        let queue = sim.state_mut();
        queue.left -= 1;
        if queue.left > 0 {
            let gap = queue.exponential() / (0.9 * queue.servers as f64);
            sim.schedule(Arrival, Time(now + gap))?;
        }
        let queue = sim.state_mut();
        if queue.busy == queue.servers {
            queue.line.push_back(now);
            return Ok(());
        }
        queue.busy += 1;
        begin(sim)
    }
}

impl Event<Queue, Time> for Departure {
    fn execute(&mut self, sim: &mut Sim) -> desque::Result {
        let now = sim.current_time().0;
        let queue = sim.state_mut();
        match queue.line.pop_front() {
            Some(arrived) => {
                queue.waited += now - arrived;
                begin(sim)
            }
            None => {
                queue.busy -= 1;
                Ok(())
            }
        }
    }
}

fn main() {
    let number = |i: usize| std::env::args().nth(i).and_then(|a| a.parse().ok()).expect("servers and messages");
    let (servers, messages) = (number(1) as usize, number(2));
    let rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let queue = Queue { rng, servers, busy: 0, line: VecDeque::new(), left: messages, waited: 0.0 };
    let mut sim = Sim::new(queue, Time(0.0));
    sim.schedule(Arrival, Time(0.0)).expect("not in the past");
    sim.run().expect("no event fails");
    println!("{}", sim.state().waited / messages as f64);
}
