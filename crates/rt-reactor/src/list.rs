//! The futures of a source that found no free cell: an intrusive list under a byte lock.
//!
//! Rarely used: by the second future that waits for the same thing, and by those that wait for
//! several things, for priority or for an error. An [`Entry`] lives in the future; it is linked
//! by that future, and unlinked by it or by the event that satisfies it.
//!
//! # Protocol: list
//! | waiter                            | driver                                   |
//! |-----------------------------------|------------------------------------------|
//! | lock; L1 set LISTED, if not READY | E1 READY; sees LISTED                    |
//! | link; unlock                      | lock; unlink who is satisfied; L2 clear LISTED if empty; unlock |
//!
//! **Claim (none forgotten).** An event wakes every listed future that it satisfies.
//! **Why.** L1 and E1 change one word. L1 first: E1 sees LISTED, waits for the lock, and finds the
//! entry. E1 first: L1 finds READY. L2 comes with the lock held and the list empty, so no entry is
//! linked without LISTED.
//! **Breaks if** L1 comes before the lock, or L2 after it.
//! **Checked by** `slot::loom_tests::none_forgotten` and
//! `slot::loom_tests::a_listed_future_that_leaves_hides_none_that_comes`.

use std::cell::Cell as StdCell;
use std::marker::PhantomPinned;
use std::ptr::NonNull;
use std::task::Waker;

use rt_task::base::byte_lock::ByteLock;
use rt_task::base::seam::Wakes;
use rt_task::base::shim::UnsafeCell;

use crate::interest::Interest;
use crate::ready::Ready;
use crate::word::{Cell, Known, State};

/// See the module.
#[derive(Debug)]
pub(crate) struct List {
    head: ByteLock<Head>,
}

#[derive(Debug, Default)]
struct Head {
    /// Those that wait.
    first: Option<NonNull<Entry>>,
    /// Those that waited when the event came that is being handed out, and that it was not yet
    /// compared with. Apart, so that who comes back meanwhile is not met again.
    unsorted: Option<NonNull<Entry>>,
}

// SAFETY: the entries are reached under the lock, and what they hold (a waker) may be sent.
unsafe impl Send for Head {}

/// A future's place in a slot: in a cell, in the list, or nowhere.
#[derive(Debug)]
pub(crate) struct Entry {
    interest: Interest,
    /// What satisfies it.
    mask: Ready,
    /// The cell that it may wait in, if one serves.
    cell: Option<Cell>,
    /// Whether it put a waker into its cell. The future's alone.
    in_cell: StdCell<bool>,
    /// Whether it was linked; it may have been unlinked since. The future's alone.
    listed: StdCell<bool>,
    /// The list's, under its lock.
    node: UnsafeCell<Node>,
    _pinned: PhantomPinned,
}

#[derive(Debug, Default)]
struct Node {
    /// There while linked.
    waker: Option<Waker>,
    prev: Option<NonNull<Entry>>,
    next: Option<NonNull<Entry>>,
}

/// What adding to the list comes to.
#[must_use]
pub(crate) enum Listed {
    /// It waits.
    Waiting,
    /// It need not.
    Not(Known),
}

impl Entry {
    pub(crate) fn new(interest: Interest) -> Self {
        let cell = match interest {
            Interest::READABLE => Some(Cell::FutureRead),
            Interest::WRITABLE => Some(Cell::FutureWrite),
            _ => None,
        };
        Self {
            interest,
            mask: interest.mask(),
            cell,
            in_cell: StdCell::new(false),
            listed: StdCell::new(false),
            node: UnsafeCell::new(Node::default()),
            _pinned: PhantomPinned,
        }
    }

    pub(crate) fn interest(&self) -> Interest {
        self.interest
    }

    pub(crate) fn mask(&self) -> Ready {
        self.mask
    }

    /// The cell that it may wait in, if one serves.
    pub(crate) fn cell(&self) -> Option<Cell> {
        self.cell
    }

    /// What tells it from every other living one.
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    pub(crate) fn is_in_cell(&self) -> bool {
        self.in_cell.get()
    }

    pub(crate) fn set_in_cell(&self, in_cell: bool) {
        self.in_cell.set(in_cell);
    }

    pub(crate) fn is_listed(&self) -> bool {
        self.listed.get()
    }

    /// Runs `f` on the node.
    ///
    /// # Safety
    /// The caller holds the list's lock, and `f` touches no node itself.
    unsafe fn with_node<R>(&self, f: impl FnOnce(&mut Node) -> R) -> R {
        // SAFETY: exclusive: nodes are touched under the lock alone (contract), one at a time.
        self.node.with_mut(|node| f(unsafe { &mut *node }))
    }
}

impl List {
    pub(crate) fn new() -> Self {
        Self { head: ByteLock::new(Head::default()) }
    }

