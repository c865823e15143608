//! What must be true of any latencies, whoever measured them.

use super::PublishedRow;

/// What is found; rates are messages a second, times seconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AuditFinding {
    /// More would be under way than there are clients (Little's law).
    TooMany {
        /// Rate times latency.
        under_way: f64,
        /// Clients.
        concurrency: f64,
    },
    /// A percentile that the mean of Little's law does not allow (Markov's inequality).
    BeyondMean {
        /// Of the percentile.
        share: f64,
        /// The percentile.
        time: f64,
        /// The least mean that goes with it.
        least_mean: f64,
        /// The mean that rate and clients make.
        mean: f64,
        /// Whether that mean was published, or follows from Little's law.
        published: bool,
    },
    /// A share of messages is said to be faster than a smaller share.
    Disordered {
        /// The one that is too large, in words.
        first: String,
        /// The one that is too small.
        second: String,
    },
    /// The mean is further from the median than the standard deviation allows.
    FarFromMedian {
        /// Distance.
        apart: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// A percentile is what interpolation in the first bucket of a histogram makes of any latencies below its
    /// edge.
    FirstBucket {
        /// The percentiles, in words.
        shares: Vec<f64>,
        /// The bucket's edge.
        edge: f64,
    },
    /// A percentile is the same in nearly all rows, however different their loads.
    SameEverywhere {
        /// Of the percentile.
        share: f64,
        /// About as much.
        time: f64,
        /// In so many rows.
        rows: usize,
        /// Of so many.
        of: usize,
        /// By how many times loads differ.
        loads: f64,
    },
    /// Too few messages lie beyond a percentile.
    FewBeyond {
        /// Of the percentile.
        share: f64,
        /// So many.
        beyond: f64,
        /// Of so many.
        samples: f64,
    },
    /// All times are whole multiples of a coarse unit.
    Coarse {
        /// The unit.
        unit: f64,
        /// How many times were looked at.
        times: usize,
    },
    /// Clients wait for their answers only part of the time.
    MostlyIdle {
        /// The share of time in which they do.
        share: f64,
    },
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// The figure does not say what it seems to.
    Doubtful,
    /// The figures cannot be true together.
    Impossible,
}

impl AuditFinding {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        use AuditFinding::*;
        match self {
            TooMany { .. } | BeyondMean { .. } | Disordered { .. } | FarFromMedian { .. } => {
                Severity::Impossible
            }
            FirstBucket { .. } | SameEverywhere { .. } | FewBeyond { .. } => Severity::Doubtful,
            Coarse { .. } | MostlyIdle { .. } => Severity::Note,
        }
    }
}

/// Published figures are rounded: a law is broken only by more than this share.
const ROUNDING: f64 = 0.05;
/// Messages beyond a percentile that make it a figure.
const BEYOND: f64 = 10.0;
/// Edges of first buckets in common histograms, in seconds.
const EDGES: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.5, 5.0];
/// How near a figure has to be to one that a bucket makes.
const NEAR: f64 = 0.011;
/// Loads that differ by so many times change any percentile.
const APART: f64 = 2.0;
/// Of rows with loads that far apart so many have to be alike.
const MOST: f64 = 0.7;
/// Clients that wait less than this share of the time do something else.
const IDLE: f64 = 0.7;

/// What is found in each row, then in all of them together.
pub(super) fn all(rows: &[PublishedRow]) -> Vec<(Option<usize>, AuditFinding)> {
    let single =
        rows.iter().enumerate().flat_map(|(i, row)| of_row(row).into_iter().map(move |f| (Some(i), f)));
    single.chain(alike(rows).map(|f| (None, f))).chain(coarse(rows).map(|f| (None, f))).collect()
}

