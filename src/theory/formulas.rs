//! The source documents' four formulas, held against exact or simulated figures, with where each holds.

use super::traffic::demands;
use crate::answer::{Formula, FormulaNote, Unit};
use crate::scenario::{Demand, Scenario};

/// Evaluates the formulas for every queue and for the whole. `figure` looks up a metric by its full path, in
/// an exact or a simulated answer; what it does not know is left out.
pub fn formulas(scenario: &Scenario, figure: impl Fn(&str) -> Option<f64>) -> Vec<Formula> {
    let mut list = Vec::new();
    // Of a timetable that ends the mean rate is what was sent, not the last one.
    let (mean, timetable) =
        (scenario.at_its_mean(), scenario.producers.iter().any(|p| p.arrivals.timetable().is_some()));
    let scenario = mean.as_ref().unwrap_or(scenario);
    let expiring = scenario.expiring();
    let served = scenario.queues.iter().enumerate().zip(scenario.consumers_by_queue());
    for (((index, queue), groups), demand) in served.zip(demands(scenario)) {
        let place = format!("queues.{}", queue.name);
        // Servers that several queues share are busy for others, too.
        let shared = groups.iter().any(|(_, c)| c.queues().count() > 1);
        let groups: Vec<&str> = groups.iter().map(|(_, c)| c.name.as_str()).collect();
        let seen = in_service(&place, &groups, &figure).filter(|_| !shared);
        let service = seen.unwrap_or(demand.service * demand.attempts);
        list.extend(count_over_time(&place, &figure, service));
        let bounded = queue.max_length.is_some() || expiring[index];
        list.extend(rates_ratio(&place, &figure, &demand, bounded, timetable));
        list.extend(length_over_rate(&place, &figure, &demand));
    }
    list.extend(sum_of_stages(&figure));
    list
}

/// The mean time that a message served by a queue is in service there, all of its deliveries together: the
/// groups' own times, weighed by how much each does.
fn in_service(place: &str, groups: &[&str], figure: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
    let work = |group: &&str| {
        Some(
            figure(&format!("consumers.{group}.throughput"))?
                * figure(&format!("consumers.{group}.service.mean"))?,
        )
    };
    let all = groups.iter().map(work).sum::<Option<f64>>()?;
    figure(&format!("{place}.throughput")).filter(|rate| *rate > 0.0).map(|rate| all / rate)
}

/// `throughput = N / T`, in its other reading too: N in the system over the time T in it is Little's law.
fn count_over_time(place: &str, figure: &dyn Fn(&str) -> Option<f64>, service: f64) -> Option<Formula> {
    let against = format!("{place}.throughput");
    let (value, note) =
        match (figure(&format!("{place}.in_system.mean")), figure(&format!("{place}.wait.mean"))) {
            (Some(inside), Some(wait)) => (inside / (wait + service), FormulaNote::CountOverTime),
            // Where levels change with time none of them is the mean; what is done in the time is counted all
            // the same.
            (None, Some(_)) => (figure(&against)?, FormulaNote::CountOfStretch),
            _ => return None,
        };
    Some(Formula {
        formula: "throughput = N / T".into(),
        value,
        unit: Unit::PerSecond,
        error: error(value, figure(&against)),
        against,
        note,
    })
}

/// `throughput = P / C`, which is a utilization.
fn rates_ratio(
    place: &str,
    figure: &dyn Fn(&str) -> Option<f64>,
    demand: &Demand,
    bounded: bool,
    timetable: bool,
) -> Option<Formula> {
    let lossy = figure(&format!("{place}.loss")).map_or(bounded, |loss| loss > 0.0);
    let capacity = demand.capacity().filter(|c| c.is_finite())? / demand.attempts;
    // Clients that wait for their answers have no rate of their own: as much is offered as they get done.
    // Nor is it known what reaches a queue past one that loses messages, unless somebody has counted it.
    let own = demand.arrivals.known().filter(|rate| *rate > 0.0);
    let counted =
        || figure(&format!("{place}.arrival_rate")).or_else(|| figure(&format!("{place}.throughput")));
    let (offered, against) = (own.or_else(counted)?, format!("{place}.utilization"));
    let value = offered / capacity;
    Some(Formula {
        formula: "throughput = P / C".into(),
        value,
        unit: Unit::Ratio,
        error: error(value, figure(&against)),
        against,
        note: FormulaNote::RatesRatio { offered, capacity, lossy, timetable },
    })
}

