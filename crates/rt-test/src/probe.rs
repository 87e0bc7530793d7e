//! A future under test, polled in a manner of its own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rt_task::wait::{Wait, observe};

use crate::settle;
use crate::wakers::{Alive, Bell};

/// How a future under test is polled.
///
/// All are what a `Future` must bear: it may be polled though nobody woke it, and of its wakers only that of
/// the last poll counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Manner {
    /// When it was woken, and then once. A future that does not see to its wake hangs.
    WhenWoken,
    /// Once more whenever it pends, and whenever what is around it is polled.
    TooOften,
    /// Twice whenever it pends, with another waker each time. Wakes by a waker of an earlier poll do not count.
    WithNewWakers,
}

impl Manner {
    /// Every manner.
    pub const ALL: [Self; 3] = [Self::WhenWoken, Self::TooOften, Self::WithNewWakers];
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WhenWoken => "polled when woken",
            Self::TooOften => "polled too often",
            Self::WithNewWakers => "polled with new wakers",
        })
    }
}

/// What a poll of a [`Probe`] led to.
pub(crate) enum Turn<T> {
    Ready(T),
    /// It waits, anew: for this, if a leaf told.
    Pending(Option<Wait>),
    /// It waits as before: nobody woke it.
    Asleep,
}

/// The future, and who wakes it. On the heap, so that a sanitizer sees whoever looks at it once it is dropped.
pub(crate) struct Probe<F> {
    future: Pin<Box<F>>,
    manner: Manner,
    bell: Arc<Bell>,
    waker: Option<Waker>,
    /// What it waited for last.
    wait: Option<Wait>,
}

impl<F: Future> Probe<F> {
    pub(crate) fn new(future: F, manner: Manner, alive: &Alive) -> Self {
        Self { future: Box::pin(future), manner, bell: Bell::new(alive), waker: None, wait: None }
    }

    fn was_polled(&self) -> bool {
        self.waker.is_some()
    }

    /// Whether it waited and was woken.
    pub(crate) fn is_woken(&self) -> bool {
        self.bell.rang()
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Turn<F::Output> {
        self.bell.set_outer(Some(cx.waker()));
        let late = self.bell.rang_late() && !settle::soon(|| self.bell.rang());
        let called = !self.was_polled() || self.bell.rang() || late;
        if !called && self.manner != Manner::TooOften {
            return Turn::Asleep;
        }
        let once = self.poll_once();
        assert!(
            !(late && matches!(once, Turn::Ready(_))),
            "a wake was lost: the waker of an earlier poll was woken, and not that of the last one"
        );
        let twice = match once {
            Turn::Pending(_) if self.manner != Manner::WhenWoken => self.poll_once(),
            once => once,
        };
        match twice {
            // A poll too many may bring it on to another await.
            Turn::Pending(wait) if !called && same(&wait, &self.wait) => Turn::Asleep,
            Turn::Pending(wait) => {
                self.wait = wait;
                Turn::Pending(wait)
            }
            twice => twice,
        }
    }

    fn poll_once(&mut self) -> Turn<F::Output> {
        self.bell.hear();
        if self.manner == Manner::WithNewWakers {
            self.waker = None; // so that none but the future itself keeps the last
        }
        let waker = self.waker.get_or_insert_with(|| self.bell.new_waker());
        let mut cx = Context::from_waker(waker);
        match observe(|| self.future.as_mut().poll(&mut cx)) {
            (Poll::Ready(output), _) => Turn::Ready(output),
            (Poll::Pending, wait) => Turn::Pending(wait),
        }
    }
}

fn same(one: &Option<Wait>, other: &Option<Wait>) -> bool {
    let key = |wait: &Option<Wait>| wait.map(|wait| (wait.kind, wait.object, wait.site));
    key(one) == key(other)
}

impl<F> Drop for Probe<F> {
    fn drop(&mut self) {
        self.bell.set_outer(None);
    }
}

/// `future`, polled once more whenever it pends, and whenever what is around it is polled: as
/// [`Manner::TooOften`] says.
///
/// A future must bear that: `join!`, `select!` and every combinator do it to those inside.
///
/// ```
/// let answer = rt_task::block_on(rt_test::wake_spuriously(async {
///     rt_task::coop::yield_now().await;
///     42
/// }));
/// assert_eq!(answer, 42);
/// ```
pub fn wake_spuriously<F: Future>(future: F) -> Probed<F> {
    Probed::new(future, Manner::TooOften)
}

/// `future`, polled twice whenever it pends, with another waker each time, of which only the last counts: as
/// [`Manner::WithNewWakers`] says.
///
/// So it is for a future that moves: from one task to another, or out of a `select!`.
///
/// # Panics
/// If a waker of an earlier poll was woken, that of the last one not within a tenth of a second, and the future is
/// ready: a wake was lost. (Where it is not woken at all, it hangs.)
///
/// ```
/// use std::cell::RefCell;
/// use std::future::poll_fn;
/// use std::task::{Poll, Waker};
///
/// let (kept, polls) = (RefCell::new(None::<Waker>), RefCell::new(0));
/// // Keeps the first waker that it gets, instead of the last.
/// let wrong = poll_fn(|cx| {
///     kept.borrow_mut().get_or_insert_with(|| cx.waker().clone());
///     *polls.borrow_mut() += 1;
///     if *polls.borrow() > 2 { Poll::Ready(()) } else { Poll::Pending }
/// });
/// let turn = || kept.borrow().as_ref().unwrap().wake_by_ref();
/// let test = || rt_test::drive(rt_test::poll_with_new_waker_each_time(wrong), turn);
/// let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(test)).unwrap_err();
/// assert!(failed.downcast::<&str>().unwrap().starts_with("a wake was lost"));
/// ```
pub fn poll_with_new_waker_each_time<F: Future>(future: F) -> Probed<F> {
    Probed::new(future, Manner::WithNewWakers)
}

/// The future of [`wake_spuriously`] and [`poll_with_new_waker_each_time`].
#[must_use = "futures do nothing unless polled"]
pub struct Probed<F> {
    probe: Probe<F>,
}

impl<F: Future> Probed<F> {
    fn new(future: F, manner: Manner) -> Self {
        Self { probe: Probe::new(future, manner, &Alive::default()) }
    }
}

impl<F: Future> Future for Probed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.probe.poll(cx) {
            Turn::Ready(output) => Poll::Ready(output),
            Turn::Pending(_) | Turn::Asleep => Poll::Pending,
        }
    }
}

impl<F> fmt::Debug for Probed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probed").field("manner", &self.probe.manner).finish_non_exhaustive()
    }
}
