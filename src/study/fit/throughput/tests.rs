//! The laws find themselves again, and published figures are predicted.

use super::*;

fn rows(pairs: &[(u32, f64)]) -> Vec<LoadRow> {
    pairs
        .iter()
        .map(|&(concurrency, throughput)| LoadRow { concurrency, throughput, latency: None })
        .collect()
}

/// Rows of a law itself.
fn of(law: &ThroughputLaw, all: &[u32]) -> Vec<LoadRow> {
    rows(&all.iter().map(|n| (*n, law.at(*n))).collect::<Vec<_>>())
}

#[test]
fn each_law_finds_itself_again() {
    let loads = [1, 2, 5, 12, 40, 100];
    for law in [
        ThroughputLaw::Constant { think: 0.01, service: 0.001 },
        ThroughputLaw::BirthDeath { think: 0.02, service: 0.004, servers: 8 },
        ThroughputLaw::Usl { alone: 0.002, sigma: 0.05, kappa: 0.0002 },
        ThroughputLaw::Batching { alone: 0.002, sigma: 0.2, exponent: 0.6 },
    ] {
        let fit = fit_throughput(of(&law, &loads), &[]).expect("rows enough");
        let best = &fit.laws[0];
        assert!(best.worst() < 1e-3, "{law:?}: {:?}", fit.laws);
        for n in [3, 70, 150] {
            assert!((best.law.at(n) / law.at(n) - 1.0).abs() < 0.02, "{law:?} at {n}: {best:?}");
        }
    }
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let why = |rows: Vec<LoadRow>, learn: &[u32]| fit_throughput(rows, learn).expect_err("refused");
    assert_eq!(why(rows(&[(1, 2.0), (2, 3.0)]), &[]), ThroughputFitError::TooFew(2));
    assert_eq!(why(rows(&[(1, 2.0), (2, 3.0), (2, 4.0)]), &[]), ThroughputFitError::Twice(2));
    assert_eq!(why(rows(&[(1, 2.0), (2, 3.0), (3, 4.0)]), &[1, 5]), ThroughputFitError::Absent(5));
}

#[test]
fn latencies_say_how_long_messages_are_elsewhere() {
    let law = ThroughputLaw::Constant { think: 0.01, service: 0.001 };
    let mut rows = of(&law, &[1, 5, 20]);
    for row in &mut rows {
        row.latency = Some(f64::from(row.concurrency) / row.throughput - 0.01);
    }
    assert!((think_of(&rows).expect("latencies") - 0.01).abs() < 1e-12);
    let found = ThroughputFamily::Constant.fitted(&rows[2..], Some(0.01)).expect("one row is enough");
    assert!((found.at(1) / law.at(1) - 1.0).abs() < 1e-6, "{found:?}");
}

/// See [`PUBLISHED`].
type PublishedSet = (&'static str, &'static [(u32, f64)], &'static [u32], ThroughputFamily, f64, f64);

/// Published figures; a law, by how much it is off at most at a row that was left out, and at the others
/// where it learns from three.
const PUBLISHED: &[PublishedSet] = &[
    (
        "RabbitMQ 3.8, mqperf: senders",
        &[(1, 2064.0), (5, 8146.0), (25, 17334.0), (50, 19120.0), (100, 19035.0)],
        &[1, 25, 100],
        ThroughputFamily::Usl,
        0.09,
        0.05,
    ),
    (
        "Kafka 2.6, mqperf: senders",
        &[
            (1, 7458.0),
            (5, 31350.0),
            (25, 92373.0),
            (100, 188_557.0),
            (200, 272_828.0),
            (800, 498_528.0),
            (3200, 828_836.0),
        ],
        &[1, 100, 3200],
        ThroughputFamily::Batching,
        0.28,
        0.15,
    ),
    (
        "RabbitMQ 3.7: window of unconfirmed messages",
        &[(1, 6700.0), (2, 8800.0), (5, 18500.0), (10, 31000.0), (100, 39000.0), (500, 35000.0)],
        &[1, 10, 500],
        ThroughputFamily::Batching,
        0.35,
        0.38,
    ),
];

#[test]
fn published_figures_are_predicted_by_rows_that_were_not_seen() {
    for (what, figures, learn, family, by_others, beyond) in PUBLISHED {
        let judged = |learn: &[u32]| {
            let fit = fit_throughput(rows(figures), learn).expect("rows enough");
            fit.laws.into_iter().find(|law| law.family == *family).expect("it was judged")
        };
        let (left_out, learnt) = (judged(&[]), judged(learn));
        assert!(left_out.worst() < *by_others, "{what}: {left_out:?}");
        assert!(learnt.worst() < *beyond, "{what}: {learnt:?}");
    }
}

/// A queue in PostgreSQL (2013): clients that think 10 ms, response times by their number. No closed loop of
/// servers that are always as fast comes near.
#[test]
fn a_queue_in_a_database_is_predicted() {
    let times = [10.72, 20.18, 21.73, 32.10, 48.02, 60.31, 72.46, 91.65, 109.3, 116.4, 129.9, 146.6];
    let loads = [15, 30, 45, 60, 90, 120, 150, 180, 210, 240, 270, 300];
    let row = |(clients, time): (u32, f64)| LoadRow {
        concurrency: clients,
        throughput: f64::from(clients) / ((time + 10.0) * 1e-3),
        latency: Some(time * 1e-3),
    };
    let all: Vec<LoadRow> = loads.into_iter().zip(times).map(row).collect();
    let fit = fit_throughput(all.clone(), &[]).expect("rows enough");
    assert!(fit.laws[0].worst() < 0.13, "{:?}", fit.laws);
    let learnt = fit_throughput(all, &[15, 60, 180]).expect("rows enough");
    let of = |family| learnt.laws.iter().find(|law| law.family == family).expect("judged").worst();
    assert!(of(ThroughputFamily::Usl) < 0.1 && of(ThroughputFamily::Constant) > 0.15, "{:?}", learnt.laws);
}
