//! The program against real brokers: what it says when they cannot be used, or fail in the middle of a run.
//!
//! They are found by `QUEUELAB_<NAME>_URL` alone, as the scripts that start them set it.

mod proxy;
mod subject;

use proxy::{Fault, Proxy};
use std::process::Child;
use std::sync::RwLock;
use std::time::{Duration, Instant};
use subject::{Address, Broker, Run, Said};

macro_rules! broker {
    ($name:ident, huge: $huge:expr, tests: $($test:ident),+ $(,)?) => {
        mod $name {
            use super::*;

            static SERVER: RwLock<()> = RwLock::new(());
            const BROKER: Broker = Broker { name: stringify!($name), huge: $huge, server: &SERVER };

            $(#[test]
            fn $test() {
                super::$test(BROKER);
            })+
        }
    };
}

/// A broker whose clients go wherever they are told to, so that a proxy may stand before it.
macro_rules! proxied {
    ($($name:ident: $huge:expr),+ $(,)?) => {
        $(broker!($name, huge: $huge, tests: plays, limited, wrong_password, wrong_authority, wrong_name, secured,
            certified, cut, half, huge_frame, flipped, stalls_for_ever, goes_on, killed, restarted, stopped);)+
    };
}

proxied! {
    rabbitmq: b"\x01\x00\x01\x7f\xff\xff\xff",
    nats: b"MSG a 1 2147483647\r\n",
    redis: b"$2147483647\r\n",
    activemq: b"MESSAGE\ncontent-length:2147483647\n\n",
}

#[cfg(feature = "kafka-tls")]
broker!(kafka, huge: b"", tests: plays, limited, wrong_password, wrong_authority, wrong_name, certified,
    killed, never_goes_on, stopped);
#[cfg(not(feature = "kafka-tls"))]
broker!(kafka, huge: b"", tests: plays, limited, wrong_password, without_tls, killed, never_goes_on, stopped);
broker!(rocketmq, huge: b"", tests: plays, killed, never_goes_on, stopped);

/// The password is in nothing that a run says or leaves.
fn keeps_the_secret(said: &Said, password: Option<&str>) {
    let Some(password) = password.filter(|password| password.len() > 3) else { return };
    assert!(!said.text.contains(password), "{}", said.text);
    assert!(!said.files.windows(password.len()).any(|part| part == password.as_bytes()), "in a file");
}

fn plays(broker: Broker) {
    let _there = broker.shared();
    let Some(address) = broker.address("URL") else { return };
    let said = broker.program(&address, 1, &[]).run();
    assert_eq!(said.code, Some(0), "{}", said.text);
    keeps_the_secret(&said, address.password());
}

/// A user that may not do what a run needs.
fn limited(broker: Broker) {
    let _there = broker.shared();
    let Some(address) = broker.address("LIMITED_URL") else { return };
    let said = broker.program(&address, 1, &[]).run();
    assert_eq!(said.code, Some(5), "{}", said.text);
    assert!(said.text.contains("limited"), "{}", said.text);
    keeps_the_secret(&said, address.password());
}

fn wrong_password(broker: Broker) {
    let _there = broker.shared();
    let Some(mut address) = broker.address("URL") else { return };
    let Some(login) = &address.login else { return };
    let user = login.split(':').next().unwrap_or_default().to_string();
    address.login = Some(format!("{user}:another-secret"));
    let said = broker.program(&address, 1, &[]).run();
    assert_eq!(said.code, Some(5), "{}", said.text);
    assert!(said.text.contains(&user) && said.text.contains(&address.place), "{}", said.text);
    keeps_the_secret(&said, Some("another-secret"));
}

fn ca(path: &str) -> Vec<String> {
    vec![format!("measurement.broker.ca={path}")]
}

fn secured(broker: Broker) {
    let _there = broker.shared();
    let (Some(address), Some(authority)) = (broker.address("TLS_URL"), broker.variable("CA")) else { return };
    let proxy = Proxy::before(&address.place);
    let seen = address.at(&format!("localhost:{}", proxy.port));
    let said = broker.program(&seen, 1, &ca(&authority)).run();
    assert_eq!(said.code, Some(0), "{}", said.text);
    keeps_the_secret(&said, address.password());
    assert!(!proxy.has_said(address.password().expect("a password").as_bytes()), "in plain text");
}

