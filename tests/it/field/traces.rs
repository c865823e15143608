//! Files of measured times: each spelling and each program's columns are read alike by `fit`, by traces and
//! by empirical laws; what cannot be so is refused or told of. The rows are drawn here, so that their figures
//! are known: Poisson arrivals at 50/s with exponential work of 20 ms, and every expected value is computed
//! from these very rows.

use super::value;
use queuelab::answer::Method;
use queuelab::rng::Key;
use queuelab::scenario::{Arrivals, FileError, NoFiles, Problems, Scenario, Source, parse, resolved_toml};
use queuelab::study::{NoProgress, fit::fit, run};
use queuelab::workload::file::{ColumnRole, FileContent, TimesFileError, Want, Weight, read};
use std::path::Path;

/// 2024-11-27T18:05:09Z in seconds.
pub(super) const START: u64 = 1_732_730_709;

/// Microseconds from the start, and of work.
pub(super) fn rows(count: u64) -> Vec<(u64, u64)> {
    let draw = |who: &str, i: u64, mean: f64| {
        (-mean * Key::new(5, 0).role("rows", who).uniform_at(i, 0).ln()).round() as u64 + 1
    };
    let mut at = 0;
    (0..count)
        .map(|i| (at += draw("gap", i, 20_000.0), at).1)
        .zip((0..count).map(|i| draw("work", i, 20_000.0)))
        .collect()
}

pub(super) fn lines(head: &str, rows: &[(u64, u64)], line: impl Fn(u64, u64) -> String) -> String {
    rows.iter().fold(format!("{head}\n"), |text, (at, work)| text + &line(*at, *work) + "\n")
}

fn clock(at: u64, hours: u64) -> String {
    let second = 9 + at / 1_000_000;
    format!("2024-11-27T{:02}:{:02}:{:02}.{:06}", 18 + hours, 5 + second / 60, second % 60, at % 1_000_000)
}

pub(super) fn epoch(at: u64) -> String {
    format!("{}.{:06}", START + at / 1_000_000, at % 1_000_000)
}

pub(super) fn all(bytes: &[u8]) -> Result<FileContent, TimesFileError> {
    read(bytes, Want::All, &[])
}

pub(super) fn told(measured: &FileContent) -> String {
    measured.findings.iter().map(|f| f.text.clone() + "\n").collect()
}

/// A queue whose arrivals come from a file; its consumers lack their settings.
const FROM_FILE: &str = "[producers.p]\nto = \"q\"\narrivals = \
    { process = \"trace\", file = \"x\" }\n[queues.q]\n[consumers.c]\nfrom = \"q\"\n";

/// A queue whose arrivals and work come from one file.
fn queue(bytes: &[u8], more: &str) -> Result<Scenario, Problems> {
    let text =
        format!("{FROM_FILE}count = 1\nservice_time = {{ law = \"empirical\", file = \"x\"{more} }}\n");
    let files = |_: &Path| Ok::<_, FileError>(bytes.to_vec());
    parse(&Source::new("traces.toml", text), &files).map(|parsed| parsed.scenario)
}

