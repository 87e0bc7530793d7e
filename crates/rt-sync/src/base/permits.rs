//! A counter of permits that are handed out in the order in which they were asked for.
//!
//! What is behind locks, semaphores and bounded channels. Nobody overtakes: as long as somebody waits, new
//! permits go to the first in the list, piece by piece if it asked for many.
//!
//! # Protocol: permits
//! The word holds how many are free, and two flags: QUEUED, somebody waits; CLOSED.
//!
//! | who takes                              | who gives                                  |
//! |----------------------------------------|--------------------------------------------|
//! | A1 compare-exchange: fewer, if enough are free and QUEUED is off | G1 compare-exchange: more, if QUEUED is off |
//! | A2 else lock; compare-exchange: none free, QUEUED on (or A1 after all); link; unlock | G2 else lock; give to those in the list, the first first, and tell them |
//! | A3 wait to be told                     | G3 if the list is empty: store what is left, QUEUED off; unlock |
//!
//! - **Q1** QUEUED is set and cleared under the lock alone. Without the lock held, it is on if and only if the
//!   list is not empty.
//! - **Q2** While QUEUED is on, no permit is free, and only the lock's holder writes the word.
//!
//! **Claim (each permit is one's).** A permit is free, or with one who took it, or with one who waits for
//! more; and who gets one sees what was done by who gave it back.
//! **Why.** Free permits change by compare-exchange, or by Q2's single writer. G1 and G3 are Release, A1 and A2
//! Acquire, and read-modify-writes between continue what was released; what is given in G2 is seen by the
//! waiter's W1 (see `waiters`).
//! **Breaks if** G1 or G3 is weaker than Release, or A1 or A2 than Acquire.
//! **Checked by** `base::permits::loom_tests::one_holds_it` and
//! `base::permits::loom_tests::what_the_list_leaves_is_given_on`.
//!
//! **Claim (no permit lies idle).** While somebody waits, every permit that is given back goes to the list.
//! **Why.** G1 fails while QUEUED is on, and A2 sets it while no permit is free. A waiter that leaves gives
//! what it had, after it has settled Q1.
//! **Breaks if** A2 leaves free permits behind, or a leaving waiter forgets what it was given.
//! **Checked by** `base::permits::loom_tests::a_waiter_that_leaves_takes_nothing_along` and
//! `base::permits::model_tests::behaves_like_a_queue`.
//!
//! # What it costs
//! Read-modify-writes: one to take and one to give where nobody waits; to wait two and a waker's clone; to
//! give to who waits one, the lock. The list is allocated when somebody waits for the first time.

use core::fmt;
use core::ptr;
use core::task::{Poll, Waker};

use rt_task::base::byte_lock::ByteLock;
use rt_task::base::seam::Wakes;
use rt_task::base::shim::{AtomicPtr, AtomicUsize, Ordering::*, const_fn, site};
use rt_task::base::wake_batch::WakeBatch;

use super::holder::{Holder, Who};
use super::registry::Registered;
use super::waiters::{Waiter, Waiters};

const CLOSED: usize = 1;
const QUEUED: usize = 2;
const SHIFT: u32 = 2;

/// See the module.
pub(crate) struct Permits {
    word: AtomicUsize,
    /// Null until somebody waits for the first time.
    queue: AtomicPtr<Registered>,
    /// Who got some last, where that is kept.
    pub(crate) holder: Holder,
}

/// Those that wait. Does not move when the [`Permits`] do.
pub(crate) struct Queue {
    pub(crate) waiters: ByteLock<Waiters<Want>>,
    /// The same as beside it: where others find it.
    pub(crate) holder: Holder,
}

/// What somebody waits for.
#[derive(Debug)]
pub(crate) struct Want {
    /// How many permits it still needs.
    pub(super) needed: usize,
    /// Whether it is to be found as the holder then.
    pub(super) is_kept: bool,
    pub(crate) who: Who,
}

/// There are no more: it was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed;

/// Why there are none now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TryTake {
    Closed,
    NoPermits,
}

