//! What only the operating system can tell or do; the one place with calls into it.
//!
//! Other systems than Linux get the standard library's clock and sleep, and no figures of interference.
#![allow(unsafe_code)]

use super::connected;

#[cfg(target_os = "linux")]
mod linux {
    /// `CLOCK_MONOTONIC` in nanoseconds, without a system call where the kernel offers it so.
    #[inline]
    pub(crate) fn monotonic() -> u64 {
        let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to a live timespec; this clock exists on every Linux.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut t) };
        t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
    }

    /// Sleeps until an absolute instant; a signal does not shorten it.
    pub(crate) fn sleep_until(instant: u64) {
        let t = libc::timespec {
            tv_sec: (instant / 1_000_000_000) as _,
            tv_nsec: (instant % 1_000_000_000) as _,
        };
        // SAFETY: the pointer is to a live timespec; no remainder is asked for.
        while unsafe {
            libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &t, std::ptr::null_mut())
        } == libc::EINTR
        {}
    }

    /// Whether there is something to read from a connection by an instant of the clock, its end included.
    #[cfg(feature = "brokers-wire")]
    pub(crate) fn readable_by(connection: &std::net::TcpStream, instant: u64) -> std::io::Result<bool> {
        use std::os::fd::AsRawFd;
        loop {
            let left = instant.saturating_sub(monotonic());
            let mut one = libc::pollfd { fd: connection.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            let wait =
                libc::timespec { tv_sec: (left / 1_000_000_000) as _, tv_nsec: (left % 1_000_000_000) as _ };
            // SAFETY: both pointers are to live values, of which there is one; no mask of signals is given.
            match unsafe { libc::ppoll(&mut one, 1, &wait, std::ptr::null()) } {
                0 => return Ok(false),
                1.. => return Ok(true),
                _ => {}
            }
            let error = std::io::Error::last_os_error();
            if error.kind() != std::io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Asks for sleeps as exact as the kernel can (it may otherwise gather wake-ups within 50 µs), for this
    /// thread.
    pub(crate) fn exact_sleeps() {
        // SAFETY: PR_SET_TIMERSLACK takes one number and touches no memory of ours.
        unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong) };
    }

    /// How often this thread was put off the processor against its will.
    pub(crate) fn involuntary_switches() -> Option<u64> {
        // SAFETY: an all-zero rusage is a valid one.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a live rusage.
        let failed = unsafe { libc::getrusage(libc::RUSAGE_THREAD, &mut usage) } != 0;
        (!failed).then_some(usage.ru_nivcsw as u64)
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::sync::OnceLock;
    use std::time::{Duration, Instant};

    fn start() -> Instant {
        static START: OnceLock<Instant> = OnceLock::new();
        *START.get_or_init(Instant::now)
    }

    pub fn monotonic() -> u64 {
        start().elapsed().as_nanos() as u64
    }

    pub fn sleep_until(instant: u64) {
        while let Some(left @ 1..) = instant.checked_sub(monotonic()) {
            std::thread::sleep(Duration::from_nanos(left));
        }
    }

    #[cfg(feature = "brokers-wire")]
    pub fn readable_by(connection: &std::net::TcpStream, instant: u64) -> std::io::Result<bool> {
        let left = Duration::from_nanos(instant.saturating_sub(monotonic()).max(1_000));
        connection.set_read_timeout(Some(left))?;
        let outcome = connection.peek(&mut [0]);
        connection.set_read_timeout(None)?;
        match outcome {
            Ok(_) => Ok(true),
            Err(error)
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    pub fn exact_sleeps() {}

    pub fn involuntary_switches() -> Option<u64> {
        None
    }
}

#[cfg(not(target_os = "linux"))]
pub use elsewhere::*;
#[cfg(target_os = "linux")]
pub(super) use linux::*;

/// Nanoseconds that this thread was ready to run but had no processor.
pub(super) fn run_queue_wait() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().nth(1)?.parse().ok()
}

/// Processor time in ticks, since the machine and this program started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProcessorTicks {
    /// Kept by the hypervisor for others.
    pub stolen: u64,
    /// In which nothing ran.
    pub idle: u64,
    /// This program's.
    pub own: u64,
    /// Those of the servers that this program is connected to.
    pub servers: u64,
    pub all: u64,
}

/// What all processors have done so far, for some servers among others.
pub(super) fn processor_ticks(servers: &[u32]) -> Option<ProcessorTicks> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<u64> =
        text.lines().next()?.split_whitespace().skip(1).map_while(|t| t.parse().ok()).collect();
    let (own, servers) = (connected::ticks_of("/proc/self/stat")?, connected::ticks(servers));
    // user nice system idle iowait irq softirq steal; guest time is part of user time.
    let [idle, waiting, stolen] = [3, 4, 7].map(|field| ticks.get(field).copied());
    let all = ticks.iter().take(8).sum();
    Some(ProcessorTicks { stolen: stolen?, idle: idle? + waiting?, own, servers, all })
}
