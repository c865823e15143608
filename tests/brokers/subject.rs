//! A broker that is there, and the program that measures it.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

/// Runs so far: each has a folder of its own.
static RUNS: AtomicUsize = AtomicUsize::new(0);

/// A broker that is silent for so long is lost: longer than the machine of the tests stands still at times.
const WAIT: Duration = Duration::from_secs(15);

/// A program that has not ended by then hangs.
const HANGS: Duration = Duration::from_secs(180);

/// A broker by its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Broker {
    pub name: &'static str,
    /// A frame that announces more than any memory holds.
    pub huge: &'static [u8],
    /// Held alone by who stops the server, and shared by who needs it.
    pub server: &'static RwLock<()>,
}

/// An address in parts.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub scheme: String,
    pub login: Option<String>,
    pub place: String,
    pub path: String,
}

impl Address {
    fn parse(text: &str) -> Address {
        let (scheme, rest) = text.split_once("://").expect("an address with a scheme");
        let (authority, path) =
            rest.split_once('/').map_or((rest, String::new()), |(a, p)| (a, format!("/{p}")));
        let (login, place) =
            authority.rsplit_once('@').map_or((None, authority), |(l, p)| (Some(l.into()), p));
        Address { scheme: scheme.into(), login, place: place.into(), path }
    }

    pub(crate) fn text(&self) -> String {
        let login = self.login.as_ref().map_or(String::new(), |login| format!("{login}@"));
        format!("{}://{login}{}{}", self.scheme, self.place, self.path)
    }

    /// The same broker at another place.
    pub(crate) fn at(&self, place: &str) -> Address {
        Address { place: place.into(), ..self.clone() }
    }

    pub(crate) fn password(&self) -> Option<&str> {
        self.login.as_ref()?.split_once(':').map(|(_, password)| password)
    }
}

/// Sends a signal to a process of this machine.
pub(crate) fn signal(name: &str, pid: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status();
    assert!(sent.expect("a shell").success(), "kill -{name} {pid}");
}

/// Kills a process of this machine, and waits until it is gone.
pub(crate) fn kill(pid: &str) {
    signal("KILL", pid);
    let command = format!("/proc/{pid}/cmdline");
    // One that nobody has asked about yet is there without a command.
    while std::fs::read(&command).is_ok_and(|command| !command.is_empty()) {
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Broker {
    /// The server is needed.
    pub(crate) fn shared(self) -> RwLockReadGuard<'static, ()> {
        self.server.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server is going to fail.
    pub(crate) fn alone(self) -> RwLockWriteGuard<'static, ()> {
        self.server.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its server's process, which may be another one than at the start of the tests.
    pub(crate) fn pid(self) -> Option<String> {
        let env = std::fs::read_to_string(self.variable("ENV")?).expect("what the script wrote");
        let pid = env.lines().find_map(|line| line.split_once("_PID=")).map(|(_, pid)| pid.to_string());
        Some(pid.expect("the script says which process it is"))
    }

    /// Starts its server again.
    pub(crate) fn start_again(self) {
        let start = self.variable("START").expect("the script says how");
        let started = Command::new("sh").args(["-c", &start]).stdin(Stdio::null()).output().expect("a shell");
        assert!(started.status.success(), "{start}: {}", String::from_utf8_lossy(&started.stderr));
    }

    /// A variable that a server's script has set; without it the test is skipped, which is said, or fails
    /// where the broker is required.
    pub(crate) fn variable(self, what: &str) -> Option<String> {
        let name = format!("QUEUELAB_{}_{what}", self.name.to_uppercase());
        let value = std::env::var(&name).ok();
        if value.is_none() {
            let required = std::env::var("QUEUELAB_REQUIRE").unwrap_or_default();
            let required = required.split(',').any(|required| required.trim() == self.name);
            // Not every server speaks TLS or knows users.
            assert!(!(required && what == "URL"), "{} is required, and {name} is not set", self.name);
            eprintln!("skipped: {name} is not set; start the server and say where it is");
        }
        value
    }

    pub(crate) fn address(self, what: &str) -> Option<Address> {
        self.variable(what).map(|text| Address::parse(&text))
    }

    /// The program that measures a small scenario against an address, about to start.
    pub(crate) fn program(self, address: &Address, seconds: u32, settings: &[String]) -> Run {
        let number = RUNS.fetch_add(1, Ordering::SeqCst);
        let name = format!("queuelab-brokers-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("s.toml"), SCENARIO).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_queuelab"));
        command
            .args(["run", "s.toml", "--only", "measurement", "--gates", "--out", "out"])
            .args(["--set", &format!("measurement.target={}", self.name)])
            .args(["--set", &format!("measurement.duration={seconds}s")])
            .args(["--set", &format!("measurement.broker.wait={}s", WAIT.as_secs())])
            .args(settings.iter().flat_map(|setting| ["--set", setting]))
            .current_dir(&folder)
            .env("NO_COLOR", "1")
            .env(format!("QUEUELAB_{}_URL", self.name.to_uppercase()), address.text())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Run { command, folder }
    }
}

const SCENARIO: &str = "[producers.p]\nto = \"jobs\"\nrate = \"200/s\"\n[queues.jobs]\n[consumers.c]\n\
    from = \"jobs\"\ncount = 2\nservice_time = \"1ms\"\n";

/// A program in a folder of its own.
pub(crate) struct Run {
    command: Command,
    folder: PathBuf,
}

/// What it said, with all that it left behind.
pub(crate) struct Said {
    pub code: Option<i32>,
    pub text: String,
    /// Every file that it wrote.
    pub files: Vec<u8>,
    pub took: Duration,
}

impl Run {
    pub(crate) fn start(&mut self) -> Child {
        self.command.spawn().expect("the program starts")
    }

    /// Waits for its end.
    pub(crate) fn end(self, mut child: Child, from: Instant) -> Said {
        while from.elapsed() < HANGS && matches!(child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        // One that has ended is not there to be killed.
        let _killed = child.kill();
        let Output { status, stdout, stderr } = child.wait_with_output().expect("it was started");
        // However the lines are broken.
        let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
        let text = text.split_whitespace().collect::<Vec<&str>>().join(" ");
        let mut files = Vec::new();
        gather(&self.folder, &mut files);
        let _removed = std::fs::remove_dir_all(&self.folder);
        Said { code: status.code(), text, files, took: from.elapsed() }
    }

    pub(crate) fn run(mut self) -> Said {
        let from = Instant::now();
        let child = self.start();
        self.end(child, from)
    }
}

fn gather(folder: &PathBuf, into: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => gather(&path, into),
            path => into.extend(std::fs::read(path).expect("a file")),
        }
    }
}
