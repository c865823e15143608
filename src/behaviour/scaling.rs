//! How many servers there should be: following the backlog, late, or following the clock.

use super::TimeScale;
use crate::scenario::{Autoscale, Consumer, ScaleIn, Shift};
use std::collections::VecDeque;

/// What a server of a group is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerState {
    /// Not there.
    Off,
    /// It stops as soon as it is done.
    Stopping,
    /// Not there yet.
    Starting,
    Idle,
    /// Being repaired.
    Down,
    Busy,
    /// Done, but its message finds no room where it goes.
    Blocked,
}

/// In what order servers are stopped: those that are not there yet first, then idle ones, then those that
/// will stop when they are done.
const STOPPED_FIRST: [ServerState; 5] =
    [ServerState::Starting, ServerState::Idle, ServerState::Down, ServerState::Busy, ServerState::Blocked];

/// The servers, by their positions among those of their group, that are to be started or stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub start: Vec<usize>,
    pub stop: Vec<usize>,
}

/// The scaling of one group. Times are nanoseconds of the engine's clock.
#[derive(Debug, Clone)]
pub(crate) struct Autoscaler {
    settings: Autoscale,
    /// Between two looks at the backlog.
    every: u64,
    /// Until a server is there that is started.
    startup: u64,
    cooldown: u64,
    /// Within which the most that were wanted stay, and how many were when; empty where that is no time.
    stabilization: u64,
    wanted: VecDeque<(u64, u32)>,
    /// When as many servers as there are were last needed.
    needed: u64,
    /// Looks at which some were started or stopped.
    scalings: u64,
}

impl Autoscaler {
    pub(crate) fn new(settings: Autoscale, scale: TimeScale) -> Self {
        Autoscaler {
            settings,
            every: scale.nanos(settings.every).max(1),
            startup: scale.nanos(settings.startup),
            cooldown: scale.nanos(settings.cooldown),
            stabilization: scale.nanos(settings.stabilization),
            wanted: VecDeque::new(),
            needed: 0,
            scalings: 0,
        }
    }

    /// Looks at how many messages wait and what the group's servers do: one server is wanted for every
    /// `target_backlog` messages, between `min` and `max`, and no more than have something to do, where that
    /// is known. More are started at once; fewer stay only when so many were not needed for the cooldown.
    pub(crate) fn look(
        &mut self,
        waiting: u64,
        useful: Option<u32>,
        servers: &[ServerState],
        now: u64,
    ) -> Change {
        let Autoscale { min, max, target_backlog, in_flight, max_step_up, max_step_down, .. } = self.settings;
        let busy = servers.iter().filter(|state| matches!(state, ServerState::Busy | ServerState::Stopping));
        let backlog = waiting as f64 + if in_flight { busy.count() as f64 } else { 0.0 };
        let wanted = (backlog / target_backlog).ceil().min(f64::from(u32::MAX)) as u32;
        let wanted = wanted.min(useful.unwrap_or(u32::MAX)).clamp(min, max);
        let wanted = self.stabilized(wanted, servers, now);
        let mut change = Change::to(wanted as usize, servers);
        if change.stop.is_empty() {
            self.needed = now;
        } else if now - self.needed < self.cooldown {
            return Change::default();
        }
        change.start.truncate(max_step_up.map_or(usize::MAX, |most| most as usize));
        change.stop.truncate(max_step_down.map_or(usize::MAX, |most| most as usize));
        self.scalings += u64::from(change != Change::default());
        change
    }
}

impl Autoscaler {
    /// How many servers there should be: more at once, fewer only down to the most that were wanted of late.
    fn stabilized(&mut self, wanted: u32, servers: &[ServerState], now: u64) -> u32 {
        if self.stabilization == 0 {
            return wanted;
        }
        let since = now.saturating_sub(self.stabilization);
        self.wanted.retain(|(at, _)| *at > since);
        self.wanted.push_back((now, wanted));
        let most = self.wanted.iter().map(|(_, wanted)| *wanted).max().unwrap_or(wanted);
        let there = servers.iter().filter(|state| !state.is_absent()).count() as u32;
        wanted.max(most.min(there))
    }
}

