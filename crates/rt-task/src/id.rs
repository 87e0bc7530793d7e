//! Task ids: unique in the process, never reused.
//!
//! (On a target that counts no 64 bits in one step they start over after 2^32 blocks.)

use core::cell::Cell;
use core::fmt;
use core::num::NonZeroU64;

use crate::base::context;
use crate::base::shim::{AtomicCount, Ordering};

/// The id of a task, unique in the process while it runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(NonZeroU64);

/// Ids that a thread takes at once, so that a spawn takes none from the shared counter.
const BLOCK: u64 = 1024;

/// Blocks handed out.
static BLOCKS: AtomicCount = AtomicCount::new(0);

/// The id of the task that runs on this thread, if one does.
#[must_use]
pub fn current_id() -> Option<TaskId> {
    context::peek(|ctx| {
        // SAFETY: set by who polls or drops the task, for that time; alive meanwhile.
        ctx.task.get().map(|task| unsafe { task.header() }.id)
    })
    .flatten()
}

/// What is left of a thread's block.
#[derive(Debug, Default)]
pub(crate) struct IdBlock {
    next: Cell<u64>,
    end: Cell<u64>,
}

impl TaskId {
    /// A fresh one. No read-modify-write, but one in 1024 on a thread with a context.
    pub(crate) fn fresh() -> Self {
        let id = context::peek(|ctx| ctx.ids.take()).unwrap_or_else(block);
        Self(NonZeroU64::new(id).expect("ids start at one"))
    }

    /// What was cut to a word. (On a narrow target, ids past that are another's.)
    #[doc(hidden)]
    #[must_use]
    pub fn from_usize(id: usize) -> Option<Self> {
        NonZeroU64::new(id as u64).map(Self)
    }

    /// The number.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0.get()
    }
}

impl IdBlock {
    #[inline]
    fn take(&self) -> u64 {
        let mut next = self.next.get();
        if next == self.end.get() {
            next = block();
            self.end.set(next + BLOCK);
        }
        self.next.set(next + 1);
        next
    }
}

/// The first id of a block that is nobody else's.
#[allow(clippy::useless_conversion, reason = "the count is narrower on some targets")]
fn block() -> u64 {
    // A count: nothing is ordered by it.
    let before = BLOCKS.fetch_add(1, Ordering::Relaxed);
    u64::from(before) * BLOCK + 1
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskId({})", self.0)
    }
}
