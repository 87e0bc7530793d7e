//! Pipes, of this process alone or with a name in the file system.
//!
//! [`pipe`] makes one with both ends; [`OpenOptions`] opens an end of one that has a name (a FIFO);
//! an end of another library's is taken over by [`Receiver::from_owned_fd`] and
//! [`Sender::from_owned_fd`]. An end closes when it is dropped; the other one then reads the end,
//! or fails to write.

mod flags;
mod open;
mod receiver;
mod sender;

pub use open::OpenOptions;
pub use receiver::Receiver;
pub use sender::Sender;

use std::io;
use std::panic::Location;

use crate::socket::reactor;

/// A pipe: what goes into one end comes out of the other.
///
/// # Errors
/// When the system has no descriptors for it. If no reactor is entered; names the call site and
/// the fix.
#[track_caller]
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let reactor = reactor("pipe", Location::caller())?;
    let (sender, receiver) = mio::unix::pipe::new()?;
    Ok((Sender::new(sender, &reactor)?, Receiver::new(receiver, &reactor)?))
}

/// What both ends of a pipe have.
macro_rules! end {
    ($End:ident, $Source:ty, $interest:expr, $may:path, $mode:literal) => {
        impl $End {
            /// The end that `file` is: checks that it is a pipe's and opened for this, and puts it
            /// into non-blocking mode.
            ///
            /// # Errors
            /// `InvalidInput` if it is something else. If no reactor is entered; names the call site
            /// and the fix. When the system or the reactor refuses.
            #[track_caller]
            pub fn from_file(file: File) -> io::Result<Self> {
                let reactor =
                    reactor(concat!(stringify!($End), "::from_file"), Location::caller())?;
                Self::checked(file.into(), &reactor)
            }

            /// The same, of a descriptor.
            ///
            /// # Errors
            /// As [`from_file`](Self::from_file).
            #[track_caller]
            pub fn from_owned_fd(fd: OwnedFd) -> io::Result<Self> {
                let what = concat!(stringify!($End), "::from_owned_fd");
                let reactor = reactor(what, Location::caller())?;
                Self::checked(fd, &reactor)
            }

            /// The end that `file` is, unchecked: it is yours to see to it that it is one, opened
            /// for this, and in non-blocking mode.
            ///
            /// # Errors
            /// If no reactor is entered; names the call site and the fix. When the reactor refuses,
            /// as it does a regular file.
            #[track_caller]
            pub fn from_file_unchecked(file: File) -> io::Result<Self> {
                let what = concat!(stringify!($End), "::from_file_unchecked");
                let reactor = reactor(what, Location::caller())?;
                Self::foreign(file.into(), &reactor)
            }

            /// The same, of a descriptor.
            ///
            /// # Errors
            /// As [`from_file_unchecked`](Self::from_file_unchecked).
            #[track_caller]
            pub fn from_owned_fd_unchecked(fd: OwnedFd) -> io::Result<Self> {
                let what = concat!(stringify!($End), "::from_owned_fd_unchecked");
                let reactor = reactor(what, Location::caller())?;
                Self::foreign(fd, &reactor)
            }

            fn checked(fd: OwnedFd, reactor: &Handle) -> io::Result<Self> {
                flags::expect_pipe(fd.as_fd())?;
                if !$may(fd.as_fd())? {
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, $mode));
                }
                flags::set_nonblocking(fd.as_fd(), true)?;
                Self::foreign(fd, reactor)
            }

            /// One that somebody may have a copy of.
            pub(super) fn foreign(fd: OwnedFd, reactor: &Handle) -> io::Result<Self> {
                let end = Self::new(fd.into(), reactor)?;
                end.socket.os().lend();
                Ok(end)
            }

            pub(super) fn new(source: $Source, reactor: &Handle) -> io::Result<Self> {
                Ok(Self { socket: Socket::Os(Os::new(source, $interest, reactor)?) })
            }

            /// The end as a descriptor in blocking mode, for a child process or a library that
            /// expects that.
            ///
            /// # Errors
            /// When the reactor cannot let go of it, or the system refuses.
            pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
                let fd = self.into_nonblocking_fd()?;
                flags::set_nonblocking(fd.as_fd(), false)?;
                Ok(fd)
            }

            /// The end as a descriptor, in non-blocking mode.
            ///
            /// # Errors
            /// When the reactor cannot let go of it.
            pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
                Ok(self.socket.into_os().into_source()?.into())
            }

            /// Runs `f`, an operation of your own on the descriptor, if the pipe is known to be
            /// ready for it; takes note if `f` would block.
            ///
            /// `f` must not block, and not return `WouldBlock` for any other reason.
            ///
            /// # Errors
            /// That of `f`; `WouldBlock` if the pipe is not ready as far as is known.
            pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
                let os = self.socket.os();
                os.registration().try_io($interest, || os.source().try_io(f))
            }

            fn socket(&self) -> &Socket<$Source> {
                &self.socket
            }
        }

        impl fmt::Debug for $End {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.socket.fmt(f)
            }
        }
    };
}
use end;
