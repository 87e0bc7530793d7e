//! Receiving into the buffers of `bytes`, which need not be initialised.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use bytes::BufMut;
use rt_reactor::Interest;
use rt_task::wait::WaitKind;

use super::UdpSocket;
use crate::uninit::Keep;
use crate::uninit::buf_mut::fill;

/// Receiving into `bytes`. A datagram goes into the next chunk of the buffer alone; what does not
/// fit there is lost, so reserve room first.
impl UdpSocket {
    /// As [`recv`](Self::recv), appending to `buf`.
    ///
    /// # Errors
    /// As `recv`.
    #[track_caller]
    pub fn recv_buf<'a, B: BufMut>(
        &'a self,
        buf: &'a mut B,
    ) -> impl Future<Output = io::Result<usize>> + use<'a, B> {
        let recv = || fill(buf, |buf| self.receive(buf, Keep::Nothing));
        let registration = self.socket.os().registration();
        registration.async_io(Interest::READABLE, WaitKind::Readable, recv)
    }

    /// As [`try_recv`](Self::try_recv), appending to `buf`.
    ///
    /// # Errors
    /// As `try_recv`.
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let recv = || fill(buf, |buf| self.receive(buf, Keep::Nothing));
        self.socket.os().attempt(Interest::READABLE, recv)
    }

    /// As [`recv_from`](Self::recv_from), appending to `buf`.
    ///
    /// # Errors
    /// As `recv_from`.
    #[track_caller]
    pub fn recv_buf_from<'a, B: BufMut>(
        &'a self,
        buf: &'a mut B,
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + use<'a, B> {
        let recv = || fill(buf, |buf| self.receive_from(buf, Keep::Nothing));
        let registration = self.socket.os().registration();
        registration.async_io(Interest::READABLE, WaitKind::Readable, recv)
    }

    /// As [`try_recv_from`](Self::try_recv_from), appending to `buf`.
    ///
    /// # Errors
    /// As `try_recv_from`.
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let recv = || fill(buf, |buf| self.receive_from(buf, Keep::Nothing));
        self.socket.os().attempt(Interest::READABLE, recv)
    }
}
