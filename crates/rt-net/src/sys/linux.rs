//! Linux: the calls that move bytes, made without the C library.
//!
//! The library makes each of its calls a point where `pthread_cancel` may end the thread, at the
//! price of two atomic read-modify-writes per call once a process has a second thread. Nobody may
//! cancel a thread of ours, so the calls are made directly. Figures and what follows from it:
//! `docs/decisions/0004-calls-that-move-bytes.md`.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
pub(crate) use std::os::fd::AsFd as AsSocket;

use rt_io::ReadBuf;
use rustix::net::{self, RecvFlags, SendAncillaryBuffer, SendFlags};

use super::SLICES_MAX;
use crate::uninit::Keep;

/// Slices that hold no more than this together are copied to one buffer on the stack, and sent
/// from there. A copy of that size costs less than the kernel takes for a list of slices.
const COPIED_MAX: usize = 4096;

/// Receives to `memory`. Of that, as many bytes hold values then as it tells.
#[inline]
pub(crate) fn recv(
    socket: &impl AsSocket,
    memory: &mut [MaybeUninit<u8>],
    keep: Keep,
) -> io::Result<usize> {
    let flags = match keep {
        Keep::Nothing => RecvFlags::empty(),
        Keep::All => RecvFlags::PEEK,
    };
    let ((filled, _), _) = net::recv(socket, memory, flags)?;
    Ok(filled.len())
}

/// Sends the start of `bytes` down a stream.
#[inline]
pub(crate) fn send(stream: &impl AsSocket, bytes: &[u8]) -> io::Result<usize> {
    // A connection that is gone is told by the result, to this call alone.
    Ok(net::send(stream, bytes, SendFlags::NOSIGNAL)?)
}

/// As [`send`], from several buffers in a row.
pub(crate) fn send_vectored(stream: &impl AsSocket, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut memory = [MaybeUninit::uninit(); COPIED_MAX];
    let mut copy = ReadBuf::uninit(&mut memory);
    for buf in bufs {
        if buf.len() > copy.remaining() {
            return send_slices(stream, bufs);
        }
        copy.put_slice(buf);
    }
    send(stream, copy.filled())
}

fn send_slices(stream: &impl AsSocket, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    let bufs = &bufs[..bufs.len().min(SLICES_MAX)];
    let nothing_else = &mut SendAncillaryBuffer::default();
    Ok(net::sendmsg(stream, bufs, nothing_else, SendFlags::NOSIGNAL)?)
}

/// Sends `datagram` to the other end of a connected socket.
#[inline]
pub(crate) fn send_datagram(socket: &impl AsSocket, datagram: &[u8]) -> io::Result<usize> {
    Ok(net::send(socket, datagram, SendFlags::NOSIGNAL)?)
}