/// Every spelling of the same 400 rows gives the same instants and the same work to every reader, and what
/// `fit` writes is read.
#[test]
fn one_file_in_every_spelling() {
    use std::io::Write;
    let rows = rows(400);
    let plain = |line: &dyn Fn(u64, u64) -> String, head: &str| lines(head, &rows, line).into_bytes();
    let mut backwards = rows.clone();
    backwards.reverse();
    let comma = |x: u64| format!("{},{:03}", x / 1000, x % 1000);
    let iso = |z: &'static str, hours| {
        move |at, work: u64| format!("{}{z},{}", clock(at, hours), work as f64 / 1e3)
    };
    let seconds =
        lines("timestamp_s,service_ms", &rows, |at, work| format!("{},{}", epoch(at), work as f64 / 1e3));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(seconds.as_bytes()).expect("in memory");
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("gzip", packed.finish().expect("in memory")),
        ("seconds", seconds.clone().into_bytes()),
        ("CRLF and BOM", format!("\u{feff}{}", seconds.replace('\n', "\r\n")).into_bytes()),
        ("UTC", plain(&iso("Z", 0), "timestamp,service_ms")),
        ("another zone", plain(&iso("+05:30", 5), "ts,serviceMs")),
        (
            "milliseconds",
            plain(
                &|at, work| format!("{}.{:03},{}", START * 1000 + at / 1000, at % 1000, work as f64 / 1e3),
                "timestampMs,durationMs",
            ),
        ),
        ("no unit", plain(&|at, work| format!("{},{}us", START * 1_000_000 + at, work), "ts,duration")),
        (
            "nanoseconds",
            plain(
                &|at, work| format!("{},{}", (START * 1_000_000 + at) * 1000, work * 1000),
                "ts,service (ns)",
            ),
        ),
        (
            "Europe",
            plain(&|at, work| format!("{};{};ok", clock(at, 0), comma(work)), "timestamp;service_ms;note"),
        ),
        (
            "quotes",
            plain(
                &|at, work| format!("\"{}\",\"{}\"", epoch(at), work as f64 / 1e3),
                "\"timestamp_s\",\"service_ms\"",
            ),
        ),
        (
            "unsorted",
            lines("timestamp_s,service_s", &backwards, |at, work| {
                format!("{},{}", epoch(at), work as f64 / 1e6)
            })
            .into_bytes(),
        ),
        ("start and end", plain(&|at, work| format!("{},{}", epoch(at), epoch(at + work)), "start,end")),
        (
            "end and duration",
            plain(
                &|at, work| format!("{},{}", epoch(at + work), work as f64 / 1e6),
                "end_timestamp,duration_sec",
            ),
        ),
    ];
    let first = rows[0].0;
    for (name, bytes) in files {
        // Half an hour of another zone is in its minutes.
        let bytes = if name == "another zone" {
            String::from_utf8_lossy(&bytes).replace("T23:05", "T23:35").into_bytes()
        } else {
            bytes
        };
        let measured = all(&bytes).unwrap_or_else(|why| panic!("{name}: {why}"));
        let arrivals = measured.arrivals.as_ref().unwrap_or_else(|| panic!("{name}: no arrivals"));
        let service = measured.service.as_ref().unwrap_or_else(|| panic!("{name}: no service"));
        let near = |found: &[f64], right: &mut dyn Iterator<Item = u64>| {
            found.iter().zip(right).all(|(a, b)| (a - b as f64 / 1e6).abs() < 1e-6) && found.len() == 400
        };
        assert!(
            near(&arrivals.instants, &mut rows.iter().map(|r| r.0 - first)),
            "{name}: {:?}",
            &arrivals.instants[..9]
        );
        assert!(
            near(&service.values, &mut rows.iter().map(|r| r.1)) && measured.paired,
            "{name}: {:?}",
            &service.values[..9]
        );
        assert!(measured.findings.iter().all(|f| f.weight == Weight::Note), "{name}: {}", told(&measured));
        let scenario = queue(&bytes, "").unwrap_or_else(|why| panic!("{name}: {why}"));
        let Arrivals::Trace { instants, .. } = &scenario.producers[0].arrivals else {
            panic!("{name}: a trace")
        };
        assert_eq!(**instants, arrivals.instants, "{name}");
        let mean = service.values.iter().sum::<f64>() / 400.0;
        assert!((scenario.consumers[0].service_time.mean() / mean - 1.0).abs() < 1e-9, "{name}");
        let fitted = fit(measured).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(
            (fitted.stream.as_ref().expect("arrivals").rate / (399.0 / arrivals_last(&rows)) - 1.0).abs()
                < 1e-6,
            "{name}"
        );
        readable(&resolved_toml(&fitted.scenario), name);
    }
}

pub(super) fn arrivals_last(rows: &[(u64, u64)]) -> f64 {
    (rows[rows.len() - 1].0 - rows[0].0) as f64 / 1e6
}

/// What was written can be read; a trace that it names is written beside it.
pub(super) fn readable(toml: &str, name: &str) {
    let files = |_: &Path| Ok::<_, FileError>(b"timestamp_s,service_s\n0,1\n1,1\n".to_vec());
    if let Err(why) = parse(&Source::new("fit.toml", toml), &files) {
        panic!("{name}: {why}\n{toml}");
    }
}

