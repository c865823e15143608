//! Who goes on when something makes room, breaks, comes back or is done late: small scenarios of which every
//! instant is known.

use crate::semantics::{Lives, play, scenario, served, single};
use queuelab::message::Outcome;
use queuelab::rng::Key;
use queuelab::sim::{Engine, Network};

const SECOND: u128 = 1_000_000_000;

/// A batch of two makes room for two at 11 s: the server that has been held since 2 s goes on before the one
/// held since 3 s.
#[test]
fn whoever_was_held_first_goes_on_first() {
    let text = "[queues.q]\ninitial_backlog = 5\n[queues.r]\nmax_length = 0\noverflow = \"block\"\n\
        [consumers.quick]\nfrom = \"q\"\nservice_time = \"1s\"\nto = \"r\"\n[consumers.slow]\nfrom = \
        \"q\"\nservice_time = \"3s\"\nto = \"r\"\n\
        [consumers.d]\nfrom = \"r\"\nservice_time = \"10s\"\nbatch = { max = 2 }\n";
    let (lives, _) = play(text, 5);
    assert_eq!(served(&lives, 0, 5)[3..], [(3, 0, 11_000, 12_000), (4, 0, 11_000, 14_000)]);
}

/// The second is written while the first commit is under way: it cannot be taken with the first, nor is the
/// idle server to wait for it.
#[test]
fn batches_are_made_of_what_is_on_disk() {
    let later = "[producers.later]\nto = \"q\"\nrate = \"0.1/s\"\narrivals = \
        { process = \"periodic\" }\nsend_time = \"500us\"\n";
    for queue in ["", "max_length = 1\noverflow = \"block\"\n"] {
        let text = single(
            &format!("durability = \"fsync\"\n{queue}"),
            "count = 2\nservice_time = \"1s\"\nbatch = { max = 2 }",
        ) + later;
        let (lives, totals) = play(&text, 20);
        // Where it finds no room it is not there before the first is on disk.
        let came = if queue.is_empty() { 10_000 } else { 10_001 };
        assert_eq!(served(&lives, 0, 2), [(0, 10_000, 10_001, 11_001), (1, came, 10_002, 11_002)], "{queue}");
        assert_eq!(totals.queues[0].counts.served, totals.queues[0].counts.offered, "{queue}");
    }
}

/// The first expires in the first commit, in which the second, in the same slot, is not yet: it expires in
/// its own.
#[test]
fn a_commit_is_of_those_that_were_written_before_it() {
    let later = "[producers.later]\nto = \"q\"\nrate = \"0.1/s\"\narrivals = \
        { process = \"periodic\" }\nsend_time = \"700us\"\n";
    let (lives, _) = play(
        &(single("durability = \"fsync\"\nmessage_ttl = \"600us\"", "service_time = \"1s\"") + later),
        2,
    );
    assert!(lives.stays.0.iter().all(|r| r.outcome == Outcome::Expired));
}

/// Senders wait at 10 and 20 s; 15 s after the first came it is taken with whoever is there.
#[test]
fn a_batch_lingers_for_those_who_wait_for_room_too() {
    let (lives, _) = play(
        &single(
            "max_length = 0\noverflow = \"block\"",
            "service_time = \"1s\"\nbatch = { max = 3, linger = \"15s\" }",
        ),
        4,
    );
    assert_eq!(served(&lives, 0, 2), [(0, 25_000, 25_000, 26_000), (1, 25_000, 25_000, 26_000)]);
}

#[test]
fn who_does_not_linger_takes_a_message_at_once() {
    let other = "[consumers.d]\nfrom = \"q\"\nservice_time = \"2s\"\n";
    let (lives, _) =
        play(&(single("", "service_time = \"1s\"\nbatch = { max = 3, linger = \"100s\" }") + other), 3);
    assert_eq!(served(&lives, 0, 2), [(0, 10_000, 10_000, 12_000), (1, 20_000, 20_000, 22_000)]);
}

/// Each server breaks after 1.5 s of work: the third message is given back at 33.5 s, when it has lingered
/// long enough, by the one that had the first; the other takes it at once and breaks at 34 s; the first is
/// repaired at 38.5 s.
#[test]
fn a_message_given_back_is_seen_by_servers_that_linger() {
    let outages = "outages = { up = \"1500ms\", down = \"5s\", while = \"busy\" }";
    let consumer =
        format!("count = 2\nservice_time = \"1s\"\nbatch = {{ max = 2, linger = \"3s\" }}\n{outages}");
    let (lives, _) = play(&single("", &consumer), 3);
    let third = lives.stays.0.iter().find(|r| r.message.id == 2).expect("it was served");
    assert_eq!((third.deliveries, third.finished / 1_000_000), (3, 39_500));
}

