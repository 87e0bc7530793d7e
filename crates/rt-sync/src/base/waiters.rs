//! Those that wait: an intrusive list, first come first served, under its owner's byte lock.
//!
//! A [`Waiter`] lives in a future: no allocation per wait. The future links it, and it is unlinked by who
//! *tells* it something (a small number, the caller's), or by the future when that is dropped.
//!
//! # Protocol: waiters
//! | waiter                                 | who tells                              |
//! |----------------------------------------|----------------------------------------|
//! | lock; link with a waker; unlock        | lock; unlink, take the waker           |
//! | W1 load `told`: is it zero?            | T1 store `told`; unlock; wake          |
//! | W2 if it is, and it is to leave: lock; unlink unless told | |
//!
//! **Claim (told once).** A linked waiter is told at most once, and is woken after it; who sees that it was
//! told sees what the teller wrote before, and nobody else touches the waiter any more.
//! **Why.** Linked or not changes under the lock. T1 is the teller's last touch, a Release that W1 reads with
//! Acquire. A waiter that leaves in W2 has either unlinked itself, or sees T1 by the lock.
//! **Breaks if** T1 is weaker than Release, or W1 than Acquire.
//! **Checked by** `base::waiters::loom_tests::told_once`.

use core::fmt;
use core::marker::PhantomPinned;
use core::ptr::NonNull;
use core::task::Waker;

use rt_task::base::byte_lock::ByteLock;
use rt_task::base::shim::{AtomicU8, Ordering::*, UnsafeCell, const_fn, site};

/// A future's place among those that wait. `T` is what it tells those that look at it, under the lock.
///
/// Pinned once it was linked, and alive until it was told or unlinked.
pub(crate) struct Waiter<T> {
    /// The lock's holder's while linked, else its owner's.
    node: UnsafeCell<Node<T>>,
    /// Zero until it was told something.
    told: AtomicU8,
    _pinned: PhantomPinned,
}

struct Node<T> {
    prev: Option<NonNull<Waiter<T>>>,
    next: Option<NonNull<Waiter<T>>>,
    /// There while linked.
    waker: Option<Waker>,
    value: Option<T>,
}

// SAFETY: the node is one thread's at a time (Claim), and what it holds may be sent.
unsafe impl<T: Send> Send for Waiter<T> {}
// SAFETY: as above: a shared reference reaches the node under the lock alone.
unsafe impl<T: Send> Sync for Waiter<T> {}

/// First in, first out. Lives in a [`ByteLock`].
pub(crate) struct Waiters<T> {
    first: Option<NonNull<Waiter<T>>>,
    last: Option<NonNull<Waiter<T>>>,
}

// SAFETY: the waiters are reached under the lock, and may be sent.
unsafe impl<T: Send> Send for Waiters<T> {}

impl<T> Waiter<T> {
    pub(crate) fn new() -> Self {
        let node = Node { prev: None, next: None, waker: None, value: None };
        Self { node: UnsafeCell::new(node), told: AtomicU8::new(0), _pinned: PhantomPinned }
    }

    /// What it was told since it was linked last; zero if nothing.
    #[inline]
    pub(crate) fn told(&self) -> u8 {
        self.told.load(site("waiters.W1", Acquire)) // W1, pairs with T1
    }

    /// Polls a waiter that was linked: what it was told, or zero, and then `waker` will be woken.
    ///
    /// Costs nothing but a load when it was told, and one lock when it was not.
    #[inline]
    pub(crate) fn poll<L>(
        &self,
        lock: &ByteLock<L>,
        waiters: impl Fn(&mut L) -> &mut Waiters<T>,
        waker: &Waker,
    ) -> u8 {
        match self.told() {
            0 => self.renew(lock, waiters, waker),
            told => told,
        }
    }

