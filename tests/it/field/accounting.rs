//! Messages are accounted for the way brokers do.

use super::{both, refusal, scenario, simulated, value};
use queuelab::answer::{Caveat, Method, SimulationCaveat};
use queuelab::report::{Style, text};
use queuelab::scenario::{resolved_toml, setting};
use queuelab::study::{Bearing, NoProgress, Study, run};

fn simulation(text: &str) -> Study {
    let study = run(&scenario(text), &[Method::Simulation], &NoProgress);
    assert!(study.answer(Method::Simulation).is_some(), "{:?}", study.unanswered);
    study
}

/// Three half-widths of a Student interval at 95 % with so few replications: one wrong alarm in more than a
/// thousand seeds.
fn near((found, half): (f64, f64), right: f64) {
    assert!((found - right).abs() <= 3.0 * half, "{found} ± {half}, not {right}");
}

/// The parking queue of RabbitMQ: what failed waits for 10 s in a queue that nobody consumes, and comes back
/// as a dead letter.
const PARKING: &str = r#"
[producers.app]
to = "work"
rate = "10/s"
[queues.work]
delivery_limit = 1
dead_letter = "retry"
[queues.retry]
message_ttl = "10s"
dead_letter = "work"
[consumers.w]
from = "work"
count = 2
service_time = "exponential(50ms)"
failure = { probability = 0.2 }
[simulation]
messages = 20_000
replications = 5
"#;

/// Every message visits `work` 1/0.8 times, M/M/2 at 12.5/s, and parks 0.25 times.
#[test]
fn what_passes_through_a_dead_letter_queue_and_is_served_later_is_served() {
    let study = simulation(PARKING);
    let answer = study.answer(Method::Simulation).expect("an answer");
    let (visit, rho) = (0.05 / (1.0 - 0.3125 * 0.3125), 0.3125);
    let told = |path: &str| (value(answer, path), answer.get(path).and_then(|e| e.half_width).unwrap_or(0.0));
    near(told("total.latency.mean"), 1.25 * visit + 0.25 * 10.0);
    near(told("queues.work.utilization"), rho);
    near(told("total.throughput"), 10.0);
    near(told("queues.retry.queue_length.mean"), 25.0);
    near(told("queues.work.dead_lettered"), 0.2);
    for path in ["total.loss", "total.dead_lettered", "queues.work.loss", "queues.retry.loss"] {
        assert_eq!(value(answer, path), 0.0, "{path}");
    }
    assert_eq!(value(answer, "queues.retry.dead_lettered"), 1.0);
    assert!(
        !answer.caveats.iter().any(|c| matches!(c, Caveat::Simulation(SimulationCaveat::Broken { .. }))),
        "{:?}",
        answer.caveats
    );
}

/// What expires where nobody consumes and no dead-letter queue waits is lost.
#[test]
fn without_a_dead_letter_queue_behind_it_what_parks_expires() {
    let (loss, half) = simulated(
        &PARKING.replace("message_ttl = \"10s\"\ndead_letter = \"work\"", "message_ttl = \"10s\""),
        "total.loss",
    );
    near((loss, half), 0.2);
}

/// SQS: visibility timeout 30 s, three tries. P(S > 30 s) = 0.0413 of a lognormal law with mean 10 s and scv
/// 1.
fn long_jobs(brought: bool, setting: &str) -> String {
    let law = "service_time = { law = \"lognormal\", mean = \"10s\", scv = 1 }";
    let (own, groups) = if brought { (law, "service_time = \"1s\"") } else { ("", law) };
    format!(
        "[producers.api]\nto = \"sqs\"\nrate = \"5/s\"\n{own}\n[queues.sqs]\nvisibility_timeout = \
            \"30s\"\ndelivery_limit = 3\ndead_letter = \
         \"dlq\"\n[queues.dlq]\n[consumers.lambda]\nfrom = \"sqs\"\ncount = \
             100\n{groups}\n{setting}\n[simulation]\nmessages = 5_000\n\
         replications = 5\n"
    )
}

const LATE: f64 = 0.0413;

#[test]
fn a_long_job_stays_long_where_the_message_brings_the_work_or_the_setting_says_so() {
    let same = "redelivery_work = \"same\"";
    for text in [long_jobs(true, ""), long_jobs(false, same)] {
        near(simulated(&text, "total.dead_lettered"), LATE);
        near(simulated(&text, "queues.dlq.growth"), 5.0 * LATE);
        assert_eq!(simulated(&text, "total.loss").0, 0.0);
    }
    // p³ = 7.04e-5: less than two of 25,000 are expected, and twelve come once in a million seeds.
    for text in [long_jobs(false, ""), long_jobs(true, "redelivery_work = \"drawn-again\"")] {
        assert!(simulated(&text, "total.dead_lettered").0 < 12.0 / 25_000.0);
    }
}

