//! Nothing is overwritten or lost.

use super::refusal;
use crate::cli::Desk;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const MM1: &str = "[producers.web]\nto = 'jobs'\nrate = '160/s'\n[queues.jobs]\n[consumers.worker]\nfrom = \
    'jobs'\n\
                   service_time = { law = 'exponential', mean = '5ms' }\n[simulation]\nmessages = \
                   2000\nreplications = 3\n";

/// The program as a shell starts it, `$queuelab` being the program.
#[cfg(target_os = "linux")]
fn shell(desk: &Desk, command: &str) -> Output {
    let mut bash = Command::new("bash");
    bash.args(["-c", command])
        .current_dir(desk.path(""))
        .env("queuelab", env!("CARGO_BIN_EXE_queuelab"))
        .env("NO_COLOR", "1");
    bash.output().expect("bash is there")
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let list = std::fs::read_dir(folder)
        .map(|list| list.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect());
    list.unwrap_or_default()
}

fn wait_for(path: &Path) {
    let since = Instant::now();
    while !path.exists() {
        assert!(since.elapsed() < Duration::from_secs(60), "{} does not come", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_run_with_fewer_methods_keeps_what_others_found() {
    let desk = Desk::new("saved-fewer", &[("mm1.toml", MM1)]);
    let run = |only: &str| desk.run(&["run", "mm1.toml", "--only", only, "--quiet"]);
    assert!(run("theory,simulation").status.success());
    let folder = desk.path("queuelab-results/mm1");
    let before = std::fs::read(folder.join("answer.json")).expect("an answer");
    // The same again is no news.
    assert!(run("theory,simulation").status.success() && !folder.join("earlier-1").exists());
    let output = run("theory");
    assert!(
        said(&output.stderr).contains("is kept in queuelab-results/mm1/earlier-1"),
        "{}",
        said(&output.stderr)
    );
    let kept = std::fs::read(folder.join("earlier-1/answer.json")).expect("the earlier answer");
    assert!(kept.len() == before.len() && folder.join("earlier-1/latency.simulation.hgrm").exists());
    assert!(folder.join("latency.theory.hgrm").exists() && !folder.join("latency.simulation.hgrm").exists());
    // Another time it has a place of its own.
    run("theory,simulation");
    run("simulation");
    assert!(folder.join("earlier-2/answer.json").exists());
}

#[test]
fn two_runs_do_not_write_into_one_folder_at_once() {
    let desk = Desk::new("saved-lock", &[("mm1.toml", MM1)]);
    let folder = desk.path("queuelab-results/mm1");
    std::fs::create_dir_all(&folder).expect("a folder");
    let other = std::fs::File::open(&folder).expect("a folder");
    other.try_lock().expect("nobody writes there yet");
    for command in
        [vec!["run", "mm1.toml", "--only", "theory"], vec!["compare", "mm1.toml", "--against", "seed=2"]]
    {
        let output = desk.run(&command);
        assert_eq!(output.status.code(), Some(5));
        assert!(
            said(&output.stderr).contains("another run is writing its results to queuelab-results/mm1"),
            "{}",
            said(&output.stderr)
        );
    }
    drop(other);
    assert!(desk.run(&["run", "mm1.toml", "--only", "theory"]).status.success());
}

/// Theory is done at once, the simulation would take minutes.
#[cfg(unix)]
#[test]
fn asked_to_end_a_run_keeps_what_was_finished() {
    for signal in ["-TERM", "-HUP", "-INT"] {
        let desk = Desk::new(&format!("saved{signal}"), &[("mm1.toml", MM1)]);
        let mut child = desk.start(&[
            "run",
            "mm1.toml",
            "--only",
            "theory,simulation",
            "--set",
            "simulation.messages=30000000",
        ]);
        wait_for(&desk.path("queuelab-results/mm1"));
        std::thread::sleep(Duration::from_millis(200));
        Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill is there");
        assert_eq!(child.wait().expect("it ends").code(), Some(130), "{signal}");
        let answer =
            std::fs::read_to_string(desk.path("queuelab-results/mm1/answer.json")).expect("an answer");
        assert!(answer.contains("\"method\": \"theory\""), "{answer}");
    }
}

/// What `nohup` protects from the end of its terminal goes on.
#[cfg(target_os = "linux")]
#[test]
fn a_hangup_that_is_ignored_stays_ignored() {
    let desk = Desk::new("saved-nohup", &[("mm1.toml", MM1)]);
    let command = "trap '' HUP; $queuelab run mm1.toml --only simulation --quiet --set \
        simulation.messages=1000000 & pid=$!; \
                   while [ ! -d queuelab-results/mm1 ]; do sleep 0.01; done; kill -HUP $pid; wait $pid";
    assert_eq!(shell(&desk, command).status.code(), Some(0));
}

/// No file may be longer than four times 1024 bytes, so that writing fails in the middle, as on a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_no_drafts() {
    let desk = Desk::new("saved-full", &[("mm1.toml", MM1)]);
    for (verb, folder) in [
        ("run mm1.toml --only theory", "mm1"),
        ("sweep mm1.toml --only theory --vary seed=1..3", "mm1/sweep/points"),
    ] {
        let output = shell(&desk, &format!("trap '' XFSZ; ulimit -f 4; $queuelab {verb} --quiet"));
        let (error, left) = (said(&output.stderr), names(&desk.path("queuelab-results").join(folder)));
        assert_eq!(output.status.code(), Some(5), "{verb}: {error}");
        assert_eq!(error.matches("error: cannot write").count(), 1, "{verb}: {error}");
        assert!(!left.iter().any(|name| name.contains(".part") || name == "answer.json"), "{verb}: {left:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_closed_stdout_is_an_error() {
    let desk = Desk::new("saved-closed", &[("mm1.toml", MM1)]);
    for verb in ["run mm1.toml --only theory", "explain mm1.toml", "schema"] {
        let output = shell(&desk, &format!("$queuelab {verb} >&-"));
        assert_eq!(output.status.code(), Some(5), "{verb}");
        assert!(said(&output.stderr).contains("stdout is closed"), "{verb}: {}", said(&output.stderr));
        // Who wants no words may throw them away.
        assert_eq!(shell(&desk, &format!("$queuelab {verb} >/dev/null")).status.code(), Some(0), "{verb}");
        assert_eq!(shell(&desk, &format!("$queuelab {verb} 1<>/dev/null")).status.code(), Some(0), "{verb}");
    }
}

#[test]
fn control_characters_never_reach_a_terminal() {
    let titled = format!("title = \"a \\u001b[2J\\u001b[31mred \\u0007 bell\"\n{MM1}");
    let desk = Desk::new(
        "saved-control",
        &[("mm1.toml", &titled), ("wrong.toml", &format!("\"ke\\u001b[2Jy\" = 1\n{MM1}"))],
    );
    for command in
        [vec!["run", "mm1.toml", "--only", "theory"], vec!["explain", "mm1.toml"], vec!["run", "wrong.toml"]]
    {
        let output = desk.run(&command);
        let text = said(&output.stdout) + &said(&output.stderr);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    }
    let page = std::fs::read_to_string(desk.path("queuelab-results/mm1/report.html")).expect("a page");
    assert!(!page.contains('\u{1b}') && page.contains("\\u{1b}[2J"));
    let named = refusal(
        "[producers.\"a\\u001bb\"]\nto = 'q'\nrate = '1/s'\n[queues.q]\n[consumers.c]\nfrom = \
            'q'\nservice_time = '1ms'\n",
    );
    assert!(named.contains("a name has no control characters") && !named.contains('\u{1b}'), "{named:?}");
}

#[test]
fn of_very_many_mistakes_the_first_twenty_are_shown() {
    let wrong: String =
        (0..20_000).map(|i| format!("\"producers.nobody{i}.latency.p99\" = \"< 1s\"\n")).collect();
    let told = refusal(&format!("{MM1}[objectives]\n{wrong}"));
    assert_eq!(told.matches("error:").count(), 20);
    assert!(told.contains("and 19980 more"), "{}", &told[told.len() - 200..]);
}

/// A million messages at the start of a plain queue are a number until a server takes them; of a hundred
/// million too much would be recorded.
#[cfg(target_os = "linux")]
#[test]
fn a_million_waiting_messages_take_hardly_any_room() {
    let backlog = "[producers.web]\nto = 'jobs'\nrate = '10/s'\n[queues.jobs]\ninitial_backlog = \
        1000000\n[consumers.worker]\nfrom = 'jobs'\n\
                   count = 100\nservice_time = \
                   { law = 'exponential', mean = '5ms' }\n[simulation]\nreplications = 4\n";
    let desk = Desk::new("saved-backlog", &[("backlog.toml", backlog)]);
    let mut program = Command::new(env!("CARGO_BIN_EXE_queuelab"));
    program
        .args(["run", "backlog.toml", "--only", "theory,simulation", "--quiet"])
        .current_dir(desk.path(""))
        .stdout(Stdio::null());
    let mut child = program.spawn().expect("the program starts");
    let (status, mut most) = (format!("/proc/{}/status", child.id()), 0_u64);
    while child.try_wait().expect("a child").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(peak.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().expect("it ends").success());
    assert!((5_000..50_000).contains(&most), "{most} kB");
    let told = refusal(&backlog.replace("1000000", "100000000"));
    assert!(
        told.contains("100000000 messages wait at the start") && told.contains("kept in memory"),
        "{told}"
    );
}
