use super::*;

#[test]
fn every_feature_stands_once_in_the_list() {
    let mut seen = Feature::ALL.to_vec();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), Feature::ALL.len());
    // The last one declared has as many before it as there are others.
    assert_eq!(Feature::Completion as usize + 1, Feature::ALL.len());
}
