//! What brokers and consumers do, by hand: small scenarios of which every instant is known, and laws that
//! hold in all.

use queuelab::message::{Exit, Keep, Outcome, Record, Recorder};
use queuelab::rng::Key;
use queuelab::scenario::{NoFiles, Scenario, Source, parse};
use queuelab::sim::{Engine, Network, Totals};

fn source(text: &str) -> Source {
    Source { name: "test".into(), text: text.into(), overrides: Vec::new() }
}

pub(crate) fn scenario(text: &str) -> Scenario {
    parse(&source(text), &NoFiles).unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario
}

/// Keeps stays and ends.
#[derive(Default)]
pub(crate) struct Lives {
    pub stays: Keep,
    pub ends: Vec<Exit>,
}

impl Recorder for Lives {
    fn record(&mut self, record: &Record) {
        self.stays.record(record);
    }
    fn left(&mut self, exit: &Exit) {
        self.ends.push(*exit);
    }
}

pub(crate) fn play(text: &str, messages: u64) -> (Lives, Totals) {
    let scenario = scenario(text);
    let plan = scenario.open_plan(1, 0).expect("a plan");
    let mut network = Network::new(&scenario, plan, Key::new(1, 0), None).expect("a network");
    let mut lives = Lives::default();
    network.advance(messages, &mut lives);
    network.settle(&mut lives);
    assert!(!network.is_stuck());
    (lives, network.totals())
}

/// (id, sent, taken, finished) in milliseconds of the first served stays in a queue, in order of id.
pub(crate) fn served(lives: &Lives, queue: u32, many: usize) -> Vec<(u64, u64, u64, u64)> {
    let ms = |t: u64| t / 1_000_000;
    let here = lives.stays.0.iter().filter(|r| r.queue == queue && r.outcome == Outcome::Served);
    let mut all: Vec<_> = here.map(|r| (r.message.id, ms(r.sent), ms(r.taken), ms(r.finished))).collect();
    all.sort_unstable();
    all.truncate(many);
    all
}

/// A producer that sends every ten seconds, from ten seconds on.
const EVERY: &str = "[producers.p]\nto = \"q\"\nrate = \"0.1/s\"\narrivals = { process = \"periodic\" }\n";

pub(crate) fn single(queue: &str, consumer: &str) -> String {
    format!("{EVERY}[queues.q]\n{queue}\n[consumers.c]\nfrom = \"q\"\n{consumer}\n")
}

/// An unimportant message at 10 s that takes 6 s, and one that takes 2 s and comes at 13 s.
fn two_classes(preemption: &str) -> String {
    format!(
        "{}{}{}",
        "[producers.low]\nto = \"q\"\nrate = \"0.1/s\"\narrivals = { process = \"periodic\" }\nservice_time \
            = \"6s\"\n",
        "[producers.high]\nto = \"q\"\nrate = \"0.1/s\"\narrivals = { process = \"periodic\" }\nsend_time = \
            \"3s\"\npriority = 1\n",
        format_args!(
            "[queues.q]\ndiscipline = \"priority\"\npreemption = \"{preemption}\"\n[consumers.c]\nfrom = \
                \"q\"\nservice_time = \"2s\"\n"
        ),
    )
}

#[test]
fn the_urgent_goes_first_and_the_other_goes_on_or_starts_again() {
    let finished = |preemption| {
        let (lives, _) = play(&two_classes(preemption), 2);
        served(&lives, 0, 2).iter().map(|r| r.3).collect::<Vec<_>>()
    };
    assert_eq!(finished("none"), [16_000, 18_000]);
    assert_eq!(finished("resume"), [18_000, 15_000]);
    assert_eq!(finished("restart"), [21_000, 15_000]);
}

#[test]
fn a_batch_waits_until_it_is_full_or_its_oldest_has_lingered() {
    let wait = |batch: &str, many: usize| {
        let (lives, _) = play(
            &single(
                "",
                &format!("service_time = \"1s\"\nservice_time_per_message = \"500ms\"\nbatch = {batch}"),
            ),
            8,
        );
        served(&lives, 0, many).iter().map(|r| (r.2 - r.1, r.3 - r.2)).collect::<Vec<_>>()
    };
    assert_eq!(
        wait("{ max = 4, linger = \"100s\" }", 4),
        [(30_000, 3000), (20_000, 3000), (10_000, 3000), (0, 3000)]
    );
    assert_eq!(
        wait("{ max = 4, linger = \"15s\" }", 4),
        [(15_000, 2000), (5000, 2000), (15_000, 2000), (5000, 2000)]
    );
    assert_eq!(wait("{ max = 4 }", 2), [(0, 1500), (0, 1500)]);
}

