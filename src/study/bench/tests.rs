use super::*;

fn load() -> BenchLoad {
    BenchLoad {
        producers: 2,
        consumers: 3,
        prefetch: 10,
        size: 1024,
        durable: true,
        duration: 2.0,
        shares: SHARES.to_vec(),
    }
}

#[test]
fn the_producers_share_the_rate() {
    let scenario = load().scenario("in-process", 3_000.0).expect("it is sound");
    assert_eq!(scenario.producers.iter().map(|p| (p.rate, p.size)).collect::<Vec<_>>(), [(1_500.0, 1024); 2]);
    assert_eq!((scenario.consumers[0].prefetch, scenario.measurement.duration), (10, 2.0));
    let unknown = load().scenario("nobody", 1.0).map_err(|why| why.to_string());
    assert!(unknown.as_ref().is_err_and(|why| why.contains("`nobody`")), "{unknown:?}");
    let asked = load().scenario("flume", 1.0).map_err(|why| why.to_string());
    assert!(
        asked.as_ref().is_err_and(|why| why.contains("flume cannot be measured with --durable: ")),
        "{asked:?}"
    );
}

#[test]
fn a_backlog_that_grows_is_not_sustained() {
    let run = |served| BenchRun { offered: 100.0, served, answer: None, failed: None };
    assert!(run(99.0).sustains() && !run(97.0).sustains());
    assert!(!BenchRun::without_answer(100.0, Reason::Failed("gone".into())).sustains());
}

#[test]
fn targets_are_told_apart_by_rounds_taken_in_turn() {
    assert_eq!([0, 1, 2].map(|round| in_turn(2, round)), [vec![0, 1], vec![1, 0], vec![0, 1]]);
    let case = |name: &str| BenchCase { name: name.into(), target: "null".into(), load: load() };
    let of = |rounds: [Option<f64>; 4]| Benchmark { rounds: rounds.to_vec(), ..Benchmark::new(&case("one")) };
    let one = of([Some(200.0), Some(210.0), None, Some(205.0)]);
    let other = of([Some(100.0), Some(105.0), Some(90.0), Some(102.5)]);
    let ratio = one.ratio(&other).expect("three rounds of both");
    assert!((ratio.times - 2.0).abs() < 1e-12 && ratio.is_told(), "{ratio:?}");
    // t of 95 % and 2 degrees of freedom is 4.303; the rates' standard deviation 5.
    let (mean, half) = one.highest().expect("found");
    assert!((mean - 205.0).abs() < 1e-9 && (half.expect("three") - 4.3027 * 5.0 / 3f64.sqrt()).abs() < 1e-2);
    let near = of([Some(99.0), Some(106.0), Some(91.0), Some(101.0)]).ratio(&other).expect("four rounds");
    assert!(!near.is_told(), "{near:?}");
    assert_eq!(of([Some(1.0), None, None, None]).ratio(&other), None);
    assert_eq!(of([None; 4]).highest(), None);
}
