//! A test that runs itself again, alone in a process, under limits.

use std::fs::{self, File};
use std::io;
use std::process::{self, Command};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::slower::SLOWER;

pub(crate) const MARK: &str = "RT_FACADE_CHILD";

/// Past it, a child hangs.
const LIMIT: Duration = Duration::from_secs(100 * SLOWER);

/// Whether this is the child.
pub(crate) fn is_here() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Runs the test `name` as a child, by way of `limits` (such as `prlimit --as=…`). Says why it cannot,
/// where it cannot; passes its failure on. A child that hangs is ended, and has failed: what its threads
/// were doing is told, where there is `gdb`.
pub(crate) fn run(name: &str, limits: &[&str]) {
    let told = tell(name, limits);
    match told {
        Told::Passed => {}
        Told::CannotRun(why) => eprintln!("skipped: {name}: {why}"),
        Told::Failed(how) => panic!("{name}: {how}"),
    }
}

enum Told {
    Passed,
    CannotRun(String),
    Failed(String),
}

fn tell(name: &str, limits: &[&str]) -> Told {
    let test = std::env::current_exe().expect("the test runs from a file");
    let mut words: Vec<String> = limits.iter().map(|word| word.to_string()).collect();
    words.push(test.display().to_string());
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args([name, "--exact", "--nocapture", "--test-threads=1"]);
    command.args(std::env::args().filter(|arg| arg == "--ignored" || arg == "--include-ignored"));
    let log =
        std::env::temp_dir().join(format!("rt-{}-{}", process::id(), name.replace("::", "-")));
    let file = File::create(&log).expect("there is room for a log");
    command.stdout(file.try_clone().expect("a descriptor")).stderr(file).env(MARK, "1");
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Told::CannotRun(format!("`{}`: {error}", words[0])),
    };
    let id = child.id();
    let (tells, ended) = mpsc::channel();
    let waits = thread::Builder::new().spawn(move || tells.send(child.wait())).expect("a thread");
    let ended = match ended.recv_timeout(LIMIT) {
        Ok(status) => status.map(|status| (status.success(), status.to_string())),
        Err(_) => {
            let threads = threads_of(id);
            drop(Command::new("kill").args(["-9", &id.to_string()]).status());
            Ok((false, format!("hangs, and was ended after {LIMIT:?}\n{threads}")))
        }
    };
    drop(waits.join());
    let (success, how) = ended.expect("a child is waited for");
    let told = fs::read(&log).unwrap_or_default();
    drop(fs::remove_file(&log));
    let told = String::from_utf8_lossy(&told);
    // No test ran: the limits could not be set, or this user may not run the file.
    match () {
        () if !told.contains("running 1 test") => {
            Told::CannotRun(format!("`{}`: {}", words.join(" "), told.trim()))
        }
        () if success => Told::Passed,
        () => Told::Failed(format!("{how}\n{told}")),
    }
}

/// Where each thread of a process is.
fn threads_of(process: u32) -> String {
    let mut gdb = Command::new("gdb");
    gdb.args(["-p", &process.to_string(), "-batch", "-ex", "thread apply all bt"]);
    match gdb.output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => "(no `gdb` to look at it)".into(),
        Err(error) => format!("(gdb: {error})"),
    }
}