    /// Links `entry` with `waker`, or gives it that waker if it is linked.
    ///
    /// # Safety
    /// `entry` stays where it is, and alive, until [`remove`](Self::remove) was called with it.
    pub(crate) unsafe fn add(&self, entry: &Entry, waker: Waker, state: &State) -> Listed {
        let mut head = self.head.lock();
        let known = state.list(entry.mask());
        if known != Known::Nothing {
            drop(head); // before the waker, whose drop may run anything
            return Listed::Not(known);
        }
        entry.listed.set(true);
        // SAFETY: the lock is held.
        let before = unsafe { entry.with_node(|node| node.waker.replace(waker)) };
        if before.is_none() {
            head.with(|head| head.push(entry));
        }
        drop(head);
        drop(before);
        Listed::Waiting
    }

    /// Whether `entry` is linked with this very `waker`.
    pub(crate) fn holds(&self, entry: &Entry, waker: &Waker) -> bool {
        let _head = self.head.lock();
        // SAFETY: the lock is held.
        unsafe { entry.with_node(|node| node.waker.as_ref().is_some_and(|w| w.will_wake(waker))) }
    }

    /// Unlinks `entry` if it is linked.
    pub(crate) fn remove(&self, entry: &Entry, state: &State) {
        let mut head = self.head.lock();
        entry.listed.set(false);
        // SAFETY: the lock is held.
        let waker = unsafe { entry.with_node(|node| node.waker.take()) };
        if waker.is_some() {
            head.with(|head| head.unlink(entry));
            head.settle(state);
        }
        drop(head);
        drop(waker);
    }

    /// Unlinks all that wait now and that `ready` satisfies, and hands out their wakers. If the
    /// driver does that for one tenant while that one leaves, some of the futures that it leaked
    /// may stay, and be woken with those of the next.
    #[cold]
    pub(crate) fn hand_out(&self, ready: Ready, state: &State, out: &mut impl Wakes) {
        self.head.lock().with(Head::begin_sorting);
        loop {
            let mut taken = [const { None }; AT_ONCE];
            let mut head = self.head.lock();
            for place in &mut taken {
                *place = head.with(|head| head.take_satisfied(ready));
            }
            let more = head.unsorted.is_some();
            head.settle(state);
            drop(head);
            for waker in taken.into_iter().flatten() {
                out.push(waker);
            }
            if !more {
                return;
            }
        }
    }
}

/// Wakers that leave the list under one lock. More would hold it longer.
const AT_ONCE: usize = 8;

impl Head {
    fn push(&mut self, entry: &Entry) {
        let pointer = NonNull::from(entry);
        let next = self.first.replace(pointer);
        // SAFETY: `self` is borrowed from the lock.
        unsafe { entry.with_node(|node| (node.prev, node.next) = (None, next)) };
        if let Some(next) = next {
            // SAFETY: linked, hence alive (contract of `List::add`).
            let next = unsafe { next.as_ref() };
            // SAFETY: `self` is borrowed from the lock.
            unsafe { next.with_node(|node| node.prev = Some(pointer)) };
        }
    }

    fn unlink(&mut self, entry: &Entry) {
        // SAFETY: `self` is borrowed from the lock.
        let (prev, next) = unsafe { entry.with_node(|node| (node.prev.take(), node.next.take())) };
        match prev {
            Some(prev) => {
                // SAFETY: linked, hence alive (contract of `List::add`).
                let prev = unsafe { prev.as_ref() };
                // SAFETY: `self` is borrowed from the lock.
                unsafe { prev.with_node(|node| node.next = next) };
            }
            None if self.unsorted == Some(NonNull::from(entry)) => self.unsorted = next,
            None => self.first = next,
        }
        if let Some(next) = next {
            // SAFETY: linked, hence alive (contract of `List::add`).
            let next = unsafe { next.as_ref() };
            // SAFETY: `self` is borrowed from the lock.
            unsafe { next.with_node(|node| node.prev = prev) };
        }
    }

    /// All that wait are to be compared with an event.
    fn begin_sorting(&mut self) {
        if self.unsorted.is_none() {
            self.unsorted = self.first.take();
            return;
        }
        // The last time was cut short: those that were left over come too.
        while let Some(entry) = self.unsorted {
            // SAFETY: linked, hence alive (contract of `List::add`).
            let entry = unsafe { entry.as_ref() };
            self.unlink(entry);
            self.push(entry);
        }
        self.unsorted = self.first.take();
    }

    /// Unlinks the next entry that `ready` satisfies; those before it wait on.
    fn take_satisfied(&mut self, ready: Ready) -> Option<Waker> {
        while let Some(entry) = self.unsorted {
            // SAFETY: linked, hence alive (contract of `List::add`).
            let entry = unsafe { entry.as_ref() };
            self.unlink(entry);
            if entry.mask().meets(ready) {
                // SAFETY: `self` is borrowed from the lock.
                return unsafe { entry.with_node(|node| node.waker.take()) };
            }
            self.push(entry);
        }
        None
    }

    /// L2, if the list is empty.
    fn settle(&self, state: &State) {
        if self.first.is_none() && self.unsorted.is_none() {
            state.unlist();
        }
    }
}
