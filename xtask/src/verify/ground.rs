//! What a lane stands on: where it builds, what it was asked for, and how it runs commands so that
//! none of them hangs and each leaves a log.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::flags::Verify;
use crate::util;

/// Lines of a failed command that are printed.
const TAIL: usize = 60;

pub(super) struct Ground<'a> {
    pub(super) flags: &'a Verify,
    lane: &'static str,
    log: PathBuf,
}

impl<'a> Ground<'a> {
    pub(super) fn new(lane: &'static str, flags: &'a Verify) -> Result<Self> {
        let dir = folder();
        fs::create_dir_all(&dir)?;
        let log = dir.join(format!("{lane}.log"));
        File::create(&log).with_context(|| log.display().to_string())?;
        Ok(Self { flags, lane, log })
    }

    /// Where this lane builds: it differs from others in compiler flags.
    pub(super) fn target_dir(&self) -> PathBuf {
        util::target_dir().join(format!("verify-{}", self.lane))
    }

    /// `cargo` at the top of the tree, building to [`target_dir`](Self::target_dir).
    pub(super) fn cargo<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = util::cargo(args);
        command.env("CARGO_TARGET_DIR", self.target_dir());
        command
    }

    /// The nightly tool chain's `cargo`; ask [`util::has_nightly`] first.
    pub(super) fn nightly<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = util::nightly(args);
        command.env("CARGO_TARGET_DIR", self.target_dir());
        command
    }

    /// Runs `command` to its end, or kills it and all it started after `limit`; returns what it
    /// printed, which is in the log, too.
    ///
    /// A command that hangs fails, and so does one that fails: with its last lines.
    pub(super) fn run(&mut self, limit: Duration, command: &mut Command) -> Result<String> {
        let told = said(command);
        println!("   {told}");
        let before = fs::metadata(&self.log)?.len();
        let log = || OpenOptions::new().append(true).open(&self.log);
        let start = Instant::now();
        let mut limited = self.limited(limit, command);
        let status = limited.stdin(Stdio::null()).stdout(log()?).stderr(log()?).status();
        let status = status.with_context(|| format!("cannot start {told}"))?;
        let bytes = fs::read(&self.log)?;
        let text = String::from_utf8_lossy(&bytes[before as usize..]).into_owned();
        if status.success() {
            return Ok(text);
        }
        let lines: Vec<&str> = text.lines().collect();
        // What a sanitizer found may be far above the end, and be there often.
        let mut found: Vec<&str> = lines.iter().copied().filter(|line| is_finding(line)).collect();
        found.sort_unstable();
        found.dedup();
        found.iter().take(TAIL).for_each(|line| println!("   | {line}"));
        lines[lines.len().saturating_sub(TAIL)..].iter().for_each(|line| println!("   | {line}"));
        if start.elapsed() >= limit {
            bail!("{told}: hung: killed after {} s; see {}", limit.as_secs(), self.log.display());
        }
        bail!("{told}: {status}; see {}", self.log.display())
    }

    /// The same command, by `timeout` where that is installed.
    fn limited(&self, limit: Duration, command: &Command) -> Command {
        if !util::installed("timeout") {
            println!("   (`timeout` is not installed: a command that hangs will hang this)");
        }
        let mut limited = match util::installed("timeout") {
            true => {
                let mut limited = Command::new("timeout");
                limited.args(["-k", "10", &limit.as_secs().to_string()]).arg(command.get_program());
                limited
            }
            false => Command::new(command.get_program()),
        };
        limited.args(command.get_args());
        if let Some(dir) = command.get_current_dir() {
            limited.current_dir(dir);
        }
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        limited
    }
}

/// Where logs, pictures and copies of the tree go.
pub(super) fn folder() -> PathBuf {
    util::target_dir().join("verify")
}

/// Whether a line says in short what a sanitizer or valgrind found.
fn is_finding(line: &str) -> bool {
    line.starts_with("SUMMARY: ") || line.contains(" are definitely lost in ")
}

/// How many tests passed, by what the test harness printed; an error if it ran none.
pub(super) fn passed(text: &str) -> Result<u64> {
    let results = text.lines().filter_map(|line| line.strip_prefix("test result: ok. "));
    let counts = results.filter_map(|rest| rest.split(' ').next()?.parse::<u64>().ok());
    match counts.sum() {
        0 => bail!("no test was run: is the filter right?"),
        count => Ok(count),
    }
}

/// The command as one would type it, with the variables that it is given.
fn said(command: &Command) -> String {
    let mut words = Vec::new();
    for (name, value) in command.get_envs() {
        let (name, value) = (name.to_string_lossy(), value.unwrap_or_default().to_string_lossy());
        let cargos_own = name.starts_with("CARGO") || name == "RUSTUP_TOOLCHAIN";
        if !cargos_own && !value.is_empty() && env::var_os(&*name).is_none() {
            words.push(format!("{name}=\"{value}\""));
        }
    }
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    words.push(program.to_string_lossy().into_owned());
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{passed, said};

    #[test]
    fn a_run_without_tests_is_no_success() {
        let text = "test result: ok. 3 passed; 0 failed\nx\ntest result: ok. 4 passed; 0 failed";
        assert_eq!(passed(text).ok(), Some(7));
        assert!(passed("test result: ok. 0 passed; 0 failed").is_err());
    }

    #[test]
    fn a_command_is_told_as_it_would_be_typed() {
        let mut command = Command::new("/usr/bin/true");
        command.args(["a", "b"]).env("RT_FOR_A_TEST", "1").env("CARGO_TARGET_DIR", "x");
        assert_eq!(said(&command), "RT_FOR_A_TEST=\"1\" true a b");
    }
}
