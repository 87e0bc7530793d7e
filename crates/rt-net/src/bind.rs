//! A socket on its way to an address of its own.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::ToSocketAddrs;
use crate::lookup::{Lookup, first_of};

/// The future of [`TcpListener::bind`](crate::TcpListener::bind) and
/// [`UdpSocket::bind`](crate::UdpSocket::bind).
#[must_use = "futures do nothing unless polled"]
pub struct Bind<T> {
    lookup: Lookup,
    bind: BindOne<T>,
}

/// Binds to one address; the last argument is where `bind` was called.
type BindOne<T> = fn(SocketAddr, &'static Location<'static>) -> io::Result<T>;

impl<T> Bind<T> {
    pub(crate) fn new(
        what: &'static str,
        address: impl ToSocketAddrs,
        site: &'static Location<'static>,
        bind: BindOne<T>,
    ) -> Self {
        Self { lookup: Lookup::new(what, address, site), bind }
    }
}

impl<T> Future for Bind<T> {
    type Output = io::Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let addresses = ready!(self.lookup.poll(cx))?;
        Poll::Ready(first_of(addresses, |address| (self.bind)(address, self.lookup.site)))
    }
}

impl<T> fmt::Debug for Bind<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bind").field("lookup", &self.lookup).finish_non_exhaustive()
    }
}
