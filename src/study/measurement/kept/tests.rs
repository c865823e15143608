//! What was measured and what is simulated of the same plan are alike, message by message.

use super::*;
use crate::load;
use crate::scenario::{NoFiles, Source, parse};

fn scenario(text: &str) -> Scenario {
    let source = Source { name: "test".into(), text: text.into(), overrides: Vec::new() };
    parse(&source, &NoFiles).unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario
}

const WEB: &str = "[producers.web]\nrate = \"1000/s\"\nto = ";

/// The same scenario measured for a moment and replayed.
fn both(text: &str) -> (KeptRun, KeptRun) {
    let scenario = scenario(text);
    let plan = scenario
        .open_plan(1, 0)
        .expect("a plan")
        .take_until(nanos(scenario.measurement.duration).expect("a time"));
    let control = load::Control { progress: &|_| {}, stopped: &|| false };
    let run = load::measure(&scenario, &plan, &control).expect("it can be measured");
    assert!(!run.cut_short, "{:?}", run.caveats);
    for gate in &run.gates {
        let counts =
            ["lost", "duplicated", "disordered", "unsettled", "unsent", "unfinished"].contains(&&*gate.name);
        assert!(!counts || gate.value == 0.0, "{gate:?}");
    }
    let measured = KeptRun::measured(run.records, run.exits);
    let replayed =
        KeptRun::replay(&scenario, &plan, &run.happened, measured.messages()).expect("it can be simulated");
    (measured, replayed)
}

/// What became of each message in each queue, whatever time it took.
fn stays(told: &KeptRun) -> Vec<(u64, u32, u32, Outcome)> {
    let mut all: Vec<_> =
        told.stays.iter().map(|r| (r.message.id, r.queue, r.deliveries, r.outcome)).collect();
    all.sort_unstable();
    all
}

fn ends(told: &KeptRun) -> Vec<(u64, Outcome)> {
    let mut all: Vec<_> = told.exits.iter().map(|e| (e.message.id, e.outcome)).collect();
    all.sort_unstable();
    all
}

/// Chance depends on messages and their ways alone, so that threads and events must tell the same of every
/// message.
fn alike(name: &str, text: &str) {
    let (measured, replayed) = both(&format!("{text}\n[measurement]\nduration = \"250ms\"\n"));
    assert!(measured.messages() > 100, "{name}: {} messages", measured.messages());
    assert_eq!(stays(&measured), stays(&replayed), "{name}");
    assert_eq!(ends(&measured), ends(&replayed), "{name}");
}

#[test]
fn copies_failures_and_dead_letters_are_those_of_the_simulation() {
    let queues = "[queues.left]\n[queues.right]\ndelivery_limit = 2\ndead_letter = \
        \"dead\"\n[queues.next]\n[queues.dead]\n";
    let topic = "[topics.all]\nsubscriptions = [\"left\", \"right\"]\n";
    let work = "service_time = { law = \"exponential\", mean = \"200us\" }\n";
    let groups = [
        format!("[consumers.l]\nfrom = \"left\"\n{work}to = [{{ queue = \"next\", probability = 0.5 }}]\n"),
        format!("[consumers.r]\nfrom = \"right\"\n{work}failure = {{ probability = 0.3 }}\n"),
        format!("[consumers.n]\nfrom = \"next\"\n{work}"),
        format!("[consumers.d]\nfrom = \"dead\"\n{work}"),
    ];
    alike("topic", &format!("{WEB}\"all\"\n{queues}{topic}{}", groups.concat()));
    let waits = topic.replace("subscriptions", "complete_when = \"all\"\nsubscriptions");
    alike("all copies", &format!("{WEB}\"all\"\n{queues}{waits}{}", groups.concat()));
    let one = topic.replace("subscriptions", "complete_when = 1\nsubscriptions");
    alike("one of two", &format!("{WEB}\"all\"\n{queues}{one}{}", groups.concat()));
}

#[test]
fn a_message_may_come_back_to_a_queue_that_it_was_in() {
    let back = "to = [{ queue = \"q\", probability = 0.4 }]";
    alike(
        "feedback",
        &format!(
            "{WEB}\"q\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = 2\nservice_time = \
                \"200us\"\n{back}\n"
        ),
    );
}

#[test]
fn what_producers_send_goes_on_by_routes_of_its_own() {
    let other = WEB.replace("web", "other") + "\"q\"\n";
    let routes = "to = [{ queue = \"left\", probability = 0.5, producers = [\"web\"] }, \
        { queue = \"right\", producers = [\"other\"] }]\n";
    let group = |queue: &str, more: &str| {
        format!("[queues.{queue}]\n[consumers.{queue}]\nfrom = \"{queue}\"\nservice_time = \"200us\"\n{more}")
    };
    alike(
        "own routes",
        &format!("{other}{WEB}\"q\"\n{}{}{}", group("q", routes), group("left", ""), group("right", "")),
    );
}

#[test]
fn what_waits_from_the_start_is_served_first() {
    let text = format!(
        "{WEB}\"q\"\n[queues.q]\ninitial_backlog = 50\n[consumers.c]\nfrom = \"q\"\nservice_time = \
            \"300us\"\n"
    );
    alike("backlog", &text);
    let (measured, _) = both(&format!("{text}[measurement]\nduration = \"100ms\"\n"));
    let last = measured.stays.iter().filter(|r| r.message.id < 50).map(|r| r.taken).max();
    assert!(measured.stays.iter().filter(|r| r.message.id >= 50).all(|r| Some(r.taken) > last));
}

