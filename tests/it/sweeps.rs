//! Sweeps that are stopped, spread over workers and damaged: what is merged has the bytes of one process, or
//! nothing is merged and the reason told.

use crate::cli::{Desk, MM1};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const FOLDER: &str = "queuelab-results/mm1/sweep";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// The files of a folder and those below it, but for segments, which are as many as there were workers.
fn results(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(results(&path));
        } else if path.extension().is_none_or(|e| e != "segment") {
            found.push((path.display().to_string(), std::fs::read(&path).expect("a file")));
        }
    }
    found.iter_mut().for_each(|(name, _)| *name = name.rsplit('/').next().unwrap_or_default().to_string());
    found.sort();
    found
}

fn segments(desk: &Desk) -> Vec<PathBuf> {
    let list = std::fs::read_dir(desk.path(&format!("{FOLDER}/points"))).into_iter().flatten().flatten();
    let mut all: Vec<PathBuf> = list.map(|entry| entry.path()).collect();
    all.sort();
    all
}

/// How many points segments hold.
fn points(desk: &Desk) -> usize {
    let bytes = segments(desk).into_iter().map(|path| std::fs::read(path).unwrap_or_default());
    bytes.map(|b| String::from_utf8_lossy(&b).matches("\npoint ").count()).sum()
}

fn code(desk: &Desk, words: &[&str]) -> Option<i32> {
    desk.run(words).status.code()
}

fn table(desk: &Desk) -> Vec<u8> {
    std::fs::read(desk.path(&format!("{FOLDER}/sweep.csv"))).expect("a table")
}

/// Twenty small points.
const PLAN: [&str; 5] =
    ["mm1.toml", "--vary", "producers.web.rate=60/s..250/s by 10/s", "--set", "simulation.messages=2000"];

fn planned(name: &str) -> Desk {
    let desk = Desk::new(name, &[("mm1.toml", MM1)]);
    assert_eq!(code(&desk, &[&["sweep", "plan"], &PLAN[..]].concat()), Some(0));
    desk
}

fn whole(name: &str) -> Desk {
    let desk = Desk::new(name, &[("mm1.toml", MM1)]);
    assert_eq!(code(&desk, &[&["sweep"], &PLAN[..]].concat()), Some(0));
    desk
}

