//! A test that runs itself again, in a process of its own.

use std::process::{Command, Output};

const MARK: &str = "RT_SIGNAL_CHILD";

/// Whether this is the child.
pub(crate) fn is_here() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Runs the test `name` alone, and passes its failure on.
pub(crate) fn run(name: &str) {
    let Output { status, stdout, stderr } = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(MARK, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(told.contains("running 1 test"), "{name}: {told}");
    assert!(status.success(), "{name}: {status}\n{told}");
}
