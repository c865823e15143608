//! Tells the program by which compiler it is built, and from which revision, where it is built from a checkout.

use std::process::Command;

fn main() {
    let says = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok().filter(|o| o.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_string())
    };
    let git = |arguments: &[&str]| says("git", arguments);
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
    if let Some(folder) = git(&["rev-parse", "--git-dir"]) {
        println!("cargo::rerun-if-changed={folder}/HEAD");
        println!("cargo::rerun-if-changed={folder}/index");
    }
    println!("cargo::rerun-if-changed=src/build.rs");
}