impl ServerState {
    /// Whether it is not there, or will not be soon.
    fn is_absent(self) -> bool {
        matches!(self, ServerState::Off | ServerState::Stopping)
    }
}

impl Change {
    /// The change to so many servers.
    fn to(wanted: usize, servers: &[ServerState]) -> Self {
        let there = servers.iter().filter(|state| !state.is_absent()).count();
        if wanted >= there {
            let start = (0..servers.len()).filter(|&server| servers[server].is_absent()).take(wanted - there);
            return Change { start: start.collect(), stop: Vec::new() };
        }
        let all = STOPPED_FIRST
            .iter()
            .flat_map(|first| (0..servers.len()).rev().filter(move |&server| servers[server] == *first));
        Change { start: Vec::new(), stop: all.take(there - wanted).collect() }
    }
}

/// The numbers of servers of one group, again and again. Times are nanoseconds of the engine's clock.
#[derive(Debug, Clone)]
pub(crate) struct ShiftPlan {
    /// When each shift ends, from the beginning of the first, and how many servers it has.
    shifts: Vec<(u64, usize)>,
}

impl ShiftPlan {
    fn new(shifts: &[Shift], scale: TimeScale) -> Self {
        let mut end = 0_u64;
        let one = |shift: &Shift| {
            end = end.saturating_add(scale.nanos(shift.lasts).max(1));
            (end, shift.count as usize)
        };
        ShiftPlan { shifts: shifts.iter().map(one).collect() }
    }

    /// How many servers there are from an instant on, and until when.
    fn at(&self, now: u64) -> (usize, u64) {
        let all = self.shifts.last().map_or(1, |(end, _)| *end);
        let (begun, into) = (now - now % all, now % all);
        let next = self.shifts.iter().find(|(end, _)| *end > into);
        next.map_or((0, u64::MAX), |(end, count)| (*count, begun.saturating_add(*end)))
    }
}

/// Whatever changes the number of a group's servers.
#[derive(Debug, Clone)]
pub(crate) enum ServerScaler {
    ByBacklog(Autoscaler),
    ByClock(ShiftPlan),
}

impl ServerScaler {
    /// That of a group; `None` if it always has the same servers.
    pub(crate) fn of(consumer: &Consumer, scale: TimeScale) -> Option<Self> {
        if !consumer.shifts.is_empty() {
            return Some(ServerScaler::ByClock(ShiftPlan::new(&consumer.shifts, scale)));
        }
        consumer.autoscale.map(|settings| ServerScaler::ByBacklog(Autoscaler::new(settings, scale)))
    }

    /// When it is to be looked at next.
    pub(crate) fn next_after(&self, now: u64) -> u64 {
        match self {
            ServerScaler::ByBacklog(scaler) => now.saturating_add(scaler.every),
            ServerScaler::ByClock(shifts) => shifts.at(now).1,
        }
    }

    /// How long it takes until a server is there that is started.
    pub(crate) fn startup(&self) -> u64 {
        match self {
            ServerScaler::ByBacklog(scaler) => scaler.startup,
            ServerScaler::ByClock(_) => 0,
        }
    }

    /// Looks so far at which servers were started or stopped; `None` where the clock says how many there are.
    pub(crate) fn scalings(&self) -> Option<u64> {
        match self {
            ServerScaler::ByBacklog(scaler) => Some(scaler.scalings),
            ServerScaler::ByClock(_) => None,
        }
    }

    /// Whether a server at work that is to go does not finish what it has.
    pub(crate) fn kills(&self) -> bool {
        matches!(self, ServerScaler::ByBacklog(scaler) if scaler.settings.scale_in == ScaleIn::Kill)
    }

