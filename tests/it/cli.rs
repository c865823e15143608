//! The program as a person or a script meets it: what is printed where, which exit code, which files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs the program in a folder of its own that starts out with the given files.
pub(crate) struct Desk {
    folder: PathBuf,
}

impl Desk {
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder under the target directory");
        for (file, text) in files {
            std::fs::write(folder.join(file), text).expect("a file in it");
        }
        Desk { folder }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_queuelab"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_remove("CLICOLOR_FORCE")
            .env("NO_COLOR", "1")
            .env("COLUMNS", "100");
        command
    }

    /// Starts the program and does not wait.
    pub(crate) fn start(&self, arguments: &[&str]) -> std::process::Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_queuelab"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command.spawn().expect("the program starts")
    }

    /// Where a file of the desk is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Copies a folder of files into the desk's.
    pub(crate) fn copy(&self, from: &Path, to: &str) {
        let target = self.folder.join(to);
        std::fs::create_dir_all(&target).expect("a folder in the desk's");
        for entry in std::fs::read_dir(from).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                std::fs::copy(&path, target.join(path.file_name().expect("a name"))).expect("a copy");
            }
        }
    }

    fn has(&self, path: &str) -> bool {
        self.folder.join(path).exists()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8 on stdout")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8 on stderr")
}

pub(crate) const MM1: &str = r#"
[producers.web]
to = "jobs"
rate = "200/s"
[queues.jobs]
[consumers.worker]
from = "jobs"
count = 1
service_time = { law = "exponential", mean = "4ms" }
[simulation]
messages = 20000
replications = 4
"#;

#[test]
fn json_is_one_document_with_the_agreed_names() {
    let desk = Desk::new("json", &[("mm1.toml", MM1)]);
    let output = desk.run(&["run", "mm1.toml", "--only", "theory,simulation", "--json"]);
    assert!(output.status.success(), "{}", err(&output));
    let document: serde_json::Value = serde_json::from_str(&out(&output)).expect("one JSON document");
    for key in ["queuelab", "scenario", "seed", "host", "answers", "unanswered", "agreement", "formulas"] {
        assert!(document.get(key).is_some(), "`{key}` is missing");
    }
    let wait = &document["answers"][0]["metrics"]["queues.jobs.wait.mean"];
    assert_eq!(document["answers"][0]["method"], "theory");
    assert_eq!(wait["unit"], "s");
    assert!((wait["value"].as_f64().expect("a number") - 0.016).abs() < 1e-12);
    assert!(document["answers"][1]["metrics"]["queues.jobs.wait.mean"]["half_width"].as_f64().is_some());
    assert_eq!(document["formulas"].as_array().map(Vec::len), Some(4));
    assert!(!desk.has("queuelab-results"), "--json alone writes no files");
}

#[test]
fn an_unknown_target_is_wrong_input_wherever_it_is_read() {
    let desk = Desk::new("target", &[("mm1.toml", MM1)]);
    for verb in ["run", "explain"] {
        let output = desk.run(&[verb, "mm1.toml", "--set", "measurement.target=in-proces"]);
        assert_eq!(output.status.code(), Some(2), "{verb}: {}", err(&output));
        assert!(
            err(&output).contains("in-process") && err(&output).contains("measurement.target"),
            "{verb}: {}",
            err(&output)
        );
    }
}

#[test]
fn a_stated_sync_is_not_called_an_assumption() {
    let durable = MM1.replace("[queues.jobs]", "[queues.jobs]\ndurability = \"fsync\"");
    let desk =
        Desk::new("sync", &[("mm1.toml", &durable), ("known.toml", &format!("{durable}sync = \"2ms\"\n"))]);
    let said = |file: &str| out(&desk.run(&["run", file, "--only", "simulation", "--out", "sync"]));
    assert!(said("mm1.toml").contains("taken to need 1 ms"));
    assert!(!said("known.toml").contains("taken to need"));
}

