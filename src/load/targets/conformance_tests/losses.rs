//! What leaves a queue without being served, and who is told.

use super::subject::{Subject, one_queue};
use super::trial::{messages, nothing_more, request, serve, serve_the_rest, take};
use crate::load::targets::Sent;
use crate::message::Outcome;
use std::time::Duration;

pub(super) fn delivery_limit(subject: &Subject, test: &str) {
    let text = one_queue("delivery_limit = 3\ndead_letter = \"dead\"", "failure = 0.1")
        + "[queues.dead]\n[consumers.d]\nfrom = \"dead\"\nservice_time = \"1ms\"\n";
    let Some(trial) = subject.play(test, &text) else { return };
    trial.publish(0, 0..1);
    let mut receiver = trial.receiver(0, 0);
    for deliveries in 1..=3 {
        let delivery = take(receiver.as_mut(), 1)[0];
        assert_eq!(delivery.deliveries, deliveries);
        assert!(receiver.nack(&delivery, 0));
    }
    let dead = serve(trial.receiver(1, 0).as_mut(), 1)[0];
    assert_eq!((dead.message, dead.deliveries), (0, 1));
    nothing_more(receiver.as_mut());
    let lost = trial.heard.lost.lock().clone();
    let told: Vec<_> = lost.iter().map(|l| (l.queue, l.message, l.outcome, l.deliveries)).collect();
    assert_eq!(told, [(0, 0, Outcome::DeadLettered, 3)]);
    trial.is_clean(2);
}

pub(super) fn dropped(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("delivery_limit = 2", "failure = 0.1")) else { return };
    trial.publish(0, 0..1);
    let mut receiver = trial.receiver(0, 0);
    for _ in 0..2 {
        let delivery = take(receiver.as_mut(), 1)[0];
        assert!(receiver.nack(&delivery, 0));
    }
    nothing_more(receiver.as_mut());
    assert_eq!(trial.heard.lost.lock().iter().map(|l| l.outcome).collect::<Vec<_>>(), [Outcome::Dropped]);
    trial.is_clean(1);
}

pub(super) fn reject_publish(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("max_length = 5", "")) else { return };
    let mut refused = Vec::new();
    {
        let mut publisher = trial.publisher();
        for message in 0..20 {
            match publisher.publish(0, &request(message)) {
                Sent::Rejected => refused.push(message),
                Sent::Accepted => {}
                Sent::Pending => trial.eventually("there is a verdict", |trial| {
                    let heard = &trial.heard;
                    heard.confirmed.lock().len() + heard.refused.lock().len() == message as usize + 1
                }),
                Sent::Closed => panic!("it is open"),
            }
        }
    }
    refused.extend(trial.heard.refused.lock().iter().map(|(_, message)| message));
    // Some brokers count what the one server would have in its hands, too.
    assert!((5..=6).contains(&(20 - refused.len())), "{refused:?}");
    let served = messages(&serve_the_rest(trial.receiver(0, 0).as_mut()));
    assert_eq!(served, (0..20 - refused.len() as u64).collect::<Vec<u64>>());
    trial.is_clean(1);
}

pub(super) fn drop_head(subject: &Subject, test: &str) {
    let queue = one_queue("max_length = 5\noverflow = \"drop-head\"", "");
    let Some(trial) = subject.play(test, &queue) else { return };
    trial.publish(0, 0..20);
    trial.eventually("15 are told as dropped", |trial| trial.heard.lost.lock().len() == 15);
    assert_eq!(messages(&serve_the_rest(trial.receiver(0, 0).as_mut())), [15, 16, 17, 18, 19]);
    assert!(trial.heard.lost.lock().iter().all(|l| l.outcome == Outcome::Dropped && l.message < 15));
    trial.is_clean(1);
}

pub(super) fn ttl(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("message_ttl = \"100ms\"", "")) else { return };
    {
        let mut publisher = trial.publisher();
        for message in 0..10 {
            let expiring =
                crate::load::targets::PublishRequest { ttl: Some(100_000_000), ..request(message) };
            publisher.publish(0, &expiring);
        }
    }
    std::thread::sleep(Duration::from_millis(400));
    nothing_more(trial.receiver(0, 0).as_mut());
    trial.eventually("all are told as expired", |trial| {
        trial.heard.lost.lock().iter().filter(|l| l.outcome == Outcome::Expired).count() == 10
    });
    trial.is_clean(1);
}
