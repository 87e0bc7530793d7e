//! Where any thread leaves tasks for a scheduler, which takes all at once.
//!
//! A stack through the tasks' own links (after Treiber 1986), turned round when taken: first in,
//! first out across bursts, and one read-modify-write per burst for the taker.
//!
//! # Protocol: inbox
//! | pusher                                    | taker                              |
//! |-------------------------------------------|------------------------------------|
//! | I1 read the head                          | O1 exchange the head for null      |
//! | I2 link the task to it                    | O2 walk the links                  |
//! | I3 compare-exchange head → task           | C1 compare-exchange null → CLOSED  |
//!
//! **Claim (all arrive once).** A push that succeeds is taken exactly once, with all that came
//! before it; after C1 every push fails and gives its task back.
//! **Why.** I3 is a Release and O1 an Acquire of one pointer; pushes between are read-modify-writes,
//! so O1 reads from each. A taker takes the whole chain or nothing, so a link once pushed stays as it
//! is (no ABA: I3 compares the head it linked to, and a head that comes back links to whatever is
//! below it by then).
//! **Breaks if** I3 is weaker than Release or O1 than Acquire.
//! **Checked by** `inbox::loom_tests::all_arrive_once` and `inbox::loom_tests::two_takers_share_nothing`.

use core::marker::PhantomData;
use core::{fmt, ptr};

use crate::base::shim::{AtomicPtr, Ordering::*, site};
use crate::{Fifo, Link, Runnable, Schedule};

/// A queue that any thread pushes to and any takes all from.
///
/// Dropping it leaks what it holds: whoever owns it takes everything and closes it first.
pub struct Inbox<S: Schedule> {
    head: AtomicPtr<()>,
    _owns: PhantomData<Runnable<S>>,
}

// SAFETY: owns `Runnable`s, which are `Send`; they are handed out by `&self` to one taker each (Claim).
unsafe impl<S: Schedule> Send for Inbox<S> {}
// SAFETY: as above.
unsafe impl<S: Schedule> Sync for Inbox<S> {}

/// What the head is once the inbox is closed. No task is there.
fn closed() -> *mut () {
    static CLOSED: u64 = 0;
    ptr::from_ref(&CLOSED).cast_mut().cast()
}

/// The inbox is closed: the task comes back.
pub struct Closed<S: Schedule>(pub Runnable<S>);

impl<S: Schedule> fmt::Debug for Closed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Closed").field(&self.0).finish()
    }
}

impl<S: Schedule> Inbox<S> {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self { head: AtomicPtr::new(ptr::null_mut()), _owns: PhantomData }
    }

    /// I1–I3. Tells whether it was empty: then somebody is to be called. One read-modify-write.
    ///
    /// # Errors
    /// Gives the task back when the inbox is closed.
    pub fn push(&self, runnable: Runnable<S>) -> Result<bool, Closed<S>> {
        let link = runnable.into_link();
        let mut head = self.head.load(Relaxed); // I1; published by I3
        loop {
            if head == closed() {
                // SAFETY: `link` was made above, and stands for the `Runnable` until I3.
                return Err(Closed(unsafe { Runnable::from_link(link) }));
            }
            // SAFETY: neither null nor closed, hence put there by I3.
            let next = (!head.is_null()).then(|| unsafe { Link::from_ptr(head) });
            // SAFETY: the `Runnable` is ours until I3.
            unsafe { link.replace_next(next) }; // I2
            // I3, pairs with O1
            match self.head.compare_exchange_weak(
                head,
                link.as_ptr(),
                site("inbox.I3", Release),
                Relaxed,
            ) {
                Ok(_) => return Ok(head.is_null()),
                Err(changed) => head = changed,
            }
        }
    }

    /// Whether a take would find nothing. Orders nothing: O1 does.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let head = self.head.load(Relaxed);
        head.is_null() || head == closed()
    }

    /// O1, O2: appends all to `out`, oldest first. Returns how many.
    pub fn take_into(&self, out: &mut Fifo<S>) -> usize {
        let mut head = self.head.load(Relaxed); // O1 orders
        loop {
            if head.is_null() || head == closed() {
                return 0;
            }
            // O1, pairs with I3
            match self.head.compare_exchange_weak(
                head,
                ptr::null_mut(),
                site("inbox.O1", Acquire),
                Relaxed,
            ) {
                Ok(_) => break,
                Err(changed) => head = changed,
            }
        }
        let mut oldest_first = Fifo::new();
        while !head.is_null() {
            // SAFETY: put there by I3, or linked to by I2 of such a one.
            let link = unsafe { Link::from_ptr(head) };
            // SAFETY: O1 gave us every `Runnable` of the chain.
            let next = unsafe { link.replace_next(None) }; // O2
            head = next.map_or(ptr::null_mut(), Link::as_ptr);
            // SAFETY: stands for a `Runnable` of this `S` (by `push`), used once: it left the chain.
            oldest_first.push_front(unsafe { Runnable::from_link(link) });
        }
        let taken = oldest_first.len();
        out.append(&mut oldest_first);
        taken
    }

    /// C1: closes it if it is empty. Tells whether it is closed now.
    pub fn close(&self) -> bool {
        let closed = closed();
        // Publishes nothing: who finds it closed takes its task back and looks at nothing else.
        match self.head.compare_exchange(ptr::null_mut(), closed, Relaxed, Relaxed) {
            Ok(_) => true,
            Err(head) => head == closed,
        }
    }
}

impl<S: Schedule> Default for Inbox<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Schedule> fmt::Debug for Inbox<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("is_empty", &self.is_empty()).finish()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod model_tests;
