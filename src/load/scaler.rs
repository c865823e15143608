//! Which servers of a group are there, where that follows the backlog, late, or the clock.

use super::run_plan::RunPlan;
use crate::behaviour::{ServerScaler, ServerState};
use crate::scenario::Servers;
use parking_lot::{Condvar, Mutex};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Which servers of one group are wanted, and which of them work. Times are nanoseconds from the start.
#[derive(Debug)]
pub(super) struct GroupScaler {
    startup: u64,
    state: Mutex<ScalerState>,
    changed: Condvar,
    /// By server: messages that it works on.
    busy: Vec<AtomicU64>,
}

#[derive(Debug)]
struct ScalerState {
    duties: Vec<ServerDuty>,
    scaler: ServerScaler,
    next: u64,
    /// When servers were started or let go because of the backlog.
    scaled: Vec<u64>,
}

/// What a server is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServerDuty {
    Off,
    /// To be there from an instant on.
    Starting(u64),
    On,
}

impl GroupScaler {
    /// The scaler of a group; `None` if it always has the same servers.
    pub(super) fn of(run_plan: &RunPlan<'_>, group: usize) -> Option<Self> {
        let consumer = &run_plan.scenario.consumers[group];
        let scaler = ServerScaler::of(consumer, run_plan.rules.scale)?;
        let there = if let Servers::Count(count) = consumer.count { count } else { 0 };
        let duties: Vec<ServerDuty> = (0..consumer.most_servers().unwrap_or(there))
            .map(|server| if server < there { ServerDuty::On } else { ServerDuty::Off })
            .collect();
        let next = scaler.next_after(0);
        Some(GroupScaler {
            startup: scaler.startup(),
            busy: duties.iter().map(|_| AtomicU64::new(0)).collect(),
            state: Mutex::new(ScalerState { duties, scaler, next, scaled: Vec::new() }),
            changed: Condvar::new(),
        })
    }

    /// What a server is to do now.
    pub(super) fn duty(&self, server: u32, now: u64) -> ServerDuty {
        let duty = &mut self.state.lock().duties[server as usize];
        if matches!(duty, ServerDuty::Starting(at) if *at <= now) {
            *duty = ServerDuty::On;
        }
        *duty
    }

    /// Waits until something changes, but no longer than so many nanoseconds.
    pub(super) fn wait(&self, nanos: u64) {
        self.changed.wait_for(&mut self.state.lock(), Duration::from_nanos(nanos));
    }

    /// A server works on so many messages.
    pub(super) fn set_busy(&self, server: u32, messages: u64) {
        self.busy[server as usize].store(messages, Ordering::Release);
    }

    fn is_busy(&self, server: usize) -> bool {
        self.busy[server].load(Ordering::Acquire) > 0
    }

    /// When the backlog is looked at next.
    pub(super) fn next(&self) -> u64 {
        self.state.lock().next
    }

    /// Looks at how many messages are inside and what the servers do, and starts or stops some.
    pub(super) fn look(&self, inside: u64, now: u64) {
        let serving: u64 = self.busy.iter().map(|messages| messages.load(Ordering::Acquire)).sum();
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let at = state.next;
        state.next = state.scaler.next_after(at);
        let states: Vec<ServerState> =
            (0..state.duties.len()).map(|server| self.state_of(state.duties[server], server, now)).collect();
        let before = state.scaler.scalings();
        let change = state.scaler.look(inside.saturating_sub(serving), None, &states, at);
        if state.scaler.scalings() != before {
            state.scaled.push(at);
        }
        for server in change.start {
            // One that was to go and still works stays.
            let stays = states[server] == ServerState::Stopping;
            state.duties[server] =
                if stays { ServerDuty::On } else { ServerDuty::Starting(at + self.startup) };
        }
        change.stop.into_iter().for_each(|server| state.duties[server] = ServerDuty::Off);
        drop(guard);
        self.changed.notify_all();
    }

    /// The instants at which servers were started or let go because of the backlog.
    pub(super) fn scaled(&self) -> Vec<u64> {
        self.state.lock().scaled.clone()
    }

    fn state_of(&self, duty: ServerDuty, server: usize, now: u64) -> ServerState {
        match duty {
            ServerDuty::Off if self.is_busy(server) => ServerState::Stopping,
            ServerDuty::Off => ServerState::Off,
            ServerDuty::Starting(at) if at > now => ServerState::Starting,
            ServerDuty::Starting(_) | ServerDuty::On if self.is_busy(server) => ServerState::Busy,
            ServerDuty::Starting(_) | ServerDuty::On => ServerState::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Autoscale, Scenario};
    use crate::workload::Block;
    use crate::workload::laws::Law;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn servers_follow_the_backlog_late() {
        let mut scenario = Scenario::mgc(1.0, Law::deterministic(1.0), 1);
        scenario.consumers[0].autoscale = Some(Autoscale {
            max: 4,
            target_backlog: 10.0,
            every: 10.0,
            startup: 3.0,
            cooldown: 15.0,
            ..Autoscale::default()
        });
        let plan = Block { due: vec![0], sent: vec![0], demand: vec![vec![0]], ..Block::default() };
        let run_plan = RunPlan::new(&scenario, &plan).expect("autoscaling is played");
        let scaler = GroupScaler::of(&run_plan, 0).expect("it is scaled");
        let on = |now| (0..4).filter(|&server| scaler.duty(server, now) == ServerDuty::On).count();
        assert_eq!((on(0), scaler.next()), (1, 10 * SECOND));
        // A batch of six in service and 30 waiting: three are wanted, and there after three seconds.
        scaler.set_busy(0, 6);
        scaler.look(36, 10 * SECOND);
        assert_eq!((on(12 * SECOND), on(13 * SECOND)), (1, 3));
        // They were needed ten seconds ago, then twenty.
        scaler.set_busy(0, 1);
        scaler.set_busy(2, 1);
        scaler.look(2, 20 * SECOND);
        assert_eq!(on(20 * SECOND), 3);
        scaler.look(2, 30 * SECOND);
        assert_eq!(
            (on(30 * SECOND), scaler.duty(0, 30 * SECOND)),
            (1, ServerDuty::On),
            "the idle one goes before the busy ones"
        );
        assert_eq!(scaler.scaled(), [10 * SECOND, 30 * SECOND]);
    }
}