/// Files of programs, by their columns: rate, mean of the times, and what the answer must say.
#[test]
fn files_of_programs() {
    let rows = rows(400);
    let ms = |x: u64| x as f64 / 1e3;
    let jmeter =
        lines("timeStamp,elapsed,label,responseCode,success,Latency,IdleTime,Connect", &rows, |at, work| {
            format!("{},{},home,200,true,1,0,1", START * 1000 + at / 1000, work.div_ceil(1000))
        });
    let hey = lines(
        "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset",
        &rows,
        |at, work| {
            format!("{:.6},0.001,0.0005,0,0.0029,0.0001,200,{:.6}", work as f64 / 1e6, at as f64 / 1e6)
        },
    );
    let k6 = lines("metric_name,timestamp,metric_value,error", &rows, |at, work| {
        let second = START + at / 1_000_000;
        format!("http_reqs,{second},1,\nhttp_req_duration,{second},{},", ms(work))
    });
    let vegeta = rows.iter().fold(String::new(), |text, (at, work)| {
        text + &format!(
            "{},200,{},0,9,,aGk=,load,7,GET,http://h/,aGk=\n",
            (START * 1_000_000 + at) * 1000,
            work * 1000
        )
    });
    let warp = lines(
        "idx\tthread\top\tclient_id\tn_objects\tbytes\tendpoint\tfile\terror\tstart\tfirst_byte\tend\tduration_ns",
        &rows,
        |at, work| {
            format!(
                "1\t0\tGET\tc\t1\t9\th\tf\t\t{}Z\t\t{}Z\t{}",
                clock(at, 0),
                clock(at + work, 0),
                work * 1000
            )
        },
    );
    let locust = lines("ts,request_type,name,response_time,response_length", &rows, |at, work| {
        format!("{},GET,/,{},9", epoch(at), ms(work))
    });
    for (name, text, said) in [
        (
            "JMeter",
            jmeter,
            "not read: `label`, `responseCode`, `success`, `Latency`, `IdleTime` and `Connect`",
        ),
        ("hey", hey, "`Response-delay`"),
        ("k6", k6, "rounded"),
        ("vegeta", vegeta, "`bytes_out`"),
        ("warp", warp, "`first_byte`"),
        ("Locust", locust, "`request_type`"),
    ] {
        let measured = all(text.as_bytes()).unwrap_or_else(|why| panic!("{name}: {why}"));
        let (arrivals, latency) =
            (measured.arrivals.as_ref().expect(name), measured.latency.as_ref().expect(name));
        let span = arrivals.instants.last().expect("some");
        // Whole seconds blur both ends by one.
        assert!(
            (span - arrivals_last(&rows)).abs() < 1.1 && arrivals.instants.len() == 400,
            "{name}: {span}"
        );
        let mean = latency.values.iter().sum::<f64>() / 400.0;
        let right = rows.iter().map(|r| r.1 as f64 / 1e6).sum::<f64>() / 400.0;
        // JMeter's whole milliseconds are rounded up here.
        assert!((mean - right).abs() < if name == "JMeter" { 1e-3 } else { 1e-9 }, "{name}: {mean} {right}");
        let told = told(&measured);
        assert!(told.contains(said) && told.contains(&format!("a file of {name}")), "{name}: {told}");
        readable(&resolved_toml(&fit(measured).expect(name).scenario), name);
    }
}

/// A row for each second with the number of its requests: 120 s at 40 to 44 a second are 5040 messages, 42/s,
/// not 1/s.
#[test]
fn rows_that_stand_for_many_messages() {
    for (head, line) in
        [("unix_ts,avg_latency,throughput", "ms"), ("Timestamp,User Count,Type,Name,Requests/s", "")]
    {
        let row = |i: u64| match line {
            "ms" => format!("{},66.8ms,{}\n", START + i, 40 + i % 5),
            _ => format!("{},10,,Aggregated,{}\n", START + i, 40 + i % 5),
        };
        let text = (0..120).fold(format!("{head}\n"), |text, i| text + &row(i));
        let measured = all(text.as_bytes()).expect(head);
        let arrivals = measured.arrivals.as_ref().expect(head);
        assert_eq!(arrivals.instants.len(), 5040, "{head}");
        assert!((arrivals.instants[5039] - 120.0).abs() < 0.5, "{head}");
        assert!(told(&measured).contains("stands for many messages"), "{head}: {}", told(&measured));
        assert!(measured.latency.iter().all(|l| (l.values[0] - 0.0668).abs() < 1e-12), "{head}");
    }
}