#[test]
fn a_message_can_be_taken_when_the_disk_has_it() {
    let (lives, _) = play(&single("durability = \"fsync\"", "service_time = \"1s\""), 3);
    assert_eq!(served(&lives, 0, 2), [(0, 10_000, 10_001, 11_001), (1, 20_000, 20_001, 21_001)]);
}

#[test]
fn a_failed_message_comes_back_after_its_back_off() {
    // Every delivery fails; the third is the last. Delays of 1 s and 2 s, services of 1 s.
    let text = format!(
        "{}[queues.dead]\n",
        single(
            "delivery_limit = 3\ndead_letter = \"dead\"",
            "service_time = \"1s\"\nfailure = 1.0\nretry_delay = { min = \"1s\", max = \"8s\" }"
        )
    );
    let (lives, totals) = play(&text, 3);
    let first = lives.stays.0.iter().find(|r| r.message.id == 0).expect("the first message");
    assert_eq!((first.outcome, first.deliveries, first.finished), (Outcome::DeadLettered, 3, 16_000_000_000));
    assert_eq!(first.finished - first.taken, 3_000_000_000, "three services");
    assert_eq!(totals.queues[1].waiting, 3, "all of them lie in the dead-letter queue");
    assert_eq!(lives.ends.len(), 3);
}

#[test]
fn what_was_acknowledged_beforehand_is_lost_when_its_handler_fails() {
    let (lives, _) = play(&single("", "service_time = \"1s\"\nfailure = 1.0\nack = \"auto\""), 3);
    assert!(lives.stays.0.iter().all(|r| r.outcome == Outcome::Dropped && r.deliveries == 1));
}

/// The slow one has it at 10 s and until 22 s, for nothing after 15 s, when the quick one takes it.
#[test]
fn an_unacknowledged_message_is_worked_on_twice_and_served_once() {
    let quick = "to = \"r\"\n[queues.r]\n[consumers.d]\nfrom = \"q\"\nservice_time = \"3s\"\nto = \
        \"r\"\n[consumers.e]\nfrom = \"r\"\n";
    let text = single(
        "visibility_timeout = \"5s\"",
        &format!("service_time = \"12s\"\n{quick}service_time = \"1s\""),
    );
    let (lives, totals) = play(&text, 2);
    assert_eq!(served(&lives, 0, 2), [(0, 10_000, 10_000, 18_000), (1, 20_000, 20_000, 23_000)]);
    assert!(
        lives
            .stays
            .0
            .iter()
            .filter(|r| r.message.id == 0 && r.queue == 0)
            .all(|r| (r.deliveries, r.consumer) == (2, 1))
    );
    assert_eq!(
        (totals.queues[0].counts.served, totals.queues[1].counts.offered),
        (2, 2),
        "the slow one sends nothing on"
    );
}

/// Taken at 10 s and again at 15 s; its time is up for the second time at 20 s, while two servers are still
/// at work on it.
#[test]
fn the_last_delivery_that_times_out_is_the_end() {
    let (lives, totals) = play(
        &single("visibility_timeout = \"5s\"\ndelivery_limit = 2", "service_time = \"12s\"\ncount = 9"),
        1,
    );
    let only = lives.stays.0[0];
    assert_eq!(
        (only.outcome, only.deliveries, only.taken, only.finished),
        (Outcome::Dropped, 2, 10_000_000_000, 20_000_000_000)
    );
    assert!(totals.queues[0].is_conserved());
}

