//! Time that repeats, ends, or runs out.

use super::{both, scenario, simulated, value};
use queuelab::answer::{Answer, Method};
use queuelab::report::verdict;
use queuelab::scenario::{NoFiles, Scenario, Source, parse};
use queuelab::study::capacity::{CapacityNote, Search};
use queuelab::study::{NoProgress, ObjectiveStatus, Study, run};
use queuelab::theory::TimetableNote;
use std::path::Path;

/// A day of 240 s: a night of 70 s at 50/s, a rush of 30 s at 180/s against 150/s, and 140 s at 80/s.
fn day(more: &str) -> String {
    format!(
        "producers.app = {{ to = \"q\", arrivals = {{ process = \"schedule\", repeat = true, steps = [\
         {{ for = \"70s\", rate = \"50/s\" }}, {{ for = \"30s\", rate = \"180/s\" }}, \
         {{ for = \"140s\", rate = \"80/s\" }}] }} }}\n\
         queues.q = {{}}\nconsumers.w = \
         {{ from = \"q\", count = 3, service_time = \"exponential(20ms)\" }}\n{more}\n"
    )
}

fn simulation(text: &str) -> Study {
    run(&scenario(text), &[Method::Simulation], &NoProgress)
}

fn answer(study: &Study) -> &Answer {
    study.answer(Method::Simulation).unwrap_or_else(|| panic!("{:?}", study.unanswered))
}

fn says(answer: &Answer, what: &str) -> bool {
    answer.caveats.iter().any(|caveat| caveat.to_string().contains(what))
}

/// As a fluid: 30/s too many for 30 s are 900, which drain at 70/s in 12.9 s: 900 · 42.9 s / 2 over 20,100
/// messages. What chance adds, the variance of the 900 above all, is some per cent.
#[test]
fn a_day_is_played_to_its_end() {
    let fluid = 900.0 * (30.0 + 900.0 / 70.0) / 2.0 / 20_100.0;
    for text in [
        day("simulation = { messages = 5_000 }"),
        day("simulation = { duration = \"2400s\", replications = 4 }"),
    ] {
        let (mean, half) = simulated(&text, "queues.q.wait.mean");
        assert!(
            (mean / fluid - 1.02).abs() < 0.12 && half < 0.2 * mean,
            "{mean} ± {half}, as a fluid {fluid}"
        );
        let study = simulation(&text);
        let rate = value(answer(&study), "total.throughput");
        assert!((rate / 83.75 - 1.0).abs() < 0.01, "{rate}");
        assert!(answer(&study).by.contains("cycles of 240 s"), "{}", answer(&study).by);
    }
}

/// What is shorter than a cycle is no steady state, and says so.
#[test]
fn a_part_of_a_day_is_told_to_be_one() {
    let study = simulation(&day("simulation = { duration = \"60s\" }"));
    let answer = answer(&study);
    assert!(says(answer, "the timetable of `app` takes 240 s to come round"), "{:?}", answer.caveats);
    assert!(says(answer, "step 2 of the timetable of `app`"), "{:?}", answer.caveats);
    assert!(
        answer.get("queues.q.queue_length").is_none() && answer.get("queues.q.queue_length.mean").is_none()
    );
}

/// With 4 consumers the rush is M/M/4 at rho 0.9, whose p99 is below 200 ms; with 3 the last of the rush
/// waits for 6 s.
#[test]
fn capacity_is_that_of_the_rush() {
    let source = Source {
        name: "day".into(),
        text: day("objectives = { \"total.latency.p99\" = \"< 500ms\" }"),
        overrides: Vec::new(),
    };
    let values = (1..=6).map(|n: u32| n.to_string()).collect();
    let search =
        Search { source: &source, files: &NoFiles, path: "consumers.w.count".into(), values, largest: false };
    let capacity = search.run(&NoProgress).expect("it is read");
    assert_eq!(
        (capacity.outcome, capacity.found().map(|probe| probe.value.as_str())),
        (ObjectiveStatus::Pass, Some("4"))
    );
    let repeats = |note: &CapacityNote| {
        use TimetableNote::Producer;
        matches!(note, CapacityNote::Timetable(Producer { lasts, repeats: true, .. }) if *lasts == 240.0)
    };
    assert!(capacity.notes.iter().any(repeats), "{:?}", capacity.notes);
    let loads = queuelab::theory::explain(&scenario(&day(""))).loads;
    let [mean, peak] = [loads[0].rho, loads[0].peak].map(|rho| rho.expect("known"));
    assert!((mean - 83.75 / 150.0).abs() < 1e-9 && (peak - 1.2).abs() < 1e-9, "{mean} {peak}");
}

