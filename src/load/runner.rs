//! Starts and joins the threads of a run: one that sends, one for every server, and the caller's, which
//! watches.

use super::clock::{Clock, Monotonic};
use super::context::RunContext;
use super::delivery_sample::DeliverySample;
use super::generator::generate;
use super::interference::SchedulerInterference;
use super::message_copy::MessageCopy;
use super::pacing::{Meter, Pacer};
use super::records::Observation;
use super::run_plan::ServerId;
use super::server::{Server, ServerHandles, ServerTotals};
use super::targets::{PublishRequest, Publisher, Subscription, TroubleKind};
use super::visit_log::VisitOrigin;
use super::work::Worker;
use super::{Control, DeliveryTimes, LoadError, broker_counts, system, warm_up};
use crate::message::Overrun;
use crate::scenario::{Ack, Work};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};

/// How long the threads have to begin, after all are there.
const HEAD_START: u64 = 20_000_000;

/// How long after the plan's last send the queue may take to empty, beyond the backlog that was to be
/// expected.
const GRACE: u64 = 2_000_000_000;

/// How often the longest time without a connection, to work off what came meanwhile.
const CATCHING_UP: u64 = 4;

/// Between two looks at the target's counters.
const LOOK: u64 = 10_000_000;

/// The threads of a run: what they share, and how far they are.
pub(super) struct Runner<'a> {
    context: RunContext<'a>,
    work: Work,
    margin: u64,
    /// Ends all waiting and working.
    halt: AtomicBool,
    /// The instant of the run's clock at which it begins; 0 until it is known.
    start: AtomicU64,
    /// Threads that have begun and not ended.
    present: AtomicU64,
    /// Whether nothing comes from outside any more.
    sent: AtomicBool,
}

/// What one thread measured and noticed.
#[derive(Default)]
struct ThreadOutput {
    interference: SchedulerInterference,
    meter: Meter,
    totals: ServerTotals,
    overruns: Vec<Overrun>,
    samples: Vec<DeliverySample>,
}

/// What all threads together measured and noticed.
pub(super) struct RunOutput {
    pub interference: SchedulerInterference,
    pub generator: Meter,
    /// Nanoseconds that all threads spent looking at the clock.
    pub spun: u64,
    pub inversions: u64,
    pub totals: ServerTotals,
    pub overruns: Vec<Overrun>,
    /// How long deliveries took, on a broker.
    pub samples: Vec<DeliverySample>,
    pub observed: Observation,
    /// How long deliveries took before the run, where that was tried.
    pub learnt: Option<DeliveryTimes>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(context: RunContext<'a>, work: Work, margin: u64) -> Self {
        Runner {
            context,
            work,
            margin,
            halt: false.into(),
            start: 0.into(),
            present: 0.into(),
            sent: false.into(),
        }
    }

