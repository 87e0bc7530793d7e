//! The receiver of either channel: what both kinds have in common.

use alloc::vec::Vec;
use core::panic::Location;
use core::ptr::NonNull;
use core::task::{Context, Poll, RawWakerVTable, Waker};

use rt_task::wait::{Wait, WaitKind, poll_leaf};

use super::block::Block;
use super::bound::Bound;
use super::chan::Chan;
use super::error::TryRecvError;
use super::queue::{CLOSED, GONE, Head, Position};
use super::slot::{EMPTY, ENDED, READY, WAITING};

/// See the module.
pub(crate) struct Receiving<T, B: Bound> {
    chan: NonNull<Chan<T, B>>,
    head: Head<T>,
    /// Which waker is in the chair, while the slot is WAITING.
    seated: Option<WakerId>,
    /// Where the messages end, once that is known.
    end: Option<Position>,
}

// SAFETY: messages leave here on the thread that has it, so they must be `Send`; the rest is the channel's,
// which is made for many threads.
unsafe impl<T: Send, B: Bound + Send + Sync> Send for Receiving<T, B> {}
// SAFETY: by a shared reference no message is reached, only words of the channel, and its counts.
unsafe impl<T: Send, B: Bound + Send + Sync> Sync for Receiving<T, B> {}

impl<T, B: Bound> Receiving<T, B> {
    /// # Safety
    /// The receiver's reference to the channel is the caller's to give; `head` is its queue's.
    pub(crate) unsafe fn new(chan: NonNull<Chan<T, B>>, head: Head<T>) -> Self {
        Self { chan, head, seated: None, end: None }
    }

    #[inline]
    pub(crate) fn chan(&self) -> &Chan<T, B> {
        // SAFETY: the receiver's reference keeps it alive.
        unsafe { self.chan.as_ref() }
    }

