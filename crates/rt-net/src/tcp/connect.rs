//! A stream on its way to its other side.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rt_reactor::Direction;
use rt_task::wait::WaitKind;

use super::TcpStream;
use crate::lookup::{Lookup, no_address};
use crate::socket::reactor;
use crate::{Addresses, ToSocketAddrs};

const WHAT: &str = "TcpStream::connect";

/// The future of [`TcpStream::connect`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Connect {
    lookup: Lookup,
    step: Step,
    /// Of the addresses that were tried in vain.
    last_error: Option<io::Error>,
}

#[derive(Debug)]
enum Step {
    Look,
    Next(Addresses),
    /// The stream that is to be connected, and what to try if it is not.
    Wait(TcpStream, Addresses),
    Over,
}

impl Connect {
    pub(super) fn new(address: impl ToSocketAddrs, site: &'static Location<'static>) -> Self {
        Self { lookup: Lookup::new(WHAT, address, site), step: Step::Look, last_error: None }
    }

    /// Sends a stream on its way.
    fn start(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let reactor = reactor(WHAT, self.lookup.site)?;
        TcpStream::new(mio::net::TcpStream::connect(address)?, &reactor)
    }
}

impl Future for Connect {
    type Output = io::Result<TcpStream>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let site = self.lookup.site;
        loop {
            if let Step::Wait(stream, _) = &self.step {
                ready!(stream.poll_connected(cx, site))?;
            }
            self.step = match std::mem::replace(&mut self.step, Step::Over) {
                Step::Look => match self.lookup.poll(cx) {
                    Poll::Ready(addresses) => Step::Next(addresses?),
                    Poll::Pending => {
                        self.step = Step::Look;
                        return Poll::Pending;
                    }
                },
                Step::Next(mut addresses) => {
                    let Some(address) = addresses.next() else {
                        let error = self.last_error.take().unwrap_or_else(no_address);
                        return Poll::Ready(Err(error));
                    };
                    match self.start(address) {
                        Ok(stream) => Step::Wait(stream, addresses),
                        Err(error) => {
                            self.last_error = Some(error);
                            Step::Next(addresses)
                        }
                    }
                }
                Step::Wait(stream, addresses) => match stream.take_error() {
                    Ok(None) => return Poll::Ready(Ok(stream)),
                    Ok(Some(error)) | Err(error) => {
                        self.last_error = Some(error);
                        Step::Next(addresses)
                    }
                },
                Step::Over => panic!("`TcpStream::connect` polled after it was over"),
            };
        }
    }
}

impl TcpStream {
    /// The stream, which is on its way, once it is there.
    pub(super) async fn connected(self, site: &'static Location<'static>) -> io::Result<Self> {
        poll_fn(|cx| self.poll_connected(cx, site)).await?;
        match self.take_error()? {
            None => Ok(self),
            Some(error) => Err(error),
        }
    }

    /// Waits until it is settled whether there is a connection; `SO_ERROR` then tells which.
    fn poll_connected(
        &self,
        cx: &mut Context<'_>,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        let os = self.socket.os();
        let wait = os.wait(WaitKind::Connect, site);
        os.registration().poll_ready(cx, Direction::Write, wait).map_ok(drop)
    }
}