/// A watch over deliveries ends with the stay in the queue that keeps it.
#[test]
fn what_went_on_in_time_is_not_delivered_again_elsewhere() {
    for further in ["", "visibility_timeout = \"100s\""] {
        let text = format!(
            "{EVERY}[queues.q]\nvisibility_timeout = \"5s\"\n[queues.r]\n{further}\n\
            [consumers.c]\nfrom = \"q\"\nservice_time = \"4s\"\nto = \"r\"\n[consumers.d]\nfrom = \
            \"r\"\nservice_time = \"12s\"\ncount = 2\n"
        );
        let (lives, totals) = play(&text, 4);
        assert_eq!(served(&lives, 1, 2), [(0, 14_000, 14_000, 26_000), (1, 24_000, 24_000, 36_000)]);
        assert!(lives.stays.0.iter().all(|r| r.deliveries == 1), "{further}");
        assert!(totals.queues.iter().all(|q| q.is_conserved()), "{further}: {totals:?}");
    }
}

/// Interrupted at 13 s, to be done at 18 s: too late after 14 s, and after 12 s it was too late when it was
/// interrupted.
#[test]
fn an_interrupted_message_can_be_too_late() {
    for (ttl, ends) in [("4s", 14_000), ("2s", 13_000), ("9s", 18_000)] {
        let text =
            two_classes("resume").replace("[queues.q]", &format!("[queues.q]\nmessage_ttl = \"{ttl}\""));
        let (lives, totals) = play(&text, 2);
        let low = lives.stays.0.iter().find(|r| r.message.producer == 0).expect("it came");
        let outcome = if ttl == "9s" { Outcome::Served } else { Outcome::Expired };
        assert_eq!((low.outcome, low.finished / 1_000_000), (outcome, ends), "{ttl}");
        assert!(totals.queues[0].is_conserved());
    }
}

/// The first is in service from 10 to 11 s and, after a break, from 12 to 13 s; then it starts again at 15 s.
#[test]
fn what_starts_again_does_all_of_its_work_again() {
    let text =
        two_classes("restart") + "outages = { up = \"11s\", down = \"1s\", in_progress = \"resume\" }\n";
    let (lives, _) = play(&text, 2);
    assert_eq!(served(&lives, 0, 2).iter().map(|r| r.3).collect::<Vec<_>>(), [21_000, 15_000]);
}

/// There is room for one only: with the two that wait for room it is three at 30 s.
#[test]
fn who_waits_for_room_makes_a_batch_full() {
    let (lives, _) = play(
        &single(
            "max_length = 1\noverflow = \"block\"",
            "service_time = \"1s\"\nbatch = { max = 3, linger = \"100s\" }",
        ),
        3,
    );
    assert_eq!(
        served(&lives, 0, 3),
        [(0, 10_000, 30_000, 31_000), (1, 30_000, 30_000, 31_000), (2, 30_000, 30_000, 31_000)]
    );
}

#[test]
fn the_longest_line_counts_those_that_wait_for_their_next_attempt() {
    let scenario = scenario(&single(
        "delivery_limit = 2",
        "service_time = \"1s\"\nfailure = 1.0\nretry_delay = \"25s\"",
    ));
    let mut network =
        Network::new(&scenario, scenario.open_plan(1, 0).expect("a plan"), Key::new(1, 0), None)
            .expect("a network");
    // The first waits from 11 to 36 s, the second from 21 s, the third from 31 s; nobody comes between 30 and
    // 35 s.
    network.advance_before(35_000_000_000, &mut Lives::default());
    assert_eq!(network.totals().queues[0].peak, 3);
}

#[test]
fn a_timer_of_one_queue_does_not_reach_a_message_in_the_next() {
    // Acknowledged at 12 s and worked on elsewhere until 20 s: nothing happens at 15 s.
    let next = "to = \"r\"\n[queues.r]\n[consumers.d]\nfrom = \"r\"\nservice_time = \"8s\"";
    let (lives, _) =
        play(&single("visibility_timeout = \"5s\"", &format!("service_time = \"2s\"\n{next}")), 3);
    assert_eq!(served(&lives, 1, 2), [(0, 12_000, 12_000, 20_000), (1, 22_000, 22_000, 30_000)]);
    assert!(lives.stays.0.iter().all(|r| r.deliveries == 1));
}

