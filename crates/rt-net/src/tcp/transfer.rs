//! A TCP stream moves bytes by the calls of `sys`.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::net::Shutdown;

use rt_io::ReadBuf;

use crate::stream::{Reads, Writes};
use crate::sys;
use crate::uninit::{self, Keep};

impl Reads for mio::net::TcpStream {
    const SHORT_IS_ALL: bool = true;

    #[inline]
    fn receive(&self, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
        self.try_io(|| uninit::recv(self, buf, Keep::Nothing))
    }

    fn receive_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut stream = self;
        let count = bufs.len().min(sys::SLICES_MAX);
        stream.read_vectored(&mut bufs[..count])
    }
}

impl Writes for mio::net::TcpStream {
    #[inline]
    fn send(&self, buf: &[u8]) -> io::Result<usize> {
        sys::send(self, buf)
    }

    fn send_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        sys::send_vectored(self, bufs)
    }

    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}