/// Of a sure name and a vague one the sure one is taken and the other named as not read; of two sure ones
/// neither: it is asked for, in a scenario by `column`. Work of 1 ms and of 20 ms are loads of about 0.05 and
/// 1.
#[test]
fn two_columns_for_one_role() {
    let rows = rows(400);
    let vague = lines("timestamp_s,time_ms,service_ms", &rows, |at, work| {
        format!("{},1,{}", epoch(at), work as f64 / 1e3)
    });
    let measured = all(vague.as_bytes()).expect("the timestamp is the arrival");
    assert!((399.0 / measured.arrivals.as_ref().expect("there").instants[399] / 50.0 - 1.0).abs() < 0.2);
    assert!(told(&measured).contains("not read: `time_ms`"), "{}", told(&measured));
    let text = lines("timestamp_s,service_ms,duration_ms", &rows, |at, work| {
        format!("{},1,{}", epoch(at), work as f64 / 1e3)
    });
    let why = all(text.as_bytes()).expect_err("two times of work").to_string();
    assert!(why.contains("`service_ms` and `duration_ms` could each be how long the work took"), "{why}");
    assert!(
        queue(text.as_bytes(), "")
            .expect_err("two times of work")
            .render(false)
            .contains("column = \"service_ms\"")
    );
    for (column, mean) in
        [("service_ms", 0.001), ("2", 0.001), ("duration_ms", rows.iter().map(|r| r.1 as f64 / 4e8).sum())]
    {
        let scenario =
            queue(text.as_bytes(), &format!(", column = \"{column}\"")).unwrap_or_else(|why| panic!("{why}"));
        assert!((scenario.consumers[0].service_time.mean() / mean - 1.0).abs() < 1e-9, "{column}");
    }
    let chosen =
        read(text.as_bytes(), Want::All, &[(ColumnRole::Service, "duration_ms".into())]).expect("asked for");
    assert!(told(&chosen).contains("not read: `service_ms`"), "{}", told(&chosen));
    // A latency comes first in the file and is not the work; the answer says which columns were not read.
    let text = lines("timestamp_s,latency_ms,service_ms", &rows, |at, work| {
        format!("{},500,{}", epoch(at), work as f64 / 2e3)
    });
    let study = run(&queue(text.as_bytes(), "").expect("sound"), &[Method::Simulation], &NoProgress);
    let work = value(study.answer(Method::Simulation).expect("it simulates"), "consumers.c.service.mean");
    assert!((0.008..0.012).contains(&work), "{work}");
    assert!(
        study.scenario.found.iter().any(|f| f.text.contains("not read: `timestamp_s` and `latency_ms`")),
        "{:?}",
        study.scenario.found
    );
}

/// Two columns without names are asked for, by number and unit.
#[test]
fn columns_without_names() {
    let text = rows(100).iter().fold(String::new(), |text, (at, work)| {
        text + &format!("{},{}\n", (START * 1_000_000 + at) * 1000, work * 1000)
    });
    assert_eq!(all(text.as_bytes()), Err(TimesFileError::Nameless(2)));
    let words = [(ColumnRole::Arrival, "1:ns".to_string()), (ColumnRole::Service, "2:ns".to_string())];
    let measured = read(text.as_bytes(), Want::All, &words).expect("asked for");
    assert!((measured.service.expect("there").values[0] - rows(1)[0].1 as f64 / 1e6).abs() < 1e-12);
    assert!(
        matches!(all(b"ts,elapsed\n1,2\n1,2,3\n"), Ok(m) if told(&m).contains("more cells than there are \
            headings"))
    );
}

