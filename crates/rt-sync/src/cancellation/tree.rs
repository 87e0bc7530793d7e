//! The tree of cancellation tokens: who is cancelled with whom, and what is freed when.
//!
//! One node a token; its clones are counted as `handles`. One byte lock a tree, in the root, for the links of all
//! nodes; what waits for a node is under that node's own lock. Where both are held, the tree's was taken first.
//!
//! # Invariants
//! - **C1** The links of a node are touched under its tree's lock alone.
//! - **C2** `handles` becomes zero under that lock alone, and then stays so but for a canceller's, who counts
//!   one up from at least one, under the lock.
//! - **C3** With the lock free, a node that nobody holds has two children or more, or is doomed: else it was
//!   taken out, and an only child put in its place.
//! - **C4** The root's memory stays while `nodes`, those not taken out, is not zero; any other's goes when it was
//!   taken out.
//! - **C5** A doomed node is marked, has no parent, and below it nobody makes a child that is not marked. Who dooms
//!   one, or finds some, works until none is left.
//!
//! # Protocol: cancellation
//! | who cancels                                             | who makes a child     | who drops the last handle |
//! |---------------------------------------------------------|-----------------------|---------------------------|
//! | K1 lock; mark it; take it from its parent; doom it      | K4 lock; if the parent is not marked: link | K6 lock; count; take it out unless C3 keeps it |
//! | K2 a doomed node's child: mark; take from it; doom it. No child left: not doomed any more | K5 else it is marked by itself | K7 unlock; free what was taken out |
//! | K3 now and then: unlock; wake; lock                     |                       |                           |
//!
//! **Claim (all below).** When `cancel` returns, every token made by then below it is cancelled, and each that is
//! made later is born so.
//! **Why.** K1, K2 and K4 hold one lock. K4 first: the child is linked, and K2 finds it. K1 or K2 first: K4 sees
//! the mark. Another canceller's work is finished by C5.
//! **Breaks if** K4 does not look under the lock, or `cancel` returns while some are doomed.
//! **Checked by** `cancellation::loom_tests::a_child_is_linked_or_born_cancelled` and
//! `cancellation::loom_tests::both_cancel_all`.
//!
//! **Claim (freed once, after the last touch).** A node is freed by one thread, which no other's touch follows.
//! **Why.** Who takes it out holds the lock and saw `handles` at zero, which is for good (C2); each that counted
//! down before did so with Release, and K6 reads with Acquire. Nobody reaches it by links after (C1).
//! **Breaks if** H1 is weaker than Release, or K6 than Acquire; or a canceller counts up with the lock free.
//! **Checked by** `cancellation::loom_tests::freed_once`.

use core::fmt;
use core::ptr::{self, NonNull};

use alloc::boxed::Box;
use rt_task::base::byte_lock::ByteLock;
use rt_task::base::seam::Wakes;
use rt_task::base::shim::{AtomicUsize, Ordering::*, UnsafeCell, site};
use rt_task::base::wake_batch::WakeBatch;

use crate::base::event::Event;

/// One of those that hold a node.
pub(super) struct Handle {
    node: NonNull<Node>,
}

// SAFETY: a node is made of atomics, locks, and links under a lock (C1).
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

struct Node {
    cancelled: Event,
    handles: AtomicUsize,
    /// The node whose `tree` is used: itself, for the first.
    root: Option<NonNull<Node>>,
    links: UnsafeCell<Links>,
    tree: ByteLock<Tree>,
}

/// Null is nobody.
struct Links {
    parent: Link,
    first_child: Link,
    /// The sibling before, unless first.
    prev: Link,
    /// The sibling behind; of a doomed node the next doomed one; of one taken out the next to be freed.
    next: Link,
    is_doomed: bool,
}

type Link = Option<NonNull<Node>>;

struct Tree {
    /// Not taken out.
    nodes: usize,
    /// The first of those whose children are not doomed yet.
    doomed: Link,
}

/// Steps with the tree's lock held, at most; each writes a few pointers. One in a model, so that others come
/// in between.
const STEPS_MAX: usize = if cfg!(rt_loom) { 1 } else { 64 };

impl Handle {
    /// The first of a tree.
    pub(super) fn new(is_cancelled: bool) -> Self {
        Self { node: Node::allocate(None, is_cancelled) }
    }

    #[inline]
    fn node(&self) -> &Node {
        // SAFETY: held by this, hence not taken out, hence not freed.
        unsafe { self.node.as_ref() }
    }

