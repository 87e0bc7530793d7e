//! The calls that move bytes, as `std` and `socket2` make them.

use std::io::{self, IoSlice, Write};
use std::mem::MaybeUninit;

use socket2::SockRef;

use super::SLICES_MAX;
use crate::uninit::Keep;

/// What has a socket inside.
pub(crate) trait AsSocket {
    fn as_socket(&self) -> SockRef<'_>;
}

impl<S> AsSocket for S
where
    for<'s> SockRef<'s>: From<&'s S>,
{
    fn as_socket(&self) -> SockRef<'_> {
        SockRef::from(self)
    }
}

/// Receives to `memory`. Of that, as many bytes hold values then as it tells.
pub(crate) fn recv(
    socket: &impl AsSocket,
    memory: &mut [MaybeUninit<u8>],
    keep: Keep,
) -> io::Result<usize> {
    let socket = socket.as_socket();
    match keep {
        Keep::Nothing => socket.recv(memory),
        Keep::All => socket.peek(memory),
    }
}

/// Sends the start of `bytes` down a stream.
pub(crate) fn send<S>(mut stream: &S, bytes: &[u8]) -> io::Result<usize>
where
    for<'s> &'s S: Write,
{
    stream.write(bytes)
}

/// As [`send`], from several buffers in a row.
pub(crate) fn send_vectored<S>(mut stream: &S, bufs: &[IoSlice<'_>]) -> io::Result<usize>
where
    for<'s> &'s S: Write,
{
    stream.write_vectored(&bufs[..bufs.len().min(SLICES_MAX)])
}

/// Sends `datagram` to the other end of a connected socket.
pub(crate) fn send_datagram(socket: &impl AsSocket, datagram: &[u8]) -> io::Result<usize> {
    socket.as_socket().send(datagram)
}
