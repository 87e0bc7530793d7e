//! A test that runs itself again, alone in a process, under limits.

use std::process::Command;

const MARK: &str = "RT_FACADE_CHILD";

/// Whether this is the child.
pub(crate) fn is_here() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Runs the test `name` as a child, by way of `limits` (such as `prlimit --as=…`). Says why it cannot,
/// where it cannot; passes its failure on. A child that hangs is ended, and has failed.
pub(crate) fn run(name: &str, limits: &[&str]) {
    let test = std::env::current_exe().expect("the test runs from a file");
    let mut words = vec!["timeout".to_owned(), "100".to_owned()];
    words.extend(limits.iter().map(|word| word.to_string()));
    words.push(test.display().to_string());
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args([name, "--exact", "--nocapture", "--test-threads=1"]);
    let output = match command.env(MARK, "1").output() {
        Ok(output) => output,
        Err(error) => return eprintln!("skipped: {name}: `{}`: {error}", words[0]),
    };
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    // No test ran: the limits could not be set, or this user may not run the file.
    if !told.contains("running 1 test") {
        return eprintln!("skipped: {name}: `{}`: {}", words.join(" "), told.trim());
    }
    assert!(output.status.success(), "{name}: {}\n{told}", output.status);
}