#[test]
fn the_same_seed_gives_the_same_bytes_for_any_number_of_threads() {
    let desk = Desk::new("threads", &[("mm1.toml", MM1)]);
    let answers = |threads: &str| {
        let output =
            desk.run(&["run", "mm1.toml", "--only", "theory,simulation", "--json", "--threads", threads]);
        let document: serde_json::Value = serde_json::from_str(&out(&output)).expect("one JSON document");
        (document["answers"].to_string(), document["agreement"].to_string(), document["formulas"].to_string())
    };
    let one = answers("1");
    assert_eq!(one, answers("2"));
    assert_eq!(one, answers("8"));
}

#[test]
fn files_are_written_under_the_stem() {
    let desk = Desk::new("files", &[("mm1.toml", MM1)]);
    let output = desk.run(&["run", "mm1.toml", "--only", "theory,simulation"]);
    assert!(output.status.success(), "{}", err(&output));
    for file in [
        "answer.json",
        "metrics.csv",
        "timeline.csv",
        "latency.simulation.hgrm",
        "percentiles.svg",
        "queue-length.svg",
    ] {
        assert!(desk.has(&format!("queuelab-results/mm1/{file}")), "{file}");
    }
    assert!(out(&output).contains("M/M/1"), "{}", out(&output));
}