/// All servers stop together for 1 s in 21: 400 pile up and drain at 100/s in 4 s, 1000 message-seconds in
/// 8400 messages; beside these M/M/10 at rho 0.8 waits for 4 ms.
#[test]
fn servers_that_pause_together_hold() {
    for seed in [1, 2, 3] {
        let text = format!(
            "seed = {seed}\nproducers.app = {{ to = \"q\", rate = \"400/s\" }}\nqueues.q = {{}}\n\
             consumers.c = \
             {{ from = \"q\", count = 10, service_time = \"exponential(20ms)\", outages = {{ up = \"deterministic(20s)\", \
             down = \"deterministic(1s)\", in_progress = \"resume\" \
             }} }}\nsimulation = {{ messages = 30_000 }}\n"
        );
        let (mean, half) = simulated(&text, "queues.q.wait.mean");
        assert!((mean / 0.123 - 1.0).abs() < 0.1 && half < 0.1 * mean, "seed {seed}: {mean} ± {half}");
    }
}

/// A batch of a thousand in every 86.4 s: each is done in 5 s, so the throughput is the rate, and 11.574 ·
/// 0.1 / 20 are busy.
#[test]
fn batches_are_counted_to_the_end_of_their_gap() {
    let text = "producers.p = \
        { to = \"q\", rate = \"11.574/s\", arrivals = { process = \"periodic\", batch = 1000 } }\nqueues.q \
        = {}\n\
                consumers.w = { from = \"q\", count = 20, service_time = \"100ms\" }\n\
                simulation = { messages = 3000, replications = 2, warmup = 0 }\n";
    let study = simulation(text);
    let answer = answer(&study);
    assert!(
        (value(answer, "total.throughput") / 11.574 - 1.0).abs() < 1e-6,
        "{}",
        value(answer, "total.throughput")
    );
    assert!(
        (value(answer, "queues.q.utilization") / 0.05787 - 1.0).abs() < 1e-6,
        "{}",
        value(answer, "queues.q.utilization")
    );
    // The gap is longer than the time that is asked for: nothing comes, and that is said.
    let short = simulation(&text.replace("messages = 3000", "duration = \"60s\""));
    let refused = short.unanswered.iter().any(|u| u.reason.to_string().contains("gap"));
    let told = short.answer(Method::Simulation).is_some_and(|a| says(a, "`p`"));
    assert!(refused || told, "{:?}", short.unanswered);
}

/// Two consumers, a task of 60 s and two of 1 s: the second short one waits for the first, and all three are
/// done in the 100 s.
#[test]
fn traces_of_one_row_play_all_their_messages() {
    let files = |path: &Path| {
        Ok(format!("timestamp\n{}\n", if path == Path::new("a.csv") { 0.0 } else { 0.001 }).into_bytes())
    };
    let trace = |name: &str, work: &str| {
        format!(
            "producers.{name} = {{ to = \"q\", arrivals = {{ process = \"trace\", file = \"{name}.csv\" }}, \
             service_time = \"deterministic({work})\" }}\n"
        )
    };
    let text = trace("a", "60s")
        + &trace("b", "1s")
        + &trace("c", "1s")
        + "queues.q = {}\nconsumers.w = { from = \"q\", count = 2, service_time = \"1s\" }\n";
    for (more, window) in
        [("", 60.0), ("simulation = { duration = \"100s\", warmup = 0, replications = 2 }", 100.0)]
    {
        let source = Source { name: "three".into(), text: text.clone() + more, overrides: Vec::new() };
        let read = parse(&source, &files).expect("it is right").scenario;
        let study = run(&read, &[Method::Simulation], &NoProgress);
        let answer = answer(&study);
        let latency = |producer: &str| value(answer, &format!("producers.{producer}.latency.mean"));
        assert!(
            (latency("a") - 60.0).abs() < 1e-9
                && (latency("b") - 1.0).abs() < 1e-9
                && (latency("c") - 2.0).abs() < 1e-9
        );
        assert!(
            (value(answer, "total.throughput") * window - 3.0).abs() < 1e-6,
            "{more}: {}",
            value(answer, "total.throughput")
        );
        assert!((value(answer, "queues.q.utilization") - 62.0 / 2.0 / window).abs() < 1e-6, "{more}");
        assert!(answer.by.contains("3 messages"), "{}", answer.by);
    }
}

