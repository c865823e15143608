//! Servers that come and go at a queue with partitions.

use super::*;

fn ended(cooldown: &str, rebalance: &str) -> Vec<u64> {
    let text = format!(
        "[producers.p]\nto = \"q\"\nrate = \"0.001/s\"\narrivals = {{ process = \"periodic\" }}\n[queues.q]\n\
         partitions = 2\ninitial_backlog = 4\n[consumers.w]\nfrom = \"q\"\nservice_time = \"10s\"\n{rebalance}\n\
         autoscale = {{ max = 2, target_backlog = 1, every = \"1s\", cooldown = \"{cooldown}\" }}\n"
    );
    let (lives, _) = crate::semantics::play(&text, 4);
    let mut ended: Vec<(u64, u64)> =
        lives.stays.0.iter().map(|r| (r.message.id, r.finished / 1_000_000_000)).collect();
    ended.sort_unstable();
    ended.into_iter().take(4).map(|(_, at)| at).collect()
}

/// Messages 0 and 2 are of one partition, 1 and 3 of the other, and wait from the start. The first server
/// takes 0; at 1 s a second one comes, and after the pause, at 3 s, takes 1. If both stay they are done at
/// 10, 13, 20 and 23 s. If the second goes when 1 is done, because at 10 s only one waits, the first takes 3
/// at 20 s. Without a pause 1 is taken at 1 s.
#[test]
fn partitions_are_dealt_anew_when_a_server_comes_or_goes() {
    let pause = "rebalance = \"2s\"";
    assert_eq!(ended("1h", pause), [10, 13, 20, 23]);
    assert_eq!(ended("0s", pause), [10, 13, 20, 30]);
    assert_eq!(ended("1h", ""), [10, 11, 20, 21]);
}

/// keda #3997: no more replicas than partitions with lag. Two keys are two of 24 partitions, however much
/// waits.
#[test]
fn servers_beyond_the_partitions_with_lag_are_not_started() {
    let text = |more: &str| {
        format!(
            "[producers.app]\nto = \"topic\"\nrate = \"95/s\"\nkeys = {{ law = \"uniform\", count = 2 }}\n[queues.topic]\n\
             partitions = 24\n[consumers.app]\nfrom = \"topic\"\nservice_time = \"exponential(20ms)\"\n\
             autoscale = {{ max = 24, target_backlog = 10, every = \"10s\", cooldown = \"5min\"{more} }}\n\
             [simulation]\nmessages = 20_000\nreplications = 10\n"
        )
    };
    let (idle, _) = simulated(&text(""), "consumers.app.count");
    let (lagging, _) = simulated(&text(", only_with_lag = true"), "consumers.app.count");
    assert!(lagging <= 2.0 && idle > lagging, "{lagging} {idle}");
    let wrong =
        text("").replace("partitions = 24\n", "").replace("autoscale", "rebalance = \"3s\"\nautoscale");
    assert!(refusal(&wrong).contains("there is nothing to deal anew"), "{}", refusal(&wrong));
}
