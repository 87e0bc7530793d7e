//! Every operation, a few times, on every subject: each checks itself that its work was done.
//!
//! A process each, since some runtimes are one per process. Crowds stay small: what grows is
//! run at its two least sizes.

use std::process::Command;
use std::sync::Mutex;
use std::thread;

const OP: &str = env!("CARGO_BIN_EXE_op");
const SYNC: &str = env!("CARGO_BIN_EXE_sync");

/// Some wait most of their time.
const AT_A_TIME: usize = 4;

/// Seconds after which a process has hung.
const LIMIT: &str = "60";

/// The largest crowd of those that grow.
const SIZE_MAX: u64 = 1_000;

/// What makes a run too long for a test: its least number is for figures.
const SHORTER: [(&str, &str); 2] = [("skewed_fan_out", "100"), ("memory_", "100")];

/// What peers are known to die of, now and then: how often is not for this test to say.
const KNOWN: [(&str, &str); 1] = [("nio-", "local task dropped by a thread that didn't spawn it")];

fn output(program: &str, words: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(words).output().expect("the program is there");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(told),
        false => Err(format!(
            "{words:?} failed: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// A key's value among the columns of a line.
fn value<'a>(columns: &[&'a str], key: &str) -> Option<&'a str> {
    columns
        .iter()
        .filter_map(|column| column.split_once('='))
        .find_map(|(name, value)| (name == key).then_some(value))
}

/// The words of a run for every subject and operation of one flavour.
fn runs(list: &str) -> Vec<[String; 3]> {
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split('\t').collect()).collect();
    let mut runs = Vec::new();
    for subject in lines.iter().filter(|columns| columns[0] == "subject") {
        for operation in lines.iter().filter(|columns| columns[0] == "operation") {
            let (name, step) = (operation[2], value(operation, "step").expect("it has a step"));
            let size = value(operation, "growth").and_then(|growth| growth.split_once(':'));
            let size: u64 = size.map_or(0, |(_, size)| size.parse().expect("a number"));
            if operation[1] != subject[2] || size > SIZE_MAX {
                continue;
            }
            let shorter = SHORTER.iter().find(|(prefix, _)| name.starts_with(prefix));
            let n = shorter.map_or(step, |(_, n)| n);
            runs.push([subject[1], name, n].map(str::to_owned));
        }
    }
    runs
}

/// Every reading that must be there, as a number.
fn check(told: &str, ours: bool) -> Result<(), String> {
    if let Some(reason) = told.strip_prefix("skipped\t") {
        // A panic while a process ends, and the reason would not be what it says.
        return if ours { Err(format!("skipped: {reason}")) } else { Ok(()) };
    }
    for name in ["allocs", "cpu_ns", "wall_ns", "switches", "resident_bytes"] {
        let mut readings = told.lines().filter_map(|line| line.split_once('\t'));
        let reading = readings.find(|(reading, _)| *reading == name);
        if reading.is_none_or(|(_, value)| value.parse::<u64>().is_err()) {
            return Err(format!("no {name} in {told:?}"));
        }
    }
    Ok(())
}

fn is_known(subject: &str, failure: &str) -> bool {
    KNOWN.iter().any(|(runtime, defect)| subject.starts_with(runtime) && failure.contains(defect))
}

/// Runs all that a program lists and is not known to fail; says how many that were.
fn run_all(program: &str) -> usize {
    let runs = runs(&output(program, &["list"]).unwrap());
    let count = runs.len();
    let left = Mutex::new(runs.into_iter());
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some([subject, operation, n]) = next else { break };
                    let words = [&subject, &operation, &n, "--limit", LIMIT];
                    let checked = output(program, &words)
                        .and_then(|told| check(&told, subject.starts_with("rt-")));
                    if let Err(failure) = checked
                        && !is_known(&subject, &failure)
                    {
                        failures.lock().unwrap().push(format!("{words:?}: {failure}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    count
}

#[test]
fn every_operation_does_its_work_on_every_subject() {
    let count = run_all(OP);
    assert!(count > 100, "a list of {count} runs has lost something");
}

#[test]
fn every_channel_and_lock_does_its_work_on_every_pairing() {
    let count = run_all(SYNC);
    assert!(count > 250, "a list of {count} runs has lost something");
}
