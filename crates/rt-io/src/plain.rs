//! Readers and writers of nothing: [`empty`], [`repeat`] and [`sink`].
//!
//! Always ready, so each operation costs a unit of the task's budget: a loop over them lets
//! others run.

mod empty;
mod repeat;
mod sink;

use core::panic::Location;
use core::task::{Context, Poll};

use rt_task::wait::{Wait, WaitKind, poll_leaf};

pub use empty::{Empty, empty};
pub use repeat::{Repeat, repeat};
pub use sink::{Sink, sink};

/// Ready, if the task's budget is not spent.
#[inline]
#[track_caller]
fn ready_now(cx: &mut Context<'_>) -> Poll<()> {
    let site = Location::caller();
    let wait = || Wait { kind: WaitKind::Yield, object: 0, site };
    poll_leaf(cx, wait, |_| Poll::Ready(()))
}

/// The methods of a writer that swallows everything.
macro_rules! swallows {
    () => {
        #[inline]
        fn poll_write(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            super::ready_now(cx).map(|()| Ok(buf.len()))
        }

        #[inline]
        fn poll_write_vectored(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bufs: &[io::IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            super::ready_now(cx).map(|()| Ok(bufs.iter().map(|buf| buf.len()).sum()))
        }

        #[inline]
        fn is_write_vectored(&self) -> bool {
            true
        }

        #[inline]
        fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            super::ready_now(cx).map(Ok)
        }

        #[inline]
        fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            super::ready_now(cx).map(Ok)
        }
    };
}
use swallows;

#[cfg(test)]
mod tests;
