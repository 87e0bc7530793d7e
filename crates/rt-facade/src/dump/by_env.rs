//! Dumps without a line of code: the environment variable `RT_DUMP`, read when a runtime is built.
//!
//! `RT_DUMP=5s` (or `500ms`, or `2m`) prints a dump to stderr at that interval, by a thread of its own that
//! ends with the runtime. `RT_DUMP=shutdown` prints what is alive when the shutdown begins, and in the end
//! what it waited for in vain. `RT_DUMP=signal` prints a dump of every runtime of the process on `SIGUSR1`, by
//! a thread of its own that stays: `kill -USR1` asks a program that is stuck. With commas between, it does
//! several: `RT_DUMP=5s,shutdown,signal`.

#[cfg(unix)]
mod by_signal;
#[cfg(not(unix))]
mod no_signal;

#[cfg(not(unix))]
use no_signal as by_signal;

use std::env;
use std::fmt::Display;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, Once, PoisonError};
use std::thread;
use std::time::Duration;

use crate::handle::Handle;
use crate::report::ShutdownReport;

const VARIABLE: &str = "RT_DUMP";

/// What the variable asks of one runtime.
#[derive(Debug)]
pub(crate) struct ByEnv {
    at_shutdown: bool,
    printer: Option<Printer>,
}

/// What the variable says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) every: Option<Duration>,
    pub(super) at_shutdown: bool,
    pub(super) at_signal: bool,
}

impl ByEnv {
    /// What the variable asks of the runtime of `handle`. Nothing, and no cost, if it is not set. A value
    /// that says nothing is told of once, and ignored.
    pub(crate) fn of(handle: &Handle) -> Option<Self> {
        let value = env::var_os(VARIABLE)?;
        let value = value.to_string_lossy();
        let Some(Wanted { every, at_shutdown, at_signal }) = parse(&value) else {
            static TOLD: Once = Once::new();
            TOLD.call_once(|| {
                print(&format_args!(
                    "{VARIABLE}={value} is ignored: it is to be an interval such as `5s` or `500ms`, \
                     `shutdown` or `signal`, or several with commas between\n"
                ));
            });
            return None;
        };
        let printer = every.and_then(|every| match Printer::start(every, handle.clone()) {
            Ok(printer) => Some(printer),
            Err(error) => {
                print(&format_args!("{VARIABLE}={value}: no thread can be had for it: {error}\n"));
                None
            }
        });
        if at_signal {
            by_signal::start(&value);
        }
        Some(Self { at_shutdown, printer })
    }

    /// The shutdown of the runtime of `handle` begins.
    pub(crate) fn shutdown_begins(&self, handle: &Handle) {
        if self.at_shutdown {
            print(&format_args!("the shutdown begins of {}", handle.dump()));
        }
    }

    /// It is over; or was given up.
    pub(crate) fn shutdown_ends(mut self, report: &ShutdownReport) {
        if self.at_shutdown && !report.is_complete() {
            print(&format_args!("the shutdown was given up: {report}\n"));
        }
        if let Some(printer) = self.printer.take() {
            printer.stop();
        }
    }
}

/// The thread that prints at an interval.
#[derive(Debug)]
struct Printer {
    over: Arc<(Mutex<bool>, Condvar)>,
    thread: thread::JoinHandle<()>,
}

impl Printer {
    fn start(every: Duration, handle: Handle) -> io::Result<Self> {
        let over = Arc::<(Mutex<bool>, Condvar)>::default();
        let theirs = over.clone();
        let main = move || {
            let (over, changed) = &*theirs;
            let mut is_over = over.lock().unwrap_or_else(PoisonError::into_inner);
            while !*is_over {
                let waited = changed.wait_timeout_while(is_over, every, |is_over| !*is_over);
                is_over = waited.unwrap_or_else(PoisonError::into_inner).0;
                if !*is_over {
                    drop(is_over); // the dump takes a while
                    print(&handle.dump());
                    is_over = over.lock().unwrap_or_else(PoisonError::into_inner);
                }
            }
        };
        let thread = thread::Builder::new().name("rt-dump".to_owned()).spawn(main)?;
        Ok(Self { over, thread })
    }

    /// Returns when the thread has ended.
    fn stop(self) {
        let (over, changed) = &*self.over;
        *over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
        let _ = self.thread.join(); // a panic of it was told by the panic hook
    }
}

/// `None` if it says nothing that is known.
pub(super) fn parse(value: &str) -> Option<Wanted> {
    let mut wanted = Wanted::default();
    for word in value.split(',').map(str::trim) {
        match word {
            "shutdown" => wanted.at_shutdown = true,
            "signal" => wanted.at_signal = true,
            span => wanted.every = Some(parse_span(span)?),
        }
    }
    Some(wanted)
}

fn parse_span(span: &str) -> Option<Duration> {
    let digits = span.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    let span = match &span[digits.len()..] {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60)?),
        _ => return None,
    };
    (span > Duration::ZERO).then_some(span)
}

/// To stderr, in one piece. One that is closed is nobody's loss.
fn print(text: &dyn Display) {
    let text = format!("rt: {text}");
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