/// The first two are done at 1 s and most likely come back: the third is taken before that, alone.
#[test]
fn a_batch_goes_on_after_its_server_has_taken_the_next() {
    let text = "[queues.q]\ninitial_backlog = 3\n[consumers.c]\nfrom = \"q\"\nservice_time = \"1s\"\nbatch \
        = { max = 2 }\n\
        to = [{ queue = \"q\", probability = 0.999999 }]\n";
    let scenario = scenario(text);
    let mut network =
        Network::new(&scenario, scenario.open_plan(1, 0).expect("a plan"), Key::new(1, 0), None)
            .expect("a network");
    let mut lives = Lives::default();
    network.advance_before(3 * SECOND as u64 + 1, &mut lives);
    let first =
        [(0, 0, 0, 1000), (0, 1000, 2000, 3000), (1, 0, 0, 1000), (1, 1000, 2000, 3000), (2, 0, 1000, 2000)];
    assert_eq!(served(&lives, 0, 9), first);
}

/// A queue whose deliveries time out after five seconds, from which so many wait from the start: what became
/// of them, until they are all done, and for how many seconds each group was busy until 100 s.
fn leased(waiting: u32, queue: &str, consumers: &str) -> (Lives, Vec<u128>) {
    let text =
        format!("[queues.q]\ninitial_backlog = {waiting}\nvisibility_timeout = \"5s\"\n{queue}\n{consumers}");
    let scenario = scenario(&text);
    let mut network =
        Network::new(&scenario, scenario.open_plan(1, 0).expect("a plan"), Key::new(1, 0), None)
            .expect("a network");
    let mut lives = Lives::default();
    network.advance_before(100 * SECOND as u64, &mut lives);
    let totals = network.totals();
    assert!(totals.queues[0].is_conserved(), "{totals:?}");
    (lives, totals.groups.iter().map(|g| g.busy_area / SECOND).collect())
}

/// Message, deliveries, group, and when it was done, in milliseconds.
fn ends(lives: &Lives) -> Vec<(u64, u32, u32, u64)> {
    let mut all: Vec<_> = lives
        .stays
        .0
        .iter()
        .map(|r| (r.message.id, r.deliveries, r.consumer, r.finished / 1_000_000))
        .collect();
    all.sort_unstable();
    all
}

/// The second is in the consumer's own line from 0 s on and worked on from 4 s, for nothing after 5 s; again
/// it is there from 5, 10 and 15 s on and begins at 8, 12 and 16 s: only the last is done within five
/// seconds, at the very end.
#[test]
fn a_delivery_ages_in_the_line_of_its_consumer() {
    let (lives, busy) = leased(2, "", "[consumers.c]\nfrom = \"q\"\nservice_time = \"4s\"\nprefetch = 3\n");
    assert_eq!(ends(&lives), [(0, 1, 0, 4_000), (1, 4, 0, 20_000)]);
    // In service from 4 to 5, 8 to 10, 12 to 15 and 16 to 20 s by deliveries that counted.
    assert_eq!(served(&lives, 0, 2)[1], (1, 0, 10_000, 20_000));
    assert_eq!(busy, [20]);
}

/// The slow one holds the first and, in its own line, the third; at 5 s the quick one takes the first and
/// then the third.
#[test]
fn a_copy_is_worked_on_when_its_message_is_long_gone() {
    let groups = "[consumers.c]\nfrom = \"q\"\nservice_time = \"12s\"\nprefetch = 2\n[consumers.d]\nfrom = \
        \"q\"\nservice_time = \"1s\"\n";
    let (lives, busy) = leased(3, "", groups);
    assert_eq!(ends(&lives), [(0, 2, 1, 6_000), (1, 1, 1, 1_000), (2, 2, 1, 7_000)]);
    assert_eq!(served(&lives, 0, 3), [(0, 0, 0, 6_000), (1, 0, 0, 1_000), (2, 0, 6_000, 7_000)]);
    assert_eq!(busy, [24, 3]);
}