/// `delay = Q / C`, Little's law read at the saturated rate.
fn length_over_rate(place: &str, figure: &dyn Fn(&str) -> Option<f64>, demand: &Demand) -> Option<Formula> {
    let capacity = demand.capacity().filter(|c| c.is_finite())? / demand.attempts;
    let Some(waiting) = figure(&format!("{place}.queue_length.mean")) else {
        return length_at_the_peak(place, figure, capacity);
    };
    let against = format!("{place}.wait.mean");
    let value = waiting / capacity;
    let throughput = figure(&format!("{place}.throughput")).or(demand.arrivals.known())?;
    let low = 1.0 - throughput / capacity;
    let note = if waiting == 0.0 {
        FormulaNote::NobodyWaits
    } else if 100.0 * low > 0.5 {
        FormulaNote::IdleAtTimes { throughput, delay: waiting / throughput, low }
    } else {
        FormulaNote::UnderBacklog
    };
    Some(Formula {
        formula: "delay = Q / C".into(),
        value,
        unit: Unit::Seconds,
        error: error(value, figure(&against)),
        against,
        note,
    })
}

/// The same where levels change with time: the longest queue against the longest wait.
fn length_at_the_peak(place: &str, figure: &dyn Fn(&str) -> Option<f64>, capacity: f64) -> Option<Formula> {
    let against = format!("{place}.wait.max");
    let value = figure(&format!("{place}.queue_length.max"))? / capacity;
    let longest = figure(&against)?;
    Some(Formula {
        formula: "delay = Q / C".into(),
        value,
        unit: Unit::Seconds,
        error: error(value, Some(longest)),
        against,
        note: FormulaNote::AtThePeak,
    })
}

/// `latency = T_p + T_q + T_c`: true of every message and of means, not of percentiles.
fn sum_of_stages(figure: &dyn Fn(&str) -> Option<f64>) -> Option<Formula> {
    let sum = |statistic: &str| {
        ["send", "wait", "service"]
            .into_iter()
            .map(|stage| figure(&format!("total.{stage}.{statistic}")))
            .sum::<Option<f64>>()
    };
    let against = "total.latency.mean".to_string();
    let value = sum("mean")?;
    let note = FormulaNote::SumOfStages { percentiles: sum("p99").zip(figure("total.latency.p99")) };
    Some(Formula {
        formula: "latency = T_p + T_q + T_c".into(),
        value,
        unit: Unit::Seconds,
        error: error(value, figure(&against)),
        against,
        note,
    })
}

/// (value − figure) / figure.
fn error(value: f64, figure: Option<f64>) -> Option<f64> {
    figure.filter(|f| *f != 0.0).map(|f| (value - f) / f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory;
    use crate::workload::laws::Law;

    fn of(scenario: &Scenario) -> Vec<Formula> {
        let answer = theory::answer(scenario).ok();
        formulas(scenario, |path| answer.as_ref()?.get(path)?.value)
    }

    fn named<'a>(list: &'a [Formula], name: &str) -> &'a Formula {
        list.iter().find(|f| f.formula == name).expect("it is evaluated")
    }

    #[test]
    fn for_m_m_1_each_is_as_right_as_theory_says() {
        // traps: ρ = 0.8, C = 100: L_q / C = 32 ms against W_q = 40 ms.
        let list = of(&Scenario::mgc(80.0, Law::exponential(0.01), 1));
        assert!((named(&list, "throughput = N / T").value - 80.0).abs() < 1e-9);
        assert!((named(&list, "throughput = P / C").value - 0.8).abs() < 1e-12);
        let delay = named(&list, "delay = Q / C");
        assert!((delay.value - 0.032).abs() < 1e-12 && (delay.error.expect("known") + 0.2).abs() < 1e-12);
        assert!(named(&list, "latency = T_p + T_q + T_c").error.expect("known").abs() < 1e-12);
    }

    #[test]
    fn what_is_lost_is_named() {
        let mut scenario = Scenario::mgc(80.0, Law::exponential(0.01), 1);
        assert!(!named(&of(&scenario), "throughput = P / C").note.to_string().contains("lost"));
        scenario.queues[0].max_length = Some(3);
        scenario.queues[0].overflow = crate::scenario::Overflow::RejectPublish;
        assert!(named(&of(&scenario), "throughput = P / C").note.to_string().contains("less what is lost"));
    }

    #[test]
    fn in_overload_the_ratio_is_left_with_what_it_means() {
        let list = of(&Scenario::mgc(150.0, Law::exponential(0.01), 1));
        assert_eq!(list.len(), 1);
        assert!((list[0].value - 1.5).abs() < 1e-12 && list[0].error.is_none());
        let note = list[0].note.to_string();
        assert!(note.contains("100") && note.contains("50"), "{note}");
    }
}