    /// Looks at how many messages wait, how many servers have something to do at most, and what the group's
    /// do.
    pub(crate) fn look(
        &mut self,
        waiting: u64,
        useful: Option<u32>,
        servers: &[ServerState],
        now: u64,
    ) -> Change {
        match self {
            ServerScaler::ByBacklog(scaler) => scaler.look(waiting, useful, servers, now),
            ServerScaler::ByClock(shifts) => Change::to(shifts.at(now).0, servers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ServerState::{Busy, Idle, Off, Starting, Stopping};
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn scaler() -> Autoscaler {
        let settings = Autoscale {
            max: 4,
            target_backlog: 10.0,
            every: 10.0,
            startup: 3.0,
            cooldown: 15.0,
            ..Autoscale::default()
        };
        Autoscaler::new(settings, TimeScale::REAL)
    }

    #[test]
    fn shifts_come_round_again() {
        let shifts = [(8.0, 3), (16.0, 0)].map(|(lasts, count)| Shift { lasts, count });
        let plan = ShiftPlan::new(&shifts, TimeScale::faster(2.0));
        assert_eq!(
            [0, 3, 4, 11, 12].map(|s| plan.at(s * SECOND)),
            [(3, 4 * SECOND), (3, 4 * SECOND), (0, 12 * SECOND), (0, 12 * SECOND), (3, 16 * SECOND)]
        );
    }

    #[test]
    fn servers_follow_the_backlog_and_go_only_after_the_cooldown() {
        let mut scaler = scaler();
        let started = scaler.look(30, None, &[Busy, Off, Off, Off], 10 * SECOND);
        assert_eq!(started, Change { start: vec![1, 2], stop: vec![] });
        assert_eq!(scaler.look(2, None, &[Busy, Idle, Busy, Off], 20 * SECOND), Change::default());
        let stopped = scaler.look(2, None, &[Busy, Idle, Busy, Off], 30 * SECOND);
        assert_eq!(
            stopped,
            Change { start: vec![], stop: vec![1, 2] },
            "the idle one, then the last of the busy ones"
        );
    }

    /// Steps of one look, as of a horizontal pod autoscaler's policies; messages in service count; no server
    /// has nothing to do.
    #[test]
    fn steps_are_limited_and_work_under_way_counts() {
        let settings = Autoscale {
            max: 9,
            target_backlog: 2.0,
            max_step_up: Some(2),
            max_step_down: Some(1),
            ..Autoscale::default()
        };
        let mut scaler = Autoscaler::new(settings, TimeScale::REAL);
        let servers = [Busy, Busy, Busy, Off, Off, Off];
        assert_eq!(scaler.look(100, None, &servers, SECOND).start, [3, 4]);
        assert_eq!(scaler.look(100, Some(4), &servers, SECOND).start, [3]);
        assert_eq!(scaler.look(2, None, &servers, SECOND).stop, [2]);
        let mut scaler = Autoscaler::new(Autoscale { in_flight: true, ..settings }, TimeScale::REAL);
        assert_eq!(scaler.look(2, None, &servers, SECOND), Change::default());
    }

    /// As a horizontal pod autoscaler does: of 4, 2 and 3 servers wanted within the window the most stay; a
    /// cooldown would let go to 3 at once.
    #[test]
    fn fewer_stay_only_when_so_many_were_not_wanted_of_late() {
        let settings = Autoscale { max: 9, target_backlog: 1.0, stabilization: 30.0, ..Autoscale::default() };
        let mut scaler = Autoscaler::new(settings, TimeScale::REAL);
        let servers = [Busy, Busy, Busy, Busy, Busy, Off];
        let mut stopped = |waiting, at| scaler.look(waiting, None, &servers, at * SECOND).stop.len();
        assert_eq!([stopped(4, 10), stopped(2, 20), stopped(3, 30)], [1, 1, 1]);
        assert_eq!([stopped(1, 41), stopped(1, 61), stopped(1, 72)], [2, 4, 4]);
        // More start at once.
        assert_eq!(scaler.look(6, None, &servers, 80 * SECOND).start, [5]);
    }

    #[test]
    fn who_was_to_stop_stays_before_others_start_and_who_starts_stops_first() {
        let mut scaler = scaler();
        assert_eq!(scaler.look(20, None, &[Busy, Stopping, Off, Off], SECOND).start, [1]);
        assert_eq!(scaler.look(0, None, &[Idle, Starting, Starting, Idle], 100 * SECOND).stop, [2, 1, 3]);
        assert_eq!(scaler.look(1_000_000, None, &[Off; 4], 200 * SECOND).start, [0, 1, 2, 3]);
    }
}
