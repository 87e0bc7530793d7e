//! Standard input.

use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

use rt_task::wait::{Wait, WaitKind, poll_leaf};

use super::input;
use crate::{AsyncRead, ReadBuf};

/// The process's standard input, by [`stdin`].
///
/// On Unix it is waited for before it is read, so that nothing is taken from a child process that
/// reads it later. All handles in the process share one buffer: a handle that is dropped leaves what
/// was read for others to the next. Cancel safe.
#[derive(Debug)]
pub struct Stdin {
    id: u64,
}

/// The process's standard input.
///
/// Read by a thread that only waits for it and that no runtime waits for: a shutdown never hangs on
/// input that does not come. Needs no runtime. For an interactive program this is what it takes; for
/// much input, redirect it from a file and read that.
///
/// On Unix, what [`std::io::stdin`] has buffered is not seen here, nor the other way round: read by
/// one of them.
#[must_use]
pub fn stdin() -> Stdin {
    Stdin { id: input::enter() }
}

impl Drop for Stdin {
    fn drop(&mut self) {
        input::leave(self.id);
    }
}

impl AsyncRead for Stdin {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let site = Location::caller();
        let wait = || Wait { kind: WaitKind::Readable, object: 0, site };
        poll_leaf(cx, wait, |cx| input::poll_read(self.id, cx.waker(), buf))
    }
}
