//! Files as people have them, and those that `fit` refuses: with the reason, what to write instead, and exit
//! code 2.

use super::traces::{START, all, arrivals_last, epoch, lines, readable, rows, told};
use crate::cli::Desk;
use queuelab::report::study::fit::notes;
use queuelab::scenario::resolved_toml;
use queuelab::study::fit::fit;
use queuelab::workload::file::{By, ColumnRole, TimesFileError, Want, Weight, read};

/// Whatever `fit` refuses is wrong input: exit code 2, the reason and what to write instead on standard
/// error, and no folder.
#[test]
fn every_refusal_ends_with_2() {
    let desk = Desk::new("fit-refused", &[]);
    let stamps = |line: &dyn Fn(u64) -> String| (0..100).map(line).collect::<String>();
    let wide = "service_ms\n1\n2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let units = stamps(&|i| {
        if i % 2 == 0 { format!("{}\n", START + i) } else { format!("{}\n", (START + i) * 1000) }
    });
    let two = "timestamp_s,service_ms,duration_ms\n1,1,1\n2,2,2\n";
    let files: Vec<(&str, Vec<u8>, &[&str], &str)> = vec![
        ("empty", Vec::new(), &[], "no rows"),
        ("heading", b"timestamp_s,service_ms\n".to_vec(), &[], "no rows"),
        ("headerless", stamps(&|i| format!("{i},5\n")).into(), &[], "--column 'arrival=1:ns'"),
        ("two", two.into(), &[], "--column 'service=service_ms'"),
        ("unknown", b"id,name\n1,x\n2,y\n".to_vec(), &[], "no column's name says"),
        ("absent", two.into(), &["--column", "service=work"], "no column `work`"),
        ("role", two.into(), &["--column", "wait=service_ms"], "one of the roles"),
        (
            "unitless",
            stamps(&|i| format!("{i},{}\n", 5000 + i)).replacen("0,", "timestamp_s,service\n0,", 1).into(),
            &[],
            ":ms",
        ),
        (
            "vague",
            format!("t,note\n{}", stamps(&|i| format!("{},x\n", i * 79 % 100))).into(),
            &[],
            "no order",
        ),
        ("timeless", b"timestamp_s,service_ms\n1,NaN\n2,inf\n".to_vec(), &[], "not one cell of `service_ms`"),
        (
            "sentinels",
            b"service_ms\n9223372036854775807\n9223372036854775807\n".to_vec(),
            &[],
            "stands for no time",
        ),
        ("utf16", wide, &[], "UTF-16"),
        ("zip", b"PK\x03\x04rest".to_vec(), &[], "zip"),
        ("zeros", b"service_ms\n1\n\x002\n".to_vec(), &[], "zero bytes"),
        ("units", format!("timestamp\n{units}").into(), &[], "in one unit"),
        ("commas", b"timestamp_s,service_ms\n1,2,5\n2,3,5\n".to_vec(), &[], "more cells"),
        ("row", b"timestamp_s\n5\n".to_vec(), &[], "no two rows"),
        (
            "crowd",
            stamps(&|i| format!("{i},9000000\n")).replacen("0,", "timestamp_ns,service_s\n0,", 1).into(),
            &[],
            "million servers",
        ),
        ("tiny", b"timestamp_s,service_ns\n1,0.3\n2,0.3\n".to_vec(), &[], "half a nanosecond"),
        (
            "eons",
            format!("timestamp_s\n{}", stamps(&|i| format!("{}\n", i * 200_000_000))).into(),
            &[],
            "292 years",
        ),
    ];
    for (name, bytes, more, why) in files {
        let file = format!("{name}.csv");
        std::fs::write(desk.path(&file), bytes).expect("a file");
        let output = desk.run(&[&["fit", &file], more].concat());
        let told = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{name}: {told}");
        assert!(told.contains(why) && output.stdout.is_empty(), "{name}: {told}");
        assert!(!desk.path(&format!("queuelab-results/{name}/fit.json")).exists(), "{name}");
    }
    assert_eq!(desk.run(&["fit", "nowhere.csv"]).status.code(), Some(2));
}