#[test]
fn servers_break_and_the_message_waits_or_is_done_again() {
    let with = |while_: &str, then: &str| {
        let outages = format!(
            "outages = {{ up = \"12s\", down = \"3s\", while = \"{while_}\", in_progress = \"{then}\" }}"
        );
        let (lives, _) = play(&single("", &format!("service_time = \"5s\"\n{outages}")), 3);
        served(&lives, 0, 3).iter().map(|r| (r.2, r.3)).collect::<Vec<_>>()
    };
    // Down from 12 to 15 s and from 27 to 30 s: the first message is two of five seconds done at 12 s.
    assert_eq!(with("always", "resume"), [(10_000, 18_000), (20_000, 25_000), (30_000, 35_000)]);
    assert_eq!(with("always", "redeliver")[0].1, 20_000);
    // Twelve seconds of work are over in the third message, after two seconds of it.
    assert_eq!(with("busy", "resume"), [(10_000, 15_000), (20_000, 25_000), (30_000, 38_000)]);
}

#[test]
fn servers_are_started_for_a_backlog_and_stopped_after_it() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"0.001/s\"\narrivals = \
        { process = \"periodic\" }\n[queues.q]\ninitial_backlog = 100\n\
        [consumers.c]\nfrom = \"q\"\nservice_time = \"10s\"\nautoscale = \
            { min = 1, max = 5, target_backlog = 10, every = \"5s\", startup = \"2s\" }\n";
    let (lives, totals) = play(text, 1);
    // One server until 7 s, five until 40 wait (about 115 s), then 4, 3, 2, 1 for ten messages of 10 s each:
    // 208 s more.
    let last = served(&lives, 0, 100).iter().map(|r| r.3).max();
    assert!(last.is_some_and(|ms| (300_000..=345_000).contains(&ms)), "{last:?}");
    // From then on one server until 1000 s.
    let mean = totals.groups[0].count_area as f64 / totals.at as f64;
    assert!((1.5..1.8).contains(&mean), "{mean}");
}

#[test]
fn who_waits_for_room_holds_up_the_one_before() {
    // The second stage takes 30 s for each: the first is blocked and the producer's messages pile up.
    let text = format!(
        "{EVERY}[queues.q]\n[queues.r]\nmax_length = 0\noverflow = \"block\"\n\
        [consumers.c]\nfrom = \"q\"\nservice_time = \"1s\"\nto = \"r\"\n[consumers.d]\nfrom = \
        \"r\"\nservice_time = \"30s\"\n"
    );
    let (lives, _) = play(&text, 4);
    assert_eq!(
        served(&lives, 0, 4),
        [
            (0, 10_000, 10_000, 11_000),
            (1, 20_000, 20_000, 21_000),
            (2, 30_000, 41_000, 42_000),
            (3, 40_000, 71_000, 72_000)
        ]
    );
    assert_eq!(
        served(&lives, 1, 3),
        [(0, 11_000, 11_000, 41_000), (1, 41_000, 41_000, 71_000), (2, 71_000, 71_000, 101_000)]
    );
}

#[test]
fn what_never_ends_is_refused_with_the_reason() {
    let refused = |text: &str| {
        let scenario = scenario(text);
        Network::new(&scenario, scenario.open_plan(1, 0).expect("a plan"), Key::new(1, 0), None)
            .err()
            .expect("a refusal")
    };
    let standing = "[producers.p]\nto = \"q\"\narrivals = \
        { process = \"closed\", concurrency = 2, think_time = \"0s\" }\n[queues.q]\n[consumers.c]\nfrom = \
        \"q\"\nservice_time = \"0s\"\n";
    assert!(refused(standing).to_string().contains("time would stand still"));
    let circle = single(
        "max_length = 1\noverflow = \"block\"",
        "service_time = \"1s\"\nto = [{ queue = \"q\", probability = 0.1 }]",
    );
    assert!(refused(&circle).to_string().contains("in a circle"));
    // What excludes one another is refused where it is read.
    let refused =
        |text: &str| queuelab::scenario::parse(&source(text), &NoFiles).expect_err("a refusal").render(false);
    let shared = single("discipline = \"processor-sharing\"", "service_time = \"1s\"\nprefetch = 3");
    assert!(refused(&shared).contains("processor sharing, which does not go with prefetch"));
    let held = "service_time = \"1s\"\nto = \"r\"\n[queues.r]\nmax_length = 1\noverflow = \
        \"block\"\n[consumers.d]\nfrom = \"r\"\nservice_time = \"1s\"";
    assert!(
        refused(&single("discipline = \"processor-sharing\"", held))
            .contains("forwarding to a queue that blocks")
    );
    let broken = "service_time = \"1s\"\ncount = \"unlimited\"\noutages = { up = \"1h\", down = \"1s\" }";
    assert!(refused(&single("", broken)).contains("unlimited servers, which does not go with outages"));
}

