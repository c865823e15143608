//! Studies made by hand: what reports are tried on.

use crate::answer::{
    Answer, Caveat, Distribution, Estimate, FormulaNote, Gate, Growth, Method, Moment, Reason, Trust, Unit,
};
use crate::report::Extras;
use crate::scenario::{Consumer, Objective, Producer, Queue, Relation, Scenario};
use crate::study::{Agreement, AgreementStatus, Bearing, Formula, Judgement, ObjectiveStatus, Study};
use crate::workload::laws::Law;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;

/// Everything around a study that a report names.
pub(super) fn extras() -> Extras {
    Extras {
        scenario: serde_json::json!({"title": "Order processing at peak", "producers": {"web": {"rate": "900/s"}}}),
        command: "queuelab run orders.toml".into(),
        source: Some("[producers.web]\nrate = \"900/s\" # <peak>\n".into()),
        bearing: Bearing::default(),
    }
}

/// A scenario without any answer.
pub(super) fn bare() -> Study {
    let mut scenario = Scenario::single(
        Producer::poisson("web", 0, 900.0),
        Queue { name: "orders".into(), ..Queue::default() },
        Consumer::group("workers", 0, 4, Law::exponential(0.004)),
    );
    scenario.title = Some("Order processing at peak".into());
    scenario.seed = 42;
    Study {
        scenario,
        answers: Vec::new(),
        unanswered: Vec::new(),
        agreement: Vec::new(),
        formulas: Vec::new(),
        objectives: Vec::new(),
        rulers: Vec::new(),
        host: BTreeMap::from([("cpu".into(), "2 cores".into()), ("kernel".into(), "6.1".into())]),
    }
}

/// An exponential latency with this mean (seconds), counted; deterministic, without draws.
pub(super) fn counted(mean: f64, count: u64) -> Histogram<u64> {
    let mut histogram = Histogram::new(3).expect("three digits are a valid precision");
    for i in 0..count {
        let share = (i as f64 + 0.5) / count as f64;
        histogram
            .record((-(1.0 - share).ln() * mean * 1e9) as u64)
            .expect("a histogram that resizes holds any time");
    }
    histogram
}

/// The law of an exponential latency, in closed form.
pub(super) fn closed_form(mean: f64) -> Distribution {
    let points = (0..=200).map(|i| 1.0 - 10f64.powf(-f64::from(i) * 0.03));
    Distribution::Quantiles(points.map(|p| (p, -(1.0 - p).ln() * mean)).collect())
}

/// An answer for the scenario of [`bare`], with waits scaled by a factor.
pub(super) fn answer(method: Method, factor: f64) -> Answer {
    let by = match method {
        Method::Theory => "M/M/4",
        Method::Simulation => "Kiefer–Wolfowitz, 10 replications of 200 000 messages",
        Method::Rehearsal => "simulation of the very plan that was measured",
        Method::Measurement => "in-process, 8 970 messages in 10 s",
        Method::Replay => "simulation of the sends and service times that really happened",
    };
    let mut answer = Answer::new(method, by);
    let half = |share: f64, value: f64| {
        (method == Method::Simulation || method == Method::Measurement).then_some(share * value)
    };
    let mean = 0.0119 * factor;
    for (key, value) in
        [("throughput", 899.6), ("utilization", 0.9 * factor.min(1.05)), ("delayed", 0.788), ("loss", 0.0)]
    {
        answer.set("queues.orders", key, "", Estimate::with(value, half(0.002, value).filter(|h| *h > 0.0)));
    }
    let wait = 0.0079 * factor;
    for (statistic, value) in [("mean", wait), ("p99", wait * 5.4)] {
        answer.set("queues.orders", "wait", statistic, Estimate::with(value, half(0.015, value)));
    }
    answer.set("queues.orders", "queue_length", "mean", Estimate::with(7.1 * factor, half(0.02, 7.1)));
    let quantiles = [("p50", 0.693), ("p90", 2.303), ("p95", 2.996), ("p99", 4.605), ("p999", 6.908)];
    answer.set("total", "latency", "mean", Estimate::with(mean, half(0.01, mean)));
    for (statistic, times) in quantiles {
        answer.set(
            "total",
            "latency",
            statistic,
            Estimate::with(mean * times, half(0.02 * times / 2.0, mean * times)),
        );
    }
    answer.latency = Some(if method == Method::Theory {
        closed_form(mean)
    } else {
        Distribution::Histogram(counted(mean, 8_970))
    });
    if method != Method::Theory {
        answer.timelines.insert("orders".into(), levels(factor, method == Method::Simulation));
    }
    answer
}

