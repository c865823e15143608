//! Brokers that cannot be used: told in one sentence.

use super::subject::{Subject, one_queue};
use super::trial::Heard;
use crate::load::LoadError;
use crate::load::targets::{Listener, Opening, open};
use std::net::TcpListener;
use std::sync::Arc;

/// The scheme of plain addresses.
fn scheme(subject: &Subject) -> &'static str {
    match subject.name {
        "rabbitmq" => "amqp",
        "activemq" => "stomp",
        name => name,
    }
}

/// Why a broker at a port cannot be used.
fn told(subject: &Subject, port: u16) -> String {
    let mut scenario = subject.scenario(&one_queue("", ""));
    let url = format!("{}://127.0.0.1:{port}", scheme(subject));
    scenario.measurement.broker.url = Some(url.clone());
    scenario.measurement.broker.wait = 2.0;
    let listener = Arc::new(Heard::default()) as Arc<dyn Listener>;
    match open(&Opening { scenario: &scenario, messages: 10, listener, session: None }) {
        Err(error @ LoadError::Broker { .. }) => {
            let text = error.to_string();
            assert!(text.contains(&url), "{text} says where");
            text
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("nobody is there"),
    }
}

pub(super) fn nobody_listens(subject: &Subject, _: &str) {
    if subject.is_broker() {
        let text = told(subject, 9);
        assert!(text.contains("start"), "{text} says how to start one");
    }
}

pub(super) fn says_nothing(subject: &Subject, _: &str) {
    if subject.is_broker() {
        let mute = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = mute.local_addr().expect("it is bound").port();
        let text = told(subject, port);
        assert!(text.contains("said nothing for 2 s"), "{text}");
    }
}
