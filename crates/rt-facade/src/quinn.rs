//! What `quinn` asks of a runtime: tasks, timers and UDP sockets.
//!
//! ```no_run
//! use std::net::UdpSocket;
//! use std::sync::Arc;
//! use quinn::{Endpoint, EndpointConfig};
//! use rt_facade::quinn::QuinnRuntime;
//!
//! # fn endpoint() -> std::io::Result<()> {
//! let socket = UdpSocket::bind("0.0.0.0:0")?;
//! let endpoint = Endpoint::new(EndpointConfig::default(), None, socket, Arc::new(QuinnRuntime::new()))?;
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use ::quinn::udp::{RecvMeta, Transmit, UdpSocketState};
use ::quinn::{AsyncTimer, AsyncUdpSocket, Runtime, UdpPoller};
use pin_project_lite::pin_project;

use crate::io::Interest;
use crate::net::UdpSocket;
use crate::time::{Sleep, sleep_until};

/// Runs `quinn` on the runtime that is entered when `quinn` calls it.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct QuinnRuntime;

impl QuinnRuntime {
    /// The runtime.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Runtime for QuinnRuntime {
    fn new_timer(&self, deadline: Instant) -> Pin<Box<dyn AsyncTimer>> {
        Box::pin(Timer { sleep: sleep_until(deadline.into()) })
    }

    #[track_caller]
    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        drop(crate::spawn(future));
    }

    /// Makes the socket non-blocking, and a part of the runtime that is entered.
    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        socket.set_nonblocking(true)?;
        let state = UdpSocketState::new((&socket).into())?;
        Ok(Arc::new(Socket { socket: UdpSocket::from_std(socket)?, state }))
    }

    /// Of the runtime's clock, which a test can stop.
    fn now(&self) -> Instant {
        crate::time::Instant::now().into_std()
    }
}

pin_project! {
    #[derive(Debug)]
    struct Timer {
        #[pin]
        sleep: Sleep,
    }
}

impl AsyncTimer for Timer {
    fn reset(self: Pin<&mut Self>, deadline: Instant) {
        self.project().sleep.reset(deadline.into());
    }

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().sleep.poll(cx)
    }
}

/// A socket, and what the system can do for QUIC with one: many datagrams in a call, congestion marks.
#[derive(Debug)]
struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
}

impl AsyncUdpSocket for Socket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        let wait = move || {
            let socket = self.clone();
            async move { socket.socket.writable().await }
        };
        Box::pin(Poller { wait, waiting: None })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.socket.try_io(Interest::WRITABLE, || self.state.send((&self.socket).into(), transmit))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.socket.poll_recv_ready(cx))?;
            let received = self
                .socket
                .try_io(Interest::READABLE, || self.state.recv((&self.socket).into(), bufs, meta));
            match received {
                // The readiness was stale, and is cleared now.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                received => return Poll::Ready(received),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.state.gro_segments()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }
}

pin_project! {
    /// Waits until the socket can be written: one of any number that do.
    struct Poller<W, F> {
        wait: W,
        // Kept while it pends: it holds the task's place among those that wait.
        #[pin]
        waiting: Option<F>,
    }
}

impl<W, F> UdpPoller for Poller<W, F>
where
    W: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = io::Result<()>> + Send + Sync + 'static,
{
    fn poll_writable(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        loop {
            match this.waiting.as_mut().as_pin_mut() {
                Some(waiting) => {
                    let writable = ready!(waiting.poll(cx));
                    this.waiting.set(None);
                    return Poll::Ready(writable);
                }
                None => this.waiting.set(Some((this.wait)())),
            }
        }
    }
}

impl<W, F> fmt::Debug for Poller<W, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").finish_non_exhaustive()
    }
}
