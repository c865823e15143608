//! What gathers in dead-letter queues, in words: a rate so small that nobody sees it in a second is work for
//! somebody in a day.

use crate::answer::Method;
use crate::study::Study;
use crate::units::significant;

const SECONDS_AN_HOUR: f64 = 3600.0;
const HOURS_A_DAY: f64 = 24.0;

/// A sentence for each dead-letter queue to which anything comes, by the first method that knows.
pub(super) fn sentences(study: &Study) -> Vec<String> {
    let scenario = &study.scenario;
    let told = |(index, name): (usize, &str)| {
        let path = format!("queues.{name}.arrival_rate");
        let methods = [Method::Simulation, Method::Theory, Method::Measurement];
        let rate =
            methods.iter().find_map(|m| study.answer(*m)?.get(&path)?.value).filter(|rate| *rate > 0.0)?;
        let comes = format!("Dead letters come to `{name}` at {}", often(rate));
        Some(if scenario.keeps_for_good(index) {
            format!("{comes}: nobody takes them from there, and it grows by as many.")
        } else {
            format!("{comes}.")
        })
    };
    let names = scenario.queues.iter().map(|q| q.name.as_str()).enumerate();
    names.filter(|(index, _)| scenario.takes_only_dead_letters(*index)).filter_map(told).collect()
}

/// A rate by the second, the hour and the day.
fn often(rate: f64) -> String {
    let hourly = rate * SECONDS_AN_HOUR;
    format!(
        "{}/s, {}/h, {} a day",
        significant(rate, 3),
        significant(hourly, 3),
        significant(hourly * HOURS_A_DAY, 3)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_told_by_the_day() {
        assert_eq!(often(0.000352), "0.000352/s, 1.27/h, 30.4 a day");
    }
}
