//! Which idle server takes the next message, where servers come and go.

/// All instants of the stays of some thousand messages, and which server served each.
fn trajectory(text: &str) -> Vec<(u64, u64, u64, u32)> {
    let (lives, _) = crate::semantics::play(text, 4000);
    let mut all: Vec<_> =
        lives.stays.0.iter().map(|r| (r.message.id, r.taken, r.finished, r.server)).collect();
    all.sort_unstable();
    all
}

/// Of servers that are alike none is the fastest, and the one that has been idle longest comes first: to the
/// nanosecond what happens without a choice, while servers come and go by the clock or by the backlog.
#[test]
fn of_servers_alike_the_fastest_is_the_one_idle_longest() {
    let clock = "count = [{ for = \"900ms\", count = 3 }, { for = \"700ms\", count = 5 }, { for = \"200ms\", count = 1 }]";
    let backlog =
        "autoscale = { min = 1, max = 6, target_backlog = 2, every = \"150ms\", startup = \"70ms\" }";
    let from_none =
        "autoscale = { min = 0, max = 4, target_backlog = 3, every = \"90ms\", in_flight = true }";
    for servers in [clock, backlog, from_none] {
        let text = |choice: &str| {
            format!(
                "[producers.p]\nto = \"q\"\nrate = \"60/s\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\n{servers}\n\
                 service_time = \"exponential(30ms)\"\n{choice}\n"
            )
        };
        let plain = trajectory(&text(""));
        assert!(plain.iter().any(|stay| stay.3 > 1), "{servers}");
        assert_eq!(trajectory(&text("choice = \"fastest\"")), plain, "{servers}");
        // Any of them: the same messages, by other servers.
        let random = trajectory(&text("choice = \"random\""));
        assert!(random.len() == plain.len() && random != plain, "{servers}");
    }
}

/// A message every 100 ms, of 5 ms with a fast server and of 20 ms with the slow one, which is there for
/// those times in which the clock has no fast one.
#[test]
fn the_fastest_of_those_that_are_there() {
    let text = |fast: &str| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"10/s\"\narrivals = {{ process = \"periodic\" }}\n[queues.q]\n\
             [consumers.slow]\nfrom = \"q\"\nservice_time = \"20ms\"\nchoice = \"fastest\"\n\
             [consumers.fast]\nfrom = \"q\"\nservice_time = \"5ms\"\nchoice = \"fastest\"\n{fast}\n"
        )
    };
    let clock = text("count = [{ for = \"1030ms\", count = 2 }, { for = \"1030ms\", count = 0 }]");
    for (_, taken, finished, _) in trajectory(&clock).into_iter().take(100) {
        let work = if (taken / 1_030_000_000).is_multiple_of(2) { 5_000_000 } else { 20_000_000 };
        assert_eq!(finished - taken, work, "taken at {taken}");
    }
    let backlog = text("autoscale = { min = 1, max = 3, target_backlog = 1, every = \"130ms\" }");
    assert!(trajectory(&backlog).into_iter().all(|(_, taken, finished, _)| finished - taken == 5_000_000));
}