/// Files as people have them: each gives the 400 messages of the plain one, and says what was left out.
#[test]
fn files_as_people_have_them() {
    let rows = rows(400);
    let ms = |work: u64| work as f64 / 1e3;
    let plain = lines("timestamp_s,service_ms", &rows, |at, work| format!("{},{}", epoch(at), ms(work)));
    let mixed = plain
        .lines()
        .enumerate()
        .map(|(i, line)| format!("{line}{}", if i % 2 == 0 { "\n" } else { "\r\n" }))
        .collect();
    let again = |line: &str| {
        plain.replacen(&format!("\n{}", epoch(rows[200].0)), &format!("\n{line}\n{}", epoch(rows[200].0)), 1)
    };
    let thousand =
        |work: u64| format!("\"{},{:03}.{:03}\"", 1 + work / 1_000_000, work / 1000 % 1000, work % 1000);
    let minutes = |work: u64| format!("{}m{}us", work / 60_000_000, work % 60_000_000);
    let more = [("thousands", 1000), ("plain", 0)];
    for (name, text, said) in [
        ("mixed line ends", mixed, ""),
        ("old line ends", plain.replace('\n', "\r"), ""),
        (
            "quoted commas",
            lines("timestamp_s,url,service_ms", &rows, |at, work| {
                format!("{},\"GET, \"\"/a\"\"\",{}", epoch(at), ms(work))
            }),
            "`url`",
        ),
        (
            "a trailing delimiter",
            lines("timestamp_s,service_ms,", &rows, |at, work| format!("{},{},", epoch(at), ms(work))),
            "not read: `column 3`",
        ),
        (
            "trailing in rows alone",
            lines("timestamp_s,service_ms", &rows, |at, work| format!("{},{},", epoch(at), ms(work))),
            "",
        ),
        (
            "two columns alike",
            lines("timestamp_s,n,n,service_ms", &rows, |at, work| format!("{},1,2,{}", epoch(at), ms(work))),
            "`n` and `n`",
        ),
        (
            "minutes",
            lines("timestamp_s,duration", &rows, |at, work| format!("{},{}", epoch(at), minutes(work))),
            "",
        ),
        (
            "percent",
            lines("timestamp_s,service_ms,cpu", &rows, |at, work| format!("{},{},50%", epoch(at), ms(work))),
            "`cpu`",
        ),
        ("blank lines", format!("\n\n{}\n", plain.replace('\n', "\n\n")), ""),
        ("comments", format!("# by x, at y; z\n{}", again("# more, of it")), ""),
        ("tabs", plain.replace(',', "\t"), ""),
        ("NaN", again("NaN,inf"), "1 of 401 cells hold no time and are left out (line 202: `NaN`)"),
        ("empty cells", again(","), "1 of 401 cells are empty and are left out (line 202)"),
        ("its heading again", again("timestamp_s,service_ms"), "line 202: `timestamp_s`"),
        (
            "a total",
            format!("{plain}Total,8000000\n"),
            "sum up others are left out: 1 of them (line 402: `Total`)",
        ),
        (
            "thousands",
            lines("timestamp_s,service_ms", &rows, |at, work| format!("{},{}", epoch(at), thousand(work))),
            "",
        ),
        (
            "a table of Markdown",
            plain.lines().map(|line| format!("| {} |\n", line.replace(',', " | "))).collect(),
            "`column 1` and `column 4`",
        ),
    ] {
        let measured = all(text.as_bytes()).unwrap_or_else(|why| panic!("{name}: {why}"));
        let (arrivals, service) =
            (measured.arrivals.as_ref().expect(name), measured.service.as_ref().expect(name));
        assert!(
            (arrivals.instants[399] - arrivals_last(&rows)).abs() < 1e-6 && arrivals.instants.len() == 400,
            "{name}"
        );
        let plus = more.iter().find(|m| m.0 == name).map_or(0, |m| m.1) as f64 / 1e3;
        let near =
            service.values.iter().zip(&rows).all(|(s, row)| (s - plus - row.1 as f64 / 1e6).abs() < 1e-9);
        assert!(near && service.values.len() == 400, "{name}: {:?}", &service.values[..5]);
        let told = told(&measured);
        assert!(
            told.contains(said) && !said.is_empty() || told.is_empty() && said.is_empty(),
            "{name}: {told}"
        );
    }
    // Half of the stamps are 0, which is no date; half of the times are 0, which may be none.
    let zeros = lines("timestamp_s,service_ms", &rows, |at, work| {
        if at % 2 == 0 { format!("0,{}", ms(work)) } else { format!("{},0", epoch(at)) }
    });
    let measured = all(zeros.as_bytes()).expect("half is read");
    let dates = rows.iter().filter(|row| row.0 % 2 == 1).count();
    assert_eq!(measured.arrivals.as_ref().map(|a| a.instants.len()), Some(dates));
    assert!(
        told(&measured).contains(&format!("{dates} of 400 times of `service_ms` are 0 and count as such")),
        "{}",
        told(&measured)
    );
    // The micro sign of another alphabet is no reason to read seconds.
    let mut latin = b"timestamp_s,latency (\xb5s)\n".to_vec();
    latin.extend(lines("", &rows, |at, work| format!("{},{work}", epoch(at))).trim_start().bytes());
    let latency = all(&latin).expect("a table").latency.expect("there");
    assert!((latency.values[7] - rows[7].1 as f64 / 1e6).abs() < 1e-12, "{:?}", &latency.values[..9]);
    // A quote that is never closed takes in the rows up to the next: half of them here.
    let open =
        lines("timestamp_s,service_ms,note", &rows, |at, work| format!("{},{},\"open", epoch(at), ms(work)));
    let measured = all(open.as_bytes()).expect("half is read");
    assert!(
        told(&measured).contains("200 lines that look like rows are within quotes"),
        "{}",
        told(&measured)
    );
    assert_eq!(measured.findings[0].weight, Weight::Caveat);
}