/// Forty jobs of 100 s; twenty servers come and are told to go at once: who still works is still there.
#[test]
fn servers_that_retire_count_until_they_are_gone() {
    let text = "producers.p = \
        { to = \"q\", arrivals = { process = \"schedule\", steps = [{ for = \"1s\", rate = \"40/s\" }, \
                { for = \"299s\", rate = \"0.001/s\" }] } }\nqueues.q = {}\n\
                consumers.pods = \
                { from = \"q\", service_time = \"100s\", autoscale = { min = 1, max = 100, target_backlog = 2, every = \"10s\" } }\n\
                simulation = { replications = 4 }\n";
    let study = simulation(text);
    let answer = answer(&study);
    let [rho, busy, count] =
        ["utilization", "busy", "count"].map(|key| value(answer, &format!("consumers.pods.{key}")));
    assert!(rho > 0.5 && rho <= 1.0 + 1e-9 && busy <= count + 1e-9, "{rho} {busy} {count}");
    assert!(
        says(answer, "does not repeat: after 300 s its last rate, 0.001000/s, stays"),
        "{:?}",
        answer.caveats
    );
}

/// 8 h of 24 on duty: two clerks work for 1/h · 0.5 h, a quarter of their time, and never more than a third.
#[test]
fn servers_that_are_away_are_not_at_work() {
    let text = "producers.jobs = { to = \"desk\", rate = \"1/h\" }\nqueues.desk = {}\n\
                consumers.clerk = \
                { from = \"desk\", count = 2, service_time = \"exponential(30min)\", outages = { up = \"deterministic(8h)\", \
                down = \"deterministic(16h)\", in_progress = \"resume\" \
                } }\nsimulation = { messages = 20_000 }\n";
    let study = simulation(text);
    let answer = answer(&study);
    let rho = value(answer, "queues.desk.utilization");
    assert!((rho - 0.25).abs() < 0.01, "{rho}");
    // An independent simulation: 456 to 462 min, and 514 to 521 with the work, absences in its midst
    // included.
    let [wait, latency] =
        ["queues.desk.wait.mean", "total.latency.mean"].map(|path| value(answer, path) / 60.0);
    assert!((445.0..473.0).contains(&wait) && (503.0..532.0).contains(&latency), "{wait} {latency}");
    assert!(!says(answer, "broken"), "{:?}", answer.caveats);
}

/// D/D/1 at rho 1: nobody waits, and nothing grows, by chance or otherwise.
#[test]
fn what_has_no_chance_does_not_grow_by_it() {
    let text = "producers.web = { to = \"desk\", rate = \"1/h\", arrivals = \"periodic\" }\nqueues.desk = \
        {}\n\
                consumers.clerk = { from = \"desk\", service_time = \"deterministic(1h)\" }\n\
                simulation = { duration = \"24h\", warmup = 0, replications = 1 }\n";
    let source = Source { name: "dd1".into(), text: text.into(), overrides: Vec::new() };
    let read = parse(&source, &NoFiles).expect("it is right");
    assert!(read.warnings.is_empty(), "{}", read.warnings.render(false));
    let study = run(&read.scenario, &[Method::Simulation], &NoProgress);
    let answer = answer(&study);
    assert!(
        (value(answer, "total.throughput") * 3600.0 - 1.0).abs() < 1e-9,
        "{}",
        value(answer, "total.throughput") * 3600.0
    );
    assert_eq!(
        (value(answer, "queues.desk.wait.mean"), value(answer, "queues.desk.utilization")),
        (0.0, 1.0)
    );
    assert!(answer.by.contains("24 messages"), "{}", answer.by);
    assert_eq!(study.unstable(), None);
}