fn merged(desk: &Desk) -> Vec<u8> {
    let output = desk.run(&["sweep", "merge", FOLDER]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    table(desk)
}

/// The last point takes long.
const SWEEP: [&str; 6] =
    ["sweep", "mm1.toml", "--vary", "simulation.messages=1000,2000,3000,10000000", "--threads", "1"];

#[test]
fn a_stopped_sweep_goes_on_to_the_same_bytes() {
    let alone = Desk::new("sweep-alone", &[("mm1.toml", MM1)]);
    assert!(alone.run(&SWEEP).status.success());
    let stopped = Desk::new("sweep-stopped", &[("mm1.toml", MM1)]);
    let mut child = stopped.start(&SWEEP);
    while child.try_wait().expect("a child").is_none() && points(&stopped) < 3 {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let pid = child.id().to_string();
    std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill is there");
    assert_eq!(
        child.wait().expect("it ends").code(),
        Some(130),
        "the signal came while the last point was under way"
    );
    assert_eq!(points(&stopped), 3, "the last point was not finished");
    assert!(
        !stopped.path("queuelab-results/mm1/sweep/sweep.csv").exists(),
        "a stopped sweep has no whole result"
    );
    assert_eq!(stopped.run(&["sweep", "status", "queuelab-results/mm1/sweep"]).status.code(), Some(4));
    assert!(stopped.run(&SWEEP).status.success());
    assert_eq!(results(&stopped.path("queuelab-results")), results(&alone.path("queuelab-results")));
}

#[test]
fn whoever_answers_them_the_points_are_the_same() {
    let right = table(&whole("sweep-one"));
    for of in [16, 5] {
        let desk = planned(&format!("sweep-in-{of}"));
        let each: Vec<_> = (1..=of)
            .map(|at| {
                desk.start(&[
                    "sweep",
                    "run",
                    FOLDER,
                    "--quiet",
                    "--threads",
                    "1",
                    "--shard",
                    &format!("{at}/{of}"),
                ])
            })
            .collect();
        each.into_iter().for_each(|mut child| assert!(child.wait().expect("it ends").success()));
        assert!(merged(&desk) == right, "{of} shards");
        assert_eq!(segments(&desk).len(), of);
    }
    // Two workers with one share, and one more that is killed.
    let desk = planned("sweep-twice");
    let mut both = [(); 3].map(|()| desk.start(&["sweep", "run", FOLDER, "--quiet", "--threads", "1"]));
    while both[2].try_wait().expect("a child").is_none() && points(&desk) < 4 {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    both[2].kill().expect("it is a child");
    for child in &mut both {
        child.wait().expect("it ends");
    }
    assert!(merged(&desk) == right, "two workers with one share");
}

/// A worker that has no time for a point leaves it to the next one.
#[test]
fn a_worker_ends_within_its_time_and_the_next_goes_on() {
    let desk = planned("sweep-time");
    let run = |limit: &str| desk.run(&["sweep", "run", FOLDER, "--threads", "1", "--time-limit", limit]);
    let none = run("1ns");
    let said = text(&none.stderr);
    assert_eq!(none.status.code(), Some(130), "{said}");
    assert!(said.contains("0 of 20 points are kept") && said.contains("more time"), "{said}");
    assert!(segments(&desk).is_empty());
    // However many of them are done in that time, the others are done later.
    let mut limit = 20;
    loop {
        let before = points(&desk);
        let output = run(&format!("{limit}ms"));
        let (said, after) = (text(&output.stderr), points(&desk));
        if after == 20 {
            break;
        }
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.contains("the time limit is reached"), "{said}");
        assert!(said.contains(&format!("{after} of 20 points are kept")), "{said}");
        assert!(after > before || said.contains("more time"), "{said}");
        limit *= 2;
    }
    assert_eq!(code(&desk, &["sweep", "run", FOLDER]), Some(0));
    assert!(merged(&desk) == table(&whole("sweep-in-time")));
    for (wrong, why) in [("0s", "in no time"), ("soon", "is not a duration")] {
        let refused = desk.run(&["sweep", "run", FOLDER, "--time-limit", wrong]);
        assert_eq!(refused.status.code(), Some(2), "{wrong}");
        assert!(text(&refused.stderr).contains(why), "{}", text(&refused.stderr));
    }
}

/// More replications are part of a point, so that whoever answers it makes as many.
#[test]
fn replications_are_added_where_an_objective_is_undecided() {
    // At 200/s the mean latency is 20 ms, as the objective says.
    let asked = format!("{MM1}[objectives]\n\"total.latency.mean\" = \"< 20ms\"\n");
    let words = ["mm1.toml", "--vary", "producers.web.rate=100/s,150/s,200/s", "--only", "simulation"];
    let refine = ["--refine", "5"];
    let desk = |name: &str| Desk::new(name, &[("mm1.toml", &asked), ("plain.toml", MM1)]);
    let alone = desk("sweep-refined");
    let output = alone.run(&[&["sweep"], &words[..], &refine].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("replications") && said.contains("(4 to 20 a point)"), "{said}");
    let json = std::fs::read(alone.path(&format!("{FOLDER}/sweep.json"))).expect("a document");
    let document: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let made = |point: usize| document["points"][point]["replications"].as_u64();
    assert_eq!([0, 1, 2].map(made), [Some(4), Some(4), Some(20)]);
    let right = table(&alone);

    let spread = desk("sweep-refined-spread");
    assert_eq!(code(&spread, &[&["sweep", "plan"], &words[..], &refine].concat()), Some(0));
    for shard in ["3/3", "1/3", "2/3"] {
        assert_eq!(code(&spread, &["sweep", "run", FOLDER, "--threads", "1", "--shard", shard]), Some(0));
    }
    assert!(merged(&spread) == right, "three shards");
    assert_eq!(code(&alone, &[&["sweep", "--fresh"], &words[..], &refine].concat()), Some(0));
    assert!(table(&alone) == right, "again");

    // As if there had been so many from the beginning; who asks for none has the table of before.
    let many = desk("sweep-refined-many");
    let set = ["--set", "simulation.replications=20"];
    assert_eq!(code(&many, &[&["sweep"], &words[..], &set].concat()), Some(0));
    let rows = |table: &[u8]| text(table).lines().map(String::from).collect::<Vec<_>>();
    let (many, right) = (rows(&table(&many)), rows(&right));
    assert!(right[0].ends_with(",replications") && !many[0].contains("replications"));
    let of = |table: &[String], cut: &str| -> Vec<String> {
        let own = table.iter().filter(|row| row.starts_with("2,"));
        own.map(|row| row.strip_suffix(cut).expect("its last cell").to_string()).collect()
    };
    assert_eq!(of(&right, ",20"), of(&many, ""));

    // It is another sweep, and is asked only of one that can be refined.
    let refused = |words: &[&str], why: &str| {
        let output = alone.run(&[&["sweep"], words].concat());
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(why), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    };
    refused(&[&words[..], &["--refine", "6"]].concat(), "--fresh");
    let vary = ["--vary", "producers.web.rate=100/s,150/s"];
    refused(&[&["plain.toml"], &vary[..], &refine].concat(), "write [objectives]");
    refused(&[&["mm1.toml", "--only", "theory"], &vary[..], &refine].concat(), "simulation after --only");
    let one = ["--set", "simulation.replications=1"];
    refused(&[&["mm1.toml"], &one[..], &vary, &refine].concat(), "one long run");
}

/// A long point and a short one, in shares of two workers.
const LONG: [&str; 10] = [
    "mm1.toml",
    "--vary",
    "simulation.messages=400000,1000",
    "--set",
    "simulation.replications=40",
    "--set",
    "simulation.warmup=1000",
    "--only",
    "simulation",
    "--quiet",
];

fn parts(desk: &Desk) -> Vec<PathBuf> {
    let list = std::fs::read_dir(desk.path(&format!("{FOLDER}/parts"))).into_iter().flatten().flatten();
    list.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "part")).collect()
}