    #[cold]
    fn renew<L>(
        &self,
        lock: &ByteLock<L>,
        waiters: impl Fn(&mut L) -> &mut Waiters<T>,
        waker: &Waker,
    ) -> u8 {
        if lock.lock().with(|list| waiters(list).holds(self, waker)) {
            return 0;
        }
        let fresh = waker.clone(); // with no lock held: it may run anything
        let old = lock.lock().with(|list| waiters(list).swap_waker(self, fresh));
        drop(old);
        self.told()
    }

    /// The value, once the waiter was told.
    ///
    /// # Panics
    /// If it was not.
    pub(crate) fn value(&self) -> Option<&T> {
        assert_ne!(self.told(), 0, "the waiter is its owner's");
        // SAFETY: told, hence its owner's alone (Claim); and `self` is borrowed, so that it is not linked.
        self.node.with(|node| unsafe { &*node }.value.as_ref())
    }

    /// # Safety
    /// The caller holds the lock or, of a waiter that is not linked, owns it; and `f` touches no node.
    unsafe fn with_node<R>(&self, f: impl FnOnce(&mut Node<T>) -> R) -> R {
        // SAFETY: exclusive (contract): one node at a time.
        self.node.with_mut(|node| f(unsafe { &mut *node }))
    }
}

impl<T> Waiters<T> {
    const_fn! {
        /// Nobody.
        pub(crate) const fn new() -> Self {
            Self { first: None, last: None }
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Links `waiter` at the end, to be woken by `waker`.
    ///
    /// # Safety
    /// `self` is borrowed from the lock. The waiter is not linked, stays where it is, and alive, until it was
    /// told or [`unlink`](Self::unlink) was called with it, and is never linked to a list
    /// under another lock.
    pub(crate) unsafe fn link(&mut self, waiter: &Waiter<T>, waker: Waker, value: T) {
        waiter.told.store(0, Relaxed); // its owner's; seen by others after the lock
        let this = NonNull::from(waiter);
        let prev = self.last.replace(this);
        let node = Node { prev, next: None, waker: Some(waker), value: Some(value) };
        // SAFETY: not linked, hence the caller's (contract). What is replaced holds no waker.
        unsafe { waiter.with_node(|place| *place = node) };
        match prev {
            // SAFETY: linked, hence alive (contract), under the lock, which `self` is borrowed from.
            Some(prev) => unsafe { at(prev, |node| node.next = Some(this)) },
            None => self.first = Some(this),
        }
    }

    /// Unlinks the first, and tells it `word`. Returns whom to wake, once the lock is let go.
    #[inline]
    pub(crate) fn tell_first(&mut self, word: u8) -> Option<Waker> {
        self.first.and_then(|waiter| self.tell(waiter, word))
    }

    /// Unlinks the last, and tells it `word`. Returns whom to wake, once the lock is let go.
    #[inline]
    pub(crate) fn tell_last(&mut self, word: u8) -> Option<Waker> {
        self.last.and_then(|waiter| self.tell(waiter, word))
    }

    fn tell(&mut self, waiter: NonNull<Waiter<T>>, word: u8) -> Option<Waker> {
        debug_assert_ne!(word, 0, "zero is nothing");
        // SAFETY: linked, hence alive (contract of `link`).
        let waiter = unsafe { waiter.as_ref() };
        let waker = self.unlink(waiter);
        waiter.told.store(word, site("waiters.T1", Release)); // T1, pairs with W1: the last touch
        waker
    }

    /// Moves all of `others` to the end, in their order. Costs two pointers, however many.
    ///
    /// Both lists are under one lock, and each waiter is unlinked from the list that it is in by then.
    pub(crate) fn append(&mut self, others: &mut Self) {
        let Some(first) = others.first.take() else { return };
        let prev = match others.last.take() {
            Some(last) => self.last.replace(last),
            None => unreachable!("a first and no last"),
        };
        // SAFETY: linked, hence alive (contract of `link`), under the lock, which both are borrowed from.
        unsafe { at(first, |node| node.prev = prev) };
        match prev {
            // SAFETY: as above; one node at a time.
            Some(prev) => unsafe { at(prev, |node| node.next = Some(first)) },
            None => self.first = Some(first),
        }
    }

    /// The first one's value.
    #[inline]
    pub(crate) fn first(&mut self) -> Option<&mut T> {
        // SAFETY: linked, hence alive (contract of `link`).
        let first = unsafe { self.first?.as_ref() };
        // SAFETY: under the lock, which `self` is borrowed from.
        first.node.with_mut(|node| unsafe { &mut *node }).value.as_mut()
    }

    /// The value of `waiter`, if it is linked.
    #[inline]
    pub(crate) fn value(&mut self, waiter: &Waiter<T>) -> Option<&mut T> {
        // SAFETY: under the lock, which `self` is borrowed from.
        let node = waiter.node.with_mut(|node| unsafe { &mut *node });
        node.waker.is_some().then_some(node.value.as_mut()?)
    }

    /// Looks at each value, the first first.
    #[cfg_attr(
        not(feature = "std"),
        allow(dead_code, reason = "who looks for deadlocks asks, with `std`")
    )]
    pub(crate) fn for_each(&self, mut f: impl FnMut(&T)) {
        let mut next = self.first;
        while let Some(waiter) = next {
            let look = |node: &mut Node<T>| {
                node.value.as_ref().into_iter().for_each(&mut f);
                node.next
            };
            // SAFETY: linked, hence alive (contract of `link`), under the lock, which `self` is borrowed from.
            next = unsafe { at(waiter, look) };
        }
    }