/// What stands for nothing is named, counted and left out; what is left is as if it had never been there.
#[test]
fn cells_that_are_no_times() {
    let rows = rows(300);
    let right = rows.iter().map(|r| r.1 as f64 / 1e6).sum::<f64>() / 300.0;
    let good = lines("timestamp_s,service_ns", &rows, |at, work| format!("{},{}", epoch(at), work * 1000));
    let more = |stamp: &str, service: &str| format!("{good}{stamp},{service}\n");
    for (name, text, said) in [
        ("2^63 − 1", more("x", "9223372036854775807"), "1 of 301 cells hold 2^63 − 1"),
        ("1e300", more("x", "1e300"), "1e25 and more"),
        ("−1", more("x", "-1"), "1 of 301 cells are negative"),
        ("1e-320", more("x", "1e-320"), "below half a nanosecond"),
        ("a far stamp", more("1732730709007", ""), "1 of 301 cells lie far from all others"),
        ("another far stamp", more("1e12", "x"), "lie far from all others"),
        ("before its time", more("7", ""), "lie far from all others"),
        ("no date", more("0", ""), "1 of 301 cells hold 0, which stands for no time"),
        ("nothing", more("", ""), "are empty"),
    ] {
        let measured = all(text.as_bytes()).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(told(&measured).contains(said), "{name}: {}", told(&measured));
        assert!(measured.findings.iter().any(|f| f.weight == Weight::Caveat), "{name}");
        let (arrivals, service) =
            (measured.arrivals.as_ref().expect(name), measured.service.as_ref().expect(name));
        assert!(
            (arrivals.instants[299] - arrivals_last(&rows)).abs() < 1e-6 && arrivals.instants.len() == 300,
            "{name}"
        );
        assert!(
            (service.values.iter().sum::<f64>() / 300.0 - right).abs() < 1e-9 && service.values.len() == 300,
            "{name}"
        );
        readable(&resolved_toml(&fit(measured).expect(name).scenario), name);
    }
}

/// A time of work that cannot be read does not take its row's instant with it: 100 rows, half of their work
/// unreadable.
#[test]
fn a_bad_cell_spoils_no_other() {
    let rows = rows(100);
    let text = lines("timestamp_s,service_ms", &rows, |at, work| {
        format!("{},{}", epoch(at), if at % 2 == 0 { "x".into() } else { (work as f64 / 1e3).to_string() })
    });
    let even = rows.iter().filter(|r| r.0 % 2 == 0).count();
    let measured = all(text.as_bytes()).expect("half is readable");
    assert_eq!(
        (measured.arrivals.as_ref().map(|a| a.instants.len()), measured.bad.len(), measured.paired),
        (Some(100), even, false)
    );
    assert_eq!(measured.service.as_ref().map(|s| s.values.len()), Some(100 - even));
    assert!(told(&measured).contains(&format!("{even} of 100 cells hold no time")), "{}", told(&measured));
    let study = run(&queue(text.as_bytes(), "").expect("sound"), &[Method::Simulation], &NoProgress);
    let caveats = &study.answer(Method::Simulation).expect("it simulates").caveats;
    assert!(caveats.iter().any(|c| c.to_string().contains("cells hold no time")), "{caveats:?}");
}

/// Stamps in whole seconds are spread within them. The mean wait of the trace is that of the exact stamps:
/// both are played with the same work (a constant of 16 ms, load 0.8), and one wait of 20 000 correlated ones
/// has a standard error of some 5 %.
#[test]
fn whole_seconds_are_spread() {
    let rows = rows(20_000);
    let exact = lines("timestamp_s", &rows, |at, _| epoch(at));
    let rounded = lines("timestamp_s", &rows, |at, _| (START + at / 1_000_000).to_string());
    let wait = |text: &str| {
        let scenario = format!(
            "{FROM_FILE}count = 1\nservice_time = \"16ms\"\n[simulation]\nreplications = 2\nwarmup = \"0s\"\n"
        );
        let files = |_: &Path| Ok::<_, FileError>(text.as_bytes().to_vec());
        let scenario = parse(&Source::new("seconds.toml", scenario), &files)
            .unwrap_or_else(|why| panic!("{why}"))
            .scenario;
        let study = run(&scenario, &[Method::Simulation], &NoProgress);
        let answer = study.answer(Method::Simulation).unwrap_or_else(|| panic!("{:?}", study.unanswered));
        (value(answer, "queues.q.wait.mean"), answer.caveats.clone())
    };
    let ((right, _), (found, caveats)) = (wait(&exact), wait(&rounded));
    assert!((found / right - 1.0).abs() < 0.2, "{found} against {right}");
    assert!(caveats.iter().any(|c| c.to_string().contains("rounded")), "{caveats:?}");
    let gaps = all(rounded.as_bytes()).expect("sound").arrivals.expect("there").instants;
    assert!(gaps.windows(2).filter(|w| w[0] == w[1]).count() < 3);
    // The same again: chance is seeded.
    assert_eq!(all(rounded.as_bytes()), all(rounded.as_bytes()));
}