/// 88.68 calls an hour against 14 · 3600 / 646: 0.00296/s too many, which come to 10.7 in an hour.
#[test]
fn what_grows_has_figures_of_the_time_that_is_asked_for() {
    let text = "producers.calls = { to = \"line\", rate = \"88.68/h\" }\nqueues.line = {}\n\
                consumers.agents = { from = \"line\", count = 14, service_time = \"exponential(646s)\" }\n\
                simulation = { duration = \"8h\" }\nobjectives = { \"total.latency.p99\" = \"< 10h\" }\n";
    let study = both(text);
    let why = study.unstable().expect("it grows");
    assert!(why.to_string().contains("0.00296 messages/s"), "{why}");
    let answer = answer(&study);
    assert!(
        value(answer, "total.latency.mean") > 646.0
            && answer.timelines["line"].last().expect("points").waiting > 30.0
    );
    assert!(
        verdict(&study)[0].contains("does not hold") && verdict(&study)[0].contains("In its first 480 min"),
        "{}",
        verdict(&study)[0]
    );
    assert_eq!(study.objectives[0].outcome, ObjectiveStatus::Fail);
}

/// M/M/1: a failure a year and repairs of 4800 h make 4800 / (1 − 0.5479) h, for all that the clock ends
/// after 292 years.
#[test]
fn a_million_years_fit_the_clock() {
    let text = "producers.failures = { to = \"shop\", rate = \"0.00011415525114155251/h\" }\nqueues.shop = \
        {}\n\
                consumers.crew = { from = \"shop\", service_time = \"exponential(4800h)\" }\nsimulation = { \
                    messages = 100_000 }\n";
    let (mean, half) = simulated(text, "total.latency.mean");
    let exact = 4800.0 * 3600.0 / (1.0 - 4800.0 / 8760.0);
    // Two half-widths of 95 % are four standard errors: one false alarm in ten thousand seeds, and this seed
    // is fixed.
    assert!(
        (mean - exact).abs() < 2.0 * half && half < 0.05 * mean,
        "{} ± {} h",
        mean / 3600.0,
        half / 3600.0
    );
}

/// 200 + 4200 + 12,600 + 600 rate-minutes in 120 min.
#[test]
fn the_formulas_know_a_timetable() {
    let text = "producers.users = \
        { to = \"q\", arrivals = { process = \"schedule\", ramp = true, steps = [{ for = \"10s\", rate = \"20/s\" }, \
                { for = \"20s\", rate = \"20/s\" }, { for = \"60s\", rate = \"400/s\" }, { for = \"30s\", \
                    rate = \"20/s\" }] } }\n\
                queues.q = {}\nconsumers.pods = { from = \"q\", count = 60, service_time = \
                    \"exponential(100ms)\" }\n\
                simulation = { duration = \"120s\" }\n";
    let study = simulation(text);
    let ratio = study.formulas.iter().find(|f| f.formula == "throughput = P / C").expect("it is evaluated");
    let note = ratio.note.to_string();
    assert!(note.contains("P = 146.7/s") && note.contains("mean rate of the timetable"), "{note}");
    assert!((ratio.value - 17_600.0 / 120.0 / 600.0).abs() < 1e-9, "{}", ratio.value);
}

/// Servers that hardly ever break, a state that is hardly ever reached: told, not left out.
#[test]
fn what_was_hardly_seen_is_named() {
    let text = |arrivals: &str, outages: &str| -> Scenario {
        scenario(&format!(
            "producers.p = {{ to = \"q\"{arrivals} }}\nqueues.q = {{}}\n\
             consumers.c = {{ from = \"q\", service_time = \"exponential(5ms)\"{outages} }}\n\
             simulation = {{ messages = 2000, replications = 2 }}\n"
        ))
    };
    let told = |scenario: &Scenario| {
        let study = run(scenario, &[Method::Simulation], &NoProgress);
        answer(&study).caveats.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let breaks = told(&text(
        ", rate = \"100/s\"",
        ", outages = { up = { law = \"exponential\", mean = \"10h\" }, down = \"1min\" }",
    ));
    assert!(breaks.contains("a server of `c` breaks only every 10.0 h"), "{breaks}");
    let states = told(&text(
        ", arrivals = { process = \"mmpp\", rates = [\"100/s\", \"150/s\"], dwell = [\"10h\", \"1h\"] }",
        "",
    ));
    assert!(states.contains("the states of `p` take 11.0 h"), "{states}");
}

/// The reference says when `cooldown` acts: before servers are removed, and not before more are started.
#[test]
fn the_reference_says_what_cooldown_means() {
    let schema = queuelab::scenario::schema().to_string();
    assert!(schema.contains("how long fewer servers must have been enough before any are removed"));
    assert!(schema.contains("the last rate stays for good"));
}