/// What a waiter is told: it has all that it asked for.
pub(super) const GIVEN: u8 = 1;
/// What a waiter is told: it was closed. What it had by then is its own.
const GONE: u8 = 2;

impl Permits {
    /// More cannot be counted.
    pub(crate) const MAX: usize = usize::MAX >> 3;

    const_fn! {
        /// `free` of them, at most `MAX`.
        pub(crate) const fn new(free: usize) -> Self {
            Self::with_word(free << SHIFT)
        }
    }

    const_fn! {
        /// None, ever.
        pub(crate) const fn closed() -> Self {
            Self::with_word(CLOSED)
        }
    }

    const_fn! {
        const fn with_word(word: usize) -> Self {
            Self {
                word: AtomicUsize::new(word),
                queue: AtomicPtr::new(ptr::null_mut()),
                holder: Holder::new(),
            }
        }
    }

    /// `who` got some. No read-modify-write.
    #[inline]
    pub(crate) fn keep(&self, who: Who) {
        self.holder.set(who);
        if let Some(queue) = self.queue_if_made() {
            queue.holder.set(who);
        }
    }

    /// One who got some gives them back, in a moment. Of several, it is not known any more who holds the
    /// rest, if this is who came last. No read-modify-write.
    #[inline]
    pub(crate) fn let_go(&self) {
        if self.holder.is_alone_or_me() {
            self.holder.clear();
            if let Some(queue) = self.queue_if_made() {
                queue.holder.clear();
            }
        }
    }

    /// How many are free.
    #[inline]
    pub(crate) fn free(&self) -> usize {
        self.word.load(site("permits.look", Acquire)) >> SHIFT // weaker unnoticed: a statistic; as the model runtime's
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.word.load(site("permits.closed", Acquire)) & CLOSED != 0 // pairs with close, close-alone, close-empty
    }

    /// Whether it is closed, and `all` are free. Who sees that sees what was done by who gave them back.
    #[inline]
    pub(crate) fn is_done(&self, all: usize) -> bool {
        self.word.load(site("permits.done", Acquire)) == all << SHIFT | CLOSED // pairs with G1
    }

