//! nexosim on one thread: a source and a queue, models joined by a port.

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::Output;
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use rand::SeedableRng;
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn exponential(rng: &mut Xoshiro256PlusPlus, mean: f64) -> Duration {
    let time: f64 = Exp1.sample(rng);
    Duration::from_nanos(((time * mean * 1e9) as u64).max(1))
}

#[derive(Serialize, Deserialize)]
struct Source {
    out: Output<()>,
    rng: Xoshiro256PlusPlus,
    left: u64,
    gap: f64,
}

#[Model]
impl Source {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        let gap = exponential(&mut self.rng, self.gap);
        cx.schedule_event(gap, schedulable!(Self::send), ()).expect("in the future");
    }

    #[nexosim(schedulable)]
    async fn send(&mut self, _: (), cx: &Context<Self>) {
        self.left -= 1;
        if self.left > 0 {
            let gap = exponential(&mut self.rng, self.gap);
            cx.schedule_event(gap, schedulable!(Self::send), ()).expect("in the future");
        }
        self.out.send(()).await;
    }
}

#[derive(Serialize, Deserialize)]
struct Queue {
    rng: Xoshiro256PlusPlus,
    servers: usize,
    busy: usize,
    line: VecDeque<MonotonicTime>,
    waited: f64,
    #[serde(skip)]
    result: Arc<Mutex<f64>>,
}

#[Model]
impl Queue {
    async fn arrive(&mut self, _: (), cx: &Context<Self>) {
        if self.busy == self.servers {
            self.line.push_back(cx.time());
        } else {
            self.busy += 1;
            self.begin(cx);
        }
    }

    fn begin(&mut self, cx: &Context<Self>) {
        let service = exponential(&mut self.rng, 1.0);
        cx.schedule_event(service, schedulable!(Self::depart), ()).expect("in the future");
    }

    #[nexosim(schedulable)]
    async fn depart(&mut self, _: (), cx: &Context<Self>) {
        if let Some(arrived) = self.line.pop_front() {
            self.waited += cx.time().duration_since(arrived).as_secs_f64();
            self.begin(cx);
            return;
        }
        self.busy -= 1;
        if self.busy == 0 {
            *self.result.lock().expect("no thread fails") = self.waited;
        }
    }
}

fn main() {
    let given: Vec<String> = std::env::args().collect();
    let servers: u64 = match given[1].as_str() {
        "one" => 1,
        "four" => 4,
        other => panic!("no work is called {other}"),
    };
    let messages: u64 = given[2].parse().expect("messages");
    let result = Arc::new(Mutex::new(0.0));
    let gap = 1.0 / (0.9 * servers as f64);
    let mut source = Source { out: Output::default(), rng: Xoshiro256PlusPlus::seed_from_u64(1), left: messages, gap };
    let queue = Queue {
        rng: Xoshiro256PlusPlus::seed_from_u64(2),
        servers: servers as usize,
        busy: 0,
        line: VecDeque::new(),
        waited: 0.0,
        result: result.clone(),
    };
    let mailbox = Mailbox::new();
    source.out.connect(Queue::arrive, &mailbox);
    let init = SimInit::with_num_threads(1).add_model(source, Mailbox::new(), "source").add_model(queue, mailbox, "queue");
    let mut simulation = init.init(MonotonicTime::EPOCH).expect("the bench is well formed");
    simulation.run().expect("no model fails");
    println!("{}", *result.lock().expect("no thread fails") / messages as f64);
}
