//! The main job: one scenario, every method, side by side.

use super::agreement::agreement;
use super::measurement::{self, ReadOff};
use super::watch::Watch;
use super::{Study, methods, over_time, simulation};
use crate::answer::{Answer, Caveat, Method, Unanswered};
use crate::load;
use crate::scenario::{Scenario, Weight};
use crate::theory;
use crate::units::plain;

/// Answers a scenario by the wanted methods. Rehearsal and replay come with measurement.
///
/// The simulation never runs while the measurement does.
pub fn run(scenario: &Scenario, wanted: &[Method], watch: &dyn Watch) -> Study {
    answered(scenario, wanted, false, watch)
}

/// The same, with the measurement read by the rulers of other tools, too.
pub fn run_with_rulers(scenario: &Scenario, wanted: &[Method], watch: &dyn Watch) -> Study {
    answered(scenario, wanted, true, watch)
}

fn answered(scenario: &Scenario, wanted: &[Method], by_rulers: bool, watch: &dyn Watch) -> Study {
    let mut answers = Vec::new();
    let mut unanswered = Vec::new();
    let mut rulers = Vec::new();
    if wanted.contains(&Method::Theory) {
        keep(theory::answer(scenario).map(|a| vec![a]), &mut answers, &mut unanswered);
    }
    if wanted.contains(&Method::Simulation) {
        let simulated = simulation::simulate(scenario, watch)
            .map(|answer| vec![Answer { latency_map: over_time::simulated(scenario, watch), ..answer }]);
        keep(simulated, &mut answers, &mut unanswered);
    }
    if wanted.contains(&Method::Measurement) && !watch.stopped() {
        let beside = ReadOff { rulers: by_rulers, latency_map: true };
        let measured = measurement::measured_beside(scenario, beside, watch).map(|measured| {
            unanswered.extend(measured.failed);
            rulers = measured.readings;
            measured.answers
        });
        keep(measured, &mut answers, &mut unanswered);
    }
    if let Some(pace) = pace(scenario) {
        let measured = answers.iter_mut().filter(|a| a.method == Method::Measurement);
        measured.for_each(|a| a.by += &format!(", {pace}"));
    }
    answers.sort_by_key(|a| a.method);
    // Whoever reads one answer alone reads what its figures stand on.
    let found = scenario.found.iter().filter(|f| f.weight == Weight::Caveat);
    let found: Vec<Caveat> = found.map(|f| Caveat::File(f.text.clone())).collect();
    answers.iter_mut().for_each(|answer| answer.caveats.splice(0..0, found.iter().cloned()).for_each(drop));
    let replications = u64::from(scenario.simulation.replications);
    let figure = |path: &str| methods::best(&answers, path)?.1.value;
    // What grows without end meets nothing by how its first stretch went, unless that is what is asked for.
    let counts = |a: &&Answer| a.unstable.is_none() || scenario.is_of_the_start();
    let steady: Vec<Answer>;
    let steady = match answers.iter().all(|answer| counts(&answer)) {
        true => &answers,
        false => {
            steady = answers.iter().filter(counts).cloned().collect();
            &steady
        }
    };
    let mut objectives = super::objectives::judge(&scenario.objectives, steady);
    super::objectives::judge_growth(&mut objectives, scenario);
    if let Some(simulated) = steady.iter().find(|answer| answer.method == Method::Simulation) {
        super::objectives::judge_outlasting(&mut objectives, scenario, simulated);
    }
    if let Some(measured) = super::objectives::on_broker(scenario, steady) {
        super::objectives::judge_on_broker(&mut objectives, measured);
    } else if super::objectives::is_untold_broker(scenario, &answers, &unanswered) {
        super::objectives::judge_untold(&mut objectives);
    }
    let mut host = load::host();
    answers.iter().for_each(|a| host.extend(a.host.clone()));
    Study {
        agreement: agreement(&answers, scenario.simulation.confidence, replications),
        formulas: theory::formulas(scenario, figure),
        objectives,
        scenario: scenario.clone(),
        answers,
        unanswered,
        rulers,
        host,
    }
}

/// That the plan is played at another speed than the clock's, if so.
pub(crate) fn pace(scenario: &Scenario) -> Option<String> {
    let speed = scenario.measurement.speed;
    let (times, how) = if speed > 1.0 { (speed, "faster") } else { (1.0 / speed, "slower") };
    (speed != 1.0).then(|| format!("played {} times {how}", plain(times, 4)))
}

fn keep(
    result: Result<Vec<crate::answer::Answer>, Unanswered>,
    answers: &mut Vec<crate::answer::Answer>,
    unanswered: &mut Vec<Unanswered>,
) {
    match result {
        Ok(found) => answers.extend(found),
        Err(why) => unanswered.push(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::laws::Law;

    #[test]
    fn another_speed_is_told() {
        let mut scenario = Scenario::mgc(1.0, Law::exponential(0.1), 1);
        let mut at = |speed| {
            scenario.measurement.speed = speed;
            pace(&scenario)
        };
        assert_eq!(at(1.0), None);
        assert_eq!(at(60.0).as_deref(), Some("played 60 times faster"));
        assert_eq!(at(0.25).as_deref(), Some("played 4 times slower"));
    }
}