    /// Takes `n` if they are free and nobody waits. One read-modify-write.
    #[inline]
    pub(crate) fn try_take(&self, n: usize) -> Result<(), TryTake> {
        let mut word = self.word.load(Relaxed);
        loop {
            if word & CLOSED != 0 {
                return Err(TryTake::Closed);
            }
            if n == 0 {
                return Ok(());
            }
            if word & QUEUED != 0 || word >> SHIFT < n {
                return Err(TryTake::NoPermits);
            }
            // A1, pairs with G1 and G3
            match self.word.compare_exchange_weak(
                word,
                word - (n << SHIFT),
                site("permits.A1", Acquire),
                Relaxed,
            ) {
                Ok(_) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }

    /// Gives `n` back, or adds them: to those that wait, if somebody does.
    ///
    /// # Panics
    /// If there are more than `MAX` then; none is added.
    #[inline]
    #[track_caller]
    pub(crate) fn give(&self, n: usize) {
        if n == 0 {
            return;
        }
        let mut word = self.word.load(Relaxed);
        while word & QUEUED == 0 {
            let more = sum(word >> SHIFT, n);
            // G1, pairs with A1 and A2
            match self.word.compare_exchange_weak(
                word,
                more << SHIFT | word & CLOSED,
                site("permits.G1", Release),
                Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
        self.give_to_queue(n);
    }

    /// G2
    #[cold]
    #[track_caller]
    fn give_to_queue(&self, n: usize) {
        let queue = self.queue();
        let (mut left, mut batch) = (sum(0, n), WakeBatch::new());
        loop {
            let mut waiters = queue.waiters.lock();
            let word = self.word.load(Relaxed);
            if word & QUEUED == 0 {
                drop(waiters); // all have left meanwhile
                return self.give(left);
            }
            waiters.with(|waiters| self.give_some(waiters, &mut left, &mut batch));
            if waiters.is_empty() {
                // G3, pairs with A1 and A2. By Q2 nobody else writes.
                self.word.store(left << SHIFT | word & CLOSED, site("permits.G3", Release));
                return drop(waiters); // before the batch
            }
            drop(waiters);
            if left == 0 {
                return;
            }
            batch.wake_all(); // it was full
        }
    }

    /// Gives to those that wait, the first first, as long as there is something left and room for wakers.
    fn give_some(&self, waiters: &mut Waiters<Want>, left: &mut usize, batch: &mut WakeBatch) {
        while let Some(want) = waiters.first() {
            if batch.is_full() {
                return;
            }
            let given = want.needed.min(*left);
            want.needed -= given;
            *left -= given;
            if want.needed > 0 {
                return;
            }
            if want.is_kept {
                self.keep(want.who);
            }
            if let Some(waker) = waiters.tell_first(GIVEN) {
                batch.push(waker);
            }
        }
    }

    /// Takes up to `n` of the free ones away for ever. Returns how many.
    pub(crate) fn forget(&self, n: usize) -> usize {
        let mut word = self.word.load(Relaxed);
        loop {
            let fewer = n.min(word >> SHIFT);
            if fewer == 0 {
                return 0; // and by Q2 none is free while somebody waits
            }
            match self.word.compare_exchange_weak(
                word,
                word - (fewer << SHIFT),
                site("permits.A1-forget", Acquire), // weaker unnoticed: nothing was guarded by what nobody has
                Relaxed,
            ) {
                Ok(_) => return fewer,
                Err(now) => word = now,
            }
        }
    }

    /// Nobody gets any more. Those that wait are told. Who finds it [closed](Self::is_closed) sees what was done
    /// before.
    pub(crate) fn close(&self) {
        if self.close_alone() {
            return;
        }
        let queue = self.queue();
        let mut batch = WakeBatch::new();
        loop {
            let mut waiters = queue.waiters.lock();
            // Under the lock, so that who links itself sees it, or is seen below.
            let mut word = self.word.load(Relaxed);
            while let Err(now) = self.word.compare_exchange_weak(
                word,
                word | CLOSED,
                site("permits.close", Release), // pairs with closed
                Relaxed,
            ) {
                word = now;
            }
            waiters.with(|waiters| {
                while !batch.is_full() {
                    let Some(waker) = waiters.tell_first(GONE) else { break };
                    batch.push(waker);
                }
            });
            if waiters.is_empty() {
                if word & QUEUED != 0 {
                    // By Q2 none is free. Pairs with closed: what is stored here hides the exchange above.
                    self.word.store(CLOSED, site("permits.close-empty", Release));
                }
                return drop(waiters); // before the batch
            }
            drop(waiters);
            batch.wake_all();
        }
    }

    /// Closes it unless somebody waits: who is about to does not get past A2 then.
    fn close_alone(&self) -> bool {
        let mut word = self.word.load(Relaxed);
        while word & QUEUED == 0 {
            let closed = self.word.compare_exchange_weak(
                word,
                word | CLOSED,
                site("permits.close-alone", Release), // pairs with closed
                Relaxed,
            );
            match closed {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Those that wait; made when first asked for.
    pub(super) fn queue(&self) -> &Queue {
        self.queue_if_made().unwrap_or_else(|| self.make_queue())
    }

    #[inline]
    fn queue_if_made(&self) -> Option<&Queue> {
        let queue = self.queue.load(site("permits.queue", Acquire)); // pairs with queue-made
        // SAFETY: null, or installed by `make_queue` and freed when `self` is dropped.
        unsafe { queue.as_ref() }.map(Registered::queue)
    }

    #[cold]
    fn make_queue(&self) -> &Queue {
        let made = Registered::new(Queue {
            waiters: ByteLock::new(Waiters::new()),
            holder: Holder::new(),
        });
        let installed = self.queue.compare_exchange(
            ptr::null_mut(),
            made.as_ptr(),
            site("permits.queue-made", Release), // pairs with queue
            Relaxed,
        );
        if installed.is_err() {
            // SAFETY: made above, and seen by nobody.
            unsafe { Registered::free(made) };
        }
        let queue = self.queue_if_made().expect("installed by now, by this thread or another");
        queue.holder.copy(&self.holder);
        queue
    }

    /// What tells it from others while somebody waits: no two have the same queue.
    pub(super) fn address(&self) -> usize {
        self.queue.load(Relaxed).addr()
    }

    /// A2. Takes what is there of what `want` needs, and waits for the rest.
    ///
    /// # Safety
    /// As [`Waiters::link`]: `seat` is not linked, and will be [left](Self::leave) before it goes.
    #[cold]
    pub(super) unsafe fn wait(
        &self,
        seat: &Waiter<Want>,
        mut want: Want,
        waker: Waker,
    ) -> Poll<Result<(), Closed>> {
        let mut waiters = self.queue().waiters.lock();
        let mut word = self.word.load(Relaxed);
        loop {
            let there = word >> SHIFT;
            let (next, is_enough) = match () {
                () if word & CLOSED != 0 => {
                    drop(waiters); // before the waker
                    return Poll::Ready(Err(Closed));
                }
                () if word & QUEUED != 0 => break, // by Q2 none is there
                () if there >= want.needed => (word - (want.needed << SHIFT), true),
                () => (QUEUED, false),
            };
            // pairs with G1 and G3
            match self.word.compare_exchange_weak(word, next, site("permits.A2", Acquire), Relaxed)
            {
                Ok(_) if is_enough => {
                    drop(waiters); // before the waker
                    if want.is_kept {
                        self.keep(want.who);
                    }
                    return Poll::Ready(Ok(()));
                }
                Ok(_) => {
                    want.needed -= there;
                    break;
                }
                Err(now) => word = now,
            }
        }
        // SAFETY: the contract is the caller's.
        waiters.with(|waiters| unsafe { waiters.link(seat, waker, want) });
        Poll::Pending
    }

    /// One that waited for `asked` goes, told or not. What it was given goes to the next.
    pub(super) fn leave(&self, seat: &Waiter<Want>, asked: usize) {
        let missing = || seat.value().map_or(asked, |want| want.needed);
        let (given, waker) = match seat.told() {
            0 => {
                let mut waiters = self.queue().waiters.lock();
                let needed = waiters.with(|waiters| waiters.value(seat).map(|want| want.needed));
                let waker = waiters.with(|waiters| waiters.unlink(seat));
                if waker.is_some() && waiters.is_empty() {
                    // It was linked: by Q1 QUEUED is on, so by Q2 none is free and nobody else writes.
                    let closed = self.word.load(Relaxed) & CLOSED;
                    // weaker unnoticed: only if it is closed, and this comes between two of its batches
                    self.word.store(closed, site("permits.leave-empty", Release)); // as close-empty
                }
                drop(waiters);
                (asked - needed.unwrap_or_else(missing), waker)
            }
            _ => (asked - missing(), None),
        };
        self.give(given);
        drop(waker); // last: it may run anything, and panic
    }
}

#[track_caller]
#[inline]
fn sum(free: usize, more: usize) -> usize {
    match free.checked_add(more) {
        Some(sum) if sum <= Permits::MAX => sum,
        _ => too_many(more),
    }
}

#[cold]
#[track_caller]
fn too_many(more: usize) -> ! {
    panic!(
        "{more} more permits would be more than the maximum of {} (`Semaphore::MAX_PERMITS`)",
        Permits::MAX
    )
}

impl Drop for Permits {
    fn drop(&mut self) {
        if let Some(queue) = core::ptr::NonNull::new(self.queue.load(Relaxed)) {
            // SAFETY: made by `make_queue`; nobody waits in it, since who waits borrows `self` or owns it.
            unsafe { Registered::free(queue) };
        }
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permits")
            .field("free", &self.free())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod model_tests;
