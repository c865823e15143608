//! How often an autoscaler starts servers or lets some go.

use super::*;
use queuelab::study::{NoProgress, run};

/// Sends of 40/s for 2 s and 60 messages that wait from the start; a server does 25/s. Looks every 200 ms
/// want one server for ten messages that wait, and none is let go: some 60 wait at the first look, and all
/// four that there may be are wanted. So there is one scaling within the time of the sends, measured as in the
/// rehearsal and the replay of the same plan; they are not held against one another.
#[test]
fn scalings_are_measured_in_this_process() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"40/s\"\narrivals = { process = \"periodic\" }\n[queues.q]\n\
        initial_backlog = 60\n[consumers.c]\nfrom = \"q\"\nservice_time = \"40ms\"\nautoscale = { min = 1, max = 4, \
        target_backlog = 10, every = \"200ms\", startup = \"20ms\", cooldown = \"1min\" }\n\
        [measurement]\nduration = \"2s\"\n";
    let study = run(&scenario(text), &[Method::Measurement], &NoProgress);
    for method in [Method::Rehearsal, Method::Measurement, Method::Replay] {
        let answer = study.answer(method).unwrap_or_else(|| panic!("{:?}", study.unanswered));
        // One in two seconds, which the last send may miss by a little.
        let found = value(answer, "consumers.c.scalings");
        assert!((found / 1800.0 - 1.0).abs() < 0.1, "{method:?}: {found}");
    }
    assert!(study.agreement.iter().all(|pair| !pair.metric.ends_with(".scalings")));
}