#[test]
fn a_calibration_is_given_to_the_simulation() {
    // A message that finds its consumer asleep waits 2 ms for it.
    let figures = r#"{"calibration": [{"name": "hand-off parked p50", "value": 0.002, "unit": "s"}]}"#;
    let desk = Desk::new("calibration", &[("mm1.toml", MM1), ("host.json", figures), ("wrong.json", "{}")]);
    let run = |more: &[&str]| {
        let mut words = vec![
            "run",
            "mm1.toml",
            "--only",
            "theory,simulation",
            "--json",
            "--set",
            "producers.web.rate=10/s",
        ];
        words.extend(more);
        let document: serde_json::Value =
            serde_json::from_str(&out(&desk.run(&words))).expect("one JSON document");
        let wait =
            document["answers"][1]["metrics"]["queues.jobs.wait.mean"]["value"].as_f64().expect("a mean");
        let differ =
            document["agreement"].as_array().expect("pairs").iter().any(|pair| pair["verdict"] == "differ");
        (wait, differ)
    };
    let (ideal, differ) = run(&[]);
    assert!(!differ);
    let (real, differ) = run(&["--calibration", "host.json"]);
    assert!(!differ, "theory knows the hand-off, too");
    assert!(
        (0.0017..0.0021).contains(&(real - ideal)),
        "nearly all messages find the consumer asleep: {ideal} {real}"
    );
    let wrong = desk.run(&["run", "mm1.toml", "--calibration", "wrong.json"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("queuelab calibrate --json > wrong.json"), "{}", err(&wrong));
}

#[test]
fn objectives_decide_the_exit_code() {
    let with = |limit: &str| format!("{MM1}\n[objectives]\n\"producers.web.latency.p99\" = \"{limit}\"\n");
    let desk = Desk::new("objectives", &[("met.toml", &with("< 1s")), ("missed.toml", &with("< 10ms"))]);
    let code = |file: &str| desk.run(&["run", file, "--only", "theory,simulation", "--quiet"]).status.code();
    assert_eq!(code("met.toml"), Some(0));
    assert_eq!(code("missed.toml"), Some(1));
    // Who is quiet is told which one, in a line.
    let said = err(&desk.run(&["run", "missed.toml", "--only", "theory", "--quiet"]));
    let which =
        "missed.toml: missed: producers.web.latency.p99 < 10ms: 92.1 ms by theory, 821 % beyond the limit\n";
    assert!(said.ends_with(which), "{said}");
}

/// The answer comes first, in the words of the question, with what the queue bears; all of it fits on a
/// screen.
#[test]
fn the_first_line_is_the_answer() {
    let with = |limit: &str| format!("{MM1}\n[objectives]\n\"producers.web.latency.p99\" = \"{limit}\"\n");
    let desk = Desk::new(
        "first-line",
        &[("mm1.toml", MM1), ("met.toml", &with("< 100ms")), ("missed.toml", &with("< 50ms"))],
    );
    let said = |file: &str| {
        let text = out(&desk.run(&["run", file, "--only", "theory,simulation"]));
        assert!(text.lines().count() <= 30, "{text}");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // The latency is exponential with rate μ − λ: 100 ms are kept below λ = 250 − ln 100 / 0.1 s = 203.9/s.
    for (file, start, words) in [
        (
            "met.toml",
            "Yes, it holds: p99 latency 92.1 ms of 100 ms allowed (7.9 % to spare)",
            "breaks at 203/s",
        ),
        (
            "missed.toml",
            "No, it does not hold: p99 latency 92.1 ms of 50 ms allowed",
            "it would hold up to 157/s; 2 of `worker` would hold",
        ),
        ("mm1.toml", "A message takes 20.0 ms on average", "from 250/s on the backlog grows"),
    ] {
        let text = said(file);
        assert!(text.starts_with(start) && text.contains(words), "{file}: {text}");
        for formula in
            ["throughput = N / T", "throughput = P / C", "delay = Q / C", "latency = T_p + T_q + T_c"]
        {
            assert!(text.contains(formula), "{file}: {text}");
        }
    }
}

#[test]
fn a_scenario_comes_by_standard_input() {
    let desk = Desk::new("stdin", &[("mm1.toml", MM1)]);
    let file = std::fs::File::open(desk.path("mm1.toml")).expect("a scenario");
    let output =
        desk.command(&["run", "-", "--only", "theory"]).stdin(file).output().expect("the program starts");
    assert!(output.status.success() && desk.has("queuelab-results/scenario/answer.json"), "{}", err(&output));
}

#[test]
fn settings_and_words_are_explained() {
    let desk = Desk::new("reference", &[]);
    let said = out(&desk.run(&["reference", "queues.orders.max_length"]));
    assert!(
        said.starts_with("queues.NAME.max_length: whole number") && said.contains("example: max_length"),
        "{said}"
    );
    let wrong = desk.run(&["reference", "max_lenght"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("did you mean `max_length`?"), "{}", err(&wrong));
    assert!(out(&desk.run(&["glossary", "throughput"])).contains("messages a second that are served"));
}

#[test]
fn answers_are_exported_for_prometheus() {
    let desk = Desk::new("export", &[("mm1.toml", MM1)]);
    let words = ["run", "mm1.toml", "--only", "theory", "--quiet", "--export", "openmetrics=queuelab.prom"];
    assert!(desk.run(&words).status.success());
    let text = std::fs::read_to_string(desk.path("queuelab.prom")).expect("a file");
    assert!(
        text.contains("place=\"queue\",name=\"jobs\",statistic=\"mean\"} 0.016") && text.ends_with("# EOF\n")
    );
    let wrong = desk.run(&["run", "mm1.toml", "--export", "csv=x"]);
    assert!(err(&wrong).contains("openmetrics=FILE"), "{}", err(&wrong));
}

#[test]
fn a_measurement_is_read_by_other_rulers_beside_the_honest_one() {
    let desk = Desk::new("rulers", &[("mm1.toml", MM1)]);
    let refused = desk.run(&["run", "mm1.toml", "--only", "theory,simulation", "--rulers"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("add `measurement` to it"), "{}", err(&refused));
    let words = ["run", "mm1.toml", "--only", "measurement", "--rulers", "--set", "measurement.duration=1s"];
    let shown = desk.run(&words);
    assert!(out(&shown).contains("from the start of the send"), "{}", out(&shown));
    let folder = desk.path("queuelab-results/mm1");
    let text = std::fs::read_to_string(folder.join("answer.json")).expect("an answer");
    let answer: serde_json::Value = serde_json::from_str(&text).expect("valid JSON");
    let readings = answer["rulers"].as_array().expect("readings");
    assert_eq!(readings.len(), 6);
    let measured =
        answer["answers"].as_array().and_then(|all| all.iter().find(|a| a["method"] == "measurement"));
    let quoted = &measured.expect("a measurement")["metrics"];
    // The honest ruler is that of the table.
    for (figure, path) in
        [("mean", "total.latency.mean"), ("p50", "total.latency.p50"), ("max", "total.latency.max")]
    {
        let (read, told) = (readings[0][figure].as_f64(), quoted[path]["value"].as_f64());
        let near = read.zip(told).is_some_and(|(read, told)| (read / told - 1.0).abs() < 1e-9);
        assert!(near, "{figure}: {read:?} and {told:?}");
    }
    let page = std::fs::read_to_string(folder.join("report.html")).expect("a page");
    assert!(page.contains("as other tools would have printed it"));
}

#[test]
fn plots_are_svg_and_png_where_the_program_can_draw_it() {
    let desk = Desk::new("formats", &[("mm1.toml", MM1)]);
    let words = ["run", "mm1.toml", "--only", "theory", "--quiet", "--format", "svg,png"];
    let kept = desk.run(&words);
    let folder = desk.path("queuelab-results/mm1");
    if cfg!(feature = "png") {
        assert!(kept.status.success(), "{}", err(&kept));
        for name in ["percentiles.svg", "percentiles.png"] {
            assert!(folder.join(name).exists(), "{name}");
        }
    } else {
        assert_eq!(kept.status.code(), Some(2));
        assert!(err(&kept).contains("--features png"), "{}", err(&kept));
    }
    let wrong = desk.run(&["run", "mm1.toml", "--only", "theory", "--format", "gif"]);
    assert!(wrong.status.code() == Some(2) && err(&wrong).contains("svg,png"), "{}", err(&wrong));
}

#[test]
fn shells_are_offered_what_fits_the_line() {
    let desk = Desk::new("complete", &[("mm1.toml", MM1)]);
    let offered = |line: &[&str]| {
        let mut words = vec!["--", "queuelab"];
        words.extend(line);
        let output = desk.command(&words).env("QUEUELAB_COMPLETE", "fish").output().expect("it runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert!(offered(&["run", "mm1.toml", "--only", "theory,m"]).contains("theory,measurement"));
    assert!(offered(&["run", "mm1.toml", "--set", "queues.jobs.max_l"]).contains("queues.jobs.max_length="));
    assert!(offered(&["init", "quickst"]).contains("quickstart"));
    assert!(offered(&["run", "mm1"]).contains("mm1.toml"));
    assert!(offered(&["reference", "max_len"]).contains("max_length"));
    let script = out(&desk.run(&["completions", "bash"]));
    assert!(script.contains("QUEUELAB_COMPLETE") && script.contains("queuelab"), "{script}");
}

/// The names of metrics in the queries of a dashboard.
fn metrics_named(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => {
            for part in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                // The dashboard's own name has no further word.
                if part.starts_with("queuelab_") {
                    found.push(part.into());
                }
            }
        }
        serde_json::Value::Array(all) => all.iter().for_each(|value| metrics_named(value, found)),
        serde_json::Value::Object(all) => all.values().for_each(|value| metrics_named(value, found)),
        _ => {}
    }
}

#[test]
fn the_dashboard_asks_for_nothing_that_is_not_exported() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/grafana.json");
    let text = std::fs::read_to_string(file).expect("the dashboard");
    let dashboard: serde_json::Value = serde_json::from_str(&text).expect("valid JSON");
    let desk = Desk::new("dashboard", &[("mm1.toml", MM1)]);
    let words =
        ["run", "mm1.toml", "--only", "theory,simulation", "--quiet", "--export", "openmetrics=q.prom"];
    assert!(desk.run(&words).status.success());
    let exported = std::fs::read_to_string(desk.path("q.prom")).expect("a file");
    let samples: std::collections::BTreeSet<&str> =
        exported.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split(['{', ' ']).next()).collect();
    let (mut named, panels) = (Vec::new(), dashboard["panels"].as_array().expect("panels"));
    metrics_named(&dashboard, &mut named);
    assert!(named.len() >= panels.len() && panels.len() > 5, "{named:?}");
    for name in &named {
        assert!(samples.contains(name.as_str()), "{name} is not exported: {samples:?}");
    }
    // What a query asks of places and statistics is there, too.
    for (place, statistic) in [("queue", "p99"), ("queue", "mean"), ("queue", "value"), ("total", "p99")] {
        let there = exported.lines().any(|l| {
            l.contains(&format!("place=\"{place}\"")) && l.contains(&format!("statistic=\"{statistic}\""))
        });
        assert!(there, "{place} {statistic}: {exported}");
    }
}

#[test]
fn a_published_table_is_held_against_littles_law() {
    let table = "clients,rate,mean_ms,p99_ms\n10,1000,20,49\n10,1000,9.8,31\n";
    let desk = Desk::new("audit", &[("table.csv", table)]);
    let output = desk.run(&["audit", "table.csv", "--check"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(
        out(&output).starts_with("1 of 2 rows holds figures that cannot be true together."),
        "{}",
        out(&output)
    );
    assert_eq!(desk.run(&["audit", "table.csv"]).status.code(), Some(0));
}

#[test]
fn a_scenario_can_be_typed() {
    let desk = Desk::new("typed", &[]);
    let typed = [
        "run",
        "--rate",
        "1k/s",
        "--service",
        "lognormal(20ms, scv=2)",
        "--consumers",
        "24",
        "--only",
        "theory,simulation",
        "--quick",
    ];
    let output = desk.run(&typed);
    assert!(output.status.success(), "{}", err(&output));
    assert!(desk.has("queuelab-results/quick/answer.json"));
}

#[test]
fn an_unstable_queue_is_told_with_its_growth() {
    let desk = Desk::new("unstable", &[("mm1.toml", MM1)]);
    let output = desk.run(&["run", "mm1.toml", "--set", "producers.web.rate=300/s"]);
    // It is an answer, and with --check one that disappoints.
    assert_eq!(output.status.code(), Some(0));
    assert!(out(&output).contains("rho = 1.2") && out(&output).contains("grows by"), "{}", out(&output));
    assert!(err(&output).contains("warning"), "{}", err(&output));
    let checked = desk.run(&["run", "mm1.toml", "--set", "producers.web.rate=300/s", "--check", "--quiet"]);
    assert_eq!(checked.status.code(), Some(1), "{}", err(&checked));
}

#[test]
fn an_unstable_queue_misses_a_limit_on_its_latency() {
    let with = format!("{MM1}\n[objectives]\n\"producers.web.latency.p99\" = \"< 1s\"\n");
    let desk = Desk::new("unstable-missed", &[("mm1.toml", &with)]);
    let output = desk.run(&["run", "mm1.toml", "--set", "producers.web.rate=300/s", "-v"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(
        out(&output).contains("✗ missed: producers.web.latency.p99 < 1s: it grows without end"),
        "{}",
        out(&output)
    );
}

#[test]
fn only_may_be_given_twice() {
    let desk = Desk::new("only-twice", &[("mm1.toml", MM1)]);
    let output = desk.run(&["run", "mm1.toml", "--only", "theory", "--only", "simulation", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&out(&output)).expect("one JSON document");
    assert_eq!(document["answers"].as_array().map(Vec::len), Some(2), "{}", err(&output));
}

#[test]
fn a_sweep_that_is_not_run_is_told() {
    let with = format!("{MM1}\n[sweep]\n\"producers.web.rate\" = [\"100/s\", \"150/s\"]\n");
    let desk = Desk::new("sweep-note", &[("mm1.toml", &with)]);
    let output = desk.run(&["run", "mm1.toml", "--only", "theory"]);
    assert!(
        output.status.success() && err(&output).contains("`queuelab sweep mm1.toml`"),
        "{}",
        err(&output)
    );
}

#[test]
fn files_that_a_scenario_names_are_beside_it() {
    let desk = Desk::new("beside", &[]);
    std::fs::create_dir(desk.path("there")).expect("a folder");
    let text = "[producers.p]\nto = \"q\"\narrivals = \
        { process = \"trace\", file = \"sends.csv\" }\n[queues.q]\n\
        [consumers.c]\nfrom = \"q\"\nservice_time = { law = \"empirical\", file = \"work.csv\" }\n";
    for (name, text) in
        [("there/s.toml", text), ("there/sends.csv", "gap_ms\n3\n3\n"), ("there/work.csv", "2\n")]
    {
        std::fs::write(desk.path(name), text).expect("a file");
    }
    let output = desk.run(&["explain", "there/s.toml"]);
    assert!(output.status.success(), "{}", err(&output));
    let output = desk.run(&[
        "sweep",
        "there/s.toml",
        "--vary",
        "consumers.c.count=1..2",
        "--only",
        "simulation",
        "--quiet",
    ]);
    assert!(output.status.success(), "{}", err(&output));
}

#[test]
fn wrong_input_is_one_clear_error() {
    let desk = Desk::new("wrong", &[("bad.toml", "[producers.web]\nto = \"jobs\"\nrate = 900\n")]);
    for (arguments, words) in [
        (vec!["run", "nowhere.toml"], vec!["nowhere.toml", "no such file"]),
        (vec!["run", "bad.toml"], vec!["bad.toml:3", "900/s"]),
        (vec!["run", "bad.toml", "--only", "theroy"], vec!["theroy", "theory"]),
        (vec!["run"], vec!["FILE", "--rate", "--service", "queuelab init"]),
        (
            vec!["run", "bad.toml", "--rate", "9/s", "--service", "4ms"],
            vec!["bad.toml", "--set producers.NAME.rate=9/s"],
        ),
        (vec!["explian", "bad.toml"], vec!["explain"]),
        (vec!["init", "nothing"], vec!["quickstart"]),
    ] {
        let output = desk.run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", err(&output));
        assert!(out(&output).is_empty(), "{arguments:?}: {}", out(&output));
        for word in words {
            assert!(err(&output).contains(word), "{arguments:?} should say `{word}`: {}", err(&output));
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_runs() {
    let desk = Desk::new("unwritable", &[("mm1.toml", MM1), ("taken", "a file")]);
    let output = desk.run(&["run", "mm1.toml", "--only", "theory", "--out", "taken"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(err(&output).contains("choose another folder with --out"), "{}", err(&output));
}

#[test]
fn who_is_quiet_says_why_it_failed_all_the_same() {
    let desk = Desk::new("quiet", &[("mm1.toml", MM1)]);
    let words = ["run", "mm1.toml", "--only", "theory,measurement", "--quiet"];
    let output = desk
        .command(&[&words[..], &["--set", "queues.jobs.durability=fsync"]].concat())
        // No folder can be made below a file.
        .env("TMPDIR", desk.path("mm1.toml"))
        .output()
        .expect("the program starts");
    assert_eq!((output.status.code(), out(&output)), (Some(5), String::new()));
    let said = err(&output);
    assert!(said.starts_with("error: mm1.toml: measurement: ") && said.lines().count() == 1, "{said}");
}

#[test]
fn a_folder_holds_one_result() {
    let desk = Desk::new("one-result", &[("mm1.toml", MM1)]);
    desk.run(&["run", "mm1.toml", "--only", "theory,simulation"]);
    assert!(desk.has("queuelab-results/mm1/latency.simulation.hgrm"));
    desk.run(&["run", "mm1.toml", "--only", "theory"]);
    assert!(
        desk.has("queuelab-results/mm1/latency.theory.hgrm")
            && !desk.has("queuelab-results/mm1/latency.simulation.hgrm")
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_an_error() {
    let desk = Desk::new("full", &[("mm1.toml", MM1)]);
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has /dev/full");
    let output = desk
        .command(&["run", "mm1.toml", "--only", "theory"])
        .stdout(full)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(5));
    assert!(err(&output).contains("cannot write to stdout"), "{}", err(&output));
}

#[test]
fn a_wrong_seed_is_told_as_the_flag_it_is() {
    let desk = Desk::new("seed", &[("mm1.toml", MM1)]);
    for seed in ["-1", "18446744073709551615"] {
        let output = desk.run(&["run", "mm1.toml", "--seed", seed]);
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).contains("--seed"), "{}", err(&output));
    }
}

#[test]
fn explain_says_what_a_scenario_is() {
    let desk = Desk::new("explain", &[("mm1.toml", MM1)]);
    let output = desk.run(&["explain", "mm1.toml"]);
    assert!(output.status.success(), "{}", err(&output));
    for word in ["M/M/1", "rho = 0.8", "0.8000 erlang", "discipline"] {
        assert!(out(&output).contains(word), "`{word}` in\n{}", out(&output));
    }
}

#[test]
fn init_starts_a_scenario_and_overwrites_nothing() {
    let desk = Desk::new("init", &[]);
    assert!(out(&desk.run(&["init"])).contains("quickstart"));
    assert!(desk.run(&["init", "quickstart"]).status.success());
    assert_eq!(desk.run(&["init", "quickstart"]).status.code(), Some(2));
    assert!(desk.run(&["explain", "quickstart.toml"]).status.success());
    for system in ["rabbitmq", "kafka", "sqs", "celery", "sidekiq", "nats"] {
        let output = desk.run(&["init", system]);
        assert!(output.status.success(), "{}", err(&output));
        let run = desk.run(&["run", &format!("{system}.toml"), "--only", "theory,simulation", "--quick"]);
        // It may miss its objective in so short a run, but it is understood and played.
        assert!([Some(0), Some(1), Some(3)].contains(&run.status.code()), "{system}: {}", err(&run));
    }
    // What a command names is written with it.
    assert!(out(&desk.run(&["init", "calibrate"])).contains("calibrate.csv") && desk.has("calibrate.csv"));
}

/// One table, one plot and two files for all targets; nonsense is told before anything runs.
#[test]
fn a_benchmark_finds_a_rate_and_measures_below_it() {
    let desk = Desk::new("bench", &[]);
    let wrong = desk.run(&["bench", "null,kanal:1"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("is not a value of `target`"), "{}", err(&wrong));
    let done = desk.run(&["bench", "null", "--duration", "500ms", "--out", "."]);
    assert_eq!(done.status.code(), Some(0), "{}", err(&done));
    // How much that is depends on who else is at work on this machine.
    assert!(
        out(&done).contains("null sustains ") || out(&done).contains("did not sustain"),
        "{}",
        out(&done)
    );
    let csv = std::fs::read_to_string(desk.path("bench/bench.csv")).expect("a table");
    assert!(csv.contains("null,,") && csv.contains(",total.latency.p99,"), "{csv}");
    let document: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(desk.path("bench/bench.json")).expect("a file"))
            .expect("a document");
    assert!(document["targets"][0]["search"][0]["offered"].as_f64().is_some_and(|rate| rate > 0.0));
}

#[test]
fn only_brokers_have_deliveries_to_calibrate() {
    let wrong = Desk::new("calibrate", &[]).run(&["calibrate", "--target", "flume"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("is no message broker"), "{}", err(&wrong));
}
