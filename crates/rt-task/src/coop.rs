//! Taking turns: yielding, and the cooperative budget for people.

use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::base::context;
use crate::wait::{Wait, WaitKind, note, poll_around, poll_leaf, spent};

/// Lets every other task that can run go first.
///
/// Costs no read-modify-write but the wake itself, and forces no look at the drivers: those
/// come at their usual interval.
#[track_caller]
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false, site: Location::caller() }
}

/// The future of [`yield_now`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct YieldNow {
    yielded: bool,
    site: &'static Location<'static>,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        cx.waker().wake_by_ref();
        note(Wait { kind: WaitKind::Yield, object: 0, site: self.site });
        Poll::Pending
    }
}

/// Whether a leaf future polled now would make progress, as far as the budget goes. Always,
/// outside a task.
#[must_use]
pub fn has_budget_remaining() -> bool {
    context::peek(|ctx| ctx.budget.remains()).unwrap_or(true)
}

/// Takes one unit of the budget; yields if none is left. For loops that never meet a leaf that
/// pends.
#[track_caller]
pub fn consume_budget() -> ConsumeBudget {
    ConsumeBudget { site: Location::caller() }
}

/// The future of [`consume_budget`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ConsumeBudget {
    site: &'static Location<'static>,
}

impl Future for ConsumeBudget {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let site = self.site;
        poll_leaf(cx, || Wait { kind: WaitKind::Yield, object: 0, site }, |_| Poll::Ready(()))
    }
}

/// Takes one unit of the budget for a leaf that is written by hand; pends, with the task woken, if none
/// is left: others run first.
///
/// The unit comes back when the result is dropped, unless
/// [`made_progress`](RestoreOnPending::made_progress) was called: a leaf that pends itself costs nothing.
/// What else was spent meanwhile comes back, too. [`cooperative`] does all that for a whole future.
/// Outside a task, and in [`unconstrained`], always ready. Costs a few plain loads and stores.
///
/// ```
/// use rt_task::coop::poll_proceed;
/// use std::sync::mpsc::{Receiver, TryRecvError};
/// use std::task::{Context, Poll, ready};
///
/// fn poll_receive<T>(messages: &Receiver<T>, cx: &mut Context<'_>) -> Poll<Option<T>> {
///     let turn = ready!(poll_proceed(cx));
///     match messages.try_recv() {
///         Ok(message) => {
///             turn.made_progress();
///             Poll::Ready(Some(message))
///         }
///         Err(TryRecvError::Disconnected) => Poll::Ready(None),
///         Err(TryRecvError::Empty) => Poll::Pending, // and have somebody wake `cx`
///     }
/// }
/// # let (_sends, messages) = std::sync::mpsc::channel::<u8>();
/// # assert!(poll_receive(&messages, &mut Context::from_waker(std::task::Waker::noop())).is_pending());
/// ```
#[track_caller]
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    let site = Location::caller();
    let before = context::peek(|ctx| (ctx.budget.remains(), ctx.budget.left(), ctx.noted.pended()));
    match before {
        Some((false, ..)) => spent(cx, site),
        Some((true, budget, pended)) => {
            context::peek(|ctx| ctx.budget.spend());
            Poll::Ready(RestoreOnPending::new(Some((budget, pended)), site))
        }
        None => Poll::Ready(RestoreOnPending::new(None, site)),
    }
}

/// A unit of the budget, given back on drop. See [`poll_proceed`].
#[must_use = "dropped at once, it gives the unit back"]
pub struct RestoreOnPending {
    /// What was left of the budget, and how many leaves had pended. `None` when there is no budget to
    /// restore, or progress was made.
    before: Cell<Option<(u8, u8)>>,
    site: &'static Location<'static>,
    /// The budget is this thread's.
    _here: PhantomData<*mut ()>,
}

impl RestoreOnPending {
    fn new(before: Option<(u8, u8)>, site: &'static Location<'static>) -> Self {
        Self { before: Cell::new(before), site, _here: PhantomData }
    }

    /// Says that the leaf was ready: the unit is spent.
    pub fn made_progress(&self) {
        self.before.set(None);
    }
}

impl Drop for RestoreOnPending {
    /// Also tells what the task waits for, if nothing inside has: the leaf that called [`poll_proceed`].
    fn drop(&mut self) {
        let Some((budget, pended)) = self.before.take() else { return };
        context::peek(|ctx| {
            ctx.budget.restore(budget);
            if ctx.noted.pended() == pended {
                ctx.noted.note(Wait { kind: WaitKind::Other, object: 0, site: self.site });
            }
        });
    }
}

impl fmt::Debug for RestoreOnPending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made_progress = self.before.get().is_none();
        f.debug_struct("RestoreOnPending").field("made_progress", &made_progress).finish()
    }
}

pin_project! {
    /// A future that takes part in the budget as a leaf does. See [`cooperative`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Coop<F> {
        #[pin]
        future: F,
        site: &'static Location<'static>,
    }
}

/// Makes `future` take part in the budget: it yields when none is left, and costs one unit when
/// it is ready.
#[track_caller]
pub fn cooperative<F: Future>(future: F) -> Coop<F> {
    Coop { future, site: Location::caller() }
}

impl<F: Future> Future for Coop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let wait = Wait { kind: WaitKind::Other, object: 0, site: this.site };
        poll_around(cx, wait, |cx| this.future.poll(cx))
    }
}

pin_project! {
    /// A future whose leaves spend no budget. See [`unconstrained`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Unconstrained<F> {
        #[pin]
        future: F,
    }
}

/// Takes `future` out of the budget: its leaves are polled as often as it likes, and other
/// tasks wait.
pub fn unconstrained<F: Future>(future: F) -> Unconstrained<F> {
    Unconstrained { future }
}

impl<F: Future> Future for Unconstrained<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _limited = Limited(context::peek(|ctx| ctx.budget.lift()));
        self.project().future.poll(cx)
    }
}

/// Runs `poll`, one poll of a future that is no task (the root of a `block_on`), with a fresh
/// budget.
pub fn with_budget<R>(ctx: &context::Ctx, poll: impl FnOnce() -> R) -> R {
    let _turn = Turn { ctx, budget: ctx.budget.refill(), noted: ctx.noted.begin() };
    poll()
}

/// Puts budget and wait slot back, also when the poll panics.
struct Turn<'a> {
    ctx: &'a context::Ctx,
    budget: u8,
    noted: (Option<Wait>, u8),
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.ctx.budget.restore(self.budget);
        self.ctx.noted.restore(self.noted);
    }
}

/// Puts the budget back, also when the future panics.
struct Limited(Option<u8>);

impl Drop for Limited {
    fn drop(&mut self) {
        if let Some(left) = self.0 {
            context::peek(|ctx| ctx.budget.restore(left));
        }
    }
}

impl<F> fmt::Debug for Coop<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coop").finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for Unconstrained<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unconstrained").finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
