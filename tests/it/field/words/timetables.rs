//! Servers that come and go by the clock.

use super::*;

/// A day of 24 s: three servers for 8 s, one for 16 s. What comes in the night is done in the day, and what
/// has begun is done in the night: two batches of four, 3 s of work each.
#[test]
fn servers_come_and_go_by_the_clock() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"0.4/s\"\narrivals = { process = \"periodic\", batch = 4 }\n\
        [queues.q]\n[consumers.c]\nfrom = \"q\"\nservice_time = \"3s\"\n\
        count = [{ for = \"14s\", count = 2 }, { for = \"10s\", count = 0 }]\n";
    let (lives, _) = crate::semantics::play(text, 8);
    let mut taken: Vec<(u64, u64)> = lives
        .stays
        .0
        .iter()
        .filter(|r| r.message.id < 8)
        .map(|r| (r.taken / 1_000_000_000, r.finished / 1_000_000_000))
        .collect();
    taken.sort_unstable();
    // The first four come at 10 s, of which two begin at 13 s and go on into the night; the others at 20 s.
    assert_eq!(taken, [(10, 13), (10, 13), (13, 16), (13, 16), (24, 27), (24, 27), (27, 30), (27, 30)]);
}

/// 0.4/s of 1 s at 3 servers for 8 s of 24 and at 1 for 16 s: 5/3 servers on average.
#[test]
fn a_timetable_counts_in_the_load_and_in_the_answer() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"0.4/s\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\n\
        service_time = \"exponential(1s)\"\ncount = [{ for = \"8s\", count = 3 }, { for = \"16s\", count = 1 }]\n\
        [simulation]\nmessages = 60_000\nconfidence = 0.999\n";
    let load = &queuelab::theory::explain(&crate::semantics::scenario(text)).loads[0];
    assert!((load.rho.expect("servers") - 0.4 * 3.0 / 5.0).abs() < 1e-12, "{load:?}");
    let study = both(text);
    assert!(refused(&study).contains("the number of consumers follows a timetable"));
    let answer = study.answer(Method::Simulation).expect("plays it");
    for (path, exact) in [("consumers.c.utilization", 0.24), ("queues.q.throughput", 0.4)] {
        let found = answer.get(path).expect(path);
        let (mean, half) = (found.value.unwrap_or(f64::NAN), found.half_width.unwrap_or(0.0));
        assert!((mean - exact).abs() <= half.max(0.005), "{path}: {mean} ± {half}");
    }
    // Three by day, and by night one, or those that are not done yet.
    let servers = |m: &queuelab::answer::Moment| (m.at % 24.0, m.servers.expect("their number changes"));
    let over_time: Vec<(f64, f64)> = answer.timelines["q"].iter().map(servers).collect();
    let right = |(at, servers): &(f64, f64)| {
        if (0.01..7.99).contains(at) { *servers == 3.0 } else { *servers >= 1.0 }
    };
    assert!(
        over_time.iter().all(right) && over_time.iter().any(|(_, servers)| *servers == 1.0),
        "{over_time:?}"
    );
    let never = refusal(&text.replace("count = 3", "count = 0").replace("count = 1 }", "count = 0 }"));
    assert!(never.contains("there is never a server"), "{never}");
}

/// Two servers are up for 10 s and down for 5 s, together; twenty messages of 1 s wait from the start.
#[test]
fn servers_that_are_down_are_not_there_over_time_and_the_oldest_ages() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"1/s\"\n[queues.q]\ninitial_backlog = 20\n[consumers.c]\n\
        from = \"q\"\ncount = 2\nservice_time = \"1s\"\n\
        outages = { up = \"10s\", down = \"5s\", together = true }\n[objectives]\n\
        \"queues.q.age.mean\" = \"< 100s\"\n[simulation]\nduration = \"30s\"\nreplications = 2\n";
    let study = both(text);
    let answer = study.answer(Method::Simulation).expect("plays it");
    for moment in &answer.timelines["q"] {
        let phase = moment.at % 15.0;
        if (0.1..9.9).contains(&phase) || (10.1..14.9).contains(&phase) {
            let there = if phase < 10.0 { 2.0 } else { 0.0 };
            assert_eq!(moment.servers, Some(there), "{moment:?}");
        }
        // The first twenty are begun in the first nine seconds, and those that wait meanwhile came at the
        // start.
        if (0.1..8.9).contains(&moment.at) {
            let age = moment.oldest.expect("an objective asks for it");
            assert!((age - moment.at).abs() < 1e-6, "{moment:?}");
        }
    }
}
