//! Each partition, key and group is judged by its own load.

use super::{both, scenario, simulated, value};
use queuelab::answer::Method;
use queuelab::report::verdict;
use queuelab::theory::{Load, explain};

/// A topic over two queues, each with one group; what differs is filled in.
fn dealt(topic: &str, producer: &str, queues: &str, consumers: [&str; 2]) -> String {
    let [a, b] = consumers;
    format!(
        "[producers.p]\nto = 't'\n{producer}\n[topics.t]\nsubscriptions = ['a', \
            'b']\n{topic}\n[queues.a]\n{queues}\n[queues.b]\n{queues}\n\
         [consumers.a]\nfrom = 'a'\n{a}\n[consumers.b]\nfrom = 'b'\n{b}\n[simulation]\nmessages = 20000\n"
    )
}

fn load(text: &str, queue: &str) -> Load {
    explain(&scenario(text)).loads.into_iter().find(|load| load.queue == queue).expect("it is there")
}

/// Why there is no steady state, by simulation.
fn grows(text: &str) -> String {
    let study = both(text);
    assert!(study.answer(Method::Simulation).is_none(), "{:?}", verdict(&study));
    study
        .unanswered
        .iter()
        .find(|u| u.method == Method::Simulation)
        .map(|u| u.reason.to_string())
        .expect("a reason")
}

const EACH: &str = "count = 2\nservice_time = { law = 'exponential', mean = '10ms' }";

/// Each of four servers is M/M/1 at a load of 0.4: 10 ms / 0.6.
#[test]
fn queue_and_partition_are_chosen_independently_by_one_key() {
    let keys = "rate = '160/s'\nkeys = { law = 'uniform', count = 1000000 }";
    let text = dealt("deliver = 'by-key'", keys, "partitions = 2", [EACH, EACH]);
    let (mean, half) = simulated(&text, "total.latency.mean");
    assert!((mean - 0.01 / 0.6).abs() < 2.0 * half && half < 0.001, "{mean} ± {half}");
    let theory = both(&text).answer(Method::Theory).cloned().expect("M/M/1 each");
    assert!(
        (value(&theory, "total.latency.mean") - 0.01 / 0.6).abs() < 1e-9 && theory.exact,
        "{}",
        theory.by
    );
    let parts = load(&text, "a").partitions.expect("partitions");
    assert!((parts.rho.expect("known") - 0.4).abs() < 1e-9 && parts.empty == 0, "{parts:?}");
}

/// Zipf weights by the remainder of the key's rank: of 4 keys of exponent 1, keys 0 and 2 have 16/25.
#[test]
fn loads_by_key_are_those_of_the_run() {
    let keys = "rate = '100/s'\nkeys = { law = 'zipf', count = 4, exponent = 1 }";
    let one = "service_time = { law = 'exponential', mean = '10ms' }";
    let text = dealt("deliver = 'by-key'", keys, "", [one, one]);
    for (queue, share) in [("a", 16.0 / 25.0), ("b", 9.0 / 25.0)] {
        let load = load(&text, queue);
        assert!((load.rho.expect("known") - share).abs() < 1e-12 && load.at_most == load.rho, "{load:?}");
        let (busy, half) = simulated(&text, &format!("queues.{queue}.utilization"));
        assert!((busy - share).abs() < 2.0 * half, "{queue}: {busy} ± {half}");
    }
}

/// Two servers, of 100/s and 50/s, take what either can: 120/s, of which the slow one does no more than 50.
/// Were they dealt evenly, it would have a load of 1.2.
#[test]
fn a_load_is_not_known_where_the_shorter_of_unlike_queues_is_joined() {
    let servers =
        ["10ms", "20ms"].map(|mean| format!("service_time = {{ law = 'exponential', mean = '{mean}' }}"));
    for deliver in ["shortest-queue", "power-of-two"] {
        let text = dealt(
            &format!("deliver = '{deliver}'"),
            "rate = '120/s'",
            "",
            [servers[0].as_str(), servers[1].as_str()],
        );
        for queue in ["a", "b"] {
            let load = load(&text, queue);
            let (busy, _) = simulated(&text, &format!("queues.{queue}.utilization"));
            let (least, most) = (load.at_least.expect("bounded"), load.at_most.expect("bounded"));
            assert!(
                load.rho.is_none() && least - 0.01 < busy && busy < most + 0.01 && !load.is_overloaded(),
                "{busy}: {load:?}"
            );
        }
        // More than both can do: both grow.
        let more = text.replace("120/s", "165/s");
        assert!(["a", "b"].iter().all(|queue| load(&more, queue).grows()));
        // Alike queues get alike shares.
        let alike = text.replace("20ms", "10ms");
        assert!((load(&alike, "b").rho.expect("known") - 0.6).abs() < 1e-12);
    }
}

