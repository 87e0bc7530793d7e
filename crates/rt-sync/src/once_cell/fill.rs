//! Filling a `OnceCell`: waiting for one's turn, then making the value.

use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use rt_task::wait::WaitKind;

use super::OnceCell;
use crate::base::acquire::{Acquire, Taken};

pin_project! {
    /// One that asks for the value.
    pub(super) struct Fill<'a, T, F, Fut> {
        cell: &'a OnceCell<T>,
        // There until it is called.
        make: Option<F>,
        site: &'static Location<'static>,
        // None until a poll finds the cell empty: of a filled one nothing more is ever made.
        #[pin]
        stage: Option<Stage<'a, T, Fut>>,
    }
}

pin_project! {
    #[project = StageProject]
    enum Stage<'a, T, Fut> {
        /// Waits until nobody makes the value, or it is there.
        Waits { #[pin] turn: Acquire<&'a OnceCell<T>> },
        /// Makes it. The permit goes back if that is given up.
        Makes { #[pin] future: Fut, turn: Turn<'a, T> },
        /// Has said what came of it, or panicked.
        Done,
    }
}

impl<'a, T, F, Fut> Fill<'a, T, F, Fut>
where
    F: FnOnce() -> Fut,
    Fut: Future,
{
    #[inline]
    pub(super) fn new(cell: &'a OnceCell<T>, make: F, site: &'static Location<'static>) -> Self {
        Self { cell, make: Some(make), site, stage: None }
    }

    /// `value` is what is filled in of what the future gives.
    #[inline]
    fn poll<E>(
        mut self: Pin<&mut Self>,
        value: impl FnOnce(Fut::Output) -> Result<T, E>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<&'a T, E>> {
        let mut this = self.as_mut().project();
        if this.stage.is_none() {
            if let Some(value) = this.cell.get() {
                return Poll::Ready(Ok(value));
            }
            let turn = Acquire::new(*this.cell, 1, WaitKind::Fill, this.site);
            this.stage.set(Some(Stage::Waits { turn }));
        }
        self.poll_turn(value, cx)
    }

    /// Waits for its turn, and then makes the value.
    fn poll_turn<E>(
        self: Pin<&mut Self>,
        value: impl FnOnce(Fut::Output) -> Result<T, E>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<&'a T, E>> {
        let this = self.project();
        let (cell, make) = (*this.cell, this.make);
        // Done by all but a `Pending`, by a panic, too: then the permit goes back.
        let stage = this.stage.as_pin_mut().expect("begun by `poll`");
        let mut stage = OrDone { stage, is_pending: false };
        if let StageProject::Waits { turn } = stage.stage.as_mut().project() {
            if let Some(value) = cell.get() {
                return Poll::Ready(Ok(value));
            }
            let permit = match turn.poll(cx) {
                Poll::Pending => return stage.pending(),
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(cell.filled())),
                Poll::Ready(Ok(permit)) => permit,
            };
            let make = make.take().expect("called once");
            stage.stage.set(Stage::Makes { future: make(), turn: Turn::of(permit) });
        }
        let StageProject::Makes { future, turn } = stage.stage.as_mut().project() else {
            panic!("polled after it has ended");
        };
        let made = match future.poll(cx) {
            Poll::Pending => return stage.pending(),
            Poll::Ready(made) => made,
        };
        let permit = turn.take();
        drop(stage); // and the future; if that panics, the permit goes back
        Poll::Ready(value(made).map(|value| cell.fill(value, permit)))
    }
}

/// A permit on its way through a future that makes the value: given back when dropped.
///
/// A word beside the permit itself, so that what drops a future that made nothing stays small.
struct Turn<'a, T>(Option<&'a OnceCell<T>>);

impl<'a, T> Turn<'a, T> {
    fn of(permit: Taken<&'a OnceCell<T>>) -> Self {
        Self(Some(permit.keep()))
    }

    /// The permit. Once.
    fn take(&mut self) -> Taken<&'a OnceCell<T>> {
        Taken::new(self.0.take().expect("there until now"), 1)
    }
}

impl<T> Drop for Turn<'_, T> {
    #[inline(never)]
    fn drop(&mut self) {
        if self.0.is_some() {
            drop(self.take());
        }
    }
}

/// Ends the stage when dropped, unless it pends.
struct OrDone<'p, 'a, T, Fut> {
    stage: Pin<&'p mut Stage<'a, T, Fut>>,
    is_pending: bool,
}

impl<T, Fut> OrDone<'_, '_, T, Fut> {
    fn pending<R>(mut self) -> Poll<R> {
        self.is_pending = true;
        Poll::Pending
    }
}

impl<T, Fut> Drop for OrDone<'_, '_, T, Fut> {
    fn drop(&mut self) {
        if !self.is_pending {
            self.stage.set(Stage::Done);
        }
    }
}

pin_project! {
    /// The future of [`OnceCell::get_or_init`].
    #[must_use = "futures do nothing unless polled"]
    pub struct GetOrInit<'a, T, F, Fut> {
        #[pin]
        fill: Fill<'a, T, F, Fut>,
    }
}

pin_project! {
    /// The future of [`OnceCell::get_or_try_init`].
    #[must_use = "futures do nothing unless polled"]
    pub struct GetOrTryInit<'a, T, F, Fut> {
        #[pin]
        fill: Fill<'a, T, F, Fut>,
    }
}

impl<'a, T, F, Fut> GetOrInit<'a, T, F, Fut> {
    #[inline]
    pub(super) fn new(fill: Fill<'a, T, F, Fut>) -> Self {
        Self { fill }
    }
}

impl<'a, T, F, Fut> GetOrTryInit<'a, T, F, Fut> {
    #[inline]
    pub(super) fn new(fill: Fill<'a, T, F, Fut>) -> Self {
        Self { fill }
    }
}

impl<'a, T, F, Fut> Future for GetOrInit<'a, T, F, Fut>
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = T>,
{
    type Output = &'a T;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<&'a T> {
        let Ok(value) = ready!(self.project().fill.poll(Ok::<T, Infallible>, cx));
        Poll::Ready(value)
    }
}

impl<'a, T, E, F, Fut> Future for GetOrTryInit<'a, T, F, Fut>
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Output = Result<&'a T, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<&'a T, E>> {
        self.project().fill.poll(|made| made, cx)
    }
}

impl<T, F, Fut> fmt::Debug for GetOrInit<'_, T, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fill.debug("GetOrInit", f)
    }
}

impl<T, F, Fut> fmt::Debug for GetOrTryInit<'_, T, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fill.debug("GetOrTryInit", f)
    }
}

impl<T, F, Fut> Fill<'_, T, F, Fut> {
    fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_making = matches!(self.stage, Some(Stage::Makes { .. }));
        f.debug_struct(name).field("is_making", &is_making).finish_non_exhaustive()
    }
}