fn of_row(row: &PublishedRow) -> Vec<AuditFinding> {
    let mut out = Vec::new();
    let clients_mean = row.concurrency.zip(row.rate.filter(|rate| *rate > 0.0)).map(|(n, rate)| n / rate);
    if let (Some(rate), Some(mean), Some(concurrency)) = (row.rate, row.mean, row.concurrency) {
        let under_way = rate * mean;
        if under_way > concurrency * (1.0 + ROUNDING) {
            out.push(AuditFinding::TooMany { under_way, concurrency });
        } else if under_way < concurrency * IDLE {
            out.push(AuditFinding::MostlyIdle { share: under_way / concurrency });
        }
    }
    let means = [(row.mean, true), (clients_mean, false)];
    // The worst percentile for the tightest mean says it best.
    let beyond = means.iter().filter_map(|(mean, published)| Some(((*mean)?, *published))).find_map(
        |(mean, published)| {
            let least = |&(share, time): &(f64, f64)| ((1.0 - share) * time, share, time);
            let (least_mean, share, time) =
                row.percentiles.iter().map(least).max_by(|a, b| a.0.total_cmp(&b.0))?;
            let finding = AuditFinding::BeyondMean { share, time, least_mean, mean, published };
            (least_mean > mean * (1.0 + ROUNDING)).then_some(finding)
        },
    );
    out.extend(beyond);
    out.extend(disordered(row));
    let median = row.percentiles.iter().find(|p| p.0 == 0.5).map(|p| p.1);
    if let (Some(mean), Some(median), Some(sd)) = (row.mean, median, row.sd) {
        let apart = (mean - median).abs();
        if apart > sd * (1.0 + ROUNDING) {
            out.push(AuditFinding::FarFromMedian { apart, sd });
        }
    }
    out.extend(first_bucket(row));
    let samples = row.samples.or_else(|| Some(row.rate? * row.duration?));
    let few = row.percentiles.iter().filter_map(|&(share, _)| {
        let samples = samples?;
        let beyond = samples * (1.0 - share);
        (beyond < BEYOND).then_some(AuditFinding::FewBeyond { share, beyond, samples })
    });
    // The lowest of them: those above rest on fewer still.
    out.extend(few.take(1));
    out
}

/// Figures that have to grow and do not.
fn disordered(row: &PublishedRow) -> Option<AuditFinding> {
    let percentiles = row.percentiles.iter().map(|&(share, time)| (percentile_name(share), time));
    let least = row.min.map(|time| ("min".to_string(), time));
    let most = row.max.map(|time| ("max".to_string(), time));
    let ladder: Vec<(String, f64)> = least.into_iter().chain(percentiles).chain(most.clone()).collect();
    let wrong = ladder.windows(2).find(|pair| pair[0].1 > pair[1].1 * (1.0 + 1e-9));
    let found = wrong.map(|pair| (pair[0].0.clone(), pair[1].0.clone()));
    let mean = || {
        let mean = row.mean?;
        let above = row.max.is_some_and(|max| mean > max * (1.0 + 1e-9));
        let below = row.min.is_some_and(|min| mean < min * (1.0 - 1e-9));
        match (above, below) {
            (true, _) => Some(("mean".to_string(), "max".to_string())),
            (_, true) => Some(("min".to_string(), "mean".to_string())),
            _ => None,
        }
    };
    found.or_else(mean).map(|(first, second)| AuditFinding::Disordered { first, second })
}

/// `p99.9` of a share.
fn percentile_name(share: f64) -> String {
    format!("p{}", crate::units::plain(share * 100.0, 7))
}

/// Percentiles that are their share of one edge: one alone may be chance, unless it is high.
fn first_bucket(row: &PublishedRow) -> Option<AuditFinding> {
    EDGES.iter().find_map(|&edge| {
        let made = |&&(share, time): &&(f64, f64)| (time / (share * edge) - 1.0).abs() < NEAR;
        let shares: Vec<f64> = row.percentiles.iter().filter(made).map(|p| p.0).collect();
        let sure = shares.len() >= 2 || shares.len() == 1 && row.percentiles.len() == 1;
        // With the edge itself inside rounding, the top percentile alone proves nothing.
        let low = shares.iter().any(|share| *share <= 0.95 + 1e-9);
        (sure && low).then_some(AuditFinding::FirstBucket { shares, edge })
    })
}

