//! An answer for several queues, put together from the figures of each.

use super::figures::general_caveats;
use super::{ClosedForm, EndToEnd, Exactness, Station, SteadyState};
use crate::answer::{Answer, Caveat, Method};
use crate::scenario::Scenario;

/// The queues of a scenario with their figures, and what producers' messages see from end to end.
pub(super) struct NetworkFigures<'a> {
    pub nodes: Vec<(Station<'a>, SteadyState)>,
    /// In the scenario's order.
    pub ends: Vec<EndToEnd>,
    pub exact: bool,
    pub caveats: Vec<Caveat>,
}

impl NetworkFigures<'_> {
    /// The answer, named after what it is.
    pub(super) fn answer(&self, scenario: &Scenario, name: &str) -> Answer {
        let exact = self.exact && self.nodes.iter().all(|(_, figures)| figures.exact);
        let hand_over: Option<Vec<&str>> = self.nodes.iter().map(|(_, figures)| figures.hand_over).collect();
        let counted = hand_over.as_ref().and_then(|all| all.first()).copied();
        let name = format!("{name}{}", counted.unwrap_or_default());
        let answer = Answer::new(Method::Theory, name).asked_for(scenario.asked_statistics());
        let mut answer = if exact { answer } else { answer.approximate() };
        answer.counts_host = counted.is_some();
        answer.caveats.clone_from(&self.caveats);
        for (station, figures) in &self.nodes {
            for caveat in figures.caveats.iter().cloned().chain(general_caveats(station)) {
                if !answer.caveats.contains(&caveat) {
                    answer.caveats.push(caveat);
                }
            }
            figures.fill_place(station, &mut answer);
        }
        let names: Vec<&str> = scenario.producers.iter().map(|p| p.name.as_str()).collect();
        let (sent, lost) = self.ends.iter().fold((0.0, 0.0), |(sent, lost), end| {
            let offered = end.throughput / (1.0 - end.loss).max(f64::MIN_POSITIVE);
            (sent + offered, lost + offered * end.loss)
        });
        EndToEnd::fill_all(&self.ends, &names, if sent > 0.0 { lost / sent } else { 0.0 }, &mut answer);
        answer
    }
}

/// Whether what a model puts together from others' figures is a theorem, the host's time included. Of what
/// has no steady state, whether it would be.
pub(super) fn is_exact(model: &impl ClosedForm, scenario: &Scenario) -> bool {
    let ideal = scenario.simulation.overheads.delivers_at_once();
    let exact = |answer: Answer| answer.exact && (ideal || answer.counts_host);
    model.solve(scenario).map_or(model.exactness() == Exactness::Exact, exact)
}