/// A level that swings about a mean.
pub(super) fn levels(factor: f64, interval: bool) -> Vec<Moment> {
    let moment = |i: u32| {
        let at = f64::from(i) * 0.05;
        let waiting =
            factor * (7.0 + if interval { 0.2 } else { 5.0 } * (at * 1.7).sin() + (at * 9.0 * factor).cos());
        Moment { half_width: interval.then_some(0.8), ..Moment::new(at, waiting, waiting + 3.6) }
    };
    (0..200).map(moment).collect()
}

/// All five methods, with caveats, gates, formulas and an objective.
pub(super) fn five_methods() -> Study {
    let mut study = bare();
    let factors = [1.0, 1.004, 0.97, 1.06, 1.02];
    study.answers =
        Method::ALL.into_iter().zip(factors).map(|(method, factor)| answer(method, factor)).collect();
    study.answers[3].caveats.push(Caveat::Saved {
        sentence: "The host stalled for 3.1 ms while the load ran.".into(),
        data: serde_json::Value::Null,
    });
    study.answers[3].gates = vec![
        Gate {
            name: "lateness".into(),
            value: 4e-5,
            limit: 1e-3,
            unit: Unit::Seconds,
            trust: Trust::Valid,
            meaning: "p99 of due to sent".into(),
        },
        Gate {
            name: "stall".into(),
            value: 3.1e-3,
            limit: 1e-3,
            unit: Unit::Seconds,
            trust: Trust::Degraded,
            meaning: "longest pause of the host".into(),
        },
    ];
    let metric = "queues.orders.wait.mean".to_string();
    study.agreement = vec![
        Agreement {
            metric: metric.clone(),
            a: Method::Theory,
            b: Method::Simulation,
            verdict: AgreementStatus::Agree,
            difference: Some(0.004),
        },
        Agreement {
            metric: "total.latency.p99".into(),
            a: Method::Rehearsal,
            b: Method::Measurement,
            verdict: AgreementStatus::Differ,
            difference: Some(0.093),
        },
    ];
    study.formulas = vec![
        Formula {
            formula: "delay = Q / C".into(),
            value: 0.0071,
            unit: Unit::Seconds,
            against: metric,
            error: Some(-0.1),
            note: FormulaNote::Saved(
                "Little's law read at the saturated rate: right under backlog, low at light load.".into(),
            ),
        },
        Formula {
            formula: "throughput = P / C".into(),
            value: 0.9,
            unit: Unit::Ratio,
            against: String::new(),
            error: None,
            note: FormulaNote::Saved("Dimensionless: it is the utilization, not a rate.".into()),
        },
    ];
    let objective = Objective {
        metric: "producers.web.latency.p99".into(),
        relation: Relation::Less,
        limit: 0.2,
        text: "< 200ms".into(),
    };
    study.scenario.objectives = vec![objective.clone()];
    study.objectives =
        vec![Judgement { objective, by: Some(Method::Simulation), outcome: ObjectiveStatus::Pass }];
    study
}

/// One method alone, with a mean that does not exist.
pub(super) fn infinite() -> Study {
    let mut study = bare();
    let mut answer = Answer::new(Method::Theory, "M/G/1");
    answer.exact = false;
    answer.set("queues.orders", "wait", "mean", Estimate::infinite());
    answer.set("queues.orders", "utilization", "", Estimate::exact(0.5));
    study.answers.push(answer);
    study.unanswered.push(Reason::Unstable(Growth::Saved("rho = 1.2".into())).by(Method::Simulation));
    study
}

/// Two queues in a row.
pub(super) fn network() -> Study {
    let mut study = bare();
    study.scenario.queues.push(Queue { name: "shipments".into(), ..Queue::default() });
    study.scenario.consumers.push(Consumer::group("packers", 1, 2, Law::exponential(0.002)));
    for (method, factor) in [(Method::Theory, 1.0), (Method::Simulation, 1.01)] {
        let mut answer = answer(method, factor);
        answer.set("queues.shipments", "wait", "mean", Estimate::exact(0.0021 * factor));
        answer.set("queues.shipments", "utilization", "", Estimate::exact(0.9));
        answer.set("consumers.workers", "utilization", "", Estimate::exact(0.9));
        answer.set("consumers.packers", "utilization", "", Estimate::exact(0.9));
        if method == Method::Simulation {
            answer.timelines.insert("shipments".into(), levels(0.3, true));
        }
        study.answers.push(answer);
    }
    study
}
