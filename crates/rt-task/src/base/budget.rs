//! The cooperative budget: how often a task may find a resource ready before it must let
//! others run.
//!
//! A task that always finds its socket readable never returns `Pending` by itself. So each
//! leaf future asks `Budget::spend` and pends, with the task woken, once the polls of one
//! turn are used up. The idea and the number are tokio's.

use core::cell::Cell;

/// Ready results per poll of a task.
pub const BUDGET: u8 = 128;

/// What is left of the current poll's budget.
#[derive(Debug)]
pub struct Budget {
    left: Cell<u8>,
    /// What the last poll of a task left.
    last: Cell<u8>,
}

/// Outside a task, and inside `unconstrained`: never spent.
const UNLIMITED: u8 = u8::MAX;
const _: () = assert!(BUDGET < UNLIMITED, "a budget is told apart from none");

impl Budget {
    pub(crate) const fn unlimited() -> Self {
        Self { left: Cell::new(UNLIMITED), last: Cell::new(BUDGET) }
    }

    /// A fresh poll begins. Returns what to give to [`restore`](Self::restore) after it.
    #[inline]
    pub(crate) fn refill(&self) -> u8 {
        self.left.replace(BUDGET)
    }

    /// A poll begins with `left`. Returns what to give to [`end`](Self::end) after it.
    #[inline]
    pub(crate) fn begin(&self, left: u8) -> u8 {
        self.left.replace(left)
    }

    #[inline]
    pub(crate) fn lift(&self) -> u8 {
        self.left.replace(UNLIMITED)
    }

    #[inline]
    pub(crate) fn restore(&self, left: u8) {
        self.left.set(left);
    }

    /// A task's poll ends; `outer` is what was left before it began.
    #[inline]
    pub(crate) fn end(&self, outer: u8) {
        self.last.set(self.left.replace(outer));
    }

    /// What the last poll of a task left of its budget.
    #[inline]
    pub(crate) fn last(&self) -> u8 {
        self.last.get().min(BUDGET)
    }

    /// What is left: to be given to [`restore`](Self::restore).
    #[inline]
    pub(crate) fn left(&self) -> u8 {
        self.left.get()
    }

    /// Whether another leaf may be found ready.
    #[inline]
    pub(crate) fn remains(&self) -> bool {
        self.left.get() != 0
    }

    /// A leaf was found ready.
    #[inline]
    pub(crate) fn spend(&self) {
        let left = self.left.get();
        if left != UNLIMITED {
            self.left.set(left.saturating_sub(1));
        }
    }
}