/// Replications that a worker has played for another.
fn given(desk: &Desk) -> Vec<PathBuf> {
    let whole = |path: &PathBuf| std::fs::read(path).is_ok_and(|b| b.starts_with(b"queuelab points,"));
    parts(desk).into_iter().filter(whole).collect()
}

/// Who has answered a share plays replications of what others have under way: whoever is killed meanwhile,
/// and whatever becomes of these, the points are the same.
#[test]
fn whoever_has_nothing_left_helps() {
    let alone = Desk::new("sweep-long", &[("mm1.toml", MM1)]);
    assert_eq!(code(&alone, &[&["sweep"], &LONG[..]].concat()), Some(0));
    let right = table(&alone);
    assert!(!alone.path(&format!("{FOLDER}/parts")).exists());
    for killed in [None, Some(0), Some(1)] {
        let desk = Desk::new("sweep-helped", &[("mm1.toml", MM1)]);
        assert_eq!(code(&desk, &[&["sweep", "plan"], &LONG[..LONG.len() - 1]].concat()), Some(0));
        let start =
            |shard| desk.start(&["sweep", "run", FOLDER, "--quiet", "--threads", "1", "--shard", shard]);
        let mut both = [start("1/2"), start("2/2")];
        while given(&desk).len() < 2 {
            let ended = both.iter_mut().any(|child| child.try_wait().expect("a child").is_some());
            assert!(!ended, "{killed:?}: one ended before the other was helped");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        if let Some(child) = killed {
            both[child].kill().expect("it is a child");
        }
        let ended = both.map(|mut child| child.wait().expect("it ends").success());
        assert_eq!(ended, [killed != Some(0), killed != Some(1)]);
        if killed == Some(0) {
            let given = given(&desk);
            assert!(points(&desk) == 1 && given.len() >= 2, "the long point is left, and what was given");
            let mut bytes = std::fs::read(&given[0]).expect("a part");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(&given[0], bytes).expect("written");
            assert_eq!(code(&desk, &["sweep", "run", FOLDER, "--quiet"]), Some(0));
        }
        assert!(parts(&desk).is_empty(), "{killed:?}: {:?}", parts(&desk));
        assert!(merged(&desk) == right, "{killed:?}");
        assert!(!desk.path(&format!("{FOLDER}/parts")).exists());
    }
}

/// What is wrong with a segment is said once by one command.
#[test]
fn a_fault_is_told_once() {
    let desk = whole("sweep-told-once");
    let path = segments(&desk)[0].clone();
    let sound = std::fs::read(&path).expect("a segment");
    std::fs::write(&path, &sound[..sound.len() - 3]).expect("written");
    let output = desk.run(&[&["sweep"], &PLAN[..]].concat());
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stderr).matches("its end is missing").count(), 1, "{}", text(&output.stderr));
}

