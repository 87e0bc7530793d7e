//! What tests poll with: a task that is nothing but a future and a waker that counts.

use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering::*};
use core::task::{Context, Poll, Waker};
use std::boxed::Box;
use std::sync::Arc;
use std::task::Wake;
use std::vec::Vec;

/// Counts its wakes.
#[derive(Default)]
pub(crate) struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// A waker and its count.
pub(crate) struct Task {
    count: Arc<Count>,
    waker: Waker,
}

impl Task {
    pub(crate) fn new() -> Self {
        let count = Arc::new(Count::default());
        Self { waker: count.clone().into(), count }
    }

    pub(crate) fn enter<R>(&self, f: impl FnOnce(&mut Context<'_>) -> R) -> R {
        f(&mut Context::from_waker(&self.waker))
    }

    /// How often it was woken.
    pub(crate) fn wakes(&self) -> usize {
        self.count.0.load(Relaxed)
    }

    /// Wakers of it that somebody holds.
    pub(crate) fn wakers_held(&self) -> usize {
        Arc::strong_count(&self.count) - 2
    }
}

/// A future with a task of its own.
pub(crate) struct Polled<F> {
    future: Pin<Box<F>>,
    task: Task,
    seen: usize,
}

impl<F: Future> Polled<F> {
    pub(crate) fn new(future: F) -> Self {
        Self { future: Box::pin(future), task: Task::new(), seen: 0 }
    }

    pub(crate) fn poll(&mut self) -> Poll<F::Output> {
        self.seen = self.task.wakes();
        let future = self.future.as_mut();
        self.task.enter(|cx| future.poll(cx))
    }

    /// Whether a poll is ready.
    pub(crate) fn is_ready(&mut self) -> bool {
        self.poll().is_ready()
    }

    /// The future itself.
    pub(crate) fn future(&mut self) -> Pin<&mut F> {
        self.future.as_mut()
    }

    /// How often it was woken.
    pub(crate) fn wakes(&self) -> usize {
        self.task.wakes()
    }

    /// Polls, and it has to be ready.
    #[track_caller]
    pub(crate) fn ready(&mut self) -> F::Output {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it pends"),
        }
    }

    /// Polls, and it has to pend.
    #[track_caller]
    pub(crate) fn pends(&mut self) {
        assert!(self.poll().is_pending(), "it is ready");
    }

    /// Whether it was woken since it was polled last.
    pub(crate) fn is_woken(&self) -> bool {
        self.task.wakes() > self.seen
    }

    pub(crate) fn task(&self) -> &Task {
        &self.task
    }
}

/// A waker that panics when it is cloned.
#[cfg(not(rt_loom))]
pub(crate) fn waker_that_is_not_cloned() -> Waker {
    use core::task::{RawWaker, RawWakerVTable};
    fn clone(_: *const ()) -> RawWaker {
        panic!("in the clone of a waker")
    }
    static TABLE: RawWakerVTable = RawWakerVTable::new(clone, |_| (), |_| (), |_| ());
    // SAFETY: the functions touch nothing, from any thread.
    unsafe { Waker::from_raw(RawWaker::new(core::ptr::null(), &TABLE)) }
}

/// A waker that panics when it is woken.
#[cfg(not(rt_loom))]
pub(crate) fn waker_that_panics() -> Waker {
    struct Loud;
    impl Wake for Loud {
        fn wake(self: Arc<Self>) {
            panic!("in the wake");
        }
    }
    Waker::from(Arc::new(Loud))
}

/// A waker that panics when it is dropped.
#[cfg(not(rt_loom))]
pub(crate) fn waker_that_panics_in_its_drop() -> Waker {
    struct Loud;
    impl Wake for Loud {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Loud {
        fn drop(&mut self) {
            panic!("in the drop of a waker");
        }
    }
    Waker::from(Arc::new(Loud))
}

/// Polls a future once, and drops it.
pub(crate) fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    Polled::new(future).poll()
}

/// Whether `f` panics, and with what.
pub(crate) fn panic_of<R>(f: impl FnOnce() -> R) -> Option<std::string::String> {
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).err()?;
    Some(match payload.downcast::<std::string::String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a message")).into(),
    })
}

/// Forgets a pinned future: its memory stays, and nobody drops it. Kept reachable, so that a leak checker can
/// tell it from one that nobody meant.
pub(crate) fn forget<F>(future: Pin<Box<F>>) {
    static FORGOTTEN: std::sync::Mutex<Vec<usize>> = std::sync::Mutex::new(Vec::new());
    // SAFETY: it is neither moved nor dropped, ever.
    let future = Box::leak(unsafe { Pin::into_inner_unchecked(future) });
    FORGOTTEN.lock().unwrap().push(core::ptr::from_mut(future).expose_provenance());
}
