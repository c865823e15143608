use super::*;

#[test]
fn every_value_lies_in_its_bucket_and_buckets_are_fine() {
    for value in (0..5000)
        .chain((0..64).map(|s| 1_u64 << s))
        .chain((3..64).map(|s| (1_u64 << s) - 1))
        .chain([u64::MAX])
    {
        let (low, width) = bounds(bucket(value));
        assert!(low <= value && value - low < width, "{value}: {low} + {width}");
        assert!(width == 1 || width * 1000 <= low, "{value}: {low} + {width}");
    }
}

#[test]
fn quantiles_agree_with_the_library() {
    let mut counts = BucketCounts::new();
    for i in 1..=100_000_u64 {
        counts.record(i * i);
    }
    let hdr = counts.to_hdr();
    for share in [0.5, 0.9, 0.99, 0.999] {
        let (ours, theirs) =
            (counts.quantile(share).expect("not empty"), hdr.value_at_quantile(share) as f64 * 1e-9);
        assert!((ours / theirs - 1.0).abs() < 2e-3, "{share}: {ours} {theirs}");
    }
    assert_eq!(counts.quantile(1.0), Some(10.0));
}

#[test]
fn merged_equals_one() {
    let (mut a, mut b, mut both) = (BucketCounts::new(), BucketCounts::new(), BucketCounts::new());
    for i in 0..10_000_u64 {
        if i % 3 == 0 {
            a.record(i * 77)
        } else {
            b.record(i * 77)
        }
        both.record(i * 77);
    }
    a.merge(&b);
    assert_eq!(a, both);
}

/// 77.8 ms lies within a bucket from 77.79 to 77.86; of two values the median is one of them.
#[test]
fn few_values_have_exact_percentiles_in_whatever_way_they_are_counted() {
    let (mut one, mut other) = (BucketCounts::new(), BucketCounts::new());
    for _ in 0..600 {
        one.record(77_800_000);
    }
    for _ in 0..400 {
        other.record(120_000_001);
    }
    assert_eq!((one.quantile(0.5), one.quantile(0.999)), (Some(0.0778), Some(0.0778)));
    one.merge(&other);
    assert_eq!(
        [0.5, 0.6, 0.601, 0.99].map(|share| one.quantile(share)),
        [0.0778, 0.0778, 0.120_000_001, 0.120_000_001].map(Some)
    );
    let ranks = one.ranks();
    assert_eq!((ranks.share_up_to(0.0778), ranks.share_up_to(0.0777)), (0.6, 0.0));
    (0..FEW as u64).for_each(|i| one.record(i));
    assert!(!one.keeps_values() && (one.quantile(0.5).expect("not empty") / 0.0778 - 1.0).abs() < 1e-3);
}

#[test]
fn an_empty_histogram_has_no_quantile() {
    assert_eq!(BucketCounts::new().quantile(0.5), None);
}