/// A program whose client speaks no TLS says how to build one that does.
#[cfg(not(feature = "kafka-tls"))]
fn without_tls(broker: Broker) {
    let _there = broker.shared();
    let Some(address) = broker.address("TLS_URL") else { return };
    let said = broker.program(&address, 1, &[]).run();
    assert_eq!(said.code, Some(5), "{}", said.text);
    assert!(said.text.contains("--features kafka-tls"), "{}", said.text);
}

/// A client that shows a certificate: one of the server's authority, and one of another.
fn certified(broker: Broker) {
    let _there = broker.shared();
    let (Some(address), Some(authority)) = (broker.address("TLS_URL"), broker.variable("CA")) else { return };
    let (Some(own), Some(other)) = (broker.variable("CLIENT"), broker.variable("OTHER_CLIENT")) else {
        return;
    };
    let shown = |file: &str| {
        let own = ["certificate={}.pem", "key={}.key"].map(|setting| setting.replace("{}", file));
        [ca(&authority), own.map(|setting| format!("measurement.broker.{setting}")).to_vec()].concat()
    };
    let said = broker.program(&address, 1, &shown(&own)).run();
    assert_eq!(said.code, Some(0), "{}", said.text);
    keeps_the_secret(&said, address.password());
    let said = broker.program(&address, 1, &shown(&other)).run();
    assert_eq!(said.code, Some(5), "{}", said.text);
    assert!(said.text.contains("the certificate in measurement.broker.certificate"), "{}", said.text);
    keeps_the_secret(&said, address.password());
}

fn wrong_authority(broker: Broker) {
    let _there = broker.shared();
    let (Some(address), Some(other)) = (broker.address("TLS_URL"), broker.variable("OTHER_CA")) else {
        return;
    };
    let said = broker.program(&address, 1, &ca(&other)).run();
    assert_eq!(said.code, Some(5), "{}", said.text);
    assert!(said.text.contains("signed by an authority that is not in"), "{}", said.text);
    keeps_the_secret(&said, address.password());
}

fn wrong_name(broker: Broker) {
    let _there = broker.shared();
    let (Some(address), Some(authority)) = (broker.address("TLS_URL"), broker.variable("CA")) else { return };
    let wrong = address.at(&address.place.replace("localhost", "127.0.0.1"));
    let said = broker.program(&wrong, 1, &ca(&authority)).run();
    assert_eq!(said.code, Some(5), "{}", said.text);
    assert!(said.text.contains("certificate") && said.text.contains("is for"), "{}", said.text);
    keeps_the_secret(&said, address.password());
}

/// A program that measures, and what it came to.
struct Underway {
    program: Run,
    child: Child,
    from: Instant,
    address: Address,
}

impl Underway {
    /// Starts a program against an address and waits until so much is so.
    fn start(broker: Broker, address: &Address, at: &Address, enough: impl Fn(Duration) -> bool) -> Underway {
        Self::of(broker.program(at, 60, &[]), address, enough)
    }

