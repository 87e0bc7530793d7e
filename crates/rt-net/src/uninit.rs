//! Reading into memory that may hold no values: all the unsafe code of the crate.
//!
//! Two steps, each with its argument. [`recv`] and [`recv_from`] let the operating system write
//! to the unfilled part of a [`ReadBuf`] and count what it wrote. The modules below make a
//! `ReadBuf` of the buffers that other crates' traits come with, and count in those what was
//! filled. So nobody zeroes memory that is overwritten at once, and the rest of the crate sees
//! safe functions.

use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;

use rt_io::ReadBuf;
use socket2::{SockAddr, SockRef};

use crate::sys;

/// Whether what is received stays in the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Nothing,
    All,
}

/// Appends to `buf` what `socket` has, and tells how much that was.
#[inline]
pub(crate) fn recv<S: sys::AsSocket>(
    socket: &S,
    buf: &mut ReadBuf<'_>,
    keep: Keep,
) -> io::Result<usize> {
    let call = |memory: &mut [_]| Ok((sys::recv(socket, memory, keep)?, ()));
    // SAFETY: the call hands `memory` to `recv` of the system and returns how much that wrote; it
    // writes no uninitialised bytes.
    let (n, ()) = unsafe { receive(buf, call) }?;
    Ok(n)
}

/// Appends to `buf` the next datagram of `socket`, and tells its length and its sender.
pub(crate) fn recv_from<S>(
    socket: &S,
    buf: &mut ReadBuf<'_>,
    keep: Keep,
) -> io::Result<(usize, SocketAddr)>
where
    for<'s> SockRef<'s>: From<&'s S>,
{
    let socket = SockRef::from(socket);
    let call = |memory: &mut [_]| match keep {
        Keep::Nothing => socket.recv_from(memory),
        Keep::All => socket.peek_from(memory),
    };
    // SAFETY: both are receiving calls of `socket2`, which hand `memory` to `recvfrom` of the
    // system and return what that returned; they promise to write no uninitialised bytes.
    let (n, sender) = unsafe { receive(buf, call) }?;
    Ok((n, internet(&sender)?))
}

/// `address` as one of the two families that the sockets here are of.
pub(crate) fn internet(address: &SockAddr) -> io::Result<SocketAddr> {
    address.as_socket().ok_or_else(|| io::Error::other("the sender has no internet address"))
}

/// Lets `call` write to the unfilled part of `buf`, and counts what it wrote.
///
/// # Safety
/// `call` takes no value away from the memory, and when it returns `(n, _)`, the first `n` bytes
/// of it hold values.
#[inline]
unsafe fn receive<T>(
    buf: &mut ReadBuf<'_>,
    call: impl FnOnce(&mut [MaybeUninit<u8>]) -> io::Result<(usize, T)>,
) -> io::Result<(usize, T)> {
    // SAFETY: `call` takes no value away (contract).
    let memory = unsafe { buf.unfilled_mut() };
    let (n, more) = call(memory)?;
    assert!(n <= buf.remaining(), "the system wrote past the end");
    // SAFETY: the first `n` bytes of `memory`, the unfilled part, hold values (contract); they
    // fit, as asserted.
    unsafe { buf.assume_init(n) };
    buf.advance(n);
    Ok((n, more))
}

/// The memory of a [`ReadBuf`], filled from a pipe.
#[cfg(unix)]
pub(crate) mod pipe {
    use super::*;
    use std::os::fd::BorrowedFd;

    /// Appends to `buf` what `pipe` has, and tells how much that was.
    #[inline]
    pub(crate) fn read(pipe: BorrowedFd<'_>, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
        let call = |memory: &mut [MaybeUninit<u8>]| {
            let (filled, _) = rustix::io::read(pipe, memory)?;
            Ok((filled.len(), ()))
        };
        // SAFETY: the call hands `memory` to `read` of the system and returns how much that wrote;
        // it writes no uninitialised bytes.
        let (n, ()) = unsafe { receive(buf, call) }?;
        Ok(n)
    }
}

/// How a foreign buffer is filled by what fills a `ReadBuf`.
#[cfg(any(test, feature = "bytes", feature = "tokio-io", feature = "hyper"))]
mod foreign {
    use super::*;

    /// Runs `read` on `memory` as a `ReadBuf`; tells how many bytes of its start it filled.
    #[inline]
    pub(super) fn lend<R>(
        memory: &mut [MaybeUninit<u8>],
        read: impl FnOnce(&mut ReadBuf<'_>) -> R,
    ) -> (usize, R) {
        let start = memory.as_ptr();
        let mut buf = ReadBuf::uninit(memory);
        let result = read(&mut buf);
        // `read` could have put another buffer in its place.
        assert!(std::ptr::eq(start.cast(), buf.filled().as_ptr()), "the buffer was exchanged");
        (buf.filled().len(), result)
    }
}

/// The buffers of `bytes`.
#[cfg(feature = "bytes")]
pub(crate) mod buf_mut {
    use super::foreign::lend;
    use super::*;
    use bytes::BufMut;

    /// Runs `read` on the next chunk of `buf`, and counts what it filled.
    #[inline]
    pub(crate) fn fill<B: BufMut + ?Sized, R>(
        buf: &mut B,
        read: impl FnOnce(&mut ReadBuf<'_>) -> R,
    ) -> R {
        let chunk = buf.chunk_mut();
        // SAFETY: a `ReadBuf` takes no value away.
        let memory = unsafe { chunk.as_uninit_slice_mut() };
        let (n, result) = lend(memory, read);
        // SAFETY: the first `n` bytes of the chunk hold values: those of the `ReadBuf` over it
        // that are filled.
        unsafe { buf.advance_mut(n) };
        result
    }
}

/// The buffer of `tokio`'s traits.
#[cfg(feature = "tokio-io")]
pub(crate) mod tokio_io {
    use super::foreign::lend;
    use super::*;

    /// Runs `read` on the unfilled part of `buf`, and counts what it filled.
    #[inline]
    pub(crate) fn fill<R>(
        buf: &mut tokio::io::ReadBuf<'_>,
        read: impl FnOnce(&mut ReadBuf<'_>) -> R,
    ) -> R {
        // SAFETY: a `ReadBuf` takes no value away.
        let memory = unsafe { buf.unfilled_mut() };
        let (n, result) = lend(memory, read);
        // SAFETY: the first `n` unfilled bytes hold values: those of the `ReadBuf` over them that
        // are filled.
        unsafe { buf.assume_init(n) };
        buf.advance(n);
        result
    }
}

/// The buffer of `hyper`'s traits.
#[cfg(feature = "hyper")]
pub(crate) mod hyper_rt {
    use super::foreign::lend;
    use super::*;

    /// Runs `read` on what `buf` has left, and counts what it filled.
    #[inline]
    pub(crate) fn fill<R>(
        mut buf: hyper::rt::ReadBufCursor<'_>,
        read: impl FnOnce(&mut ReadBuf<'_>) -> R,
    ) -> R {
        // SAFETY: a `ReadBuf` takes no value away.
        let memory = unsafe { buf.as_mut() };
        let (n, result) = lend(memory, read);
        // SAFETY: the first `n` unfilled bytes hold values: those of the `ReadBuf` over them that
        // are filled.
        unsafe { buf.advance(n) };
        result
    }
}

#[cfg(test)]
mod tests;
