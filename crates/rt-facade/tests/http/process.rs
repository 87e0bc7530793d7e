//! What the operating system says of another process, where it has `/proc`.

use std::fs;
use std::path::PathBuf;

use rt_facade::time::{Duration, sleep};

/// A process, looked at from outside.
pub(crate) struct Process {
    dir: PathBuf,
}

impl Process {
    /// The process, if there is a `/proc` to read; else says that something is skipped.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let dir = PathBuf::from(format!("/proc/{pid}"));
        if !dir.join("stat").is_file() {
            println!(
                "skipped: descriptors, memory and processor time of a process, for want of /proc"
            );
            return None;
        }
        Some(Self { dir })
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(self.dir.join("fd")).expect("it runs").count()
    }

    /// How many of those that a limit lets it have. Some may be above it, inherited.
    pub(crate) fn descriptors_below(&self, limit: u32) -> usize {
        let open = fs::read_dir(self.dir.join("fd")).expect("it runs");
        let numbers = open.flatten().filter_map(|fd| fd.file_name().to_str()?.parse().ok());
        numbers.filter(|number: &u32| *number < limit).count()
    }

    /// Its resident memory, in kB.
    pub(crate) fn resident_kb(&self) -> usize {
        let status = fs::read_to_string(self.dir.join("status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("has memory");
        line.split_whitespace().next().and_then(|kb| kb.parse().ok()).expect("a number")
    }

    /// The processor time that it has used so far, user's and system's, in ticks of [`tick`].
    pub(crate) fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(self.dir.join("stat")).expect("it runs");
        let (_, after_name) = stat.rsplit_once(')').expect("a name in parentheses");
        let mut fields = after_name.split_whitespace().skip(11); // utime is field 14, ')' ends field 2
        let mut field = || -> u64 { fields.next().and_then(|n| n.parse().ok()).expect("a number") };
        field() + field()
    }

    /// How many ticks it uses while `span` passes.
    pub(crate) async fn ticks_during(&self, span: Duration) -> u64 {
        let before = self.ticks();
        sleep(span).await; // the span that is measured, not a wait for something
        self.ticks() - before
    }
}

/// How long the threads of process `pid`, and this thread, were ready to run so far and did not, for want of
/// a processor: what a machine with other things to do adds to every latency. Zero where the system does not
/// tell.
pub(crate) fn starved(pid: u32) -> Duration {
    let waited = |path: PathBuf| -> u64 {
        let stat = fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        stat.split_whitespace().nth(1).and_then(|ns| ns.parse().ok()).unwrap_or(0)
    };
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let theirs: u64 = threads.map(|thread| waited(thread.path())).sum();
    Duration::from_nanos(theirs + waited(PathBuf::from("/proc/thread-self")))
}

/// The unit of processor time.
pub(crate) fn tick() -> Duration {
    Duration::from_secs(1) / rustix::param::clock_ticks_per_second() as u32
}
