//! Children that nobody waits for any more: one thread of the process reaps them.
//!
//! It starts with the first child that is dropped unreaped, and ends when none is left and none has come
//! for [`LINGER`]. It sleeps until one of them ends, by their pidfds; those without one it asks at
//! intervals. It needs no runtime, so children are reaped also when the last one is gone, or stands
//! still; `docs/decisions/0012-who-reaps.md` says what else was thought of.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use rt_task::base::fork::Generation;

/// How long the thread stays when nothing is left: dropping many children in a row starts one.
const LINGER: Duration = Duration::from_secs(1);
/// How soon, at first and at last, a child without a descriptor is asked again.
const ASK_AGAIN: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(256));
/// Events taken at once.
const EVENTS: usize = 256;
/// The token of the waker; children count from zero.
const CALLED: Token = Token(usize::MAX);

/// A child that nobody waits for.
#[derive(Debug)]
struct Orphan {
    child: process::Child,
    pidfd: Option<OwnedFd>,
}

impl Orphan {
    /// Asks for its end. Also over if there is nobody to ask for: somebody else has reaped it.
    fn is_reaped(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

/// Those that the thread has yet to take over.
struct Orphanage {
    waiting: Vec<Orphan>,
    thread: Option<Called>,
}

/// How the thread is called, and the process that it runs in.
struct Called {
    process: Generation,
    thread: Thread,
    /// Where there was a descriptor for it.
    waker: Option<Arc<Waker>>,
}

static ORPHANAGE: Mutex<Orphanage> = Mutex::new(Orphanage { waiting: Vec::new(), thread: None });

fn orphanage() -> MutexGuard<'static, Orphanage> {
    ORPHANAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a child over, to reap it once it ends. It may have a descriptor that tells of that.
pub(crate) fn adopt(child: process::Child, pidfd: Option<OwnedFd>) {
    let mut orphan = Orphan { child, pidfd };
    if orphan.is_reaped() {
        return;
    }
    let mut orphanage = orphanage();
    if orphanage.thread.as_ref().is_some_and(|called| called.process.is_past()) {
        // A forked child: all that is here is its parent's, and so is the thread.
        *orphanage = Orphanage { waiting: Vec::new(), thread: None };
    }
    orphanage.waiting.push(orphan);
    orphanage.call();
}

/// Tries again to have a thread, if there was none to be had for children that wait for one.
pub(crate) fn look_again() {
    // Whoever has the lock looks, too; in a forked child that may be nobody, for ever.
    if let Ok(mut orphanage) = ORPHANAGE.try_lock()
        && !orphanage.waiting.is_empty()
    {
        orphanage.call();
    }
}

impl Orphanage {
    /// Has the thread look, or starts it.
    fn call(&mut self) {
        match &self.thread {
            Some(called) => {
                called.thread.unpark();
                // Fails never for a waker that is there.
                called.waker.as_ref().map(|waker| waker.wake());
            }
            // If no thread is to be had, they wait for the next child.
            None => self.thread = start().ok(),
        }
    }
}

fn start() -> io::Result<Called> {
    let (poll, waker) = poll().ok().unzip();
    let kept = waker.clone();
    let reaper = Reaper { poll, watched: HashMap::new(), asked: Vec::new(), next: 0 };
    let main = move || {
        reaper.run();
        drop(kept); // the poll has its descriptor
    };
    let thread = thread::Builder::new().name("rt-reaper".to_owned()).spawn(main)?;
    Ok(Called { process: Generation::current(), thread: thread.thread().clone(), waker })
}

fn poll() -> io::Result<(Poll, Arc<Waker>)> {
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), CALLED)?;
    Ok((poll, Arc::new(waker)))
}

/// What the thread has.
struct Reaper {
    /// `None` if there was no descriptor left for it: all are asked then.
    poll: Option<Poll>,
    watched: HashMap<Token, Orphan>,
    /// Those without a descriptor.
    asked: Vec<Orphan>,
    next: usize,
}

impl Reaper {
    fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        let mut again = ASK_AGAIN.0;
        loop {
            if self.take_over() {
                again = ASK_AGAIN.0;
            }
            let is_idle = self.watched.is_empty() && self.asked.is_empty();
            let timeout = match (is_idle, self.asked.is_empty()) {
                (true, _) => Some(LINGER),
                (false, true) => None,
                (false, false) => Some(again),
            };
            again = (again * 2).min(ASK_AGAIN.1);
            self.wait(&mut events, timeout);
            for event in &events {
                self.ended(event.token());
            }
            self.asked.retain_mut(|orphan| !orphan.is_reaped());
            if is_idle && ends() {
                return;
            }
        }
    }

    fn wait(&mut self, events: &mut Events, timeout: Option<Duration>) {
        match (&mut self.poll, timeout) {
            (Some(poll), timeout) => {
                if poll.poll(events, timeout).is_err() {
                    events.clear(); // interrupted
                }
            }
            (None, Some(timeout)) => thread::park_timeout(timeout),
            (None, None) => thread::park(),
        }
    }

    /// Takes over those that wait. Whether there were any.
    fn take_over(&mut self) -> bool {
        let waiting = std::mem::take(&mut orphanage().waiting);
        let any = !waiting.is_empty();
        waiting.into_iter().for_each(|orphan| self.watch(orphan));
        any
    }

    fn watch(&mut self, orphan: Orphan) {
        let token = Token(self.next);
        self.next += 1;
        // One that has ended is told of at once.
        let watched = self.poll.as_ref().zip(orphan.pidfd.as_ref()).is_some_and(|(poll, pidfd)| {
            let raw = pidfd.as_raw_fd();
            poll.registry().register(&mut SourceFd(&raw), token, Interest::READABLE).is_ok()
        });
        match watched {
            true => drop(self.watched.insert(token, orphan)),
            false => self.asked.push(orphan),
        }
    }

    fn ended(&mut self, token: Token) {
        let Some(orphan) = self.watched.get_mut(&token) else { return };
        if orphan.is_reaped() {
            self.watched.remove(&token); // closes its descriptor
        }
    }
}

/// Gives the thread up, unless somebody has come.
fn ends() -> bool {
    let mut orphanage = orphanage();
    if orphanage.waiting.is_empty() {
        orphanage.thread = None;
    }
    orphanage.thread.is_none()
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
