//! tokio's scheduler for one thread.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::{task, time};

use super::{Datagrams, LOOPBACK, Listener, Stream, Subject};

/// tokio's scheduler for one thread.
#[derive(Debug)]
pub struct TokioCurrent(Runtime);

impl Subject for TokioCurrent {
    const NAME: &'static str = "tokio-current";

    type JoinError = task::JoinError;
    type Stream = TcpStream;
    type Listener = TcpListener;
    type Datagrams = UdpSocket;

    fn new() -> Self {
        Self(Builder::new_current_thread().enable_all().build().expect("the system lets us"))
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn spawn<F>(future: F) -> impl Future<Output = Result<F::Output, Self::JoinError>> + Send
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        task::spawn(future)
    }

    fn spawn_blocking<F, T>(work: F) -> impl Future<Output = Result<T, Self::JoinError>> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        task::spawn_blocking(work)
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        task::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        time::sleep(duration)
    }
}

impl Stream for TcpStream {
    async fn connect(to: SocketAddr) -> io::Result<Self> {
        let stream = Self::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        AsyncReadExt::read(self, into).await
    }

    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        AsyncWriteExt::write_all(self, bytes).await
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    fn bind() -> impl Future<Output = io::Result<Self>> + Send {
        Self::bind(LOOPBACK)
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = self.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Datagrams for UdpSocket {
    fn bind() -> impl Future<Output = io::Result<Self>> + Send {
        Self::bind(LOOPBACK)
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<()> {
        self.connect(to).await
    }

    async fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.send(bytes).await
    }

    async fn recv(&self, into: &mut [u8]) -> io::Result<usize> {
        self.recv(into).await
    }
}
