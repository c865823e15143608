//! Tells the program by which compiler it is built, and from which revision, where it is built from a
//! checkout.

use std::process::Command;

fn main() {
    let says = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok().filter(|o| o.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_string())
    };
    // Without the lock git leaves its index as it is, so that asking changes nothing.
    let git = |arguments: &[&str]| says("git", &[&["--no-optional-locks"], arguments].concat());
    let set = |name| std::env::var(name).ok();
    if let Some(version) = set("RUSTC").and_then(|rustc| says(&rustc, &["--version"])) {
        println!("cargo::rustc-env=QUEUELAB_COMPILER={version}");
    }
    if let Some(level) = set("OPT_LEVEL") {
        println!("cargo::rustc-env=QUEUELAB_OPTIMISED={level}");
    }
    if let Some(revision) = git(&["describe", "--always", "--dirty", "--abbrev=12"]) {
        println!("cargo::rustc-env=QUEUELAB_REVISION={revision}");
    }
    // A commit or a checkout writes the log of HEAD, an edit makes the tree dirty. The index will not do: any
    // `git status` may write it.
    if let Some(folder) = git(&["rev-parse", "--git-dir"]) {
        for file in ["HEAD", "logs/HEAD"].map(|file| format!("{folder}/{file}")) {
            if std::path::Path::new(&file).exists() {
                println!("cargo::rerun-if-changed={file}");
            }
        }
    }
    println!("cargo::rerun-if-changed=src");
}