/// Process 1 of two containers that share the folder, one of which has another time.
#[test]
fn workers_of_one_process_id_do_not_meet() {
    let right = table(&whole("sweep-one-pid"));
    let desk = planned("sweep-pids");
    let worker = |shard: &str| {
        let mut command = Command::new("unshare");
        let program = env!("CARGO_BIN_EXE_queuelab");
        let words = [
            "--user",
            "--map-root-user",
            "--pid",
            "--fork",
            program,
            "sweep",
            "run",
            FOLDER,
            "--shard",
            shard,
        ];
        command.args(words).current_dir(desk.path("")).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().and_then(std::process::Child::wait_with_output)
    };
    let both: Vec<std::io::Result<Output>> = std::thread::scope(|scope| {
        let each = ["1/2", "2/2"].map(|shard| scope.spawn(move || worker(shard)));
        each.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    for output in both {
        match output {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                println!("skipped: no namespace of its own: {}", text(&output.stderr));
                return;
            }
            Err(why) => {
                println!("skipped: unshare: {why}");
                return;
            }
        }
    }
    // A file of another year counts as any.
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let first = std::fs::File::options().append(true).open(&segments(&desk)[0]).expect("a segment");
    first.set_modified(old).expect("a time");
    assert!(merged(&desk) == right);
}

#[test]
fn nothing_but_a_sweep_s_own_points_is_merged() {
    let right = table(&whole("sweep-sound"));
    let desk = planned("sweep-sealed");
    for shard in ["1/2", "2/2"] {
        assert_eq!(code(&desk, &["sweep", "run", FOLDER, "--shard", shard]), Some(0));
    }
    let other = Desk::new("sweep-other", &[("mm1.toml", MM1)]);
    let words = ["sweep", "mm1.toml", "--vary", "producers.web.rate=60/s,70/s"];
    assert_eq!(code(&other, &words), Some(0));
    let path = segments(&desk)[0].clone();
    let sound = std::fs::read(&path).expect("a segment");
    let mut flipped = sound.clone();
    flipped[sound.len() / 2] ^= 1;
    let program = text(&sound).replacen(",by ", ",by 0.0.9 not ", 1).into_bytes();
    let cases = [
        (flipped, "does not count in full: it was changed"),
        (sound[..sound.len() / 2].to_vec(), "does not count in full: its end is missing"),
        (Vec::new(), "does not count: it is empty"),
        (std::fs::read(&segments(&other)[0]).expect("a segment"), "does not count: it is of another sweep"),
        (program, "does not count: it does not begin as a segment of points does"),
    ];
    for (bytes, why) in cases {
        std::fs::write(&path, bytes).expect("written");
        let output = desk.run(&["sweep", "merge", FOLDER]);
        let said = text(&output.stderr);
        let name = path.file_name().expect("a name").to_string_lossy();
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains(&format!("{name} {why}")), "{said}");
        assert!(said.contains("points are missing: ") && said.contains("`queuelab sweep run"), "{said}");
    }
    // What is missing is answered again, and the rest of the file stays where it is.
    assert_eq!(code(&desk, &["sweep", "run", FOLDER]), Some(0));
    assert!(merged(&desk) == right);
    // One more that answers a point differently.
    std::fs::write(&path, &sound).expect("written");
    assert!(merged(&desk) == right);
    let head = text(&sound).lines().next().expect("a line").to_string();
    let frame = "point 3,answered,0\n";
    let lie = format!("{head}\n{frame}{:08x}\n", crc32(frame.as_bytes()));
    let liar = desk.path(&format!("{FOLDER}/points/zz.segment"));
    std::fs::write(&liar, lie).expect("written");
    let output = desk.run(&["sweep", "merge", FOLDER]);
    assert_eq!(output.status.code(), Some(5));
    assert!(text(&output.stderr).contains("answer point 3 differently"), "{}", text(&output.stderr));
}