    /// Starts the threads, watches them, and gathers their outputs.
    ///
    /// # Errors
    /// A host that lets no thread start.
    pub(super) fn run(&self, control: &Control<'_>) -> Result<RunOutput, LoadError> {
        let server_ids: Vec<ServerId> = (0..self.context.run_plan.groups.len())
            .flat_map(|group| {
                (0..self.context.run_plan.groups[group].servers).map(move |server| ServerId { group, server })
            })
            .collect();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let mut publisher = self.context.target.publisher()?;
            let mut handles =
                server_ids.iter().map(|server_id| self.handles(*server_id)).collect::<Result<Vec<_>, _>>()?;
            let messages = self.context.target.warm_up();
            let learnt = (messages > 0)
                .then(|| {
                    let servers = || server_ids.iter().copied();
                    let zipped = servers().zip(&mut handles);
                    let times = warm_up::warm_up(&self.context, zipped, publisher.as_mut(), messages)?;
                    warm_up::subscribe(&self.context, servers().zip(&mut handles));
                    Ok(times)
                })
                .transpose()
                .map_err(|error| self.reason(error))?;
            let started: Result<Vec<_>, _> =
                std::iter::once(self.spawn(scope, "generator", || self.generator(publisher)))
                    .chain(server_ids.iter().zip(handles).map(|(&server_id, handles)| {
                        self.spawn(scope, "server", move || self.server(server_id, handles))
                    }))
                    .collect();
            let threads = started.map_err(|error| {
                self.halt();
                LoadError::NoThread { why: error.to_string() }
            })?;
            let asks = broker_counts::are_told(&self.context);
            let asking = asks.then(|| {
                let named = thread::Builder::new().name("broker's count".into());
                named.spawn_scoped(scope, || broker_counts::ask(&self.context, &self.start, &over))
            });
            let observed = self.watch(threads.len() as u64, control);
            over.store(true, Ordering::Release);
            let mut observed = observed?;
            // Where no thread starts for it, it is not known.
            observed.by_broker =
                asking.and_then(Result::ok).and_then(|asking| asking.join().ok()).unwrap_or_default();
            let mut outputs = threads
                .into_iter()
                .map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            let generator = outputs.next().expect("the generator is the first of the threads");
            let mut sum = RunOutput {
                interference: generator.interference,
                generator: generator.meter,
                spun: generator.meter.spun,
                inversions: generator.meter.inversions,
                totals: ServerTotals::default(),
                overruns: Vec::new(),
                samples: Vec::new(),
                observed,
                learnt,
            };
            for server in outputs {
                sum.interference = sum.interference.plus(server.interference);
                sum.spun += server.meter.spun;
                sum.inversions += server.meter.inversions;
                sum.totals.merge(&server.totals);
                sum.overruns.extend(server.overruns);
                sum.samples.extend(server.samples);
            }
            Ok(sum)
        })
    }

    /// Why a warm-up failed: a connection that was lost in it is the reason.
    fn reason(&self, error: LoadError) -> LoadError {
        let lost = self.context.listener.troubles().into_iter().find_map(|trouble| match trouble.kind {
            TroubleKind::Disconnected { why } => Some(why),
            _ => None,
        });
        let target = self.context.run_plan.scenario.measurement.target.clone();
        lost.map_or(error, |why| LoadError::Broker {
            target,
            why: format!("it was lost before the run: {why}"),
        })
    }

    fn spawn<'scope, 'env>(
        &'scope self,
        scope: &'scope Scope<'scope, 'env>,
        name: &str,
        part: impl FnOnce() -> ThreadOutput + Send + 'scope,
    ) -> std::io::Result<ScopedJoinHandle<'scope, ThreadOutput>> {
        thread::Builder::new().name(name.into()).stack_size(256 * 1024).spawn_scoped(scope, move || {
            let _presence = Presence::enter(&self.present);
            system::exact_sleeps();
            let before = SchedulerInterference::now();
            let output = part();
            ThreadOutput { interference: SchedulerInterference::now().since(before), ..output }
        })
    }

    /// A server's handles: one to take by, and one to send by if it sends on.
    fn handles(&self, server_id: ServerId) -> Result<ServerHandles<'a>, LoadError> {
        let (run_plan, target) = (self.context.run_plan, self.context.target);
        let sends = !run_plan.scenario.consumers[server_id.group].to.is_empty();
        let publisher = sends.then(|| target.publisher()).transpose()?;
        let of = run_plan.subscription_of(server_id.group, server_id.server);
        let also = run_plan.scenario.consumers[server_id.group].also.iter();
        let others = also.map(|queue| target.receiver(Subscription { queue: *queue, ..of }));
        Ok(ServerHandles {
            receiver: target.receiver(of)?,
            others: others.collect::<Result<_, _>>()?,
            publisher,
        })
    }

    fn generator(&self, mut publisher: Box<dyn Publisher + '_>) -> ThreadOutput {
        // Whatever happens here, the consumers must not wait for more.
        let _leaving = GeneratorGuard(&self.sent);
        let Some(start) = self.await_start() else { return ThreadOutput::default() };
        let mut pacer = Pacer::new(&Monotonic, &self.halt, self.margin);
        pacer.gives_way = self.context.run_plan.on_broker;
        generate(&mut pacer, &self.context, publisher.as_mut(), start);
        ThreadOutput { meter: pacer.meter, ..ThreadOutput::default() }
    }

    fn server(&self, server_id: ServerId, handles: ServerHandles<'_>) -> ThreadOutput {
        let Some(start) = self.await_start() else { return ThreadOutput::default() };
        let mut worker = Worker::new(Pacer::new(&Monotonic, &self.halt, self.margin), &Monotonic, self.work);
        // What waits from the start is not to be taken before.
        worker.pacer.wait_until(start);
        // Room for twice its share of the messages, so that a usual run allocates nothing.
        let room = 2 * self.context.run_plan.len()
            / (self.context.run_plan.groups[server_id.group].servers as usize).max(1);
        let mut server = Server::new(&mut worker, self.context, handles, start, server_id, room);
        let totals = server.serve();
        let (overruns, samples) = (std::mem::take(&mut server.overruns), std::mem::take(&mut server.samples));
        drop(server);
        ThreadOutput { meter: worker.pacer.meter, totals, overruns, samples, ..ThreadOutput::default() }
    }

    fn await_start(&self) -> Option<u64> {
        while !self.halt.load(Ordering::Relaxed) {
            match self.start.load(Ordering::Acquire) {
                0 => Monotonic.sleep_until(Monotonic.now() + 1_000_000),
                start => return Some(start),
            }
        }
        None
    }

    /// Starts the run once all threads are there, and looks after it until they have gone.
    ///
    /// # Errors
    /// The target gives no handle to put backlogs in place.
    fn watch(&self, threads: u64, control: &Control<'_>) -> Result<Observation, LoadError> {
        while self.present.load(Ordering::Acquire) < threads {
            Monotonic.sleep_until(Monotonic.now() + 100_000);
        }
        let start = Monotonic.now() + HEAD_START;
        if let Err(error) = self.put_backlogs(start) {
            self.halt();
            return Err(error);
        }
        self.context.listener.starts(start);
        self.start.store(start, Ordering::Release);
        let span = self.context.run_plan.span();
        let expected = span + self.context.run_plan.backlog();
        let deadline = expected + GRACE + self.away();
        let mut observed = Observation {
            start,
            levels: Vec::with_capacity((deadline / LOOK + 1) as usize),
            ..Observation::default()
        };
        let (mut next, mut empty) = (start + LOOK, false);
        while self.present.load(Ordering::Acquire) > 0 {
            let scales = self.context.scalers.iter().flatten().map(|scaler| start + scaler.next()).min();
            Monotonic.sleep_until(next.min(scales.unwrap_or(next)));
            let at = Monotonic.now() - start;
            self.scale(at);
            if start + at < next {
                continue;
            }
            next = start + (at / LOOK + 1) * LOOK;
            let over = || (control.stopped)() || at > deadline || self.context.visits.is_full();
            if !observed.cut_short && (self.context.listener.is_disconnected() || over()) {
                observed.cut_short = true;
                observed.ended = at;
                self.halt();
            } else if !observed.cut_short {
                observed.ended = at;
                observed.levels.extend(self.inside().map(|inside| (at, inside)));
                // Twice, since nobody looks into all queues at one instant.
                let was = std::mem::replace(&mut empty, self.is_empty());
                if was && empty {
                    self.context.closed.store(true, Ordering::SeqCst);
                    (0..self.context.run_plan.queues()).for_each(|queue| self.context.target.close(queue));
                }
            }
            if (at / LOOK).is_multiple_of(10) {
                (control.progress)((at as f64 / expected.max(1) as f64).min(1.0));
            }
        }
        Ok(observed)
    }

    /// How much longer the queues may take to empty where connections that are lost are made anew.
    fn away(&self) -> u64 {
        let broker = &self.context.run_plan.scenario.measurement.broker;
        let wait = if broker.reconnect && self.context.run_plan.on_broker { broker.wait } else { 0.0 };
        CATCHING_UP * (wait.clamp(0.0, 1e6) * 1e9) as u64
    }

    /// Puts in place what waits in the queues from the start.
    fn put_backlogs(&self, start: u64) -> Result<(), LoadError> {
        let run_plan = self.context.run_plan;
        if run_plan.waiting() == 0 {
            return Ok(());
        }
        let mut publisher = self.context.target.publisher()?;
        let mut id = 0;
        for (queue, waiting) in run_plan.scenario.queues.iter().map(|q| q.initial_backlog).enumerate() {
            for number in 0..waiting {
                let copy = MessageCopy::of_backlog(queue, number);
                let Some(visit) = self
                    .context
                    .visits
                    .begin(VisitOrigin { queue: queue as u32, ..VisitOrigin::new(id, 0, copy) }, 0)
                else {
                    return Ok(());
                };
                id += 1;
                let request = run_plan.request(queue, copy, visit, 0);
                // Its time to live counts from the start.
                let ttl = request.ttl.map(|ttl| ttl.saturating_add(start.saturating_sub(Monotonic.now())));
                // A scenario whose backlog finds no room is refused.
                let _accepted = publisher.publish(queue, &PublishRequest { ttl, ..request });
            }
        }
        Ok(())
    }

    /// Evaluates the autoscalers that are due.
    fn scale(&self, at: u64) {
        for (group, scaler) in self.context.scalers.iter().enumerate() {
            let queue = self.context.run_plan.groups[group].queue;
            if let Some(scaler) = scaler.as_ref().filter(|scaler| scaler.next() <= at) {
                scaler.look(self.context.target.in_system(queue).unwrap_or(0), at);
            }
        }
    }

    /// Whether nothing comes any more and nobody holds anything.
    fn is_empty(&self) -> bool {
        let inside = |queue: usize| self.context.target.in_system(queue).unwrap_or(0);
        let consumed = |queue: &usize| self.context.run_plan.first_group(*queue).is_some();
        self.sent.load(Ordering::SeqCst)
            && self.context.busy.load(Ordering::SeqCst) == 0
            && (0..self.context.run_plan.queues()).filter(consumed).all(|queue| inside(queue) == 0)
    }

    /// Messages inside by the target's own count, over all queues.
    fn inside(&self) -> Option<u64> {
        let run_plan = self.context.run_plan;
        // A sender that waits for room is inside by the records and outside by the target; what was
        // acknowledged beforehand is the other way round.
        let odd = (0..run_plan.queues()).any(|queue| run_plan.blocks(queue))
            || run_plan.scenario.consumers.iter().any(|c| c.ack == Ack::Auto);
        if odd {
            return None;
        }
        self.context.over_consumed(|queue| self.context.target.in_system(queue))
    }

    fn halt(&self) {
        self.halt.store(true, Ordering::Relaxed);
        self.context.target.halt();
    }
}

/// Counts a thread while it is there, panics included.
struct Presence<'a>(&'a AtomicU64);

impl<'a> Presence<'a> {
    fn enter(present: &'a AtomicU64) -> Self {
        present.fetch_add(1, Ordering::AcqRel);
        Presence(present)
    }
}

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Tells when the generator leaves, panics included.
struct GeneratorGuard<'a>(&'a AtomicBool);

impl Drop for GeneratorGuard<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
