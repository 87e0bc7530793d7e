//! Sockets for runtimes that have none: whoever asks for one skips the workload.

use std::convert::Infallible;
use std::io;
use std::marker::PhantomData;
use std::net::SocketAddr;

use super::{Datagrams, Listener, Need, Stream, Subject, need};

/// No socket of this subject, of any kind.
#[derive(Debug)]
pub struct Missing<S> {
    never: Infallible,
    subject: PhantomData<fn() -> S>,
}

/// Ends the process.
fn missing<S: Subject>(what: Need) -> ! {
    need::<S>(what);
    unreachable!("{} lacks {what:?}", S::NAME)
}

impl<S: Subject> Stream for Missing<S> {
    async fn connect(_to: SocketAddr) -> io::Result<Self> {
        missing::<S>(Need::Tcp)
    }

    async fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
        match self.never {}
    }

    async fn write_all(&mut self, _bytes: &[u8]) -> io::Result<()> {
        match self.never {}
    }
}

impl<S: Subject> Listener for Missing<S> {
    type Stream = Self;

    async fn bind() -> io::Result<Self> {
        missing::<S>(Need::Tcp)
    }

    fn address(&self) -> io::Result<SocketAddr> {
        match self.never {}
    }

    async fn accept(&self) -> io::Result<Self> {
        match self.never {}
    }
}

impl<S: Subject> Datagrams for Missing<S> {
    async fn bind() -> io::Result<Self> {
        missing::<S>(Need::Udp)
    }

    fn address(&self) -> io::Result<SocketAddr> {
        match self.never {}
    }

    async fn connect(&self, _to: SocketAddr) -> io::Result<()> {
        match self.never {}
    }

    async fn send(&self, _bytes: &[u8]) -> io::Result<usize> {
        match self.never {}
    }

    async fn recv(&self, _into: &mut [u8]) -> io::Result<usize> {
        match self.never {}
    }
}