    /// Unlinks `waiter`, if it is linked. Returns its waker, to be dropped once the lock is let go.
    pub(crate) fn unlink(&mut self, waiter: &Waiter<T>) -> Option<Waker> {
        // SAFETY: under the lock, which `self` is borrowed from.
        let (waker, prev, next) = unsafe {
            waiter.with_node(|node| (node.waker.take(), node.prev.take(), node.next.take()))
        };
        waker.as_ref()?; // not linked
        match prev {
            // SAFETY: linked, hence alive (contract of `link`), under the lock.
            Some(prev) => unsafe { at(prev, |node| node.next = next) },
            None => self.first = next,
        }
        match next {
            // SAFETY: linked, hence alive (contract of `link`), under the lock.
            Some(next) => unsafe { at(next, |node| node.prev = prev) },
            None => self.last = prev,
        }
        waker
    }

    /// Whether `waiter` need not be given `waker`: it has it, or is not linked any more.
    pub(crate) fn holds(&mut self, waiter: &Waiter<T>, waker: &Waker) -> bool {
        // SAFETY: under the lock, which `self` is borrowed from.
        unsafe {
            waiter.with_node(|node| node.waker.as_ref().is_none_or(|own| own.will_wake(waker)))
        }
    }

    /// Gives `waiter` another waker, if it is linked. Returns the one that is not needed.
    pub(crate) fn swap_waker(&mut self, waiter: &Waiter<T>, waker: Waker) -> Waker {
        // SAFETY: under the lock, which `self` is borrowed from.
        unsafe {
            waiter.with_node(|node| match &mut node.waker {
                Some(own) => core::mem::replace(own, waker),
                None => waker,
            })
        }
    }
}

/// Runs `f` on the node of a waiter that is linked.
///
/// # Safety
/// It is linked, the lock is held, and `f` touches no node.
unsafe fn at<T, R>(waiter: NonNull<Waiter<T>>, f: impl FnOnce(&mut Node<T>) -> R) -> R {
    // SAFETY: linked, hence alive (contract of `link`).
    let waiter = unsafe { waiter.as_ref() };
    // SAFETY: under the lock (contract).
    unsafe { waiter.with_node(f) }
}

impl<T> fmt::Debug for Waiter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Waiters<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiters").field("is_empty", &self.is_empty()).finish_non_exhaustive()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