#[test]
fn dead_letters_are_told_by_the_day_and_how_work_is_redelivered_is_said() {
    let study = simulation(&long_jobs(false, "redelivery_work = \"same\""));
    let said = text(&study, &Bearing::default(), &Style { width: 1000, ..Style::default() });
    assert!(
        said.contains("Dead letters come to `dlq` at")
            && said.contains("a day")
            && said.contains("nobody takes them"),
        "{said}"
    );
    let drawn = simulation(&long_jobs(false, ""));
    let caveats = &drawn.answer(Method::Simulation).expect("an answer").caveats;
    assert!(
        caveats.iter().any(|c| matches!(c, Caveat::Simulation(SimulationCaveat::RedeliveredWork { .. }))),
        "{caveats:?}"
    );
}

#[test]
fn the_setting_is_read_echoed_and_a_wrong_word_refused() {
    let text = long_jobs(false, "redelivery_work = \"same\"");
    assert_eq!(setting(&scenario(&text), "consumers.lambda.redelivery_work").as_deref(), Some("same"));
    assert!(resolved_toml(&scenario(&text)).contains("redelivery_work"));
    assert!(refusal(&long_jobs(false, "redelivery_work = \"equal\"")).contains("drawn-again"));
    // Without a limit what is too long once is too long for ever.
    let endless = long_jobs(true, "").replace("delivery_limit = 3\n", "");
    let study = run(&scenario(&endless), &[Method::Simulation], &NoProgress);
    assert!(
        study.unanswered.iter().any(|u| u.reason.to_string().contains("delivery_limit")),
        "{:?}",
        study.unanswered
    );
}

/// M/G/1 with D·S: E[D] = 1/0.7, E[D²] = 1.3/0.49, E[S²] = 2 · (10 ms)².
#[test]
fn theory_of_retries_knows_that_the_work_stays_the_same() {
    let retried = |own: &str, group: &str| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"50/s\"\n{own}\n[queues.q]\n[consumers.c]\nfrom = \
                \"q\"\n{group}\nfailure = {{ probability = \
             0.3 }}\n[simulation]\nmessages = 50_000\nreplications = 5\n"
        )
    };
    let law = "service_time = \"exponential(10ms)\"";
    let study = both(&retried(law, "service_time = \"1ms\""));
    let rho = 50.0 * 0.01 / 0.7;
    let wait = 50.0 * (1.3 / 0.49) * 2e-4 / 2.0 / (1.0 - rho);
    let theory = study.answer(Method::Theory).expect("M/G/1 with retries");
    assert!((value(theory, "queues.q.wait.mean") / wait - 1.0).abs() < 1e-9);
    let simulated = study.answer(Method::Simulation).expect("an answer");
    for path in ["queues.q.wait.mean", "queues.q.wait.p99", "total.latency.p99"] {
        let half = simulated.get(path).and_then(|e| e.half_width).unwrap_or(0.0);
        near((value(simulated, path), half), value(theory, path));
    }
    // Two servers with the same work again are no M/M/2.
    let two = both(&retried(law, "service_time = \"1ms\"\ncount = 2"));
    assert!(two.answer(Method::Theory).is_none(), "{:?}", two.answer(Method::Theory).map(|a| &a.by));
}

/// What was acknowledged on delivery is gone when its handler fails.
#[test]
fn what_was_acknowledged_beforehand_is_no_dead_letter() {
    let study = simulation(
        "[producers.p]\nto = \"q\"\nrate = \"100/s\"\n[queues.q]\ndead_letter = \
            \"dead\"\n[queues.dead]\n[consumers.c]\nfrom = \"q\"\ncount = \
         2\nack = \"auto\"\nservice_time = \"5ms\"\nfailure = { probability = 0.2 }\n[consumers.d]\nfrom = \
             \"dead\"\nservice_time = \
         \"1ms\"\n[simulation]\nmessages = 20000\nreplications = 5\n",
    );
    let answer = study.answer(Method::Simulation).expect("an answer");
    assert_eq!(value(answer, "queues.dead.arrival_rate"), 0.0);
    assert_eq!(value(answer, "total.dead_lettered"), 0.0);
    near(
        (value(answer, "total.loss"), answer.get("total.loss").and_then(|e| e.half_width).unwrap_or(0.0)),
        0.2,
    );
}

/// By the field's own simulation 38.5 to 39.4 ms; 42.9 ms where a message keeps the place of its first work.
#[test]
fn shortest_first_sorts_by_the_work_that_it_serves() {
    let (mean, _) = simulated(
        "[producers.p]\nto = \"q\"\nrate = \"60/s\"\n[queues.q]\ndiscipline = \
            \"shortest\"\n[consumers.c]\nfrom = \"q\"\nservice_time = \
         \"exponential(10ms)\"\nfailure = { probability = 0.25 }\n[simulation]\nmessages = \
             60000\nreplications = 10\n",
        "total.latency.mean",
    );
    assert!((0.0378..0.0402).contains(&mean), "{mean}");
}