    pub(crate) fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        site: &'static Location<'static>,
    ) -> Poll<Option<T>> {
        let wait = self.wait(site);
        poll_leaf(cx, || wait, |cx| self.poll_next(cx))
    }

    pub(crate) fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
        site: &'static Location<'static>,
    ) -> Poll<usize> {
        let wait = self.wait(site);
        poll_leaf(cx, || wait, |cx| self.poll_some(cx, buffer, limit))
    }

    #[inline]
    fn wait(&self, site: &'static Location<'static>) -> Wait {
        Wait { kind: WaitKind::Receive, object: self.chan.addr().get(), site }
    }

    #[inline]
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if self.head.slot().look() == READY {
            // SAFETY: R1 returned READY.
            return Poll::Ready(Some(unsafe { self.take() }));
        }
        match self.poll_ready(cx) {
            // SAFETY: R1 returned READY.
            Poll::Ready(true) => Poll::Ready(Some(unsafe { self.take() })),
            Poll::Ready(false) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_some(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        if limit == 0 {
            return Poll::Ready(0);
        }
        if self.head.slot().look() != READY {
            match self.poll_ready(cx) {
                Poll::Ready(true) => {}
                Poll::Ready(false) => return Poll::Ready(0),
                Poll::Pending => return Poll::Pending,
            }
        }
        // SAFETY: alive as long as the receiver, which is borrowed here.
        let chan = unsafe { self.chan.as_ref() };
        let mut taken = Taken { chan, count: 0 };
        while taken.count < limit && self.head.slot().look() == READY {
            // SAFETY: R1 returned READY.
            let message = unsafe { self.head.take(&chan.queue) };
            taken.count += 1;
            buffer.push(message);
        }
        Poll::Ready(taken.count) // and the room is given back
    }

    /// Whether a message is there, or (`false`) none is to come.
    #[cold]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            match self.head.slot().look_settled() {
                READY => return Poll::Ready(true),
                ENDED => return Poll::Ready(false),
                EMPTY | WAITING if self.end == Some(self.head.at()) => return Poll::Ready(false),
                WAITING if self.seated == Some(WakerId::of(cx.waker())) => return Poll::Pending,
                WAITING => drop(self.stand_up()),
                _ => {
                    let waker = cx.waker().clone();
                    let id = WakerId::of(&waker);
                    // SAFETY: this is the receiver, the slot its next, and was EMPTY.
                    if unsafe { self.head.slot().wait(waker, self.chan().queue.chair()) } {
                        self.seated = Some(id);
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    /// Takes the waker out of the chair, if the slot is WAITING still.
    fn stand_up(&mut self) -> Option<Waker> {
        self.seated = None;
        // SAFETY: this is the receiver, and the slot its next.
        unsafe { self.head.slot().wait_no_more(self.chan().queue.chair()) }
    }

    /// The next message, and gives back its room.
    ///
    /// # Safety
    /// R1 returned READY.
    #[inline]
    unsafe fn take(&mut self) -> T {
        // SAFETY: alive as long as the receiver.
        let chan = unsafe { self.chan.as_ref() };
        // SAFETY: R1 returned READY (contract); the queue is this end's.
        let message = unsafe { self.head.take(&chan.queue) };
        chan.give(1);
        message
    }

    pub(crate) fn try_recv(&mut self) -> Result<T, TryRecvError> {
        match self.head.slot().look_settled() {
            // SAFETY: R1 returned READY.
            READY => return Ok(unsafe { self.take() }),
            ENDED => return Err(TryRecvError::Disconnected),
            _ => {}
        }
        if self.head.at() == self.chan().queue.tail().0 {
            return Err(match self.end == Some(self.head.at()) {
                true => TryRecvError::Disconnected,
                false => TryRecvError::Empty,
            });
        }
        // Somebody is between claiming its slot and publishing it; messages behind it may be there already.
        if let Some(waker) = self.stand_up() {
            waker.wake(); // as that sender would have
        }
        self.wait_for_claimed().ok_or(TryRecvError::Disconnected)
    }

    pub(crate) fn close(&mut self) {
        // SAFETY: alive as long as the receiver.
        let chan = unsafe { self.chan.as_ref() };
        let is_idle = chan.bound().close();
        let (end, before) = chan.queue.set(CLOSED);
        if B::IS_SENT_WHEN_CLOSED {
            self.end.get_or_insert(end);
        }
        if before & CLOSED == 0 {
            chan.closing().happen(|| ());
        }
        if is_idle {
            chan.end_idle();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.chan().is_closed() || self.chan().sender_count() == 0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head.slot().look() != READY && self.len() == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.head.at().until(self.chan().queue.tail().0)
    }
}

#[cfg(any(feature = "std", rt_loom))]
mod claimed {
    use super::{Bound, Receiving};

    impl<T, B: Bound> Receiving<T, B> {
        /// Waits for the sender that has claimed the next slot, with the thread.
        #[cold]
        pub(super) fn wait_for_claimed(&mut self) -> Option<T> {
            rt_task::block_on(core::future::poll_fn(|cx| self.poll_next(cx)))
        }
    }
}

#[cfg(not(any(feature = "std", rt_loom)))]
mod claimed {
    use super::{Bound, READY, Receiving};

    impl<T, B: Bound> Receiving<T, B> {
        /// Waits for the sender that has claimed the next slot. There is no thread to park.
        #[cold]
        pub(super) fn wait_for_claimed(&mut self) -> Option<T> {
            let mut turns = 0;
            while self.head.slot().look() != READY {
                rt_task::base::shim::relax(&mut turns);
            }
            // SAFETY: R1 returned READY.
            Some(unsafe { self.take() })
        }
    }
}

impl<T, B: Bound> Drop for Receiving<T, B> {
    /// Drops what was sent and not received, here and now.
    fn drop(&mut self) {
        let waker = self.stand_up();
        let (end, _) = self.chan().queue.set(GONE);
        let drain = Drain { receiving: self, end, kept: None };
        drain.receiving.close(); // wakes, and the waker's drop may run anything, too
        drop(waker);
        drop(drain);
    }
}

/// Empties the queue up to `end` when dropped, and leaves it, also when somebody panics meanwhile.
struct Drain<'a, T, B: Bound> {
    receiving: &'a mut Receiving<T, B>,
    end: Position,
    /// The first block with a message that is still being sent. From there on blocks are kept.
    kept: Option<NonNull<Block<T>>>,
}

impl<T, B: Bound> Drain<'_, T, B> {
    fn run(&mut self) {
        let head = &mut self.receiving.head;
        // SAFETY: alive as long as the receiver.
        let queue = unsafe { &self.receiving.chan.as_ref().queue };
        while head.at() != self.end {
            if head.slot().look_settled() == READY {
                let message = match self.kept {
                    // SAFETY: R1 returned READY; the queue is this end's.
                    None => unsafe { head.take(queue) },
                    // SAFETY: as above.
                    Some(_) => unsafe { head.take_and_keep() },
                };
                drop(message); // may panic: `head` has gone on
            } else if head.slot().abandon() {
                self.kept.get_or_insert(head.block());
                head.skip();
            }
        }
    }
}

impl<T, B: Bound> Drop for Drain<'_, T, B> {
    fn drop(&mut self) {
        /// Goes on after a message whose drop panics, and then leaves.
        struct Rest<'a, 'b, T, B: Bound>(&'a mut Drain<'b, T, B>);
        impl<T, B: Bound> Drop for Rest<'_, '_, T, B> {
            fn drop(&mut self) {
                self.0.run();
                let receiving = &mut *self.0.receiving;
                let first = self.0.kept.unwrap_or(receiving.head.block());
                // SAFETY: the receiver, which is going.
                unsafe { receiving.chan().queue.leave(first) };
                // SAFETY: it has left, and is not used any more.
                unsafe { Chan::remove_receiver(receiving.chan) };
            }
        }
        let rest = Rest(self);
        rest.0.run();
    }
}

/// Messages that were taken: gives their room back when dropped.
struct Taken<'a, T, B: Bound> {
    chan: &'a Chan<T, B>,
    count: usize,
}

impl<T, B: Bound> Drop for Taken<'_, T, B> {
    fn drop(&mut self) {
        self.chan.give(self.count);
    }
}

/// Which waker: what tells whether two wake the same.
#[derive(Clone, Copy, PartialEq, Eq)]
struct WakerId {
    data: *const (),
    vtable: *const RawWakerVTable,
}

impl WakerId {
    fn of(waker: &Waker) -> Self {
        Self { data: waker.data(), vtable: waker.vtable() }
    }
}
