use super::*;

#[test]
fn sums_of_geometrically_many_exponentials_are_exponential() {
    let plain = Deliveries { failure: 0.4, limit: None, same: false };
    let [m1, m2, m3] = plain.moments(false, [1.0, 2.0, 6.0]);
    let mean = 1.0 / 0.6;
    assert!(
        (m1 - mean).abs() < 1e-14
            && (m2 - 2.0 * mean * mean).abs() < 1e-13
            && (m3 - 6.0 * mean.powi(3)).abs() < 1e-12
    );
    // Success or not, a limit that is never reached does not matter.
    let far = Deliveries { failure: 0.4, limit: Some(200), same: false };
    assert!((far.moments(true, [1.0, 2.0, 6.0])[2] - m3).abs() < 1e-12);
}

#[test]
fn no_failure_is_one_delivery() {
    for same in [false, true] {
        let one = Deliveries { failure: 1e-300, limit: Some(3), same };
        assert_eq!(one.moments(true, [1.0, 2.0, 6.0]), [1.0, 2.0, 6.0]);
    }
}

/// D·S by hand: one delivery or two, equally likely, of an exponential time of mean 1.
#[test]
fn the_same_work_twice_is_twice_as_long() {
    let two = Deliveries { failure: 0.5, limit: Some(2), same: true };
    let [m1, m2, m3] = two.moments(false, [1.0, 2.0, 6.0]);
    assert_eq!([m1, m2, m3], [1.5, (1.0 + 4.0) / 2.0 * 2.0, (1.0 + 8.0) / 2.0 * 6.0]);
    assert_eq!(two.shares(false), [0.5, 0.5]);
    let shares = Deliveries { failure: 0.5, limit: Some(2), same: true }.shares(true);
    assert!((shares[0] - 2.0 / 3.0).abs() < 1e-15 && (shares[1] - 1.0 / 3.0).abs() < 1e-15);
}