/// CRC-32 as everybody has it, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

/// What was planned counts, whatever becomes of the files that the scenario names.
#[test]
fn a_sweep_s_inputs_are_those_that_were_planned() {
    let work = "service_time = { law = \"empirical\", file = \"work.csv\" }\n[queues.jobs]";
    let traced = MM1.replace("[queues.jobs]", work);
    let desk = Desk::new("sweep-inputs", &[("mm1.toml", &traced), ("work.csv", "s\n0.001\n0.002\n0.003\n")]);
    assert_eq!(
        code(&desk, &["sweep", "plan", "mm1.toml", "--vary", "producers.web.rate=100/s,150/s"]),
        Some(0)
    );
    assert_eq!(code(&desk, &["sweep", "run", FOLDER, "--shard", "1/2"]), Some(0));
    std::fs::write(desk.path("work.csv"), "s\n0.1\n").expect("written");
    assert_eq!(code(&desk, &["sweep", "run", FOLDER, "--shard", "2/2"]), Some(0));
    merged(&desk);
    let inputs = desk.path(&format!("{FOLDER}/inputs"));
    let copy = std::fs::read_dir(inputs).expect("a folder").next().expect("a copy").expect("readable").path();
    std::fs::write(copy, "s\n0.1\n").expect("written");
    let refused = desk.run(&["sweep", "run", FOLDER]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("is not what was planned"), "{}", text(&refused.stderr));
}

#[test]
fn shards_together_are_the_whole() {
    let desk = Desk::new("sweep-shards", &[("mm1.toml", MM1)]);
    let vary = [
        "mm1.toml",
        "--vary",
        "producers.web.rate=100/s, 150/s, 200/s",
        "--vary",
        "consumers.worker.count=1..2",
    ];
    let run = |words: &[&str]| desk.run(words).status.code();
    assert_eq!(run(&[&["sweep", "plan"], &vary[..]].concat()), Some(0));
    let folder = "queuelab-results/mm1/sweep";
    assert_eq!(run(&["sweep", "run", folder, "--shard", "2/2"]), Some(0));
    assert_eq!(run(&["sweep", "status", folder]), Some(4));
    assert_eq!(run(&["sweep", "merge", folder]), Some(4));
    assert_eq!(run(&["sweep", "run", folder, "--shard", "1/2", "--threads", "1"]), Some(0));
    assert_eq!(run(&["sweep", "merge", folder]), Some(0));
    let whole = Desk::new("sweep-whole", &[("mm1.toml", MM1)]);
    assert_eq!(whole.run(&[&["sweep"], &vary[..]].concat()).status.code(), Some(0));
    let csv =
        |desk: &Desk| std::fs::read_to_string(desk.path(&format!("{folder}/sweep.csv"))).expect("a table");
    assert_eq!(csv(&desk), csv(&whole));
    assert!(desk.path(&format!("{folder}/heat-map.svg")).exists());
    let rows = csv(&desk);
    assert!(
        rows.starts_with(
            "point,producers.web.rate,consumers.worker.count,method,by,metric,value,half_width,unit"
        ),
        "{rows}"
    );
    // Neither does one with a path twice run at all.
    let twice = desk.run(&[
        "sweep",
        "mm1.toml",
        "--vary",
        "consumers.worker.count=1,2",
        "--vary",
        "consumers.worker.count=3",
    ]);
    assert!(
        twice.status.code() == Some(2) && text(&twice.stderr).contains("varied twice"),
        "{}",
        text(&twice.stderr)
    );
    // Another sweep does not write over this one.
    let other = desk.run(&["sweep", "mm1.toml", "--vary", "consumers.worker.count=1..3"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(text(&other.stderr).contains("--fresh"), "{}", text(&other.stderr));
}
