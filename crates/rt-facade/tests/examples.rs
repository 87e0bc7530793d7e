//! The examples run to their end, and say what they show. `cargo test` builds them before this.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rt_facade::runtime::Runtime;
use rt_facade::time::{Duration, Instant, sleep};

/// None works for so long: past it, it hangs.
const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn hello() {
    assert_eq!(run("hello", &[]), "Hello, World!\n");
}

#[test]
fn echo_talks_to_itself() {
    let said = run("echo", &[]);
    assert!(said.contains(r#"said "Never mind.", heard "Never mind.""#), "{said}");
}

#[test]
fn echo_serves_for_a_while() {
    let said = run("echo", &["--serve", "127.0.0.1:0", "--for", "0.1"]);
    assert!(said.starts_with("listening on 127.0.0.1:"), "{said}");
}

#[test]
fn proxy_talks_to_itself() {
    let said = run("proxy", &[]);
    assert!(said.contains("heard \"through the middle\" back\n"), "{said}");
    assert!(said.ends_with(": 18 bytes there, 18 back\n"), "{said}");
}

#[test]
fn proxy_serves_for_a_while() {
    let args = ["--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--for", "0.1"];
    let said = run("proxy", &args);
    assert!(said.starts_with("from 127.0.0.1:"), "{said}");
}

#[test]
fn timeout_and_cancel() {
    let said = run("timeout_and_cancel", &[]);
    assert!(said.contains("slow: deadline has elapsed after "), "{said}");
    assert!(said.contains("cancelled is true, panicked is false"), "{said}");
    assert!(said.contains("on the fire: 1\n"), "{said}");
    assert!(said.ends_with("after the runtime's end: 0\n"), "{said}");
}

#[test]
fn two_flavors() {
    let said = run("two_flavors", &[]);
    assert!(said.starts_with("current thread: the sum is 4950, counted on 1 of"), "{said}");
    assert!(said.contains("multi thread: the sum is 4950, counted on "), "{said}");
}

#[test]
fn three_bridges() {
    let said = run("three_bridges", &[]);
    assert!(said.contains("spawn_blocking: 6 words\n"), "{said}");
    assert!(said.contains("block_in_place: heard of another task\n"), "{said}");
    assert!(said.ends_with("Handle::block_on: 42\n"), "{said}");
}

#[test]
fn why_stuck() {
    let said = run("why_stuck", &[]);
    assert!(said.starts_with("the multi-thread runtime `kitchen` ("), "{said}");
    assert!(said.contains("1003 tasks are alive\n"), "{said}");
    assert!(said.contains(", in the first poll of task "), "{said}");
    assert!(said.contains("  time, 3600.0s left  ") || said.contains("  time, 3599."), "{said}");
    assert!(said.contains("  … and 997 more like it\n"), "{said}");
    let source = if cfg!(unix) { "fd" } else { "socket" };
    let reads = format!("the cook, who waits for: readable, {source} ");
    assert!(said.contains(&reads), "{said}");
    assert!(said.lines().count() < 30, "{said}");
}

#[test]
fn deadlock_report() {
    let said = run("deadlock_report", &[]);
    assert!(said.starts_with("deadlock: 2 tasks wait for each other\n"), "{said}");
    for part in ["`anna to ben` spawned at ", "`ben to anna` spawned at ", "deadlock_report.rs:21:"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(said.matches(" waits at ").count(), 2, "{said}");
    assert!(said.ends_with("the other goes on; the audit finds -5\n"), "{said}");
}

#[test]
fn paused_time_test() {
    let said = run("paused_time_test", &[]);
    assert!(said.contains("asked after [0, 1, 3, 7, 15] seconds"), "{said}");
    assert!(said.contains("gave up after 24 hours"), "{said}");
}

#[test]
fn http_hello() {
    for flavor in [&["--flavor", "current-thread"], &["--workers", "0"], &["--workers", "3"]] {
        let said = run("http_hello", &[&flavor[..], &["--for", "0.1"]].concat());
        assert!(said.starts_with("listening on http://127.0.0.1:"), "{said}");
        assert!(said.ends_with("shutting down\nevery connection has ended\n"), "{said}");
    }
}

#[test]
fn axum_hello() {
    let said = run("axum_hello", &[]);
    assert!(said.contains("/: 200 OK: Hello, 127.0.0.1!\n"), "{said}");
    assert!(
        said.contains("/wait/60: 504 Gateway Timeout: the request was not answered within 2s\n"),
        "{said}"
    );
    // In flight when the server is told to end, and answered.
    let end = "shutting down\n/wait/0.5: 200 OK: well rested\nevery request is answered\n";
    assert!(said.ends_with(end), "{said}");
}

#[test]
fn client() {
    let said = run("client", &[]);
    assert!(said.starts_with("200 OK from 127.0.0.1: /1\n"), "{said}");
    assert!(said.contains("/8\nconnections were used again\nfailed: "), "{said}");
    assert!(said.contains("127.0.0.1:1: Connection refused"), "{said}");
}

#[test]
fn tower() {
    let said = run("tower", &[]);
    let wanted = "worked for 1 s\nworked for 2 s\ntoo slow: the request was not answered within 5s\nworked for 3 s\n";
    assert_eq!(said, wanted);
}

#[test]
fn quic() {
    let said = run("quic", &[]);
    let wanted = "heard \"one\"\nheard \"two\"\nheard \"three\"\n3 streams were served\n";
    assert_eq!(said, wanted);
}

/// What the example prints. It must end in time, and well.
fn run(example: &str, args: &[&str]) -> String {
    let mut command = Command::new(path(example));
    let command = command.args(args).stdin(Stdio::null());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the example can be started");
    let runtime = Runtime::new().expect("a runtime can be built");
    runtime.block_on(async {
        let start = Instant::now();
        // The end of a process tells nobody but who asks.
        while child.try_wait().expect("a child can be asked").is_none() {
            if start.elapsed() > LIMIT {
                child.kill().expect("it runs");
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
    });
    let done = child.wait_with_output().expect("it has ended");
    let [stdout, stderr] = [done.stdout, done.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(done.status.success(), "{example} {args:?}: {}\n{stdout}{stderr}", done.status);
    assert_eq!(stderr, "", "{example}");
    stdout
}

/// Where `cargo` puts the example: beside this test.
fn path(example: &str) -> PathBuf {
    let test = env::current_exe().expect("this test has a path");
    let dir = test.parent().and_then(|deps| deps.parent()).expect("target/PROFILE/deps/TEST");
    let path = dir.join("examples").join(format!("{example}{}", env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "{} is missing: `cargo test` builds it unless told which tests to run; `cargo build -p \
         rt-facade --examples` does, too",
        path.display(),
    );
    path
}
