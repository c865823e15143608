//! Where processed messages go on to.

use crate::scenario::{Consumer, Destination, Route};

/// Where a group's messages go on to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Routes {
    /// Nowhere: they leave.
    Out,
    Sure(Destination),
    /// Destinations with the sums of the probabilities up to them; beyond the last sum messages leave.
    Chance(Vec<(f64, Destination)>),
    /// Those of each producer's messages, and in the end those of messages that no producer sent.
    ByProducer(Vec<Routes>),
}

impl Routes {
    /// Those of a group, where there are so many producers.
    pub(crate) fn new(consumer: &Consumer, producers: usize) -> Self {
        if consumer.own_routes.is_empty() {
            return Routes::of(&consumer.to);
        }
        let who = (0..producers).map(Some).chain([None]);
        Routes::ByProducer(who.map(|producer| Routes::of(&consumer.routes_of(producer))).collect())
    }

    fn of(list: &[Route]) -> Self {
        let mut sum = 0.0;
        let with_sum = |route: &Route| {
            sum += route.probability;
            // A sum of probabilities that is 1 but for rounding is 1.
            (if sum > 1.0 - 1e-9 { 1.0 } else { sum }, route.to)
        };
        let sums: Vec<(f64, Destination)> = list.iter().map(with_sum).collect();
        match sums[..] {
            [] => Routes::Out,
            [(1.0.., to)] => Routes::Sure(to),
            _ => Routes::Chance(sums),
        }
    }

    /// Where a producer's message goes, by a number on (0, 1] where that is left to chance.
    pub(crate) fn next(&self, producer: u32, uniform: impl FnOnce() -> f64) -> Option<Destination> {
        match self {
            Routes::Out => None,
            Routes::Sure(to) => Some(*to),
            Routes::Chance(sums) => {
                let u = uniform();
                sums.iter().find(|(sum, _)| u <= *sum).map(|(_, to)| *to)
            }
            Routes::ByProducer(each) => match &each[(producer as usize).min(each.len() - 1)] {
                Routes::ByProducer(_) => None,
                routes => routes.next(producer, uniform),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::OwnRoute;
    use crate::workload::laws::Law;

    fn to(queue: usize, probability: f64) -> Route {
        Route { to: Destination::Queue(queue), probability }
    }

    #[test]
    fn probabilities_share_messages_out_and_the_rest_leaves() {
        let mut group = Consumer::group("workers", 0, 1, Law::deterministic(1.0));
        assert_eq!(Routes::new(&group, 1), Routes::Out);
        group.to = vec![to(1, 1.0)];
        assert_eq!(Routes::new(&group, 1), Routes::Sure(Destination::Queue(1)));
        group.to = vec![to(1, 0.5), to(2, 0.25)];
        let routes = Routes::new(&group, 1);
        let next = |u| routes.next(0, || u);
        assert_eq!([0.5, 0.75, 0.76].map(next), [Some(Destination::Queue(1)), Some(Destination::Queue(2)), None]);
    }

    #[test]
    fn producers_may_have_routes_of_their_own() {
        let mut group = Consumer::group("workers", 0, 1, Law::deterministic(1.0));
        group.own_routes = vec![OwnRoute { producers: vec![1], route: to(3, 1.0) }];
        let routes = Routes::new(&group, 2);
        assert_eq!([0, 1, u32::MAX].map(|producer| routes.next(producer, || 1.0)), [None, Some(Destination::Queue(3)), None]);
    }
}
