//! The program against real brokers: what it says when they cannot be used, or fail in the middle of a run.
//!
//! They are found by `QUEUELAB_<NAME>_URL` alone, as the scripts that start them set it.

mod proxy;
mod subject;

use proxy::{Fault, Proxy};
use std::time::{Duration, Instant};
use subject::{Broker, Said};

macro_rules! brokers {
    ($($name:ident: $huge:expr),+ $(,)?) => {
        $(mod $name {
            use super::*;

            const BROKER: Broker = Broker { name: stringify!($name), huge: $huge };

            brokers!(@tests plays, wrong_password, wrong_authority, wrong_name, secured, cut, half, huge_frame,
                flipped, stalls_for_ever);
        })+
    };
    (@tests $($test:ident),+) => {
        $(#[test]
        fn $test() {
            super::$test(BROKER);
        })+
    };
}

brokers! {
    nats: b"MSG a 1 2147483647\r\n",
    redis: b"$2147483647\r\n",
    activemq: b"MESSAGE\ncontent-length:2147483647\n\n",
}

/// The password is in nothing that a run says or leaves.
fn keeps_the_secret(said: &Said, password: Option<&str>) {
    let Some(password) = password.filter(|password| password.len() > 3) else { return };
    assert!(!said.text.contains(password), "{}", said.text);
    assert!(!said.files.windows(password.len()).any(|part| part == password.as_bytes()), "in a file");
}

fn plays(broker: Broker) {
    let Some(address) = broker.address("URL") else { return };
    let said = broker.program(&address, 1, &[]).run();
    assert_eq!(said.code, Some(0), "{}", said.text);
    keeps_the_secret(&said, address.password());
}

fn wrong_password(broker: Broker) {
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
    let (Some(address), Some(authority)) = (broker.address("TLS_URL"), broker.variable("CA")) else { return };
    let proxy = Proxy::before(&address.place);
    let seen = address.at(&format!("localhost:{}", proxy.port));
    let said = broker.program(&seen, 1, &ca(&authority)).run();
    assert_eq!(said.code, Some(0), "{}", said.text);
    keeps_the_secret(&said, address.password());
    assert!(!proxy.has_said(address.password().expect("a password").as_bytes()), "in plain text");
}

fn wrong_authority(broker: Broker) {
    let (Some(address), Some(other)) = (broker.address("TLS_URL"), broker.variable("OTHER_CA")) else {
        return;
    };
    let said = broker.program(&address, 1, &ca(&other)).run();
    assert_eq!(said.code, Some(5), "{}", said.text);
    assert!(said.text.contains("signed by an authority that is not in"), "{}", said.text);
    keeps_the_secret(&said, address.password());
}

fn wrong_name(broker: Broker) {
    let (Some(address), Some(authority)) = (broker.address("TLS_URL"), broker.variable("CA")) else { return };
    let wrong = address.at(&address.place.replace("localhost", "127.0.0.1"));
    let said = broker.program(&wrong, 1, &ca(&authority)).run();
    assert_eq!(said.code, Some(5), "{}", said.text);
    assert!(said.text.contains("its certificate is for"), "{}", said.text);
    keeps_the_secret(&said, address.password());
}

/// Runs until the broker has said much, lets it fail, and looks how the program ends.
fn fails(broker: Broker, fault: Fault, within: Duration) {
    let Some(address) = broker.address("URL") else { return };
    let proxy = Proxy::before(&address.place);
    let seen = address.at(&format!("127.0.0.1:{}", proxy.port));
    let mut program = broker.program(&seen, 20, &[]);
    let (from, mut child) = (Instant::now(), program.start());
    while proxy.bytes_heard() < 50_000 && from.elapsed() < Duration::from_secs(20) {
        if let Ok(Some(status)) = child.try_wait() {
            panic!("{status} before anything failed: {}", program.end(child, from).text);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let failed = Instant::now();
    proxy.fail(fault);
    let said = program.end(child, from);
    assert!(failed.elapsed() < within, "it went on for {:?} (of {:?})", failed.elapsed(), said.took);
    assert_eq!(said.code, Some(5), "{}", said.text);
    assert!(said.text.contains("was lost after"), "{}", said.text);
    keeps_the_secret(&said, address.password());
}

fn cut(broker: Broker) {
    fails(broker, Fault::Cut, Duration::from_secs(10));
}

fn half(broker: Broker) {
    fails(broker, Fault::Half, Duration::from_secs(10));
}

fn huge_frame(broker: Broker) {
    fails(broker, Fault::Insert(broker.huge.to_vec()), Duration::from_secs(15));
}

fn flipped(broker: Broker) {
    fails(broker, Fault::Flip, Duration::from_secs(15));
}

fn stalls_for_ever(broker: Broker) {
    fails(broker, Fault::Stall, Duration::from_secs(15));
}