/// Two partitions have two servers, of 100/s each, for 202/s; a third has nothing to do.
#[test]
fn a_partition_that_grows_is_no_steady_mean() {
    let text = "[producers.p]\nto = 'q'\nrate = '202/s'\nkeys = \
        { law = 'uniform', count = 1000000 }\n[queues.q]\npartitions = 2\n\
                [consumers.c]\nfrom = 'q'\ncount = 3\nservice_time = { law = 'exponential', mean = '10ms' }\n\
                [simulation]\nmessages = 20000\nreplications = 4\n";
    let study = both(text);
    assert!(
        study.answers.is_empty() && verdict(&study)[0].contains("does not hold"),
        "{:?}",
        verdict(&study)
    );
    assert!(grows(text).starts_with("unstable"), "{}", grows(text));
}

/// Of 1000 keys of a Zipf law, the first of eight partitions has keys 0, 8, 16 and so on: 21 % of 640/s, 1.4
/// times what its server of 10 ms can do, although all eight together would be busy 0.8 of the time.
#[test]
fn a_hot_key_grows_alone() {
    let text = "[producers.p]\nto = 'q'\nrate = '640/s'\nkeys = \
        { law = 'zipf', count = 1000, exponent = 1 }\n[queues.q]\npartitions = 8\n\
                [consumers.c]\nfrom = 'q'\ncount = 8\nservice_time = { law = 'exponential', mean = '10ms' }\n\
                [simulation]\nmessages = 20000\nreplications = 4\n";
    let load = load(text, "q");
    let most = load.partitions.as_ref().and_then(|parts| parts.rho).expect("known");
    assert!(load.rho.expect("known") < 0.81 && most > 1.0 && load.grows(), "{load:?}");
    assert!(grows(text).starts_with("unstable"), "{}", grows(text));
}

/// At a load of exactly 1 chance makes the queue ever longer; without chance nobody ever waits.
#[test]
fn a_load_of_one_grows_by_chance_alone() {
    let text = |arrivals: &str, law: &str| {
        format!(
            "[producers.p]\nto = 'a'\nrate = '100/s'\narrivals = \
                {{ process = '{arrivals}' }}\n[queues.a]\n[queues.b]\n\
             [consumers.a]\nfrom = 'a'\nservice_time = {{ law = 'deterministic', mean = '1ms' }}\nto = 'b'\n\
             [consumers.b]\nfrom = 'b'\nservice_time = \
             {{ law = '{law}', mean = '10ms' }}\n[simulation]\nmessages = 5000\nreplications = 4\n"
        )
    };
    assert!(grows(&text("periodic", "exponential")).starts_with("unstable"));
    assert!(grows(&text("poisson", "deterministic")).starts_with("unstable"));
    let (wait, _) = simulated(&text("periodic", "deterministic"), "queues.b.wait.mean");
    assert_eq!(wait, 0.0);
    assert!(!load(&text("periodic", "deterministic"), "b").grows());
}

/// Constant work of 10 min on a server that breaks after 10 min on average and begins anew takes (e − 1) · 10
/// min of its time: rho is 1.05 times that at 6.3 an hour, and 0.525 if the work resumed, of half of the
/// time.
#[test]
fn work_that_outages_make_begin_anew_is_done_again() {
    let text = |progress: &str| {
        format!(
            "[producers.p]\nto = 'q'\nrate = '3.15/h'\n[queues.q]\n[consumers.c]\nfrom = 'q'\ncount = \
                1\nservice_time = '10min'\n\
             outages = \
             {{ up = {{ law = 'exponential', mean = '10min' }}, down = '10s', in_progress = '{progress}' }}\n\
             [simulation]\nmessages = 5000\nreplications = 4\n"
        )
    };
    let up = 600.0 / 610.0;
    let again = load(&text("redeliver"), "q");
    let work = std::f64::consts::E - 1.0;
    assert!((again.rho.expect("known") - 3.15 / 6.0 * work / up).abs() < 1e-9 && !again.grows(), "{again:?}");
    assert!((load(&text("resume"), "q").rho.expect("known") - 3.15 / 6.0 / up).abs() < 1e-9);
    let more = text("redeliver").replace("3.15/h", "3.7/h");
    assert!(grows(&more).starts_with("unstable"), "{}", grows(&more));
}

/// What two unlike groups of a queue send on depends on who is free: known only in sum.
#[test]
fn what_unlike_groups_send_on_is_bounded() {
    let text = "[producers.p]\nto = 'q'\nrate = '50/s'\n[queues.q]\n[queues.x]\n[queues.y]\n\
                [consumers.fast]\nfrom = 'q'\nservice_time = { law = 'exponential', mean = '10ms' }\nto = \
                'x'\n\
                [consumers.slow]\nfrom = 'q'\nservice_time = { law = 'exponential', mean = '100ms' }\nto = \
                'y'\n\
                [consumers.x]\nfrom = 'x'\nservice_time = { law = 'exponential', mean = '10ms' }\n\
                [consumers.y]\nfrom = 'y'\nservice_time = \
                { law = 'exponential', mean = '10ms' }\n[simulation]\nmessages = 10000\n";
    for queue in ["x", "y"] {
        let load = load(text, queue);
        let (busy, _) = simulated(text, &format!("queues.{queue}.utilization"));
        assert!(
            load.rho.is_none()
                && load.at_least.expect("bounded") <= busy
                && busy <= load.at_most.expect("bounded"),
            "{busy}: {load:?}"
        );
    }
}