/// The utilization law: busy servers are throughput × mean service, whatever becomes of a delivery.
#[test]
fn the_utilization_law_holds_where_deliveries_fail() {
    let text = |queue: &str, consumer: &str| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"56/s\"\n[queues.q]\n{queue}\n[consumers.c]\nfrom = \
                \"q\"\nservice_time = \"exponential(10ms)\"\n\
             {consumer}\n[simulation]\nmessages = 20000\nreplications = 3\n"
        )
    };
    let failing = "failure = { probability = 0.3 }";
    let cases = [
        ("", failing),
        ("delivery_limit = 2", failing),
        ("visibility_timeout = \"30ms\"", "count = 2"),
        ("", ""),
    ];
    for (queue, consumer) in cases {
        let study = both(&text(queue, consumer));
        for answer in &study.answers {
            let of = |quantity: &str| value(answer, &format!("consumers.c.{quantity}"));
            let product = of("throughput") * of("service.mean") / of("count");
            assert!(
                (product / of("utilization") - 1.0).abs() < 2e-3,
                "{queue} {consumer} {}: {product}",
                answer.by
            );
        }
    }
}

/// A queue that drops its head, with batches of arrivals: an outage once in a hundred years changes nothing.
#[test]
fn delayed_has_one_meaning_whatever_plays_it() {
    let text = |consumer: &str| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"80/s\"\narrivals = \
                {{ process = \"poisson\", batch = 5 }}\n[queues.q]\nmax_length = 3\noverflow \
             = \"drop-head\"\n[consumers.c]\nfrom = \"q\"\nservice_time = \
                 \"exponential(10ms)\"\n{consumer}\n[simulation]\nmessages = 50000\n\
             replications = 5\n"
        )
    };
    let (line, _) = simulated(&text(""), "queues.q.delayed");
    let (events, half) =
        simulated(&text("outages = { up = \"exponential(876000h)\", down = \"1s\" }"), "queues.q.delayed");
    near((events, half), line);
}

/// M/M/1 with room for three: as many wait as without a bound, 0.8² / 0.2; the first three of them in the
/// queue.
#[test]
fn senders_that_are_held_up_are_not_in_the_queue() {
    let study = both(
        "[producers.p]\nto = \"q\"\nrate = \"80/s\"\n[queues.q]\nmax_length = 3\noverflow = \
            \"block\"\n[consumers.c]\nfrom = \
         \"q\"\nservice_time = \"exponential(10ms)\"\n[simulation]\nmessages = 50000\nreplications = 5\n",
    );
    let (waiting, held) = (3.2 * (1.0 - 0.512), 3.2 * 0.512);
    let (theory, simulated) =
        (study.answer(Method::Theory).expect("M/M/1"), study.answer(Method::Simulation).expect("an answer"));
    let told =
        |path: &str| (value(simulated, path), simulated.get(path).and_then(|e| e.half_width).unwrap_or(0.0));
    for (path, right) in [
        ("queues.q.queue_length.mean", waiting),
        ("queues.q.blocked.mean", held),
        ("queues.q.wait.mean", waiting / 80.0),
        ("producers.p.blocked.mean", held / 80.0),
        ("producers.p.send.mean", held / 80.0),
        ("total.latency.mean", 0.05),
    ] {
        assert!((value(theory, path) / right - 1.0).abs() < 1e-9, "{path}");
        near(told(path), right);
    }
    assert_eq!(told("queues.q.queue_length.max").0, 3.0);
    let parts = told("total.send.mean").0 + told("total.wait.mean").0 + told("total.service.mean").0;
    assert!((parts / told("total.latency.mean").0 - 1.0).abs() < 1e-9);
}

/// Messages that were there from the start count in the total, and the table shows what the headline says.
#[test]
fn a_backlog_and_arrivals_have_one_latency() {
    let study = simulation(
        "[producers.p]\nto = \"jobs\"\nrate = \"80/s\"\n[queues.jobs]\ninitial_backlog = \
            1000\n[consumers.w]\nfrom = \"jobs\"\ncount = \
         2\nservice_time = \"20ms\"\n[simulation]\nduration = \"3min\"\nreplications = 3\n",
    );
    let answer = study.answer(Method::Simulation).expect("an answer");
    let (total, own, wait) = (
        value(answer, "total.latency.mean"),
        value(answer, "producers.p.latency.mean"),
        value(answer, "queues.jobs.wait.mean"),
    );
    assert!(total > own && (total - wait - 0.02).abs() < 1e-6, "{total} {own} {wait}");
    let shown = text(&study, &Bearing::default(), &Style { verbose: true, ..Style::default() });
    let row = shown.lines().find(|line| line.trim_start().starts_with("latency, mean")).expect("a row");
    let figure: f64 =
        row.split_whitespace().nth(4).and_then(|word| word.parse().ok()).expect("a figure in milliseconds");
    assert!(row.contains(", ms") && (figure / 1000.0 / total - 1.0).abs() < 0.01, "{row}, not {total}");
}