    /// The same of a program that is about to start.
    fn of(mut program: Run, address: &Address, enough: impl Fn(Duration) -> bool) -> Underway {
        let (from, mut child) = (Instant::now(), program.start());
        while !enough(from.elapsed()) {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("{status} before anything failed: {}", program.end(child, from).text);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Underway { program, child, from, address: address.clone() }
    }

    /// Starts a program and waits until its run is underway.
    fn begun(broker: Broker, address: &Address) -> Underway {
        if broker.huge.is_empty() {
            // Its clients go to the address that it tells them.
            return Self::start(broker, address, address, |passed| passed >= UNDERWAY_FOR);
        }
        let proxy = Proxy::before(&address.place);
        let seen = address.at(&format!("127.0.0.1:{}", proxy.port));
        Self::start(broker, address, &seen, |_| proxy.deliveries() >= UNDERWAY)
    }

    /// Something has failed: the program says so, and how long the run lasted.
    fn ends(self, what: &str) {
        let failed = Instant::now();
        let said = self.program.end(self.child, self.from);
        eprintln!("{what}: ended {:?} later, of {:?}", failed.elapsed(), said.took);
        assert_eq!(said.code, Some(5), "{}", said.text);
        let told = ["was lost after", "was lost before the run"].iter().any(|told| said.text.contains(told));
        assert!(told, "{}", said.text);
        keeps_the_secret(&said, self.address.password());
    }
}

/// Messages that a broker has delivered when a run is underway: two warm-ups of 400, a pilot of 1,200, and
/// some.
const UNDERWAY: usize = 2_600;

/// How long that takes at most on a machine that is busy, where nobody counts them.
const UNDERWAY_FOR: Duration = Duration::from_secs(20);

/// Runs until the broker has said much, lets the connection fail, and looks how the program ends.
fn fails(broker: Broker, fault: Fault) {
    let _there = broker.shared();
    let Some(address) = broker.address("URL") else { return };
    let proxy = Proxy::before(&address.place);
    let seen = address.at(&format!("127.0.0.1:{}", proxy.port));
    let underway = Underway::start(broker, &address, &seen, |_| proxy.deliveries() >= UNDERWAY);
    proxy.fail(fault);
    underway.ends(broker.name);
}

fn cut(broker: Broker) {
    fails(broker, Fault::Cut);
}

/// All connections are cut for a while, and the run goes on as it was asked to: nothing is lost.
fn goes_on(broker: Broker) {
    let _there = broker.shared();
    let Some(address) = broker.address("URL") else { return };
    let proxy = Proxy::before(&address.place);
    let seen = address.at(&format!("127.0.0.1:{}", proxy.port));
    let program = broker.program(&seen, 12, &[RECONNECT.into()]);
    let underway = Underway::of(program, &address, |_| proxy.deliveries() >= UNDERWAY);
    proxy.fail(Fault::Cut);
    std::thread::sleep(AWAY);
    proxy.heal();
    let said = underway.program.end(underway.child, underway.from);
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert!(said.text.contains("the connection was lost once and made anew"), "{}", said.text);
    nothing_is_lost(&said);
    keeps_the_secret(&said, address.password());
}

/// A run goes on when its connections are lost, as far as its target can.
const RECONNECT: &str = "measurement.broker.reconnect=true";

fn nothing_is_lost(said: &Said) {
    for gate in ["lost", "unfinished", "unconfirmed", "clock inversions"] {
        assert!(said.text.contains(&format!("✓ {gate}:")), "{gate}: {}", said.text);
    }
}

/// The server is killed in mid-run and started again: nothing of what it has confirmed as durable is lost.
fn restarted(broker: Broker) {
    let _alone = broker.alone();
    let (Some(address), Some(pid)) = (broker.address("URL"), broker.pid()) else { return };
    let settings = [RECONNECT, "measurement.broker.wait=90s", "queues.jobs.durability=fsync"];
    let proxy = Proxy::before(&address.place);
    let seen = address.at(&format!("127.0.0.1:{}", proxy.port));
    let program = broker.program(&seen, 12, &settings.map(String::from));
    let underway = Underway::of(program, &address, |_| proxy.deliveries() >= UNDERWAY);
    subject::kill(&pid);
    broker.start_again();
    let said = underway.program.end(underway.child, underway.from);
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert!(said.text.contains("and made anew"), "{}", said.text);
    nothing_is_lost(&said);
    keeps_the_secret(&said, address.password());
}

/// A client that looks after its connections by itself: a run is refused that would count on them.
fn never_goes_on(broker: Broker) {
    let _there = broker.shared();
    let Some(address) = broker.address("URL") else { return };
    let said = broker.program(&address, 1, &[RECONNECT.into()]).run();
    assert_eq!(said.code, Some(2), "{}", said.text);
    assert!(said.text.contains("reconnect") && said.text.contains("leave it out"), "{}", said.text);
}

/// How long all connections are cut.
const AWAY: Duration = Duration::from_millis(300);

fn half(broker: Broker) {
    fails(broker, Fault::Half);
}

fn huge_frame(broker: Broker) {
    fails(broker, Fault::Insert(broker.huge.to_vec()));
}

fn flipped(broker: Broker) {
    fails(broker, Fault::Flip);
}

fn stalls_for_ever(broker: Broker) {
    fails(broker, Fault::Stall);
}

/// The server is killed in the middle of a run, and started again for the next test.
fn killed(broker: Broker) {
    let _alone = broker.alone();
    let (Some(address), Some(pid)) = (broker.address("URL"), broker.pid()) else { return };
    let underway = Underway::begun(broker, &address);
    subject::kill(&pid);
    // What the next test needs comes before what this one asserts.
    let started = std::thread::spawn(move || broker.start_again());
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| underway.ends(broker.name)));
    started.join().expect("it is up again");
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// The server stands still in the middle of a run.
fn stopped(broker: Broker) {
    let _alone = broker.alone();
    let (Some(address), Some(pid)) = (broker.address("URL"), broker.pid()) else { return };
    let underway = Underway::begun(broker, &address);
    subject::signal("STOP", &pid);
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| underway.ends(broker.name)));
    subject::signal("CONT", &pid);
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}
