//! Closed networks: by convolution, and by mean value analysis.

/// One station of a closed network.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// Mean work of a message of each class at a visit, times visits.
    pub demand: Vec<f64>,
    /// How many there are.
    pub servers: u32,
}

/// What is found of a closed network.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkSolution {
    /// Of each class, a second.
    pub throughput: Vec<f64>,
    /// Mean number of each class at each station: `[station][class]`.
    pub level: Vec<Vec<f64>>,
}

/// One class at stations of any number of servers: Buzen's convolution.
///
/// # Formula
/// G is the convolution of the stations' weights Dᵏ/∏ min(j, c) and of the thinkers' Zᵏ/k!; X = G(N −
/// 1)/G(N), and a station holds k with probability its weight(k) G₋(N − k)/G(N), G₋ that of all others.
/// # Source
/// Buzen, *Computational algorithms for closed queueing networks with exponential servers*, Communications of
/// the ACM 16 (1973).
/// # Domain
/// Product form: exponential stations in order of arrival, think times of any law.
/// # Numerics
/// All terms are positive. (Mean value analysis is not so kind: its P(nobody there) is a difference that
/// loses all digits at many busy servers.) Weights are taken at about the throughput to come, where those
/// that matter are near one.
///
/// ```
/// use queuelab::theory::finite::{Stop, one_class};
/// let found = one_class(20, 5.0, &[Stop { demand: vec![0.2], servers: 1 }]);
/// assert!((found.throughput[0] - 3.600549245051477).abs() < 1e-12);
/// // The second station is the bottleneck: 3 servers of 10/s.
/// let crowd = one_class(200, 0.0, &[Stop { demand: vec![1.0], servers: 40 }, Stop { demand: vec![0.1], servers: 3 }]);
/// assert!((crowd.throughput[0] - 30.0).abs() < 1e-12 && (crowd.level[0][0] - 30.16574354789153).abs() < 1e-9);
/// ```
pub fn one_class(clients: u32, think: f64, stops: &[Stop]) -> NetworkSolution {
    let n = clients as usize;
    let whole_round = think + stops.iter().map(|stop| stop.demand[0]).sum::<f64>();
    let busiest =
        stops.iter().map(|stop| f64::from(stop.servers) / stop.demand[0]).fold(f64::INFINITY, f64::min);
    let rate = busiest.min(f64::from(clients) / whole_round);
    let weights = |demand: f64, servers: f64| {
        let logs: Vec<f64> = std::iter::once(0.0)
            .chain((1..=n).scan(0.0, |log, k| {
                *log += (rate * demand / servers.min(k as f64)).ln();
                Some(*log)
            }))
            .collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        logs.into_iter().map(|log| (log - most).exp()).collect::<Vec<f64>>()
    };
    let own: Vec<Vec<f64>> =
        stops.iter().map(|stop| weights(stop.demand[0], f64::from(stop.servers))).collect();
    let mut before = vec![weights(think, f64::INFINITY)];
    for weights in &own {
        before.push(convolved(&before[before.len() - 1], weights));
    }
    let all = &before[stops.len()];
    let throughput = rate * all[n - 1] / all[n];
    let mut after: Option<Vec<f64>> = None;
    let mut level = vec![Vec::new(); stops.len()];
    for i in (0..stops.len()).rev() {
        let others = after.as_ref().map_or_else(|| before[i].clone(), |after| convolved(&before[i], after));
        let here = |k: usize| own[i][k] * others[n - k];
        let total: f64 = (0..=n).map(here).sum();
        level[i].push((1..=n).map(|k| k as f64 * here(k)).sum::<f64>() / total);
        after = Some(after.map_or_else(|| own[i].clone(), |after| convolved(&after, &own[i])));
    }
    NetworkSolution { throughput: vec![throughput], level }
}

/// The sums over all ways to split up to so many, scaled to a largest of one.
fn convolved(a: &[f64], b: &[f64]) -> Vec<f64> {
    let sums: Vec<f64> =
        (0..a.len()).map(|n| a[..=n].iter().zip(b[..=n].iter().rev()).map(|(x, y)| x * y).sum()).collect();
    let most = sums.iter().copied().fold(0.0, f64::max);
    sums.into_iter().map(|sum| sum / most).collect()
}

/// Exact mean value analysis of several classes at stations of one server each, shared alike or in order of
/// arrival with one mean.
///
/// # Numerics
/// Over all populations: the work is their number times stations times classes.
///
/// ```
/// use queuelab::theory::finite::{Stop, many_classes};
/// // Schwetman (1980): thinking 1 and 15 s, one processor.
/// let found = many_classes(&[15, 5], &[1.0, 15.0], &[Stop { demand: vec![0.025, 0.5], servers: 1 }]);
/// assert!((found.throughput[0] - 14.323).abs() < 1e-3 && (found.level[0][1] - 0.293).abs() < 1e-3);
/// ```
pub fn many_classes(clients: &[u32], think: &[f64], stops: &[Stop]) -> NetworkSolution {
    let classes = clients.len();
    let strides: Vec<usize> =
        (0..classes).map(|r| clients[..r].iter().map(|n| *n as usize + 1).product()).collect();
    let total: usize = clients.iter().map(|n| *n as usize + 1).product();
    let mut levels = vec![vec![0.0; stops.len()]; total];
    let mut last =
        NetworkSolution { throughput: vec![0.0; classes], level: vec![vec![0.0; classes]; stops.len()] };
    for at in 1..total {
        let here: Vec<usize> = (0..classes).map(|r| at / strides[r] % (clients[r] as usize + 1)).collect();
        let mut sums = vec![0.0; stops.len()];
        for r in (0..classes).filter(|r| here[*r] > 0) {
            let before = &levels[at - strides[r]];
            let times: Vec<f64> =
                stops.iter().zip(before).map(|(stop, level)| stop.demand[r] * (1.0 + level)).collect();
            last.throughput[r] = here[r] as f64 / (think[r] + times.iter().sum::<f64>());
            for (i, time) in times.iter().enumerate() {
                last.level[i][r] = last.throughput[r] * time;
                sums[i] += last.level[i][r];
            }
        }
        levels[at] = sums;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn convolution_is_mean_value_analysis_for_single_servers() {
        let stops = [0.5, 0.2, 0.45].map(|demand| Stop { demand: vec![demand], servers: 1 });
        for (clients, think) in [(1, 0.0), (7, 3.0), (300, 20.0), (1000, 0.0)] {
            let (one, other) =
                (one_class(clients, think, &stops), many_classes(&[clients], &[think], &stops));
            assert!((one.throughput[0] / other.throughput[0] - 1.0).abs() < 1e-11);
            assert!(
                one.level.iter().zip(&other.level).all(|(a, b)| (a[0] / b[0] - 1.0).abs() < 1e-9),
                "{one:?} {other:?}"
            );
        }
    }

    #[test]
    fn balanced_stations_share() {
        let stop = || Stop { demand: vec![0.5], servers: 1 };
        let found = one_class(10, 0.0, &[stop(), stop()]);
        assert!((found.throughput[0] - 10.0 / 5.5).abs() < 1e-13 && (found.level[1][0] - 5.0).abs() < 1e-12);
        let split = many_classes(
            &[4, 6],
            &[0.0, 0.0],
            &[Stop { demand: vec![0.5; 2], servers: 1 }, Stop { demand: vec![0.5; 2], servers: 1 }],
        );
        assert!((split.throughput.iter().sum::<f64>() - 10.0 / 5.5).abs() < 1e-12);
    }
}
