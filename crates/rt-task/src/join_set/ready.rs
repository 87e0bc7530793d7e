//! Which members of a set have ended: a stack that wakers push to.
//!
//! A member's waker is a pointer to its node, and a node lies in a chunk of the set: no allocation for
//! each. A waker moves from the set to the task's join slot and from there to its one wake or its drop.
//!
//! # Protocol: ended members
//! | member's waker                        | set                                      |
//! |---------------------------------------|------------------------------------------|
//! | E1 read the head                      | S1 swap the head for null, walk the links |
//! | E2 link the node to it                | S2 if there was none: leave its waker, under the lock |
//! | E3 compare-exchange head → node       | S3 look at the head again                |
//! | E4 if E1 read null: take the waker, under the lock; wake it | pend               |
//!
//! **Claim (every end is told).** A member that has ended is handed out once, and what it left is seen by
//! who takes it; a set that pends is woken by the next end.
//! **Why.** E3 is a Release and S1 an Acquire of one pointer; pushes between are read-modify-writes. The set
//! takes the whole stack, so who finds it empty (E1) is the first since. Its E4 and the set's S2 hold one
//! lock, one after the other. E4 last: it finds the waker. S2 last: it sees E3, and so does S3. The others
//! are found together with the first.
//! **Breaks if** E3 is weaker than Release or S1 than Acquire.
//! **Checked by** `join_set::ready::loom_tests::every_end_is_told` and
//! `join_set::ready::loom_tests::a_set_may_go_while_members_end`.
//!
//! **Invariants.**
//! - **N1** Each node is in one place: as a [`Member`] with the set, as a waker, or in the stack. Tokens are
//!   made once per node and never copied; wakers cannot be cloned.
//! - **N2** The nodes live as long as their [`Shared`], and each waker counts a reference to it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;
use core::ptr::{self, NonNull};
use core::task::{RawWaker, RawWakerVTable, Waker};

use crate::base::byte_lock::ByteLock;
use crate::base::shim::{Arc, AtomicPtr, Ordering::*, UnsafeCell, site};

/// The owner's half.
pub(crate) struct Ready {
    shared: Arc<Shared>,
    /// What S1 took and nobody has asked for yet, oldest first.
    taken: Option<NonNull<Node>>,
    /// Members that are free.
    free: Vec<Member>,
    /// Nodes that exist.
    made: u32,
}

// SAFETY: owns its nodes in `taken`, which other threads do not reach any more (N1).
unsafe impl Send for Ready {}
// SAFETY: a shared reference reaches nothing but the address.
unsafe impl Sync for Ready {}

/// What wakers reach.
struct Shared {
    head: AtomicPtr<Node>,
    waiter: ByteLock<Option<Waker>>,
    /// Each twice as long as the one before. Touched by the owner, and by the last reference's drop.
    chunks: UnsafeCell<Vec<NonNull<[Node]>>>,
}

// SAFETY: the chunks are touched by the owner alone, or by the last reference; nodes as N1 says.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

struct Node {
    /// Belongs to who has the node (N1).
    next: UnsafeCell<Option<NonNull<Node>>>,
    shared: *const Shared,
    index: u32,
}

/// The one token of a node that is with the set.
#[derive(Debug)]
pub(crate) struct Member(u32);

impl Member {
    pub(crate) fn index(&self) -> usize {
        self.0 as usize
    }
}

/// Nodes of the first chunk.
const FIRST: u32 = match () {
    () if cfg!(rt_loom) => 1,
    () if cfg!(test) => 2,
    () => 4,
};

/// The chunk of a node, and its place there.
fn place(index: u32) -> (usize, usize) {
    let number = index as usize + FIRST as usize;
    let chunk = (number.ilog2() - FIRST.ilog2()) as usize;
    (chunk, number - ((FIRST as usize) << chunk))
}

impl Ready {
    pub(crate) fn new() -> Self {
        let shared = Shared {
            head: AtomicPtr::new(ptr::null_mut()),
            waiter: ByteLock::new(None),
            chunks: UnsafeCell::new(Vec::new()),
        };
        Self { shared: Arc::new(shared), taken: None, free: Vec::new(), made: 0 }
    }

    /// What tells it from others.
    pub(crate) fn address(&self) -> usize {
        ptr::from_ref(&*self.shared).addr()
    }

    /// A free member. Allocates once per doubling.
    ///
    /// # Panics
    /// If there are more than four billion.
    pub(crate) fn reserve(&mut self) -> Member {
        if let Some(member) = self.free.pop() {
            return member;
        }
        let index = self.made;
        let made = index.checked_add(1 + FIRST).expect("a set has at most 2^32 members");
        let (chunk, place) = place(index);
        if place == 0 {
            self.grow((FIRST as usize) << chunk, index);
        }
        self.made = made - FIRST;
        Member(index)
    }

    fn grow(&mut self, nodes: usize, first: u32) {
        let shared = Arc::as_ptr(&self.shared); // the `Arc`'s own, to make references of
        let nodes = (0..nodes).map(|n| Node {
            next: UnsafeCell::new(None),
            shared,
            index: first + n as u32,
        });
        let nodes: Box<[Node]> = nodes.collect();
        let nodes = NonNull::from(Box::leak(nodes));
        // SAFETY: the owner alone touches the chunks.
        self.shared.chunks.with_mut(|chunks| unsafe { &mut *chunks }.push(nodes));
    }

    /// Takes back a member that was handed out by [`pop`](Self::pop).
    pub(crate) fn release(&mut self, member: Member) {
        self.free.push(member);
    }

