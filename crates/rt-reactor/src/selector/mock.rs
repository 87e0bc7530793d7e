//! A selector that follows a script: for tests, and as a template for ports.
//!
//! ```
//! use rt_reactor::selector::mock;
//! use rt_reactor::{Direction, Driver, Ready};
//! use rt_task::base::driver::{Reactor, WakeBatch};
//! use rt_task::base::park::ThreadPark;
//! use rt_task::wait::{Wait, WaitKind};
//! use std::panic::Location;
//! use std::task::Context;
//! use std::time::Duration;
//!
//! let (selector, script) = mock::selector();
//! let mut driver = Driver::with_selector(selector)?;
//! let source = script.register(&driver.handle())?;
//!
//! let park = ThreadPark::new();
//! let waker = park.unparker().into_waker();
//! let wait = Wait { kind: WaitKind::Readable, object: 0, site: Location::caller() };
//! let mut cx = Context::from_waker(&waker);
//! assert!(source.registration.poll_ready(&mut cx, Direction::Read, wait).is_pending());
//!
//! source.tell(Ready::READABLE);
//! driver.poll(Some(Duration::ZERO), &mut WakeBatch::new())?;
//! park.park(); // the event woke us
//! assert!(source.registration.poll_ready(&mut cx, Direction::Read, wait).is_ready());
//! # Ok::<(), std::io::Error>(())
//! ```

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use rt_task::base::seam::Unpark;
use rt_task::base::shim::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Selector, Token};
use crate::handle::Handle;
use crate::ready::Ready;
use crate::registration::Registration;

/// A selector, and what writes its script.
#[must_use]
pub fn selector() -> (MockSelector, Script) {
    let shared = Arc::new(Shared::default());
    let script = Script { shared: shared.clone() };
    (MockSelector { shared }, script)
}

/// Tells what its [`Script`] says. A timeout is over at once, without anything having happened.
#[derive(Debug)]
pub struct MockSelector {
    shared: Arc<Shared>,
}

/// Says what happens. Also the selector's unparker.
#[derive(Clone, Debug)]
pub struct Script {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    steps: Mutex<VecDeque<Step>>,
    written: Condvar,
}

#[derive(Debug)]
enum Step {
    Event(Token, Ready),
    Unpark,
    Interrupt,
    Fail(io::ErrorKind),
}

impl Shared {
    fn steps(&self) -> MutexGuard<'_, VecDeque<Step>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, step: Step) {
        self.steps().push_back(step);
        self.written.notify_one();
    }
}

impl Script {
    /// An event for `token`, whether or not anybody has that still.
    pub fn event(&self, token: Token, ready: Ready) {
        self.shared.write(Step::Event(token, ready));
    }

    /// A signal interrupts the wait.
    pub fn interrupt(&self) {
        self.shared.write(Step::Interrupt);
    }

    /// The system refuses to wait.
    pub fn fail(&self, kind: io::ErrorKind) {
        self.shared.write(Step::Fail(kind));
    }

    /// A source that does what the script says.
    ///
    /// # Errors
    /// As [`Registration::with_token`].
    pub fn register(&self, handle: &Handle) -> io::Result<MockSource> {
        let mut token = None;
        let registration = Registration::with_token(handle, |given| {
            token = Some(given);
            Ok(())
        })?;
        Ok(MockSource {
            registration,
            token: token.expect("the closure ran"),
            script: self.clone(),
        })
    }
}

/// A source of no operating system.
#[derive(Debug)]
pub struct MockSource {
    /// Its stay in the reactor.
    pub registration: Registration,
    /// By what its events are told.
    pub token: Token,
    script: Script,
}

impl MockSource {
    /// It became ready.
    pub fn tell(&self, ready: Ready) {
        self.script.event(self.token, ready);
    }
}

impl Selector for MockSelector {
    type Unpark = Script;

    fn select(
        &mut self,
        timeout: Option<Duration>,
        sink: &mut impl FnMut(Token, Ready),
    ) -> io::Result<bool> {
        let mut steps = self.shared.steps();
        while timeout.is_none() && steps.is_empty() {
            let waited = self.shared.written.wait(steps);
            steps = waited.unwrap_or_else(PoisonError::into_inner);
        }
        let told = std::mem::take(&mut *steps);
        drop(steps); // before the sink, which wakes
        let mut told = told.into_iter();
        let mut unparked = false;
        for step in &mut told {
            match step {
                Step::Event(token, ready) => sink(token, ready),
                Step::Unpark => unparked = true,
                Step::Interrupt => break,
                Step::Fail(kind) => {
                    self.put_back(told);
                    return Err(kind.into());
                }
            }
        }
        self.put_back(told);
        Ok(unparked)
    }

    fn unparker(&self) -> Script {
        Script { shared: self.shared.clone() }
    }

    fn registry(&self) -> io::Result<Option<mio::Registry>> {
        Ok(None)
    }
}

impl MockSelector {
    /// Keeps what was not told, for the next time.
    fn put_back(&self, untold: std::collections::vec_deque::IntoIter<Step>) {
        let mut steps = self.shared.steps();
        for step in untold.rev() {
            steps.push_front(step);
        }
    }
}

impl Unpark for Script {
    fn unpark(&self) {
        self.shared.write(Step::Unpark);
    }
}
