//! What a simulation says of runs that have no steady state, that only look so, or whose arrivals end.

use queuelab::answer::{Answer, Method};
use queuelab::scenario::{Scenario, Source, parse};
use queuelab::study::{NoProgress, run};
use std::path::Path;

/// A scenario whose files all hold four gaps of 1 ms.
fn scenario(text: &str) -> Scenario {
    let source = Source { name: "test".into(), text: text.into(), overrides: Vec::new() };
    let files = |_: &Path| Ok(b"gap_ms\n1\n1\n1\n1\n".to_vec());
    parse(&source, &files).unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario
}

fn simulated(text: &str) -> Result<Answer, String> {
    let study = run(&scenario(text), &[Method::Simulation], &NoProgress);
    study.answer(Method::Simulation).cloned().ok_or_else(|| study.unanswered[0].reason.to_string())
}

fn value(answer: &Answer, path: &str) -> f64 {
    answer.get(path).and_then(|e| e.value).unwrap_or_else(|| panic!("{path} is not told"))
}

fn tandem(arrivals: &str, second: &str, simulation: &str) -> String {
    format!(
        "[producers.p]\nto = \"q\"\n{arrivals}\n[queues.q]\n[queues.r]\n[consumers.c]\nfrom = \"q\"\ncount \
            = 9\n\
        service_time = \"50ms\"\nto = \"r\"\n[consumers.d]\nfrom = \"r\"\ncount = 9\nservice_time = \
            {second}\n\
        [simulation]\nwarmup = 0\n{simulation}\n"
    )
}

const PERIODIC: &str = "rate = \"100/s\"\narrivals = \"periodic\"";

/// The lines fill by five each, which is more than 0.5 % of 300 arrivals in every replication, all of them
/// alike or not.
#[test]
fn a_queue_that_fills_is_not_one_that_grows() {
    for second in ["\"50ms\"", "{ law = \"uniform\", min = \"0ms\", max = \"90ms\" }"] {
        let answer = simulated(&tandem(PERIODIC, second, "messages = 300")).expect("it is stable");
        assert_eq!(value(&answer, "queues.q.wait.mean"), 0.0);
    }
}

/// rho = 1.2 at the second queue, by constant times and by chance: it grows by 100 − 83.3 messages a second.
#[test]
fn a_queue_that_grows_is_refused() {
    for second in ["\"108ms\"", "{ law = \"exponential\", mean = \"108ms\" }"] {
        let why = simulated(&tandem(PERIODIC, second, "messages = 20_000")).expect_err("rho is 1.2");
        assert!(why.starts_with("unstable: the backlog of queue `r` grows by 1"), "{why}");
    }
}

/// A load of 1.003, which a short run tells from 1 by what it sees only now and then, and one of 0.9.
#[test]
fn a_load_that_is_known_to_be_too_much_is_refused() {
    let second = |ms: &str| {
        tandem(PERIODIC, &format!("{{ law = \"exponential\", mean = \"{ms}ms\" }}"), "messages = 2000")
    };
    let why = simulated(&second("90.27")).expect_err("rho is above 1");
    let seen = why.starts_with("unstable: the backlog of queue `r` grows");
    assert!(seen || why.starts_with("unstable: rho = 1.003 in queue `r`"), "{why}");
    assert!(simulated(&second("81")).is_ok());
}

