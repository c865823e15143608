//! Deliveries that are limited to a rate, by a bucket of tokens.

use super::*;

fn limited(limit: &str, servers: &str) -> String {
    format!(
        "seed = 3\n[producers.p]\nto = \"q\"\nrate = \"60/min\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = {servers}\n\
         service_time = \"exponential(2s)\"\nrate_limit = {limit}\n[simulation]\nmessages = 60_000\n\
         confidence = 0.999\n"
    )
}

/// Tokens come as an M/D/1 queue serves: ρ T/(2(1 − ρ)) = 2.571 s for T = 6/7 s and ρ = 6/7; with ten tokens
/// in advance most wait not at all, and theory and simulation agree in what they know.
#[test]
fn a_bucket_of_tokens_is_a_line_of_its_own() {
    for (burst, exact) in [(1, Some((6.0 / 7.0) * (6.0 / 7.0) / (2.0 / 7.0))), (10, None)] {
        let text = limited(&format!("{{ rate = \"70/min\", burst = {burst} }}"), "\"unlimited\"");
        let study = both(&text);
        let theory = study.answer(Method::Theory).expect("M/G/∞ behind a bucket");
        let wait = value(theory, "queues.q.wait.mean");
        assert!(theory.exact && exact.is_none_or(|exact| (wait / exact - 1.0).abs() < 1e-9), "{wait}");
        let differ: Vec<_> = study
            .agreement
            .iter()
            .filter(|a| a.verdict == queuelab::study::AgreementStatus::Differ)
            .collect();
        assert!(differ.is_empty() && study.agreement.len() > 20, "{differ:?}");
    }
}

/// Seven come together. Three tokens are there at once and one more every 100 ms; or two servers take one
/// each at once, and then another whenever they have a token of their own again, a second later.
#[test]
fn who_comes_together_is_taken_as_tokens_come() {
    let text = |limit: &str, servers: &str| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"0.7/s\"\narrivals = {{ process = \"periodic\", batch = 7 }}\n\
             [queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = {servers}\nservice_time = \"10ms\"\n\
             rate_limit = {limit}\n"
        )
    };
    for (limit, servers, taken) in [
        ("{ rate = \"10/s\", burst = 3 }", "\"unlimited\"", [0, 0, 0, 100, 200, 300, 400]),
        ("{ rate = \"10/s\", burst = 3 }", "2", [0, 0, 10, 100, 200, 300, 400]),
        ("{ rate = \"1/s\", by = \"server\" }", "2", [0, 0, 1000, 1000, 2000, 2000, 3000]),
    ] {
        let (lives, _) = crate::semantics::play(&text(limit, servers), 7);
        let mut found: Vec<u64> =
            lives.stays.0.iter().take(7).map(|r| (r.taken - r.sent) / 1_000_000).collect();
        found.sort_unstable();
        assert_eq!(found, taken, "{limit} {servers}");
    }
}

#[test]
fn a_limit_counts_in_the_load() {
    let load = |limit: &str, servers: &str| {
        queuelab::theory::explain(&crate::semantics::scenario(&limited(limit, servers))).loads[0].clone()
    };
    let rho = |limit, servers| load(limit, servers).rho.expect("limited");
    assert!((rho("{ rate = \"2/s\" }", "8") - 0.5).abs() < 1e-12);
    assert!((rho("{ rate = \"2/s\" }", "3") - 2.0 / 3.0).abs() < 1e-12);
    assert!((rho("{ rate = \"0.4/s\", by = \"server\" }", "4") - 1.0 / 1.6).abs() < 1e-12);
    let why = refused(&both(&limited("{ rate = \"2/s\" }", "8").replace("60_000", "2000")));
    assert!(why.contains("messages wait for tokens and for servers"), "{why}");
}
