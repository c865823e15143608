use super::*;
use crate::load::clock::Fake;
use crate::load::context::RunState;
use crate::load::message_copy::MessageCopy;
use crate::load::pacing::{MARGIN, Pacer};
use crate::load::run_plan::RunPlan;
use crate::load::targets::{Direct, PublishRequest, Sent, SharedQueue, Subscription, Target};
use crate::load::visit_log::{VisitLog, VisitOrigin};
use crate::scenario::{Scenario, Work};
use crate::workload::Block;
use crate::workload::laws::Law;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

/// Hands out the messages that it was made with, each with the number of its delivery.
struct Script(Mutex<Vec<(u64, u32)>>);

impl SharedQueue for Script {
    fn publish(&self, _: usize, _: &PublishRequest) -> Sent {
        Sent::Closed
    }
    fn consume(&self, _: Subscription, _: usize, out: &mut Vec<Delivery>) -> bool {
        let message = self.0.lock().expect("no thread panicked").pop();
        out.extend(message.map(|(message, deliveries)| Delivery {
            message,
            deliveries,
            tag: 0,
            part: 0,
            until: u64::MAX,
        }));
        message.is_some()
    }
    fn ack(&self, _: usize, delivery: &Delivery) -> bool {
        delivery.message != 2
    }
    fn close(&self, _: usize) {}
    fn halt(&self) {}
    fn in_system(&self, _: usize) -> Option<u64> {
        None
    }
}

/// What a server did.
struct ServedRun {
    totals: ServerTotals,
    overruns: Vec<Overrun>,
    visits: std::sync::Arc<VisitLog>,
}

/// Has one server take deliveries, the last of the script first, of four messages that were sent at once and
/// need a millisecond each.
fn serve(scenario: &Scenario, clock: &Fake, script: Vec<(u64, u32)>) -> ServedRun {
    let plan =
        Block { due: vec![0; 4], sent: vec![0; 4], demand: vec![vec![1_000_000; 4]], ..Block::default() };
    let run_plan = RunPlan::new(scenario, &plan).expect("it can be played");
    let (stop, state) = (AtomicBool::new(false), RunState::new(&run_plan, VisitLog::new(4, 4)));
    for id in 0..4 {
        state.visits.begin(VisitOrigin::new(id, 0, MessageCopy::planned(id, 0)), 0).expect("room");
    }
    let mut worker = Worker::new(Pacer::new(clock, &stop, MARGIN), clock, Work::Auto);
    let target = Direct(Script(Mutex::new(script)));
    let context = RunContext::new(&run_plan, &target, &state);
    let receiver = target.receiver(Subscription { queue: 0, part: 0, hold: 1 }).expect("a handle");
    let handles = ServerHandles { receiver, others: Vec::new(), publisher: None };
    let mut server = Server::new(&mut worker, context, handles, 0, ServerId { group: 0, server: 0 }, 0);
    let (totals, overruns) = (server.serve(), std::mem::take(&mut server.overruns));
    assert_eq!(context.busy.load(Ordering::SeqCst), 0);
    drop(server);
    ServedRun { totals, overruns, visits: state.visits }
}

fn one_server() -> Scenario {
    Scenario::mgc(1.0, Law::deterministic(0.0), 1)
}

#[test]
fn faults_of_a_target_are_counted() {
    let clock = Fake { read: 20, ..Fake::default() };
    let ServedRun { totals, overruns, visits } =
        serve(&one_server(), &clock, [9, 1, 2, 3, 1, 0].map(|message| (message, 1)).to_vec());
    // 1 came twice and 9 is unknown; 2 came after 3 and 1 after 2; 2 was not to be settled.
    assert_eq!((totals.duplicated, totals.disordered, totals.unsettled), (2, 2, 1));
    let service_time = totals.service_time();
    assert_eq!(service_time.planned, 5_000_000);
    assert!((5_000_000..5_000_500).contains(&service_time.real), "{service_time:?}");
    assert!(overruns.iter().all(|o| o.nanos < 100));
    let trace = visits.trace(0);
    let service_time = trace.finished.expect("served") - trace.taken.expect("served").0;
    assert!((1_000_000..1_000_100).contains(&service_time), "{service_time}");
}

#[test]
fn only_what_is_in_time_may_be_acknowledged_and_only_once() {
    let faults = |timeout: f64, script: &[(u64, u32)]| {
        let mut scenario = Scenario::mgc(1.0, Law::deterministic(0.001), 1);
        scenario.queues[0].visibility_timeout = Some(timeout);
        let totals = serve(&scenario, &Fake { read: 20, ..Fake::default() }, script.to_vec()).totals;
        (totals.duplicated, totals.disordered, totals.unsettled)
    };
    // Message 2 is never to be settled: after a millisecond and two that may be so for a timeout of two, and
    // not for one of an hour.
    assert_eq!(faults(0.002, &[(2, 1), (1, 1), (0, 1)]), (0, 0, 0));
    assert_eq!(faults(3600.0, &[(2, 1), (1, 1), (0, 1)]), (0, 0, 1));
    assert_eq!(
        faults(0.002, &[(1, 2), (1, 1), (0, 1)]),
        (1, 0, 0),
        "both acknowledgements of 1 were accepted"
    );
}

#[test]
fn what_the_host_takes_from_a_service_is_recorded() {
    // The program stands still from the middle of the second service until 300 µs after its end.
    let clock = Fake { read: 20, stall: Some((1_500_000, 800_000)), ..Fake::default() };
    let ServedRun { totals, overruns, visits } = serve(&one_server(), &clock, vec![(1, 1), (0, 1)]);
    let service_time = totals.service_time();
    let near = |nanos: i64, expected: i64| (nanos - expected).abs() < 500;
    assert!(near(service_time.real as i64 - service_time.planned as i64, 300_000), "{service_time:?}");
    let overruns: Vec<i64> = overruns.iter().map(|o| o.nanos).collect();
    assert!(near(overruns[0], 0) && near(overruns[1], 300_000), "{overruns:?}");
    assert!(visits.trace(1).finished.is_some_and(|at| near(at as i64, 2_300_000)));
}
