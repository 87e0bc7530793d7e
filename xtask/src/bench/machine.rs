//! What a run has to say about where, when and of what it was made.
#![allow(clippy::disallowed_methods, reason = "the date of a run is that of the clock on the wall")]

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use super::results::Machine;
use crate::util;

/// What nobody could find out.
const UNKNOWN: &str = "unknown";

pub(crate) fn machine() -> Machine {
    Machine {
        processor: processor().unwrap_or_else(|| UNKNOWN.to_owned()),
        cores: thread::available_parallelism().map_or(1, usize::from),
        memory_bytes: memory_bytes().unwrap_or_default(),
        kernel: said("uname", &["-sr"]),
        system: system().unwrap_or_else(|| UNKNOWN.to_owned()),
    }
}

pub(crate) fn rustc() -> String {
    said("rustc", &["--version"])
}

/// The commit, and whether the tree differs from it.
pub(crate) fn commit() -> (String, bool) {
    let commit = said("git", &["rev-parse", "--short=12", "HEAD"]);
    let changes = said("git", &["status", "--porcelain"]);
    (commit, changes != UNKNOWN)
}

/// As it was typed.
pub(crate) fn command() -> String {
    let words = std::env::args().skip(1).map(|word| match word.contains(' ') {
        true => format!("'{word}'"),
        false => word,
    });
    ["cargo".to_owned(), "xtask".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// The time now, in words and as a seed.
pub(crate) fn now() -> (String, u64) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (date(since.as_secs()), u64::from(since.subsec_nanos()))
}

/// The first line that a program prints at the top of the tree.
fn said(program: &str, words: &[&str]) -> String {
    let mut command = Command::new(program);
    let text = util::output(command.current_dir(util::root()).args(words)).unwrap_or_default();
    let line = text.lines().next().unwrap_or(UNKNOWN).trim();
    line.to_owned()
}

fn processor() -> Option<String> {
    match fs::read_to_string("/proc/cpuinfo") {
        Ok(text) => value(&text, "model name", ':'),
        // Where there is no such file.
        Err(_) => Some(said("sysctl", &["-n", "machdep.cpu.brand_string"])),
    }
}

fn memory_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kib: u64 = value(&text, "MemTotal", ':')?.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

fn system() -> Option<String> {
    let text = fs::read_to_string("/etc/os-release").ok()?;
    Some(value(&text, "PRETTY_NAME", '=')?.trim_matches('"').to_owned())
}

/// What stands behind a name and a sign.
fn value(text: &str, name: &str, sign: char) -> Option<String> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(sign));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
}

/// Seconds since 1970 as a date and a time of day.
fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years from March on, so that the day of the leap year is the last; in eras of 400 years,
    // which all have as many days. 1970 began 719,468 days after such an era's first.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::{date, value};

    #[test]
    fn dates_know_leap_years() {
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(951_782_400 + 86_399), "2000-02-29 23:59:59 UTC");
        assert_eq!(date(951_868_800), "2000-03-01 00:00:00 UTC");
        assert_eq!(date(1_767_225_599), "2025-12-31 23:59:59 UTC");
    }

    #[test]
    fn values_stand_behind_their_names() {
        let text = "processor\t: 0\nmodel name\t: A Chip\nmodel name\t: B\n";
        assert_eq!(value(text, "model name", ':').as_deref(), Some("A Chip"));
        assert_eq!(value(text, "cpu", ':'), None);
    }
}