/// Files that are no such table are refused by what they are, and what is asked for is what helps.
#[test]
fn refusals_that_help() {
    for (text, why, instead) in [
        (
            "timestamp_s,service_ms,service_ms\n1,2,3\n2,3,4\n",
            "columns 2, 3 are all called `service_ms`",
            "`--column 'service=2'`",
        ),
        ("timestamp_s service_ms\n1 2\n2 3\n", "no column's name says", "not blanks"),
        ("{\"ts\": 1, \"latency\": 2}\n{\"ts\": 2, \"latency\": 2}\n", "it is JSON", "jq"),
        ("time,service_ms\n18:05:09,1\n18:05:10,2\n", "an hour of no day", "dates such as"),
        ("start_s,end_s\n2,1\n3,2\n", "they end before they begin", "dates such as"),
        (
            "timestamp,count\n60,-3\n120,0\n180,0\n240,-1\n",
            "`count` counts no messages",
            "each row is a message",
        ),
        ("Report of today\nts,latency_ms\n1,2\n", "no column's name", "name a column"),
        ("timestamp_s,service\n1,50%\n2,40%\n", "line 2 is `50%`", "numbers"),
    ] {
        let refusal = all(text.as_bytes()).expect_err(text);
        assert!(
            refusal.to_string().contains(why) && refusal.instead(By::Flag).contains(instead),
            "{refusal}; {}",
            refusal.instead(By::Flag)
        );
    }
    let twice = "timestamp_s,service_ms,service_ms\n1,2,3\n2,3,4\n";
    let read = |word: &str| read(twice.as_bytes(), Want::All, &[(ColumnRole::Service, word.into())]);
    assert!(matches!(read("service_ms"), Err(TimesFileError::Alike { .. })));
    assert_eq!(read("3").expect("by number").service.expect("there").values, [0.003, 0.004]);
}

/// One row, two, none that differ: an answer that says how little it knows, and a scenario that can be read.
#[test]
fn files_that_hardly_say_anything() {
    for (text, said) in [
        ("timestamp_s,service_ms\n1,2\n", "`service` has only 1 value: "),
        ("timestamp_s,service_ms\n1,2\n2,4\n", "`service` has only 2 values: "),
        (
            &format!("timestamp_ns,service_ms\n{}", "1732730709123456789,5\n".repeat(50)),
            "all messages come at one instant",
        ),
        (
            &format!("timestamp_s,service_ms\n{}", "1732730709,5\n".repeat(50)),
            "they are rounded, and were spread within it",
        ),
        (&format!("service_ms\n{}", "0\n".repeat(50)), "the work takes no time"),
    ] {
        let fitted = fit(all(text.as_bytes()).expect(text)).expect(text);
        assert!(notes(&fitted).iter().any(|note| note.contains(said)), "{text}: {:?}", fitted.notes);
        assert!(fitted.poisson.is_none(), "{text}: {:?}", fitted.poisson);
        readable(&resolved_toml(&fitted.scenario), text);
    }
}
