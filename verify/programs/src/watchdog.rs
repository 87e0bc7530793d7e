//! Ends the process, with a word, when a program hangs where nobody else can say so.

#![allow(
    clippy::disallowed_methods,
    reason = "it watches the pools and the clocks, so it may be of neither"
)]

use std::sync::{Condvar, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use rt_facade::runtime::Handle;

use crate::world::lock;

/// Nothing that a program does takes a hundredth of this.
const LIMIT: Duration = Duration::from_secs(30);

struct Watched {
    number: u64,
    what: String,
    handle: Handle,
}

#[derive(Default)]
pub(crate) struct Watch {
    now: Mutex<(u64, Option<Watched>)>,
    changed: Condvar,
}

/// Until it is dropped, somebody looks.
pub(crate) struct Watchdog(&'static Watch);

impl Watchdog {
    /// `what` is said if it hangs, and what the runtime's tasks do.
    pub(crate) fn new(what: String, handle: Handle) -> Self {
        let watch = Self::start();
        let mut now = lock(&watch.now);
        now.0 += 1;
        now.1 = Some(Watched { number: now.0, what, handle });
        Self(watch)
    }

    /// Starts the thread that looks, unless it runs.
    pub(crate) fn start() -> &'static Watch {
        static WATCH: OnceLock<&Watch> = OnceLock::new();
        WATCH.get_or_init(|| {
            let watch = Box::leak(Box::default());
            thread::spawn(|| look(watch));
            watch
        })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let over = lock(&self.0.now).1.take();
        drop(over);
    }
}

fn look(watch: &'static Watch) -> ! {
    loop {
        let now = lock(&watch.now);
        let before = now.1.as_ref().map(|it| it.number);
        let (now, _) = watch
            .changed
            .wait_timeout(now, LIMIT)
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(watched) = now.1.as_ref().filter(|it| Some(it.number) == before) {
            eprintln!(
                "FAILED: hangs for {} s\n{}\n{}",
                LIMIT.as_secs(),
                watched.what,
                watched.handle.dump()
            );
            std::process::exit(101);
        }
    }
}
