//! The pipes of a child: [`ChildStdin`], [`ChildStdout`] and [`ChildStderr`], over one [`End`].

mod end;

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic::Location;
use std::pin::Pin;
use std::process::{self, Stdio};
use std::task::{Context, Poll};

use rt_io::{AsyncRead, AsyncWrite, ReadBuf};
use rt_reactor::{Handle, Interest};

use end::End;

/// What all three have.
macro_rules! pipe {
    ($(#[$doc:meta])* $Pipe:ident, $interest:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $Pipe {
            end: End,
        }

        impl $Pipe {
            /// The pipe of a child that `std` has started.
            ///
            /// # Errors
            /// If no reactor is entered; names the call site and the fix. When the system or the reactor
            /// refuses.
            #[track_caller]
            pub fn from_std(inner: process::$Pipe) -> io::Result<Self> {
                let what = concat!(stringify!($Pipe), "::from_std");
                let site = Location::caller();
                let reactor = Handle::current().map_err(|missing| missing.io_error(what, site))?;
                let pipe = Self::on(inner, &reactor)?;
                let _ = pipe.end.lend(); // somebody may have a copy
                Ok(pipe)
            }

            /// The same, on the reactor of `reactor`.
            pub(crate) fn on(inner: process::$Pipe, reactor: &Handle) -> io::Result<Self> {
                Ok(Self { end: End::new(inner.into(), $interest, reactor)? })
            }

            /// The pipe's end as a descriptor in blocking mode, as other programs expect it.
            ///
            /// # Errors
            /// When the reactor cannot let go of it, or the system refuses.
            pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
                self.end.into_blocking()
            }
        }

        /// For another child to go on with: in blocking mode.
        impl TryFrom<$Pipe> for Stdio {
            type Error = io::Error;

            fn try_from(pipe: $Pipe) -> io::Result<Self> {
                pipe.into_owned_fd().map(Self::from)
            }
        }

        impl AsFd for $Pipe {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.end.lend()
            }
        }

        impl AsRawFd for $Pipe {
            fn as_raw_fd(&self) -> RawFd {
                self.end.lend().as_raw_fd()
            }
        }
    };
}

pipe! {
    /// Where a child reads from. Dropping it is the end of the child's input.
    ///
    /// Writing fails with `BrokenPipe` once nobody reads any more (if the process ignores `SIGPIPE`, as
    /// Rust programs do unless told otherwise). Nothing is held back: to flush does nothing, and neither
    /// does to shut down.
    ChildStdin, Interest::WRITABLE
}

pipe! {
    /// What a child writes to its standard output. Reads the end once the child, and whoever has
    /// it from the child, has closed it.
    ChildStdout, Interest::READABLE
}

pipe! {
    /// What a child writes to its standard error. Reads the end once the child, and whoever has
    /// it from the child, has closed it.
    ChildStderr, Interest::READABLE
}

/// Where a task waits is noted as the line that polled the trait's method.
macro_rules! reads {
    ($($Pipe:ident),*) => {$(
        impl AsyncRead for $Pipe {
            #[inline]
            #[track_caller]
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.end.poll_read(cx, buf, Location::caller())
            }
        }
    )*};
}
reads!(ChildStdout, ChildStderr);

impl AsyncWrite for ChildStdin {
    #[inline]
    #[track_caller]
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.end.poll_write(cx, buf, Location::caller())
    }

    #[inline]
    #[track_caller]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.end.poll_write_vectored(cx, bufs, Location::caller())
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