    #[inline]
    pub(super) fn event(&self) -> &Event {
        &self.node().cancelled
    }

    pub(super) fn address(&self) -> usize {
        self.node.as_ptr().addr()
    }

    /// How many nodes there are in its tree.
    #[cfg(test)]
    pub(super) fn nodes(&self) -> usize {
        self.tree().lock().with(|tree| tree.nodes)
    }

    fn tree(&self) -> &ByteLock<Tree> {
        // SAFETY: in the same tree as this one's, which is not taken out: C4.
        &unsafe { root_of(&self.node).as_ref() }.tree
    }

    pub(super) fn child(&self) -> Self {
        if self.event().has_happened() {
            return Self::new(true);
        }
        // Allocated with no lock held.
        let child = Node::allocate(Some(root_of(&self.node)), false);
        let is_linked = self.tree().lock().with(|tree| {
            let is_alive = !self.event().has_happened();
            if is_alive {
                tree.nodes += 1;
                adopt(self.node, child); // K4
            }
            is_alive
        });
        if is_linked {
            return Self { node: child };
        }
        // SAFETY: just allocated, and nobody else has seen it.
        drop(unsafe { Box::from_raw(child.as_ptr()) });
        Self::new(true) // K5
    }

    pub(super) fn cancel(&self) {
        let mut work = Work::default();
        let mut guard = self.tree().lock();
        guard.with(|tree| {
            if !self.event().has_happened() {
                let parent = links(self.node, |own| own.parent);
                orphan(self.node);
                work.doom(tree, self.node); // K1
                if let Some(parent) = parent {
                    work.settle(tree, parent);
                }
            }
        });
        loop {
            let is_done = guard.with(|tree| work.go_on(tree)); // K2
            drop(guard);
            work.finish(); // K3
            if is_done {
                return;
            }
            guard = self.tree().lock();
        }
    }
}

impl Clone for Handle {
    fn clone(&self) -> Self {
        let before = self.node().handles.fetch_add(1, Relaxed); // from one that is held: orders nothing
        assert!(before < usize::MAX / 2, "handles of a cancellation token that were forgotten");
        Self { node: self.node }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let handles = &self.node().handles;
        let mut count = handles.load(Relaxed); // only what the exchange expects
        while count > 1 {
            // H1, pairs with K6
            match handles.compare_exchange_weak(
                count,
                count - 1,
                site("cancellation.H1", Release), // weaker unnoticed: the checker does not see memory freed
                Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => count = now,
            }
        }
        let mut work = Work::default();
        self.tree().lock().with(|tree| {
            // K6, pairs with H1. One is this, and by C2 nobody counts up or down then.
            // weaker unnoticed: the checker does not see memory freed
            if handles.load(site("cancellation.K6", Acquire)) == 1 {
                handles.store(0, Relaxed);
                work.settle(tree, self.node);
                return;
            }
            // Another one by now is a canceller's, which may go meanwhile. As H1, and as K6.
            // weaker unnoticed: the checker does not see memory freed
            if handles.fetch_sub(1, site("cancellation.K6-both", AcqRel)) == 1 {
                work.settle(tree, self.node);
            }
        });
        work.finish(); // K7
    }
}

/// What is to be done once the lock is free.
#[derive(Default)]
struct Work {
    wakers: WakeBatch,
    /// The one that has more to wake than there was room for.
    more: Option<Handle>,
    /// Taken out.
    free: Link,
}

impl Work {
    /// Marks `node`, which has no parent, and puts it among the doomed.
    fn doom(&mut self, tree: &mut Tree, node: NonNull<Node>) {
        // SAFETY: in the tree, hence not freed: the lock is held.
        let held = unsafe { node.as_ref() };
        if held.cancelled.mark(&mut self.wakers) {
            // Somebody waits, hence holds it, and cannot let go of it before this lock is free: C2.
            held.handles.fetch_add(1, Relaxed);
            self.more = Some(Handle { node });
        }
        let next = tree.doomed.replace(node);
        links(node, |own| (own.is_doomed, own.next) = (true, next));
    }

    /// K2, for some. Returns whether none is doomed any more.
    fn go_on(&mut self, tree: &mut Tree) -> bool {
        for _ in 0..STEPS_MAX {
            let Some(doomed) = tree.doomed else { return true };
            if self.more.is_some() {
                return false; // and without, there is room for wakers
            }
            match links(doomed, |own| own.first_child) {
                Some(child) => {
                    orphan(child);
                    self.doom(tree, child);
                }
                None => {
                    tree.doomed = links(doomed, |own| {
                        own.is_doomed = false;
                        own.next.take()
                    });
                    self.settle(tree, doomed);
                }
            }
        }
        tree.doomed.is_none()
    }

