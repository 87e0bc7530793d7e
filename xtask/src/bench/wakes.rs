//! How often a program wakes a thread and how often a thread waits, told by its system calls.
//!
//! A thread waits on a futex or in the driver; it is woken by a futex or by a write to the
//! driver's event descriptor. A look at the driver that does not wait is neither. Only these
//! calls are traced, but whoever is traced takes longer about them, so that threads meet
//! otherwise than they would: context switches, told by the untraced runs, are the check.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::process::{self, Failure};

/// The calls that matter. A name that this system does not have is left out by the question mark.
const TRACED: &str = "trace=futex,write,?epoll_wait,epoll_pwait,?epoll_pwait2";

/// What a write to an event descriptor writes.
const EVENT: &str = r#""\1\0\0\0\0\0\0\0", 8"#;

/// Calls, or calls per operation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Wakes {
    pub(super) wakes: f64,
    pub(super) waits: f64,
}

impl Wakes {
    pub(super) fn per(self, operations: f64) -> Self {
        Self { wakes: self.wakes / operations, waits: self.waits / operations }
    }
}

/// Runs the program to its end.
pub(super) fn trace(program: &Path, words: &[&str], limit: Duration) -> Result<Wakes, Failure> {
    let mut out = program.to_owned().into_os_string();
    out.push(".wakes");
    let mut command = Command::new("strace");
    command.args(["-f", "--seccomp-bpf", "-e", TRACED, "-o"]).arg(&out).arg(program);
    process::output(command.args(words), limit)?;
    let text = fs::read_to_string(&out);
    Ok(parse(&text.map_err(|error| Failure::Failed(format!("strace wrote nothing: {error}")))?))
}

fn parse(text: &str) -> Wakes {
    let mut told = Wakes::default();
    for line in text.lines() {
        // Behind the number of the thread.
        let call = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        if call.starts_with("futex(") {
            told.wakes += f64::from(call.contains("FUTEX_WAKE"));
            told.waits += f64::from(call.contains("FUTEX_WAIT"));
        } else if call.starts_with("write(") {
            told.wakes += f64::from(call.contains(EVENT));
        } else if is_epoll(call) && !call.contains("<unfinished") {
            told.waits += f64::from(!is_look(call));
        }
    }
    told
}

/// A call that was interrupted by another thread's has its arguments on the line of its end.
fn is_epoll(call: &str) -> bool {
    call.starts_with("epoll_") || call.starts_with("<... epoll_")
}

/// Whether its time limit is nought.
fn is_look(call: &str) -> bool {
    call.contains("{tv_sec=0, tv_nsec=0}") || call.contains(", 0)") || call.contains(", 0, NULL")
}

#[cfg(test)]
mod tests {
    use super::{Wakes, parse};

    #[test]
    fn wakes_and_waits_are_told_apart() {
        let text = r#"
17 futex(0x55d0, FUTEX_WAIT_BITSET_PRIVATE, 4294967295, NULL, FUTEX_BITSET_MATCH_ANY <unfinished ...>
18 futex(0x55d0, FUTEX_WAKE_PRIVATE, 1) = 1
17 <... futex resumed>)                 = 0
17 epoll_wait(3,  <unfinished ...>
18 write(5, "\1\0\0\0\0\0\0\0", 8)      = 8
17 <... epoll_wait resumed>[{events=EPOLLIN, data={u32=1, u64=1}}], 1024, -1) = 1
17 epoll_wait(3, [], 1024, 0)           = 0
17 epoll_pwait2(3, [], 1024, {tv_sec=0, tv_nsec=0}, NULL, 8) = 0
17 write(1, "cpu_ns\t1\n", 9)           = 9
18 +++ exited with 0 +++
"#;
        assert_eq!(parse(text), Wakes { wakes: 2.0, waits: 2.0 });
    }
}
