//! `Barrier`: a number of tasks wait until all of them have come; then it is ready for the next round.
//!
//! # Protocol: barrier
//! | who comes                                          | who comes last                                |
//! |----------------------------------------------------|-----------------------------------------------|
//! | B1 lock; count itself; join the crowd; unlock      | B2 lock; none counted; store the next round   |
//! | B3 woken, or polled: load; is it another round?    | B4 tell the crowd; unlock; wake them          |
//! | B5 dropped in its round: lock; count itself out    |                                               |
//!
//! **Claim (all or none).** In a round exactly `n` waits end, one of them as the leader, and each after the
//! other `n - 1` have come.
//! **Why.** Count and round change together under the lock. Who is counted leaves with the round, or by B5, after
//! which it does not end. What was done before each B1 is seen in B2 by the lock; and by who ends in B3,
//! since it leaves the crowd then: it sees that it was told, or takes the lock.
//! **Breaks if** B3 ends a wait that does not leave the crowd, or B5 counts out of a later round.
//! **Checked by** `barrier::loom_tests::all_or_none` and `barrier::loom_tests::who_leaves_is_counted_out`.
//!
//! # What it costs
//! One atomic read-modify-write a wait, and one for each 32 that wait beyond the first ones; a waker's clone for
//! each but the leader. No allocation.

use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;
use rt_task::base::byte_lock::ByteLock;
use rt_task::base::shim::{AtomicUsize, Ordering::*};
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use crate::base::crowd::{Crowd, Member, tell_all, tell_all_from};

/// Where `n` tasks wait for each other, again and again.
///
/// ```
/// use rt_sync::Barrier;
///
/// let barrier = Barrier::new(2);
/// # std::thread::scope(|threads| {
/// let waits = [0, 1].map(|_| threads.spawn(|| rt_task::block_on(barrier.wait()).is_leader()));
/// let leaders = waits.map(|wait| wait.join().unwrap());
/// assert_ne!(leaders[0], leaders[1]);
/// # });
/// ```
pub struct Barrier {
    size: usize,
    /// How many have come in this round. Written under the lock; read without it as a guess.
    arrived: AtomicUsize,
    /// How many rounds are over, wrapping. Written under the lock.
    round: AtomicUsize,
    crowd: ByteLock<Crowd>,
}

impl Barrier {
    /// One for `n` tasks. With 0 it lets each through at once, as with 1.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self {
            size: n.max(1),
            arrived: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            crowd: ByteLock::new(Crowd::new()),
        }
    }

    /// Waits until `n` tasks wait. One of them, the last to come, is told that it is the leader.
    ///
    /// Comes when first polled. Cancel safe, unlike the model runtime's: a wait that is dropped before it ends
    /// has not come, and the others wait for another one in its place.
    #[track_caller]
    pub fn wait(&self) -> BarrierWait<'_> {
        let site = Location::caller();
        BarrierWait { barrier: self, arrived_in: None, site, member: Member::new() }
    }

    /// B2, if the others are here: the count is full, and it ends the round. Under the lock.
    fn complete(&self, _held: &mut Crowd) -> bool {
        let is_last = self.arrived.load(Relaxed) + 1 == self.size;
        if is_last {
            self.arrived.store(0, Relaxed);
            let next = self.round.load(Relaxed).wrapping_add(1);
            self.round.store(next, Relaxed); // B2: ordered by the lock
        }
        is_last
    }

    fn is_over(&self, round: usize) -> bool {
        self.round.load(Relaxed) != round // B3: ordered by leaving the crowd
    }
}

pin_project! {
    /// The future of [`Barrier::wait`].
    #[must_use = "futures do nothing unless polled"]
    pub struct BarrierWait<'a> {
        barrier: &'a Barrier,
        // The round in which it is counted, until it has said that this is over.
        arrived_in: Option<usize>,
        site: &'static Location<'static>,
        #[pin]
        member: Member,
    }

    impl PinnedDrop for BarrierWait<'_> {
        fn drop(this: Pin<&mut Self>) {
            this.leave();
        }
    }
}

impl BarrierWait<'_> {
    fn advance(self: Pin<&mut Self>, waker: &Waker) -> Poll<BarrierWaitResult> {
        let mut this = self.project();
        let barrier = *this.barrier;
        if let Some(round) = *this.arrived_in {
            let look = |_: &mut Crowd| barrier.is_over(round).then_some(());
            let member = this.member.as_mut();
            if !barrier.is_over(round) && member.wait(&barrier.crowd, all, waker, look).is_none() {
                return Poll::Pending;
            }
            *this.arrived_in = None;
            this.member.leave(&barrier.crowd, all);
            return Poll::Ready(BarrierWaitResult(false));
        }
        // Most likely the last: no waker is needed.
        if barrier.arrived.load(Relaxed) + 1 == barrier.size {
            let mut guard = barrier.crowd.lock();
            if guard.with(|held| barrier.complete(held)) {
                tell_all_from(&barrier.crowd, guard, all); // B4
                return Poll::Ready(BarrierWaitResult(true));
            }
        }
        let arrive = |held: &mut Crowd| {
            if barrier.complete(held) {
                return Some(());
            }
            barrier.arrived.store(barrier.arrived.load(Relaxed) + 1, Relaxed); // B1
            *this.arrived_in = Some(barrier.round.load(Relaxed)); // written under the lock, which is held
            None
        };
        match this.member.wait(&barrier.crowd, all, waker, arrive) {
            Some(()) => {
                tell_all(&barrier.crowd, all);
                Poll::Ready(BarrierWaitResult(true))
            }
            None => Poll::Pending,
        }
    }

    /// B5
    fn leave(self: Pin<&mut Self>) {
        let this = self.project();
        let Some(round) = this.arrived_in.take() else { return };
        let barrier = *this.barrier;
        if !barrier.is_over(round) {
            let held = barrier.crowd.lock();
            if barrier.round.load(Relaxed) == round {
                barrier.arrived.store(barrier.arrived.load(Relaxed) - 1, Relaxed);
            }
            drop(held);
        }
        this.member.leave(&barrier.crowd, all);
    }
}

/// The crowd is all that is behind the lock.
fn all(crowd: &mut Crowd) -> &mut Crowd {
    crowd
}

impl Future for BarrierWait<'_> {
    type Output = BarrierWaitResult;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<BarrierWaitResult> {
        let (object, site) = (core::ptr::from_ref(self.barrier).addr(), self.site);
        let op = |cx: &mut Context<'_>| self.advance(cx.waker());
        poll_leaf(cx, || Wait { kind: WaitKind::Barrier, object, site }, op)
    }
}

/// How a wait at a [`Barrier`] ended.
#[derive(Clone, Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether it is the one of its round that came last.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("size", &self.size)
            .field("arrived", &self.arrived.load(Relaxed))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for BarrierWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWait")
            .field("has_arrived", &self.arrived_in.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod model_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
