//! The source documents' four formulas, held against exact or simulated figures, with where each holds.

use super::traffic::demands;
use crate::answer::{Formula, Unit};
use crate::scenario::{Demand, Scenario};
use crate::units::{Time, significant};

/// Evaluates the formulas for every queue and for the whole. `figure` looks up a metric by its full path, in
/// an exact or a simulated answer; what it does not know is left out.
pub fn formulas(scenario: &Scenario, figure: impl Fn(&str) -> Option<f64>) -> Vec<Formula> {
    let mut list = Vec::new();
    // Of a timetable that ends the mean rate is what was sent, not the last one.
    let (mean, timed) =
        (scenario.at_its_mean(), scenario.producers.iter().any(|p| p.arrivals.timetable().is_some()));
    let scenario = mean.as_ref().unwrap_or(scenario);
    for ((index, queue), demand) in scenario.queues.iter().enumerate().zip(demands(scenario)) {
        let place = format!("queues.{}", queue.name);
        let groups: Vec<&str> = scenario.consumers_of(index).map(|(_, c)| c.name.as_str()).collect();
        let service = in_service(&place, &groups, &figure).unwrap_or(demand.service * demand.attempts);
        list.extend(count_over_time(&place, &figure, service));
        let mut ratio =
            rates_ratio(&place, &figure, &demand, queue.max_length.is_some() || queue.message_ttl.is_some());
        if let Some(ratio) = ratio.as_mut().filter(|_| timed) {
            ratio.note += " P is the mean rate of the timetable; what piles up while more than C are sent, \
                this ratio does not say.";
        }
        list.extend(ratio);
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
    let (inside, wait) =
        (figure(&format!("{place}.in_system.mean"))?, figure(&format!("{place}.wait.mean"))?);
    let against = format!("{place}.throughput");
    let value = inside / (wait + service);
    Some(Formula {
        formula: "throughput = N / T".into(),
        value,
        unit: Unit::PerSecond,
        error: error(value, figure(&against)),
        against,
        note: "right by definition, if N counts completions in the time T, idle time included. Here N is \
            the mean number in the queue and \
               in service and T the mean time there: the same letters, and Little's law says the same \
               throughput where every message that \
               enters is served."
            .into(),
    })
}

/// `throughput = P / C`, which is a utilization.
fn rates_ratio(
    place: &str,
    figure: &dyn Fn(&str) -> Option<f64>,
    demand: &Demand,
    bounded: bool,
) -> Option<Formula> {
    let lost = figure(&format!("{place}.loss")).map_or(bounded, |loss| loss > 0.0);
    let less = if lost { ", less what is lost" } else { "" };
    let capacity = demand.capacity().filter(|c| c.is_finite())? / demand.attempts;
    // Clients that wait for their answers have no rate of their own: as much is offered as they get done.
    // Nor is it known what reaches a queue past one that loses messages, unless somebody has counted it.
    let own = demand.arrivals.known().filter(|rate| *rate > 0.0);
    let counted =
        || figure(&format!("{place}.arrival_rate")).or_else(|| figure(&format!("{place}.throughput")));
    let (offered, against) = (own.or_else(counted)?, format!("{place}.utilization"));
    let value = offered / capacity;
    let consequence = if value <= 1.0 + 1e-9 {
        format!("the throughput is min(P, C) = {}{less}", per_second(offered))
    } else {
        format!(
            "the throughput is min(P, C) = {}{less} at most, and without bounded room the backlog grows by {}",
            per_second(capacity),
            per_second(offered - capacity)
        )
    };
    Some(Formula {
        formula: "throughput = P / C".into(),
        value,
        unit: Unit::Ratio,
        error: error(value, figure(&against)),
        against,
        note: format!(
            "a rate divided by a rate is no rate but the utilization ρ (P = {}, C = {}); {consequence}.",
            per_second(offered),
            per_second(capacity)
        ),
    })
}

/// `delay = Q / C`, Little's law read at the saturated rate.
fn length_over_rate(place: &str, figure: &dyn Fn(&str) -> Option<f64>, demand: &Demand) -> Option<Formula> {
    let capacity = demand.capacity().filter(|c| c.is_finite())? / demand.attempts;
    let waiting = figure(&format!("{place}.queue_length.mean"))?;
    let against = format!("{place}.wait.mean");
    let value = waiting / capacity;
    let throughput = figure(&format!("{place}.throughput")).or(demand.arrivals.known())?;
    let low = 100.0 * (1.0 - throughput / capacity);
    let note = if waiting == 0.0 {
        "right here: nobody waits, and both are zero.".into()
    } else if low > 0.5 {
        format!(
            "Little's law is delay = Q / X with the throughput X = {}, which here makes {}; dividing by the \
                consumers' rate C instead is \
             {low:.0} % low, for a share of that rate is idle. Right under backlog, where X = C.",
            per_second(throughput),
            Time(waiting / throughput)
        )
    } else {
        "right here: under backlog the throughput is the consumers' rate, and Q / C is Little's law. It \
            says nothing of percentiles."
            .into()
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
    let mut note =
        "right for every message and so for means, as long as no other stage is left out.".to_string();
    if let (Some(sum), Some(exact)) = (sum("p99"), figure("total.latency.p99")) {
        let off = 100.0 * (sum / exact - 1.0);
        note += &if off.abs() < 0.5 {
            format!(
                " Percentiles add only where at most one stage varies, as here: the latency's p99 is {}.",
                Time(exact)
            )
        } else {
            let (sum, exact) = (Time(sum), Time(exact));
            format!(
                " Percentiles do not add: the stages' p99 sum up to {sum}, {off:+.0} % against the \
                    latency's {exact}."
            )
        };
    }
    Some(Formula {
        formula: "latency = T_p + T_q + T_c".into(),
        value,
        unit: Unit::Seconds,
        error: error(value, figure(&against)),
        against,
        note,
    })
}

/// `900/s`.
fn per_second(rate: f64) -> String {
    format!("{}/s", significant(rate, 4))
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
        assert!(!named(&of(&scenario), "throughput = P / C").note.contains("lost"));
        scenario.queues[0].max_length = Some(3);
        scenario.queues[0].overflow = crate::scenario::Overflow::RejectPublish;
        assert!(named(&of(&scenario), "throughput = P / C").note.contains("less what is lost"));
    }

    #[test]
    fn in_overload_the_ratio_is_left_with_what_it_means() {
        let list = of(&Scenario::mgc(150.0, Law::exponential(0.01), 1));
        assert_eq!(list.len(), 1);
        assert!((list[0].value - 1.5).abs() < 1e-12 && list[0].error.is_none());
        assert!(list[0].note.contains("100") && list[0].note.contains("50"), "{}", list[0].note);
    }
}