/// Scenarios in which much happens at once.
fn busy_ones() -> Vec<(&'static str, String)> {
    let p = |extra: &str| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"90/s\"\nkeys = \
                {{ law = \"zipf\", count = 50, exponent = 1.1 }}\n{extra}"
        )
    };
    let c = |extra: &str| {
        format!(
            "[consumers.c]\nfrom = \"q\"\ncount = 4\nservice_time = \
                {{ law = \"lognormal\", mean = \"40ms\", scv = 2 }}\n{extra}"
        )
    };
    let fail = "failure = 0.2\nretry_delay = { min = \"5ms\", max = \"1s\", jitter = true }\n";
    let broken = "outages = { up = { law = \"exponential\", mean = \"5s\" }, down = \"200ms\" }\n";
    vec![
        ("broker", p("") + "[queues.q]\nmax_length = 30\noverflow = \"drop-head\"\nmessage_ttl = \
            \"500ms\"\ndelivery_limit = 3\ndead_letter = \"d\"\n[queues.d]\n" + &c(fail)),
        ("visibility", p("") + "[queues.q]\nvisibility_timeout = \"80ms\"\ndelivery_limit = 4\nmessage_ttl \
            = { law = \"exponential\", mean = \"1s\" }\n" + &c(fail)),
        ("outages", p("") + "[queues.q]\nmax_length = 50\nmessage_ttl = \"2s\"\n" + &c(&(broken.to_string() + fail))),
        ("prefetch", p("") + "[queues.q]\nmessage_ttl = \"1s\"\n" + &c(&(broken.to_string() + "prefetch = 5\n" + fail))),
        ("batches", p("") + "[queues.q]\nmax_length = 40\nmessage_ttl = \"1s\"\n" + &c(&(fail.to_string() + "batch = { max = 8, linger = \"20ms\" }\n" + broken))),
        ("preemption", p("priority = 1\n") + "[producers.o]\nto = \"q\"\nrate = \
            \"20/s\"\n[queues.q]\ndiscipline = \"priority\"\npreemption = \"restart\"\nmessage_ttl = \
            \"2s\"\n" + &c(&(broken.to_string() + fail))),
        ("partitions", p("") + "[queues.q]\npartitions = 8\nmax_length = 60\noverflow = \
            \"block\"\nmessage_ttl = \"1s\"\n" + &c(&(broken.to_string() + fail))),
        ("disk", p("") + "[queues.q]\ndurability = \"fsync\"\nmax_length = 9\noverflow = \
            \"block\"\nmessage_ttl = \"300ms\"\n" + &c(fail)),
        ("shared", p("") + "[queues.q]\ndiscipline = \"processor-sharing\"\ndelivery_limit = 2\n" + &c("failure = 0.2\n")),
        (
            "topics",
            "[producers.p]\nto = \"t\"\nrate = \"90/s\"\n[topics.t]\nsubscriptions = [\"q\", \"r\", \
                \"s\"]\ncomplete_when = 2\n[queues.q]\nmax_length = 3\n[queues.r]\nmax_length = 5\noverflow \
                = \"drop-head\"\n[queues.s]\n".to_string()
                + &c("to = \"u\"\n")
                + "[consumers.r]\nfrom = \"r\"\ncount = 3\nservice_time = \"30ms\"\n[consumers.s]\nfrom = \
                    \"s\"\ncount = \"unlimited\"\nservice_time = \"50ms\"\nto = \
                    \"u\"\n[topics.u]\nsubscriptions = [\"v\", \"w\"]\ndeliver = \
                    \"power-of-two\"\n[queues.v]\nmax_length = 2\noverflow = \
                    \"block\"\n[queues.w]\n[consumers.v]\nfrom = \"v\"\nservice_time = \
                    \"15ms\"\n[consumers.w]\nfrom = \"w\"\nservice_time = \"15ms\"\n",
        ),
        (
            "clients",
            "[producers.p]\nto = \"q\"\narrivals = \
                { process = \"closed\", concurrency = 30, think_time = { law = \"exponential\", mean = \"100ms\" } }\n[queues.q]\nmax_length = 10\nmessage_ttl = \"200ms\"\n"
                .to_string()
                + &c(fail)
                + "autoscale = \
                    { min = 1, max = 8, target_backlog = 3, every = \"500ms\", startup = \"200ms\", cooldown = \"1s\" }\n",
        ),
    ]
}

