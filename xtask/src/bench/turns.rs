//! One turn: a subject runs a workload in a process of its own, and tells what it took.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::catalog::{How, Workload};
use super::process::{self, Failure, Running};
use super::results::Kind;
use super::wakes;
use crate::count;

/// What one turn has told, per operation where that makes sense.
pub(crate) type Readings = BTreeMap<String, f64>;

/// What grows with the number of operations. Whatever else is told stands for itself.
const TOTALS: [&str; 5] = ["allocs", "client_cpu_ns", "cpu_ns", "switches", "wall_ns"];

/// Of a server's client only what it waits for is told: its own cost is nobody's.
const OF_CLIENT_ALONE: [&str; 3] = ["allocs", "cpu_ns", "switches"];

/// The programs of rt-benches.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) op: PathBuf,
    pub(crate) serve: PathBuf,
    pub(crate) load: PathBuf,
    /// Of runtimes that have any.
    pub(crate) workers: String,
}

impl Programs {
    /// Builds them, with the peers that take minutes if so.
    pub(crate) fn build(workers: u64, peers: bool) -> Result<Self> {
        let built = count::build(peers)?;
        Ok(Self {
            op: count::program(&built, "op")?,
            serve: count::program(&built, "serve")?,
            load: count::program(&built, "load")?,
            workers: workers.to_string(),
        })
    }

    /// Builds a program of pairings, in the place of `op`; it serves nothing.
    pub(crate) fn build_pairings(program: &str, workers: u64) -> Result<Self> {
        let op = count::built(program)?;
        Ok(Self { op, serve: PathBuf::new(), load: PathBuf::new(), workers: workers.to_string() })
    }

    /// Runs `workload` on `subject`, `n` times in one process.
    pub(crate) fn turn(
        &self,
        subject: &str,
        workload: &Workload,
        n: u64,
        limit: Duration,
    ) -> Result<Readings, Failure> {
        let readings = match &workload.how {
            How::Operation { .. } => {
                let mut command = Command::new(&self.op);
                command.args(self.words(subject, &workload.name, &n.to_string()));
                let of_each = (workload.kind == Kind::Memory).then_some(n);
                readings(&process::output(&mut command, limit)?, n, of_each)?
            }
            How::Server { serve, load } => {
                let (told, asked) = self.served(subject, serve, load, n, limit)?;
                // Where nothing happens, what is there are the connections.
                let connections = load.get(1).and_then(|word| word.parse().ok());
                let of_each = connections.filter(|_| workload.kind == Kind::Idle);
                let mut readings = readings(&told, n, of_each)?;
                // A server's clock runs while nobody asks.
                readings.remove("wall_ns");
                let of_client = self::readings(&asked, n, None)?.into_iter();
                let waited =
                    of_client.filter(|(name, _)| !OF_CLIENT_ALONE.contains(&name.as_str()));
                readings.extend(waited);
                readings
            }
        };
        match readings.is_empty() {
            true => Err(Failure::Failed("told nothing".to_owned())),
            false => Ok(readings),
        }
    }

    /// What the server told, and what its client did.
    fn served(
        &self,
        subject: &str,
        serve: &[String],
        load: &[String],
        n: u64,
        limit: Duration,
    ) -> Result<(String, String), Failure> {
        let mut server = Command::new(&self.serve);
        server.arg(subject).args(serve).args(["--workers", &self.workers]);
        let mut server = Running::start(&mut server, limit)?;
        let Some(address) = server.line()? else {
            // It has ended, and says why.
            let told = server.finish()?;
            return Err(Failure::Failed(format!("told no address: {}", told.trim())));
        };
        let mut client = Command::new(&self.load);
        client.arg(address.trim());
        client.args(load.iter().map(|word| word.replace("{n}", &n.to_string())));
        let asked = process::output(&mut client, limit);
        if let Err(Failure::Failed(_)) = asked
            // A client that is left alone knows no more than that.
            && let Some(cause) = server.failure()
        {
            return Err(cause);
        }
        let asked = asked?;
        server.close_input();
        Ok((server.finish()?, asked))
    }

    /// System calls that wake and wait, per operation, under strace.
    pub(crate) fn wakes(
        &self,
        subject: &str,
        workload: &Workload,
        n: u64,
        limit: Duration,
    ) -> Result<wakes::Wakes, Failure> {
        let n_word = n.to_string();
        let words = self.words(subject, &workload.name, &n_word);
        Ok(wakes::trace(&self.op, &words, limit)?.per(n as f64))
    }

    /// The words after the program's name.
    fn words<'a>(&'a self, subject: &'a str, operation: &'a str, n: &'a str) -> [&'a str; 5] {
        [subject, operation, n, "--workers", &self.workers]
    }
}

/// Lines of a name, a tab and a number; lines of another form are none of ours. `of_each` says of
/// how many things what is resident is, if that is told.
fn readings(text: &str, n: u64, of_each: Option<u64>) -> Result<Readings, Failure> {
    let mut readings = Readings::new();
    for (name, value) in text.lines().filter_map(|line| line.split_once('\t')) {
        let wrong = |_| Failure::Failed(format!("told `{name}` to be `{value}`"));
        let value: f64 = value.trim().parse().map_err(wrong)?;
        match (name, of_each) {
            ("resident_bytes", Some(many)) => {
                readings.insert("bytes".to_owned(), rounded(value / many as f64));
            }
            ("resident_bytes", None) => {}
            // No clock ran.
            ("wall_ns", _) if value == 0.0 => {}
            (name, _) if TOTALS.contains(&name) => {
                readings.insert(name.to_owned(), rounded(value / n as f64));
            }
            (name, _) => {
                readings.insert(name.to_owned(), rounded(value));
            }
        }
    }
    Ok(readings)
}

/// To six digits, whatever its size: nobody measures better.
fn rounded(value: f64) -> f64 {
    const DIGITS: i32 = 6;
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powi(DIGITS - 1 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::super::process::Failure;
    use super::{readings, rounded};

    #[test]
    fn what_grows_with_n_is_told_per_operation() {
        let text = "allocs\t10\ncpu_ns\t1000\nwall_ns\t2000\nswitches\t1\nresident_bytes\t0\n";
        let told = readings(text, 10, None).unwrap();
        assert!(!readings("wall_ns\t0\n", 10, None).unwrap().contains_key("wall_ns"));
        let all: Vec<(&str, f64)> = told.iter().map(|(name, it)| (name.as_str(), *it)).collect();
        assert_eq!(
            all,
            [("allocs", 1.0), ("cpu_ns", 100.0), ("switches", 0.1), ("wall_ns", 200.0)]
        );
    }

    #[test]
    fn what_stands_for_itself_stays() {
        let text = "a remark\np50_ns\t512.5\nbytes\t300\nrequests_per_s\t9000\n";
        let told = readings(text, 100, None).unwrap();
        assert_eq!(
            (told["p50_ns"], told["bytes"], told["requests_per_s"]),
            (512.5, 300.0, 9_000.0)
        );
        let told = readings("resident_bytes\t41600\n", 7, Some(100)).unwrap();
        assert_eq!(told["bytes"], 416.0);
    }

    #[test]
    fn what_is_no_number_is_a_failure() {
        let told = readings("cpu_ns\tmuch\n", 1, None);
        assert_eq!(told, Err(Failure::Failed("told `cpu_ns` to be `much`".to_owned())));
    }

    #[test]
    fn six_digits_are_kept() {
        let kept = [1_234_567.0, 0.001_234_567_8, 0.0, 45.25].map(rounded);
        assert_eq!(kept, [1_234_570.0, 0.001_234_57, 0.0, 45.25]);
    }
}