/// Four messages 1 ms apart that take 1.5 ms each wait for 0, 0.5, 1 and 1.5 ms, by recursion as by events.
#[test]
fn a_trace_is_played_from_its_first_message_to_its_last() {
    let trace =
        "[producers.p]\nto = \"q\"\narrivals = { process = \"trace\", file = \"sends.csv\" }\n[queues.q]\n";
    let one = "[consumers.c]\nfrom = \"q\"\nservice_time = \"1500us\"\n";
    for more in ["", "prefetch = 2\n"] {
        let answer = simulated(&format!("{trace}{one}{more}")).expect("it ends");
        assert!((value(&answer, "queues.q.wait.mean") - 0.75e-3).abs() < 1e-12);
        assert!(answer.by.contains("replications of 4 messages, the first 0 left out"), "{}", answer.by);
        assert!(
            answer.caveats.iter().any(|c| c.to_string().contains("the arrivals end")),
            "{:?}",
            answer.caveats
        );
        let later =
            simulated(&format!("{trace}{one}{more}[simulation]\nwarmup = 2\n")).expect("two are left");
        assert!((value(&later, "queues.q.wait.mean") - 1.25e-3).abs() < 1e-12);
        let why =
            simulated(&format!("{trace}{one}{more}[simulation]\nwarmup = 4\n")).expect_err("none is left");
        assert!(why.contains("all of them in the warm-up") && why.contains("warmup = 0"), "{why}");
    }
}

/// Nobody takes dead letters away: how many lie there says how long the run was, and no law is broken by it.
#[test]
fn what_lies_for_good_has_no_mean_length() {
    let answer = simulated(
        "[producers.p]\nto = \"q\"\nrate = \"80/s\"\n[queues.q]\ndelivery_limit = 2\ndead_letter = \
            \"dead\"\n[queues.dead]\n\
        [consumers.c]\nfrom = \"q\"\nservice_time = \"5ms\"\nfailure = 0.3\n[simulation]\nmessages = \
        20_000\n",
    )
    .expect("an answer");
    assert_eq!(answer.caveats, []);
    assert!(answer.get("queues.dead.queue_length.mean").is_none());
    // 0.09 of 80/s; of 200 000 messages five standard errors are 0.26/s.
    assert!((value(&answer, "queues.dead.arrival_rate") - 7.2).abs() < 0.26);
}

/// 60 s of 150 messages a second for a server that does 100: those done meanwhile are the throughput, not
/// those done at last.
#[test]
fn what_an_overload_gets_done_is_what_its_server_can_do() {
    let answer = simulated(
        "[producers.p]\nto = \"q\"\narrivals = \
            { process = \"schedule\", steps = [{ for = \"60s\", rate = \"150/s\" }, { for = \"60s\", rate = \"0/s\" }] }\n\
        [queues.q]\n[consumers.c]\nfrom = \"q\"\nservice_time = \"10ms\"\n[simulation]\nduration = \"60s\"\n",
    )
    .expect("an answer");
    for place in ["total", "producers.p", "queues.q", "consumers.c"] {
        // All but the few first hundredths of a second are busy.
        assert!((value(&answer, &format!("{place}.throughput")) - 100.0).abs() < 0.1, "{place}");
    }
}

/// Each server is busy 90 % of the time with 600/s, but one that waits for the other's single place lets
/// through 500/s at most (two exponential servers of rate m and k places that hold a message between or in
/// them: m k / (k + 1), here k = 3).
#[test]
fn a_measurement_does_not_hide_that_the_queue_does_not_hold() {
    let server = |name: &str, then: &str| {
        format!(
            "[consumers.{name}]\nfrom = \"{name}\"\nservice_time = \
                {{ law = \"exponential\", mean = \"1.5ms\" }}\n{then}\n"
        )
    };
    let text = format!(
        "[producers.p]\nto = \"q\"\nrate = \"600/s\"\n[queues.q]\n[queues.r]\nmax_length = 1\noverflow = \
            \"block\"\n{}{}\
        [measurement]\nduration = \"500ms\"\n",
        server("q", "to = \"r\""),
        server("r", "")
    );
    let study = run(&scenario(&text), &[Method::Simulation, Method::Measurement], &NoProgress);
    let said = queuelab::report::verdict(&study).remove(0);
    assert!(said.starts_with("This queue does not hold: unstable: "), "{said}");
    assert!(said.contains("In the 500 ms that it was measured: A message takes"), "{said}");
}