/// At 5 s both have been delivered for the last time: the one in service and the one that never was.
#[test]
fn the_last_delivery_may_time_out_in_the_line_of_a_consumer() {
    let (lives, busy) = leased(
        2,
        "delivery_limit = 1",
        "[consumers.c]\nfrom = \"q\"\nservice_time = \"12s\"\nprefetch = 2\n",
    );
    assert_eq!(ends(&lives), [(0, 1, 0, 5_000), (1, 1, 0, 5_000)]);
    assert!(lives.stays.0.iter().all(|r| r.outcome == Outcome::Dropped));
    assert_eq!(busy, [24]);
}

/// The second is acknowledged at 4 s, when its work begins, and so does not time out at 5 s.
#[test]
fn what_is_acknowledged_before_its_work_does_not_time_out_in_it() {
    for line in ["prefetch = 2", "batch = { max = 1 }", ""] {
        let text = format!("[consumers.c]\nfrom = \"q\"\nservice_time = \"4s\"\nack = \"auto\"\n{line}\n");
        assert_eq!(ends(&leased(2, "", &text).0), [(0, 1, 0, 4_000), (1, 1, 0, 8_000)], "{line}");
    }
    let (lives, _) = leased(1, "", "[consumers.c]\nfrom = \"q\"\nservice_time = \"9s\"\nack = \"auto\"\n");
    assert_eq!(ends(&lives), [(0, 1, 0, 9_000)]);
}

/// The first fails at 8 s, when another has it since 5 s.
#[test]
fn a_failure_that_comes_too_late_is_none() {
    let groups = "[consumers.c]\nfrom = \"q\"\nservice_time = \"8s\"\nfailure = 1.0\n[consumers.d]\nfrom = \
        \"q\"\nservice_time = \"4s\"\n";
    assert_eq!(ends(&leased(1, "delivery_limit = 9", groups).0), [(0, 2, 1, 9_000)]);
}

/// Of two that are taken together each comes back by itself, in its place: the quick one has them one by one.
#[test]
fn a_batch_times_out_message_by_message() {
    let groups = "[consumers.c]\nfrom = \"q\"\nservice_time = \"9s\"\nbatch = \
        { max = 2 }\n[consumers.d]\nfrom = \"q\"\nservice_time = \"1s\"\n";
    let (lives, busy) = leased(2, "", groups);
    assert_eq!(ends(&lives), [(0, 2, 1, 6_000), (1, 2, 1, 7_000)]);
    assert_eq!(busy, [9, 2]);
}

/// The first server breaks half a second after the message is on disk; the other, which is idle, begins anew
/// at once.
#[test]
fn what_a_server_drops_when_it_breaks_an_idle_one_takes() {
    let broken = "service_time = \"1s\"\noutages = { up = \"500ms\", down = \"1h\", while = \"busy\" }\n";
    for (durability, done) in [("none", 11_500), ("fsync", 11_501)] {
        let queue = format!("durability = \"{durability}\"");
        let (lives, _) =
            play(&(single(&queue, broken) + "[consumers.d]\nfrom = \"q\"\nservice_time = \"1s\"\n"), 1);
        let first = lives.stays.0.iter().find(|r| r.message.id == 0).expect("it was served");
        assert_eq!((first.deliveries, first.finished / 1_000_000), (2, done), "{durability}");
    }
}

#[test]
fn work_that_can_never_be_acknowledged_in_time_is_refused() {
    let refused = |queue: &str, law: &str| {
        let scenario = scenario(&single(queue, &format!("service_time = {law}")));
        Network::new(&scenario, scenario.open_plan(1, 0).expect("a plan"), Key::new(1, 0), None).err()
    };
    let late = "{ law = \"uniform\", min = \"6s\", max = \"9s\" }";
    assert!(
        refused("visibility_timeout = \"5s\"", late)
            .is_some_and(|why| why.to_string().contains("write a longer one, or a delivery_limit"))
    );
    assert_eq!(refused("visibility_timeout = \"5s\"\ndelivery_limit = 2", late), None);
    assert_eq!(refused("visibility_timeout = \"7s\"", late), None);
    assert_eq!(refused("visibility_timeout = \"5s\"", "\"5s\""), None);
    // Consumers that have nothing to do get the message only when its delivery is over.
    let slow = "\"1s\"\ncount = 9\n[simulation]\nhand_off = \"6s\"";
    assert!(
        refused("visibility_timeout = \"5s\"", slow)
            .is_some_and(|why| why.to_string().contains("until a message reaches a consumer"))
    );
}

