//! Handles that cancel their tasks when they are dropped, made to let them run on.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A handle that can let its task go.
pub(super) trait Detach: Future + Unpin {
    /// Lets it run on.
    fn detach(self);
}

/// Detaches when it is dropped before the task's end.
pub(super) struct Join<H: Detach>(Option<H>);

impl<H: Detach> Join<H> {
    pub(super) fn new(handle: H) -> Self {
        Self(Some(handle))
    }
}

impl<H: Detach> Future for Join<H> {
    type Output = H::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<H::Output> {
        let handle = self.0.as_mut().expect("there until this is dropped");
        Pin::new(handle).poll(cx)
    }
}

impl<H: Detach> Drop for Join<H> {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(H::detach);
    }
}