#[test]
fn windows_batches_times_to_live_and_early_acknowledgements_lose_nobody() {
    let c = "[consumers.c]\nfrom = \"q\"\ncount = 2\nservice_time = \"500us\"\n";
    for (queue, consumer) in [
        ("", "prefetch = 20\nfailure = { probability = 0.1 }\nretry_delay = \"2ms\"\n"),
        ("", "batch = { max = 8, linger = \"3ms\" }\nservice_time_per_message = \"20us\"\n"),
        ("message_ttl = \"1s\"\n", "failure = { probability = 0.2 }\n"),
        ("", "ack = \"auto\"\nfailure = { probability = 0.2 }\n"),
        (
            "",
            "batch = { max = 4, linger = \"2ms\" }\nautoscale = \
                { min = 2, max = 4, target_backlog = 3, every = \"20ms\" }\n",
        ),
        ("discipline = \"priority\"\n", ""),
        ("partitions = 4\n", ""),
        ("durability = \"fsync\"\n", ""),
        ("", "outages = { up = \"50ms\", down = \"10ms\", in_progress = \"resume\" }\n"),
        ("", "outages = { up = \"20ms\", down = \"5ms\", while = \"busy\", in_progress = \"resume\" }\n"),
    ] {
        alike(&format!("{queue}{consumer}"), &format!("{WEB}\"q\"\n[queues.q]\n{queue}{c}{consumer}"));
    }
}

#[test]
fn what_a_server_drops_when_it_breaks_is_done_by_another() {
    let outages = "outages = { up = \"20ms\", down = \"10ms\" }\n";
    for batch in ["", "batch = { max = 4, linger = \"1ms\" }\nservice_time_per_message = \"500us\"\n"] {
        let (measured, _) = both(&format!(
            "{WEB}\"q\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = 2\nservice_time = \
                \"1ms\"\n{batch}{outages}[measurement]\nduration = \"200ms\"\n"
        ));
        assert!(measured.stays.iter().all(|r| r.outcome == Outcome::Served));
        let again = measured.stays.iter().filter(|r| r.deliveries > 1).count();
        assert!(again > 0, "two servers broke a dozen times in two hundred milliseconds of nearly full work");
    }
}

#[test]
fn handling_fails_as_the_producer_has_it() {
    let poison = "[producers.bad]\nrate = \"200/s\"\nto = \"q\"\nfailure = { probability = 1 }\n";
    let queues = "[queues.q]\ndelivery_limit = 3\ndead_letter = \"dead\"\n[queues.dead]\n";
    let group =
        "[consumers.c]\nfrom = \"q\"\ncount = 2\nservice_time = \"200us\"\nfailure = { probability = 0.1 }\n";
    alike("poison", &format!("{poison}{WEB}\"q\"\n{queues}{group}"));
}

#[test]
fn a_loop_is_replayed_from_its_sends() {
    let text = "[producers.web]\nto = \"q\"\narrivals = \
        { process = \"closed\", concurrency = 3, think_time = \"1ms\" }\n\
                [queues.q]\n[consumers.c]\nfrom = \"q\"\nservice_time = \"500us\"\n[measurement]\nduration \
                    = \"250ms\"\n";
    let answers =
        crate::study::run(&scenario(text), &[crate::answer::Method::Measurement], &crate::study::NoProgress)
            .answers;
    let sends = |method| {
        let of = answers.iter().find(|a| a.method == method).expect("answered");
        of.get("queues.q.arrival_rate").and_then(|e| e.value).expect("known")
    };
    use crate::answer::Method::{Measurement, Replay};
    assert!((sends(Measurement) - sends(Replay)).abs() < 1e-6, "{} {}", sends(Measurement), sends(Replay));
}

#[test]
fn servers_come_and_go_with_the_backlog() {
    let scale = "autoscale = { min = 1, max = 4, target_backlog = 5, every = \"20ms\", startup = \"5ms\" }\n";
    let (measured, _) = both(&format!(
        "{WEB}\"q\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\nservice_time = \
            \"2ms\"\n{scale}[measurement]\nduration = \"200ms\"\n"
    ));
    assert!(measured.stays.iter().all(|r| r.outcome == Outcome::Served && r.deliveries == 1));
    let mut servers: Vec<u32> = measured.stays.iter().map(|r| r.server).collect();
    servers.sort_unstable();
    servers.dedup();
    assert!(servers.len() > 1, "twice as much comes as one can do");
}

#[test]
fn clients_of_a_closed_loop_wait_for_their_messages() {
    let text = "[producers.web]\nto = \"q\"\narrivals = \
        { process = \"closed\", concurrency = 3, think_time = \"1ms\" }\n\
                [queues.q]\n[consumers.c]\nfrom = \"q\"\nservice_time = \"500us\"\n[measurement]\nduration \
                    = \"250ms\"\n";
    let (measured, _) = both(text);
    assert!(measured.messages() > 100);
    let mut levels: Vec<(u64, i32)> =
        measured.stays.iter().flat_map(|r| [(r.sent, 1), (r.finished, -1)]).collect();
    levels.sort_unstable();
    let mut inside = 0;
    for (_, change) in levels {
        inside += change;
        assert!(inside <= 3, "three clients have three messages under way");
    }
}