    /// The waker that says that `member` has ended.
    pub(crate) fn waker(&mut self, member: Member) -> Waker {
        let (chunk, place) = place(member.0);
        // SAFETY: the owner alone touches the chunks.
        let nodes = self.shared.chunks.with(|chunks| unsafe { &*chunks }[chunk]);
        // SAFETY: within the chunk, by `place`.
        let node = unsafe { nodes.cast::<Node>().add(place) };
        // The waker's reference (N2).
        mem::forget(self.shared.clone());
        let raw = RawWaker::new(node.as_ptr().cast_const().cast(), &VTABLE);
        // SAFETY: the functions of the table are thread-safe, and keep the contract of `RawWaker`: a waker
        // owns a reference to what it points to; cloning one panics.
        unsafe { Waker::from_raw(raw) }
    }

    /// The next member that has ended, oldest first.
    pub(crate) fn pop(&mut self) -> Option<Member> {
        if self.taken.is_none() {
            self.taken = self.shared.take();
        }
        let node = self.taken?;
        // SAFETY: alive (N2), and the owner's since S1 (N1).
        let node = unsafe { node.as_ref() };
        // SAFETY: the node is the owner's.
        self.taken = node.next.with_mut(|next| unsafe { &mut *next }.take());
        Some(Member(node.index))
    }

    /// S2, S3: leaves `waker` for the next end. Tells whether one has come meanwhile.
    pub(crate) fn wait(&mut self, waker: &Waker) -> bool {
        let waiter = &self.shared.waiter;
        let is_there = |there: &mut Option<Waker>| match there {
            Some(there) => there.will_wake(waker),
            None => false,
        };
        if !waiter.lock().with(is_there) {
            let waker = waker.clone(); // may run anything: not under the lock
            let before = waiter.lock().with(|there| there.replace(waker));
            drop(before);
        }
        // Ordered by the lock (Claim).
        !self.shared.head.load(Relaxed).is_null()
    }
}

impl Shared {
    /// E1–E4. The node is the caller's, and not after.
    fn push(&self, node: NonNull<Node>) {
        let mut head = self.head.load(Relaxed); // E1; published by E3
        loop {
            // SAFETY: alive: the caller has a reference (N2).
            let next = unsafe { &node.as_ref().next };
            // SAFETY: the node is the caller's until E3 (N1).
            next.with_mut(|next| unsafe { *next = NonNull::new(head) }); // E2
            // E3, pairs with S1
            match self.head.compare_exchange_weak(
                head,
                node.as_ptr(),
                site("join_set.E3", Release),
                Relaxed,
            ) {
                Ok(_) => break,
                Err(changed) => head = changed,
            }
        }
        if head.is_null() {
            let waker = self.waiter.lock().with(Option::take); // E4
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// S1: takes all, oldest first.
    fn take(&self) -> Option<NonNull<Node>> {
        if self.head.load(Relaxed).is_null() {
            return None; // S1 orders; who must not miss one leaves a waker first
        }
        // S1, pairs with E3
        let newest = self.head.swap(ptr::null_mut(), site("join_set.S1", Acquire));
        let mut at = NonNull::new(newest);
        let mut newer = None;
        while let Some(node) = at {
            // SAFETY: alive: this is a reference to what keeps it (N2).
            let next = unsafe { &node.as_ref().next };
            // SAFETY: S1 gave us every node of the stack (N1).
            at = next.with_mut(|next| unsafe { mem::replace(&mut *next, newer) });
            newer = Some(node);
        }
        newer
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let chunks = self.chunks.with_mut(|chunks| {
            mem::take(
                // SAFETY: the last reference: nobody else touches the chunks.
                unsafe { &mut *chunks },
            )
        });
        for nodes in chunks {
            // SAFETY: leaked by `grow`, and no waker is left (N2).
            drop(unsafe { Box::from_raw(nodes.as_ptr()) });
        }
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// # Safety
/// None.
unsafe fn clone(_data: *const ()) -> RawWaker {
    unreachable!("a member's waker goes to the join slot of one task, which moves it");
}

/// # Safety
/// None.
unsafe fn wake_by_ref(_data: *const ()) {
    unreachable!("a member's waker is consumed by its one wake");
}

/// # Safety
/// `data` is the pointer of a waker of this table, whose reference the caller gives up.
unsafe fn wake(data: *const ()) {
    // SAFETY: made by `Ready::waker` of a node (contract).
    let node = unsafe { NonNull::new_unchecked(data.cast_mut().cast::<Node>()) };
    // SAFETY: the reference is ours (contract, N2).
    let shared = unsafe { reference(node) };
    shared.push(node);
}

/// # Safety
/// As [`wake`].
unsafe fn drop_waker(data: *const ()) {
    // SAFETY: as in `wake`.
    let node = unsafe { NonNull::new_unchecked(data.cast_mut().cast::<Node>()) };
    // SAFETY: as in `wake`. The node is never used again, as nobody has its token: its set is going, or
    // gone.
    drop(unsafe { reference(node) });
}

/// # Safety
/// The caller owns a reference to the set of the node, and gives it up.
unsafe fn reference(node: NonNull<Node>) -> Arc<Shared> {
    // SAFETY: alive by that reference (N2).
    let shared = unsafe { node.as_ref() }.shared;
    // SAFETY: from `Arc::as_ptr`; the reference is ours (contract).
    unsafe { Arc::from_raw(shared) }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