/// Whoever works for nothing any more works on: from 0 to 12 s.
#[test]
fn work_goes_on_when_nothing_is_left_to_do() {
    let text = "[queues.q]\ninitial_backlog = 1\nvisibility_timeout = \"5s\"\n\
        [consumers.c]\nfrom = \"q\"\nservice_time = \"12s\"\n[consumers.d]\nfrom = \"q\"\nservice_time = \
        \"3s\"\n";
    let scenario = scenario(text);
    let mut network =
        Network::new(&scenario, scenario.open_plan(1, 0).expect("a plan"), Key::new(1, 0), None)
            .expect("a network");
    network.advance_before(100 * SECOND as u64, &mut Lives::default());
    let busy: Vec<u128> = network.totals().groups.iter().map(|g| g.busy_area).collect();
    assert_eq!(busy, [12 * SECOND, 3 * SECOND]);
}

/// The slow one breaks at 35 s with one message in work and the next in its own line: they come back in their
/// order.
#[test]
fn a_consumer_that_breaks_gives_its_messages_back_in_their_order() {
    let slow =
        "service_time = \"100s\"\nprefetch = 2\noutages = { up = \"25s\", down = \"1h\", while = \"busy\" }";
    let (lives, _) =
        play(&(single("", slow) + "[consumers.d]\nfrom = \"q\"\nservice_time = \"1s\"\nprefetch = 2\n"), 3);
    let finished: Vec<_> = served(&lives, 0, 3).iter().map(|r| (r.0, r.3)).collect();
    assert_eq!(finished, [(0, 36_000), (1, 21_000), (2, 37_000)]);
}

/// The second server is there for some seconds a minute and never for an hour: only the first can break, once
/// in two hours.
#[test]
fn a_server_that_is_started_again_has_one_clock_of_outages() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"0.05/s\"\narrivals = \
        { process = \"periodic\", batch = 3 }\n[queues.q]\n\
        [consumers.c]\nfrom = \"q\"\nservice_time = \"5s\"\noutages = { up = \"3590s\", down = \"5s\" }\n\
        autoscale = { min = 1, max = 2, target_backlog = 1, every = \"1s\" }\n";
    let (lives, totals) = play(text, 360);
    let mean = totals.groups[0].count_area as f64 / totals.at as f64;
    assert!((1.005..1.5).contains(&mean), "the second comes and goes: {mean}");
    assert!(lives.stays.0.iter().filter(|r| r.deliveries > 1).count() <= 2);
}

#[test]
fn what_waits_from_the_start_has_priority_0() {
    let text = single("discipline = \"priority\"\ninitial_backlog = 3", "service_time = \"6s\"")
        .replace("to = \"q\"", "to = \"q\"\npriority = 1");
    let (lives, _) = play(&text, 5);
    assert_eq!(
        served(&lives, 0, 4)[1..],
        [(1, 0, 6000, 12_000), (2, 0, 18_000, 24_000), (3, 10_000, 12_000, 18_000)]
    );
}

/// It fails at the very instant at which its time ends, and its server takes it again at that instant.
#[test]
fn a_time_to_live_ends_after_all_else_at_its_instant() {
    let (lives, _) =
        play(&single("message_ttl = \"5s\"\ndelivery_limit = 2", "service_time = \"5s\"\nfailure = 1.0"), 2);
    let first = lives.stays.0.iter().find(|r| r.message.id == 0).expect("it left");
    assert_eq!((first.outcome, first.deliveries, first.finished / 1_000_000), (Outcome::Dropped, 2, 20_000));
}

#[test]
fn a_handler_among_servers_without_limit_fails_as_any_other() {
    for discipline in ["fifo", "processor-sharing"] {
        let queue = format!("discipline = \"{discipline}\"\ndelivery_limit = 2");
        let (lives, _) =
            play(&single(&queue, "count = \"unlimited\"\nservice_time = \"3s\"\nfailure = 1.0"), 3);
        let first = lives.stays.0.iter().find(|r| r.message.id == 0).expect("it left");
        assert_eq!((first.outcome, first.finished / 1_000_000), (Outcome::Dropped, 16_000), "{discipline}");
    }
}

/// It works from 0 s on and breaks after 5 s of it.
#[test]
fn a_server_that_begins_with_a_backlog_breaks_as_any_other() {
    let outages = "outages = { up = \"5s\", down = \"2s\", while = \"busy\", in_progress = \"resume\" }";
    let text = format!(
        "[queues.q]\ninitial_backlog = 2\n[consumers.c]\nfrom = \"q\"\nservice_time = \"6s\"\n{outages}\n"
    );
    let (lives, _) = play(&text, 2);
    assert_eq!(served(&lives, 0, 2).iter().map(|r| r.3).collect::<Vec<_>>(), [8000, 16_000]);
}