    /// C3 for `node`, after it has lost a handle or a child; and for those above.
    fn settle(&mut self, tree: &mut Tree, node: NonNull<Node>) {
        let mut next = Some(node);
        while let Some(node) = next.take() {
            // SAFETY: in the tree, hence not freed: the lock is held.
            let is_held = unsafe { node.as_ref() }.handles.load(Relaxed) != 0; // zero under the lock alone
            let (is_doomed, first, parent) =
                links(node, |own| (own.is_doomed, own.first_child, own.parent));
            let other = first.and_then(|first| links(first, |first| first.next));
            if is_held || is_doomed || other.is_some() {
                return;
            }
            match first {
                Some(only) => {
                    orphan(only);
                    orphan(node);
                    if let Some(parent) = parent {
                        adopt(parent, only);
                    }
                }
                None => {
                    orphan(node);
                    next = parent;
                }
            }
            self.take_out(tree, node);
        }
    }

    /// `node` is in no list and has no child.
    fn take_out(&mut self, tree: &mut Tree, node: NonNull<Node>) {
        tree.nodes -= 1;
        let root = root_of(&node);
        if root != node {
            links(node, |own| own.next = self.free.replace(node));
        }
        if tree.nodes == 0 {
            links(root, |own| own.next = self.free.replace(root));
        }
    }

    /// With no lock held.
    fn finish(&mut self) {
        self.wakers.wake_all();
        if let Some(more) = self.more.take() {
            more.event().wake_all();
        }
        while let Some(node) = self.free {
            // SAFETY: taken out, hence this thread's alone (Claim): from `allocate`, and freed once.
            let node = unsafe { Box::from_raw(node.as_ptr()) };
            self.free = node.links.with(|own| {
                // SAFETY: alone, as above.
                unsafe { (*own).next }
            });
        }
    }
}

impl Node {
    /// Held once; in nobody's list.
    fn allocate(root: Link, is_cancelled: bool) -> NonNull<Self> {
        let links =
            Links { parent: None, first_child: None, prev: None, next: None, is_doomed: false };
        let node = Box::new(Self {
            cancelled: Event::new(is_cancelled),
            handles: AtomicUsize::new(1),
            root,
            links: UnsafeCell::new(links),
            tree: ByteLock::new(Tree { nodes: 1, doomed: None }),
        });
        // SAFETY: a box's pointer is not null.
        unsafe { NonNull::new_unchecked(Box::into_raw(node)) }
    }
}

/// The node whose lock `node`'s tree has. `node` is not freed.
fn root_of(node: &NonNull<Node>) -> NonNull<Node> {
    // SAFETY: not freed (each caller's: it is held, or in the tree under the lock). Written when allocated.
    unsafe { node.as_ref() }.root.unwrap_or(*node)
}

/// Under the lock of the tree that `node` is in. `f` touches no node.
fn links<R>(node: NonNull<Node>, f: impl FnOnce(&mut Links) -> R) -> R {
    // SAFETY: in the tree, or taken out by the caller just now: not freed.
    let node = unsafe { node.as_ref() };
    // SAFETY: exclusive: under the lock (C1), one node at a time.
    node.links.with_mut(|links| f(unsafe { &mut *links }))
}

/// Makes `child`, which has no parent, the first of `parent`. Under the lock.
fn adopt(parent: NonNull<Node>, child: NonNull<Node>) {
    let next = links(parent, |own| own.first_child.replace(child));
    links(child, |own| (own.parent, own.prev, own.next) = (Some(parent), None, next));
    if let Some(next) = next {
        links(next, |own| own.prev = Some(child));
    }
}

/// Takes `child` from its parent, if it has one. Under the lock.
fn orphan(child: NonNull<Node>) {
    let Some(parent) = links(child, |own| own.parent.take()) else { return };
    let (prev, next) = links(child, |own| (own.prev.take(), own.next.take()));
    match prev {
        Some(prev) => links(prev, |own| own.next = next),
        None => links(parent, |own| own.first_child = next),
    }
    if let Some(next) = next {
        links(next, |own| own.prev = prev);
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("node", &ptr::from_ref(self.node())).finish()
    }
}
