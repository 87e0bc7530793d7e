//! How far a run is, on stderr: a bar that moves where a person looks, lines elsewhere.
#![allow(clippy::disallowed_methods, reason = "the time left is told to a person")]

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Cells of the bar.
const WIDTH: usize = 24;

/// Between two lines where nothing can be drawn over.
const LINES_APART: Duration = Duration::from_secs(15);

/// Work of so many parts, which are guessed in seconds.
#[derive(Debug)]
pub(crate) struct Progress {
    draws: bool,
    began: Instant,
    said: Option<Instant>,
    done_s: f64,
    total_s: f64,
}

impl Progress {
    pub(crate) fn new(total_s: f64) -> Self {
        let began = Instant::now();
        Self { draws: stderr().is_terminal(), began, said: None, done_s: 0.0, total_s }
    }

    /// What is being done now.
    pub(crate) fn says(&mut self, what: &str) {
        let part = part(self.done_s, self.total_s);
        let left = left(self.began.elapsed().as_secs_f64(), self.done_s, self.total_s);
        let mut out = stderr();
        if self.draws {
            // From the first column, and nothing is left of what stood there.
            let bar = bar(part);
            let _ = write!(out, "\r\x1b[2K{bar} {:>3.0} %  {left}  {what}", part * 100.0);
            let _ = out.flush();
        } else if self.said.is_none_or(|said| said.elapsed() >= LINES_APART) {
            self.said = Some(Instant::now());
            let _ = writeln!(out, "{:>3.0} %  {left}  {what}", part * 100.0);
        }
    }

    /// So much of it is done.
    pub(crate) fn done(&mut self, seconds: f64) {
        self.done_s += seconds;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.draws {
            let _ = write!(stderr(), "\r\x1b[2K");
        }
    }
}

fn part(done_s: f64, total_s: f64) -> f64 {
    if total_s > 0.0 { (done_s / total_s).clamp(0.0, 1.0) } else { 0.0 }
}

fn bar(part: f64) -> String {
    let full = (part * WIDTH as f64).round() as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(WIDTH - full))
}

/// What is left, as the guess was right so far.
fn left(elapsed_s: f64, done_s: f64, total_s: f64) -> String {
    // Too early to know better than the guess.
    const EARLY: f64 = 0.02;
    let pace = match part(done_s, total_s) < EARLY {
        true => 1.0,
        false => elapsed_s / done_s,
    };
    format!("{} left", duration((total_s - done_s).max(0.0) * pace))
}

/// `95 s` as `1 min 35 s`.
pub(crate) fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds:02} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{bar, duration, left};

    #[test]
    fn the_time_left_follows_the_pace() {
        assert_eq!(left(0.0, 0.0, 90.0), "1 min 30 s left");
        // Half of it took twice as long as was thought.
        assert_eq!(left(90.0, 45.0, 90.0), "1 min 30 s left");
        assert_eq!(left(1.0, 100.0, 90.0), "0 s left");
        assert_eq!(duration(59.6), "1 min 00 s");
    }

    #[test]
    fn the_bar_is_always_as_long() {
        for part in [0.0, 0.01, 0.5, 0.99, 1.0] {
            assert_eq!(bar(part).chars().count(), 24);
        }
    }
}
