//! glommio: one thread on three rings of io_uring, tasks that never leave it.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{AsyncReadExt, AsyncWriteExt};
use glommio::net::{TcpListener, TcpStream, UdpSocket};
use glommio::timer::Timer;
use glommio::{LocalExecutor, LocalExecutorBuilder, Placement};

use super::at_home::AtHome;
use super::{Datagrams, Flavor, LOOPBACK, Listener, Promise, Stream, Subject};
use crate::gate::SelfWake;

/// glommio on one thread, not bound to a processor, with its default options.
#[derive(Debug)]
pub struct Glommio(LocalExecutor);

impl Subject for Glommio {
    const NAME: &'static str = "glommio";
    const PACKAGE: &'static str = "glommio";
    const FLAVOR: Flavor = Flavor::Current;
    const ABOUT: &'static str =
        "glommio on one thread, not bound to a processor, with its default options";
    const WITHHOLDS: &'static [Promise] =
        &[Promise::Send, Promise::Abort, Promise::Join, Promise::Panics];

    type JoinError = Infallible;
    type Stream = Connection;
    type Listener = Acceptor;
    type Datagrams = Socket;

    fn unavailable() -> Option<String> {
        executor().err().map(|error| format!("io_uring: {error}"))
    }

    fn new(_workers: usize) -> Self {
        Self(executor().expect("the system lets us"))
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        self.0.run(future)
    }

    fn spawn<F>(future: F) -> impl Future<Output = Result<F::Output, Infallible>> + Send
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let handle = glommio::spawn_local(future).detach();
        AtHome::new(async { Ok(handle.await.expect("nobody cancels")) })
    }

    fn spawn_blocking<F, T>(work: F) -> impl Future<Output = Result<T, Infallible>> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let closure = glommio::executor().spawn_blocking(work);
        AtHome::new(async { Ok(closure.await) })
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        // As its own does.
        SelfWake::by_ref(1)
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        let timer = Timer::new(duration);
        AtHome::new(async {
            timer.await;
        })
    }
}

fn executor() -> glommio::Result<LocalExecutor, ()> {
    LocalExecutorBuilder::new(Placement::Unbound).make()
}

/// A connection.
#[derive(Debug)]
pub struct Connection(AtHome<TcpStream>);

impl Connection {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self(AtHome::new(stream)))
    }
}

impl Stream for Connection {
    fn connect(to: SocketAddr) -> impl Future<Output = io::Result<Self>> + Send {
        AtHome::new(async move { Self::new(TcpStream::connect(to).await?) })
    }

    fn read(&mut self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async { self.0.get_mut().read(into).await })
    }

    fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send {
        AtHome::new(async { self.0.get_mut().write_all(bytes).await })
    }
}

/// A listener.
#[derive(Debug)]
pub struct Acceptor(AtHome<TcpListener>);

impl Listener for Acceptor {
    type Stream = Connection;

    fn bind() -> impl Future<Output = io::Result<Self>> + Send {
        AtHome::new(async { Ok(Self(AtHome::new(TcpListener::bind(LOOPBACK)?))) })
    }

    fn address(&self) -> io::Result<SocketAddr> {
        Ok(self.0.get().local_addr()?)
    }

    fn accept(&self) -> impl Future<Output = io::Result<Connection>> + Send {
        AtHome::new(async { Connection::new(self.0.get().accept().await?) })
    }
}

/// A socket.
#[derive(Debug)]
pub struct Socket(AtHome<UdpSocket>);

impl Datagrams for Socket {
    fn bind() -> impl Future<Output = io::Result<Self>> + Send {
        AtHome::new(async { Ok(Self(AtHome::new(UdpSocket::bind(LOOPBACK)?))) })
    }

    fn address(&self) -> io::Result<SocketAddr> {
        Ok(self.0.get().local_addr()?)
    }

    fn connect(&self, to: SocketAddr) -> impl Future<Output = io::Result<()>> + Send {
        AtHome::new(async move { Ok(self.0.get().connect(to).await?) })
    }

    fn send(&self, bytes: &[u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async { Ok(self.0.get().send(bytes).await?) })
    }

    fn recv(&self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async { Ok(self.0.get().recv(into).await?) })
    }

    fn recv_from(
        &self,
        into: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send {
        AtHome::new(async { Ok(self.0.get().recv_from(into).await?) })
    }

    fn send_to(
        &self,
        bytes: &[u8],
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async move { Ok(self.0.get().send_to(bytes, to).await?) })
    }
}
