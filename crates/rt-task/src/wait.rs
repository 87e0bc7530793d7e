//! What a pending task waits for: kind, object and call site.
//!
//! A leaf future (one that itself arranges to be woken) polls through [`poll_leaf`]. It takes
//! part in the cooperative budget by that, and leaves a [`Wait`] on the thread's context when
//! it pends. The end of the task's poll copies the last one into the task's header, where a
//! dump reads it from any thread. Without a context (a foreign executor) both do nothing.

#[cfg(feature = "std")]
mod observe;

use core::cell::Cell;
use core::panic::Location;
use core::ptr;
use core::task::{Context, Poll};

use crate::base::context;
use crate::base::shim::{AtomicPtr, AtomicU8, Ordering::*};
use crate::place::Place;
#[cfg(feature = "std")]
pub use observe::observe;

/// What a leaf future waits for.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// What sort of thing.
    pub kind: WaitKind,
    /// Which one: an address or an index that tells it from others of its kind.
    pub object: usize,
    /// Where the leaf future was made.
    pub site: &'static Location<'static>,
}

macro_rules! wait_kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What sort of thing a task waits for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum WaitKind {
            $($(#[$doc])* $name,)*
        }

        impl WaitKind {
            const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// A word for people.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

wait_kinds! {
    /// Something that no other kind names.
    Other = "other",
    /// Its turn: it yielded, or its budget was spent.
    Yield = "yield",
    /// A point in time.
    Time = "time",
    /// The end of another task.
    Join = "join",
    /// The end of a task, or of every task, of a set.
    JoinSet = "join of a set",
    /// A source that can be read.
    Readable = "readable",
    /// A source that can be written.
    Writable = "writable",
    /// A connection to accept.
    Accept = "accept",
    /// A connection to be made.
    Connect = "connect",
    /// A name to be resolved.
    Lookup = "lookup",
    /// A closure on the blocking pool.
    Blocking = "blocking",
    /// A lock that one holds at a time.
    Lock = "lock",
    /// A lock, to read with others.
    Read = "read lock",
    /// A lock, to write alone.
    Write = "write lock",
    /// A message to receive.
    Receive = "receive",
    /// Room to send.
    Send = "send",
    /// A notification.
    Notify = "notify",
    /// A value that is newer than the one seen.
    Change = "change",
    /// A cell to be filled.
    Fill = "fill of a cell",
    /// The others at a barrier.
    Barrier = "barrier",
    /// The end of all receivers, or senders, of a channel.
    Closed = "close of a channel",
    /// A cancellation.
    Cancelled = "cancellation",
    /// A permit of a semaphore.
    Permit = "permit",
    /// A signal.
    Signal = "signal",
    /// A child process.
    Child = "child",
}

/// Polls a leaf future's operation: `op` only if the task's budget is not spent, and `wait`
/// noted if it pends.
///
/// A leaf that is ready costs one unit of the budget. With none left, the task is woken and
/// `Pending` returned, so that others run.
#[inline]
pub fn poll_leaf<T>(
    cx: &mut Context<'_>,
    wait: impl FnOnce() -> Wait,
    op: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    if context::peek(|ctx| ctx.budget.remains()) == Some(false) {
        return spent(cx, wait().site);
    }
    let polled = op(cx);
    // The context is looked up again, since `op` may have run anything; and so may `wait`.
    match &polled {
        Poll::Ready(_) => context::peek(|ctx| ctx.budget.spend()),
        Poll::Pending => note(wait()),
    };
    polled
}

/// Polls what is no leaf, but is what the user wrote: a leaf inside that pends is noted as waiting
/// at `wait.site`. If none was noted, `wait` is.
///
/// Takes no part in the budget; the leaves do. One look at the thread's context, two if it pends.
#[inline]
pub fn poll_at<T>(
    cx: &mut Context<'_>,
    wait: impl FnOnce() -> Wait,
    op: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    let before = context::peek(|ctx| ctx.noted.pended());
    let polled = op(cx);
    if polled.is_pending() && before.is_some() {
        move_to(before, wait());
    }
    polled
}

/// The second half of [`poll_at`]: what pended is over.
fn move_to(before: Option<u8>, wait: Wait) {
    context::peek(|ctx| match ctx.noted.last.get() {
        Some(last) if before != Some(ctx.noted.pended()) => {
            ctx.noted.last.set(Some(Wait { site: wait.site, ..last }));
        }
        _ => ctx.noted.note(wait),
    });
}

/// [`poll_leaf`] for what is a leaf only if no leaf is inside: `wait` is noted unless one was.
#[inline]
pub(crate) fn poll_around<T>(
    cx: &mut Context<'_>,
    wait: Wait,
    op: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    if context::peek(|ctx| ctx.budget.remains()) == Some(false) {
        return spent(cx, wait.site);
    }
    let before = context::peek(|ctx| ctx.noted.pended.get());
    let polled = op(cx);
    context::peek(|ctx| match &polled {
        Poll::Ready(_) => ctx.budget.spend(),
        Poll::Pending if before == Some(ctx.noted.pended.get()) => ctx.noted.note(wait),
        Poll::Pending => {}
    });
    polled
}

#[inline]
pub(crate) fn note(wait: Wait) -> Option<()> {
    context::peek(|ctx| ctx.noted.note(wait))
}

/// The leaf made at `site` has to wait for its task's next turn.
#[cold]
pub(crate) fn spent<T>(cx: &mut Context<'_>, site: &'static Location<'static>) -> Poll<T> {
    cx.waker().wake_by_ref();
    note(Wait { kind: WaitKind::Yield, object: 0, site });
    Poll::Pending
}

/// What the leaves of the current poll noted. Lives on the context; one thread's.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    last: Cell<Option<Wait>>,
    pended: Cell<u8>,
}

impl Noted {
    #[inline]
    pub(crate) fn note(&self, wait: Wait) {
        self.last.set(Some(wait));
        self.pended.set((self.pended.get() + 1).min(RUNNING - 1));
    }

    /// How many leaves have pended.
    #[inline]
    pub(crate) fn pended(&self) -> u8 {
        self.pended.get()
    }

    /// A poll begins. Returns what to give to [`restore`](Self::restore) after it.
    #[inline]
    pub(crate) fn begin(&self) -> (Option<Wait>, u8) {
        (self.last.take(), self.pended.replace(0))
    }

    #[inline]
    pub(crate) fn restore(&self, (last, pended): (Option<Wait>, u8)) {
        self.last.set(last);
        self.pended.set(pended);
    }
}

/// A task's wait slot: written by its poller, read by anybody.
///
/// The fields are separate relaxed atomics: a reader that races with a poll may see halves of
/// two waits. A dump is a statistic; nothing is decided by it.
pub(crate) struct WaitSlot {
    site: AtomicPtr<Location<'static>>,
    object: Place,
}

/// The small part of a wait slot, apart so that the task's head has no gap.
pub(crate) struct WaitTag {
    kind: AtomicU8,
    pended: AtomicU8,
}

impl WaitSlot {
    pub(crate) fn new() -> Self {
        Self { site: AtomicPtr::new(ptr::null_mut()), object: Place::new() }
    }

    /// The word that a queue needs, while the task is in one.
    #[inline]
    pub(crate) fn place(&self) -> &Place {
        &self.object
    }

    /// Copies what was noted.
    #[inline]
    pub(crate) fn copy(&self, tag: &WaitTag, noted: &Noted) {
        if let Some(wait) = noted.last.get() {
            tag.kind.store(wait.kind as u8, Relaxed);
            self.object.set_object(wait.object);
            self.site.store(ptr::from_ref(wait.site).cast_mut(), Relaxed);
        }
        tag.pended.store(noted.pended.get(), Relaxed); // below RUNNING, by `note`
    }

    pub(crate) fn read(&self, tag: &WaitTag) -> Waiting {
        let pended = tag.pended.load(Relaxed);
        // SAFETY: null, or stored by `copy` from a `&'static Location`.
        let site = unsafe { self.site.load(Relaxed).as_ref() };
        let kind = tag.kind.load(Relaxed);
        let kind = WaitKind::ALL.get(usize::from(kind)).copied().unwrap_or(WaitKind::Other);
        let last = site.map(|site| Wait { kind, object: self.object.object(), site });
        match pended {
            RUNNING => Waiting { is_running: true, pended: 0, last },
            _ => Waiting { is_running: false, pended, last },
        }
    }
}

/// What a wait slot holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// A poll goes on.
    pub(crate) is_running: bool,
    /// How many leaves pended in the last poll. With more than one the task waits for any of them.
    pub(crate) pended: u8,
    /// The last leaf that pended, in that poll or one before.
    pub(crate) last: Option<Wait>,
}

/// Instead of how many leaves pended: the task is being polled.
const RUNNING: u8 = u8::MAX;

impl WaitTag {
    pub(crate) fn new() -> Self {
        Self { kind: AtomicU8::new(WaitKind::Other as u8), pended: AtomicU8::new(0) }
    }

    /// A poll begins. [`WaitSlot::copy`] ends it, if it pends.
    #[inline]
    pub(crate) fn run(&self) {
        self.pended.store(RUNNING, Relaxed);
    }

    /// It is over, and nobody knows who pended.
    pub(crate) fn run_no_more(&self) {
        self.pended.store(0, Relaxed);
    }
}

#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
