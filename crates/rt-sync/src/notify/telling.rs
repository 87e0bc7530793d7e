//! One wait for a notification, whoever owns what it waits for.

use core::fmt;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use super::{LAST, Notify, ONE, PERMIT, STATE, WAITING};
use crate::base::waiters::Waiter;

pin_project! {
    /// One wait, borrowed or owning.
    pub(super) struct Telling {
        // N0: how often all were told when this was made.
        calls: usize,
        stage: Stage,
        site: &'static Location<'static>,
        #[pin]
        waiter: Waiter<usize>,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not come to wait yet.
    Fresh,
    /// Linked, until it is told.
    Linked,
    /// Told, and has said so.
    Done,
}

impl Telling {
    #[inline]
    pub(super) fn new(word: usize, site: &'static Location<'static>) -> Self {
        Self { calls: word & !STATE, stage: Stage::Fresh, site, waiter: Waiter::new() }
    }

    #[inline]
    pub(super) fn poll(self: Pin<&mut Self>, notify: &Notify, cx: &mut Context<'_>) -> Poll<()> {
        let site = self.site;
        let object = core::ptr::from_ref(notify).addr();
        let op = |cx: &mut Context<'_>| self.advance(notify, Some(cx.waker()));
        poll_leaf(cx, || Wait { kind: WaitKind::Notify, object, site }, op)
    }

    /// Comes to wait, with no waker of its own. Returns whether it was told.
    pub(super) fn enable(self: Pin<&mut Self>, notify: &Notify) -> bool {
        self.advance(notify, None).is_ready()
    }

    /// Comes to wait, or looks whether it was told; if not, it is woken by `waker` when it is.
    #[inline]
    fn advance(mut self: Pin<&mut Self>, notify: &Notify, waker: Option<&Waker>) -> Poll<()> {
        let is_told = match self.stage {
            Stage::Done => return Poll::Ready(()),
            Stage::Fresh => self.as_mut().arrive(notify, waker),
            Stage::Linked => self.as_mut().look(notify, waker),
        };
        *self.project().stage = if is_told { Stage::Done } else { Stage::Linked };
        if is_told { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Takes the permit, sees that all were told, or links.
    #[inline]
    fn arrive(self: Pin<&mut Self>, notify: &Notify, waker: Option<&Waker>) -> bool {
        let calls = self.calls;
        let take =
            |word: usize| (word & !STATE == calls && word & PERMIT != 0).then_some(word & !PERMIT);
        match notify.gate.update(take) {
            Ok(_) => true, // N2
            Err(word) if word & !STATE != calls => true,
            Err(_) => self.link(notify, waker),
        }
    }

    /// Links, if there is still no reason not to.
    fn link(self: Pin<&mut Self>, notify: &Notify, waker: Option<&Waker>) -> bool {
        let calls = self.calls;
        let fresh = waker.unwrap_or(Waker::noop()).clone(); // with no lock held: it may run anything
        let mut held = notify.gate.lock();
        let word = held.word();
        if word & !STATE != calls {
            drop(held);
            return true;
        }
        if word & PERMIT != 0 {
            held.set_word(word & !PERMIT);
            drop(held);
            return true; // N2, under the lock
        }
        held.set_word(word | WAITING); // N3
        let waiter = self.project().waiter;
        // SAFETY: borrowed from the lock. Pinned, and `Fresh`, hence not linked. It leaves in `leave` at the
        // latest, which runs before it goes.
        held.with(|lists| unsafe { lists.waiting.link(&waiter, fresh, calls) });
        false
    }

    fn look(self: Pin<&mut Self>, notify: &Notify, waker: Option<&Waker>) -> bool {
        let this = self.project();
        let (waiter, calls) = (this.waiter.as_ref(), *this.calls);
        if waiter.told() != 0 {
            return true;
        }
        let mut held = notify.gate.lock();
        if held.word() & !STATE != calls {
            // Among those that leave, or told just now: it need not wait for its turn.
            let unneeded = held.with(|lists| lists.leaving.unlink(&waiter));
            drop(held);
            drop(unneeded);
            return true;
        }
        let waker = waker.filter(|waker| !held.with(|lists| lists.waiting.holds(&waiter, waker)));
        drop(held);
        let Some(waker) = waker else { return waiter.told() != 0 };
        let fresh = waker.clone(); // with no lock held: it may run anything
        let mut held = notify.gate.lock();
        // Whichever list it is in: that does not matter here.
        let unneeded = held.with(|lists| lists.waiting.swap_waker(&waiter, fresh));
        drop(held);
        drop(unneeded);
        waiter.told() != 0
    }

    /// N6: it is given up.
    #[inline]
    pub(super) fn leave(self: Pin<&mut Self>, notify: &Notify) {
        if self.stage == Stage::Linked {
            self.leave_list(notify);
        }
    }

    fn leave_list(self: Pin<&mut Self>, notify: &Notify) {
        let this = self.project();
        *this.stage = Stage::Done;
        let waiter = this.waiter.as_ref();
        if waiter.told() == 0 {
            let mut held = notify.gate.lock();
            let is_waiting = held.word() & !STATE == *this.calls; // I3
            let unneeded = held.with(|lists| match is_waiting {
                true => lists.waiting.unlink(&waiter),
                false => lists.leaving.unlink(&waiter),
            });
            held.settle();
            drop(held);
            drop(unneeded);
        }
        if let how @ (ONE | LAST) = waiter.told() {
            notify.tell(how);
        }
    }

    pub(super) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_enabled = self.stage != Stage::Fresh;
        let is_notified = self.stage == Stage::Done || self.waiter.told() != 0;
        f.debug_struct(name)
            .field("is_enabled", &is_enabled)
            .field("is_notified", &is_notified)
            .finish_non_exhaustive()
    }
}