/// Every message that came to a queue was served, was lost in one way, or is inside; none of them is told of
/// twice.
#[test]
fn every_message_leaves_once() {
    for (name, text) in busy_ones() {
        let (lives, totals) = play(&text, 20_000);
        for queue in &totals.queues {
            assert!(queue.is_conserved(), "{name}: {queue:?}");
        }
        let mut stays: Vec<_> = lives.stays.0.iter().map(|r| (r.queue, r.message.id)).collect();
        let all = stays.len();
        stays.sort_unstable();
        stays.dedup();
        if name != "topics" {
            assert_eq!(all, stays.len(), "{name}: a stay was told of twice");
        }
        let mut ends: Vec<u64> = lives.ends.iter().map(|e| e.message.id).filter(|id| *id < 20_000).collect();
        ends.sort_unstable();
        assert!(ends.iter().copied().eq(0..20_000), "{name}: {} ends of 20000 messages", ends.len());
        for e in &lives.ends {
            assert!(e.sent + e.worked <= e.finished && e.message.due <= e.sent, "{name}: {e:?}");
        }
    }
}

/// L measured over time equals the sum of all stays, to the nanosecond, when the network is empty again.
#[test]
fn levels_over_time_are_the_stays() {
    for (name, text) in busy_ones() {
        let scenario = scenario(&text);
        let plan = scenario.open_plan(1, 0).expect("a plan").take_messages(5000);
        if plan.is_empty() {
            continue;
        }
        let source = queuelab::workload::Kept::new(&plan);
        let mut network = Network::new(&scenario, source, Key::new(1, 0), None).expect("a network");
        let mut lives = Lives::default();
        network.advance(u64::MAX, &mut lives);
        network.settle(&mut lives);
        let totals = network.totals();
        for (q, queue) in
            totals.queues.iter().enumerate().filter(|(q, _)| scenario.consumers_of(*q).next().is_some())
        {
            assert_eq!((queue.waiting, queue.serving), (0, 0), "{name}");
            let here = || lives.stays.0.iter().filter(|r| r.queue == q as u32);
            let waited: u128 = here().map(|r| u128::from(r.taken - r.sent)).sum();
            let worked: u128 = here().map(|r| u128::from(r.finished - r.taken)).sum();
            assert_eq!((queue.waiting_area, queue.serving_area), (waited, worked), "{name}: queue {q}");
        }
    }
}

/// One number for all that happened to messages (FNV-1a).
pub(crate) fn fingerprint(stays: &Keep) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for r in &stays.0 {
        for word in [
            r.message.id,
            r.sent,
            r.taken,
            r.finished,
            u64::from(r.queue),
            u64::from(r.deliveries),
            r.outcome as u64,
        ] {
            hash = (hash ^ word).wrapping_mul(0x100_0000_01b3);
        }
    }
    hash
}

/// Value stability: a seed keeps its trajectory from one version to the next. Change these only with a word
/// to the users.
#[test]
fn trajectories_stay_what_they_are() {
    let mut seen = Vec::new();
    for (name, text) in busy_ones() {
        seen.push((name, fingerprint(&play(&text, 5000).0.stays)));
    }
    assert_eq!(seen, FINGERPRINTS);
}

const FINGERPRINTS: [(&str, u64); 11] = [
    ("broker", 10113708773062219509),
    ("visibility", 4242018725835620261),
    ("outages", 18161487812727478865),
    ("prefetch", 9257614475195634110),
    ("batches", 4094328445251362781),
    ("preemption", 17368010018328597677),
    ("partitions", 16777270710452632119),
    ("disk", 3791493449008705232),
    ("shared", 15114289020593593513),
    ("topics", 3824840817813718361),
    ("clients", 11539820648070522670),
];