/// Files that no one can mean: refused or named, and whatever is fitted can be read.
#[test]
fn no_file_aborts() {
    let rows = rows(300);
    let heavy = |at: u64| 1e-3 * (Key::new(9, 0).role("rows", "heavy").uniform_at(at, 0)).powf(-1.0 / 0.3);
    let whole = lines("timestamp,service", &rows, |at, work| {
        format!("{},{}", (START * 1_000_000 + at) * 1000, work * 1000)
    });
    let named = lines("timestamp_s,service_s", &rows, |at, work| {
        format!("{},{}", (START * 1_000_000 + at) * 1000, work * 1000)
    });
    let pareto = lines("timestamp_s,service_s", &rows, |at, _| format!("{},{:e}", epoch(at), heavy(at)));
    let short = lines("timestamp_s,service_ns", &rows, |at, _| format!("{},0.3", epoch(at)));
    let two = lines(
        "timestamp,service_ms",
        &rows,
        |at, _| if at % 2 == 0 { epoch(at) } else { format!("{}", START * 1000 + at / 1000) } + ",3",
    );
    for (name, text) in
        [("whole", &whole), ("named", &named), ("pareto", &pareto), ("short", &short), ("two units", &two)]
    {
        match all(text.as_bytes())
            .map_err(|why| why.to_string())
            .and_then(|measured| fit(measured).map_err(|why| why.to_string()))
        {
            Ok(fitted) => readable(&resolved_toml(&fitted.scenario), name),
            Err(why) => {
                assert!(why.len() > 20 && name != "pareto" || why.contains("servers"), "{name}: {why}")
            }
        }
    }
    assert!(matches!(all(whole.as_bytes()), Err(TimesFileError::Unitless { .. })));
    assert!(
        all(short.as_bytes())
            .expect_err("below a nanosecond")
            .to_string()
            .contains("below half a nanosecond")
    );
    assert!(all(two.as_bytes()).expect_err("two units").to_string().contains("in one unit"));
    for text in [
        "",
        "\n",
        "a",
        "a,b\n",
        "ts\n",
        "ts\nx\n",
        "1\n",
        "ts,service\n1",
        "\"",
        "ts\n1\n1\n",
        "gap_s\n0\n0\n",
        "\u{0}",
        "sep=;\n",
        ";;;\n;;\n",
    ] {
        if let Ok(measured) = all(text.as_bytes()) {
            let _ = fit(measured).map(|fitted| readable(&resolved_toml(&fitted.scenario), text));
        }
    }
    let wide: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(all(&wide).expect_err("UTF-16").to_string().contains("UTF-16"));
}

/// Fifty thousand times of work are echoed as the name of their file, and the echo reads as the same
/// scenario.
#[test]
fn a_large_file_is_not_embedded() {
    let text = lines("timestamp_s,service_ms", &rows(50_000), |at, work| {
        format!("{},{}", epoch(at), work as f64 / 1e3)
    });
    let scenario = queue(text.as_bytes(), ", mean = \"5ms\"").expect("sound");
    let toml = resolved_toml(&scenario);
    assert!(
        toml.len() < 3000 && toml.contains("file = \"x\"") && toml.contains("5ms"),
        "{} bytes",
        toml.len()
    );
    let files = |_: &Path| Ok::<_, FileError>(text.as_bytes().to_vec());
    let again =
        parse(&Source::new("again.toml", toml), &files).unwrap_or_else(|why| panic!("{why}")).scenario;
    assert!((again.consumers[0].service_time.mean() / 0.005 - 1.0).abs() < 1e-9);
    assert!(parse(&Source::new("none.toml", resolved_toml(&scenario)), &NoFiles).is_err());
}
