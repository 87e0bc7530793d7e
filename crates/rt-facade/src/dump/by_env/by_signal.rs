//! Dumps of every runtime on a signal: one thread, with a reactor of its own.
//!
//! It runs no task and needs no worker, so it tells of runtimes that are stuck, and of those that were
//! built without I/O.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Waker};
use std::thread;

use rt_reactor::Driver;
use rt_signal::unix::{Signal, SignalKind, signal_with_handle};
use rt_task::base::contain;
use rt_task::base::driver::{Reactor, WakeBatch};
use rt_task::base::fork::Generation;

use super::{VARIABLE, print};
use crate::runtimes;

/// The process that was started in.
static STARTED: Mutex<Option<Generation>> = Mutex::new(None);

/// Sees to it that this process prints on `SIGUSR1`, from before this returns. Says so if it cannot.
pub(super) fn start(value: &str) {
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if started.is_some_and(|process| !process.is_past()) {
        return;
    }
    match try_start() {
        Ok(()) => *started = Some(Generation::current()),
        Err(error) => {
            print(&format_args!("{VARIABLE}={value}: cannot listen to SIGUSR1: {error}\n"))
        }
    }
}

fn try_start() -> io::Result<()> {
    let driver = Driver::new()?;
    let signal = signal_with_handle(SignalKind::user_defined1(), &driver.handle())?;
    let main = move || run(driver, signal);
    thread::Builder::new().name("rt-dump-signal".to_owned()).spawn(main).map(drop)
}

fn run(mut driver: Driver, mut signal: Signal) {
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        while signal.poll_recv(&mut cx).is_ready() {
            contain(print_all);
        }
        if let Err(error) = driver.poll(None, &mut WakeBatch::new()) {
            return print(&format_args!("no more dumps on SIGUSR1: {error}\n"));
        }
    }
}

fn print_all() {
    let mut count = 0;
    runtimes::for_each(|runtime| {
        count += 1;
        print(&runtime.dump());
    });
    if count == 0 {
        print(&"SIGUSR1, and there is no runtime\n");
    }
}