/// A percentile that no load changes.
fn alike(rows: &[PublishedRow]) -> Option<AuditFinding> {
    let load = |row: &PublishedRow| row.rate.or(row.concurrency);
    let shares = rows.iter().flat_map(|row| row.percentiles.iter().map(|p| p.0));
    let mut shares: Vec<f64> = shares.collect();
    shares.sort_by(f64::total_cmp);
    shares.dedup();
    shares.into_iter().find_map(|share| {
        let told = rows
            .iter()
            .filter_map(|row| Some((load(row)?, row.percentiles.iter().find(|p| p.0 == share)?.1)));
        let told: Vec<(f64, f64)> = told.filter(|(load, time)| *load > 0.0 && *time > 0.0).collect();
        let mut times: Vec<f64> = told.iter().map(|t| t.1).collect();
        times.sort_by(f64::total_cmp);
        let time = *times.get(times.len() / 2)?;
        let same: Vec<f64> = told.iter().filter(|t| (t.1 / time - 1.0).abs() < 0.03).map(|t| t.0).collect();
        let (low, high) =
            (same.iter().copied().fold(f64::INFINITY, f64::min), same.iter().copied().fold(0.0, f64::max));
        let many = told.len() >= 4 && same.len() as f64 >= MOST * told.len() as f64;
        (many && high / low >= APART).then_some(AuditFinding::SameEverywhere {
            share,
            time,
            rows: same.len(),
            of: told.len(),
            loads: high / low,
        })
    })
}

/// The coarsest unit of which all times are multiples, if it is coarse for them.
fn coarse(rows: &[PublishedRow]) -> Option<AuditFinding> {
    let times = rows
        .iter()
        .flat_map(|row| row.percentiles.iter().map(|p| p.1).chain([row.min, row.max].into_iter().flatten()));
    let times: Vec<f64> = times.filter(|time| *time > 0.0).collect();
    let smallest = times.iter().copied().fold(f64::INFINITY, f64::min);
    [0.01, 0.001].into_iter().find_map(|unit| {
        let whole = times.iter().all(|time| {
            let steps = time / unit;
            (steps - steps.round()).abs() < 1e-6
        });
        (times.len() >= 6 && whole && smallest < 10.0 * unit)
            .then_some(AuditFinding::Coarse { unit, times: times.len() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::audit::audit;

    fn found(text: &str) -> Vec<(Option<usize>, AuditFinding)> {
        audit(text.as_bytes()).expect("a table").findings
    }

    #[test]
    fn littles_law_is_kept() {
        // 10 clients cannot have 1000/s × 20 ms = 20 under way.
        let wrong = found("clients,rate,mean_ms\n10,1000,20\n10,1000,9.8\n");
        assert_eq!(wrong, [(Some(0), AuditFinding::TooMany { under_way: 20.0, concurrency: 10.0 })]);
    }

    #[test]
    fn the_edge_of_a_first_bucket_is_found() {
        // 0.95 × 50 ms and 0.99 × 50 ms whatever the load, while clients and rate make a mean of 1 ms.
        let text = "clients,rate,p95_ms,p99_ms\n1,1000,47.5,49.5\n4,4000,47.4,49.5\n16,15000,47.6,49.6\n64,60000,47.5,49.5\n";
        let all = found(text);
        let bucket = |f: &AuditFinding| matches!(f, AuditFinding::FirstBucket { edge, .. } if *edge == 0.05);
        assert_eq!(all.iter().filter(|(_, f)| bucket(f)).count(), 4, "{all:?}");
        let excluded = |f: &AuditFinding| matches!(f, AuditFinding::BeyondMean { published: false, .. });
        assert_eq!(all.iter().filter(|(_, f)| excluded(f)).count(), 4, "{all:?}");
        assert!(
            all.iter().any(|(_, f)| matches!(f, AuditFinding::SameEverywhere { rows: 4, .. })),
            "{all:?}"
        );
    }

    #[test]
    fn order_samples_and_resolution_are_looked_at() {
        assert!(matches!(
            found("p50_ms,p99_ms,max_ms\n5,4,9\n")[0].1,
            AuditFinding::Disordered { ref first, ref second } if first == "p50" && second == "p99"
        ));
        let few = found("samples,p50_ms,p99.9_ms\n500,3.1,8.7\n");
        assert!(
            matches!(few[0].1, AuditFinding::FewBeyond { share, .. } if (share - 0.999).abs() < 1e-9),
            "{few:?}"
        );
        let whole = found("p50_ms,p90_ms,p99_ms\n1,2,4\n1,3,5\n");
        assert!(whole.iter().any(|(_, f)| matches!(f, AuditFinding::Coarse { unit, .. } if *unit == 0.001)));
    }

    #[test]
    fn sound_figures_are_left_alone() {
        // M/M/1 at 80/s of 100/s: exponential latency of mean 50 ms.
        let text = "rate,mean_ms,p50_ms,p90_ms,p99_ms,samples\n80,50.2,34.8,115.3,230.6,100000\n50,20.1,13.9,46.2,92.4,100000\n";
        assert_eq!(found(text), []);
    }
}
