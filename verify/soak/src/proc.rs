//! What the system knows of a process: `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::io;

/// One look.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Look {
    /// Resident memory, in KiB, now and at most.
    pub(crate) rss: u64,
    pub(crate) rss_max: u64,
    pub(crate) threads: u64,
    pub(crate) fds: u64,
    /// Processor time, in hundredths of a second.
    pub(crate) ticks: u64,
    /// How long its threads could have run and had no processor, in microseconds; those that are there now.
    pub(crate) kept_waiting_us: u64,
}

/// This process.
pub(crate) fn own() -> io::Result<Look> {
    let mut look = look("self")?;
    look.fds -= 1; // the folder that is being read
    Ok(look)
}

pub(crate) fn of(pid: u32) -> io::Result<Look> {
    look(&pid.to_string())
}

fn look(name: &str) -> io::Result<Look> {
    let folder = format!("/proc/{name}");
    let status = fs::read_to_string(format!("{folder}/status"))?;
    let lines: BTreeMap<&str, &str> =
        status.lines().filter_map(|line| line.split_once(':')).collect();
    let number = |name: &str| {
        let value = lines.get(name).and_then(|value| value.split_whitespace().next());
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    };
    let stat = fs::read_to_string(format!("{folder}/stat"))?;
    // The name, which may hold anything, ends with the last bracket; user and system time are the
    // twelfth and thirteenth field after it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse().ok()).unwrap_or(0_u64);
    Ok(Look {
        rss: number("VmRSS"),
        rss_max: number("VmHWM"),
        threads: number("Threads"),
        fds: fs::read_dir(format!("{folder}/fd"))?.count() as u64,
        ticks: ticks(11) + ticks(12),
        kept_waiting_us: kept_waiting_us(&folder)?,
    })
}

fn kept_waiting_us(folder: &str) -> io::Result<u64> {
    let mut sum_ns = 0;
    for task in fs::read_dir(format!("{folder}/task"))? {
        // A thread may be gone by now, and not every kernel tells.
        let told = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        let waited = told.split_whitespace().nth(1).and_then(|waited| waited.parse::<u64>().ok());
        sum_ns += waited.unwrap_or(0);
    }
    Ok(sum_ns / 1_000)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::own;

    #[test]
    fn a_process_sees_its_own_memory_and_descriptors() -> std::io::Result<()> {
        let before = own()?;
        assert!(before.rss > 100 && before.rss_max >= before.rss && before.threads >= 1);
        // Tests beside this one may open and close some, too, but not so many.
        let opened = (0..200).map(|_| File::open("/dev/null")).collect::<Result<Vec<_>, _>>()?;
        assert!(own()?.fds > before.fds + 150);
        drop(opened);
        Ok(())
    }
}
