//! The executor, reactor and thread pool of smol, put together as its own global executor is.
#![allow(clippy::disallowed_methods, reason = "an executor without threads is given some")]

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{TcpListener, TcpStream, UdpSocket};
use smol::{Executor, Task, Timer};

use super::hyper_io::FuturesIo;
use super::{Datagrams, Flavor, LOOPBACK, Listener, Stream, Subject, once_only};

/// The one of the process: tasks find it without being told.
static EXECUTOR: Executor<'static> = Executor::new();

/// smol, with threads that run its executor for as long as the process lives. One per process.
#[derive(Debug)]
pub struct Smol(());

impl Subject for Smol {
    const NAME: &'static str = "smol-multi";
    const PACKAGE: &'static str = "smol";
    const FLAVOR: Flavor = Flavor::Multi;
    const ABOUT: &'static str = "smol's executor on threads that drive its reactor; tasks are \
                                 detached when their handles are dropped";

    type JoinError = Infallible;
    type Stream = TcpStream;
    type Listener = TcpListener;
    type Datagrams = UdpSocket;

    fn new(workers: usize) -> Self {
        once_only();
        for _ in 0..workers {
            thread::spawn(|| smol::block_on(EXECUTOR.run(pending::<()>())));
        }
        Self(())
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        smol::block_on(future)
    }

    fn spawn<F>(future: F) -> impl Future<Output = Result<F::Output, Infallible>> + Send
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Join(Some(EXECUTOR.spawn(future)))
    }

    fn spawn_blocking<F, T>(work: F) -> impl Future<Output = Result<T, Infallible>> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Join(Some(smol::unblock(work)))
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        smol::future::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        Sleep(Timer::after(duration))
    }
}

/// Detaches a task when it is dropped, where smol's own handle cancels.
struct Join<T>(Option<Task<T>>);

impl<T> Future for Join<T> {
    type Output = Result<T, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let task = self.0.as_mut().expect("there until the handle is dropped");
        Pin::new(task).poll(cx).map(Ok)
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Task::detach);
    }
}

struct Sleep(Timer);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
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

    async fn hyper(self) -> io::Result<impl hyper::rt::Read + hyper::rt::Write + Send + Unpin> {
        Ok(FuturesIo(self))
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn bind() -> io::Result<Self> {
        Self::bind(LOOPBACK).await
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
    async fn bind() -> io::Result<Self> {
        Self::bind(LOOPBACK).await
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

    async fn recv_from(&self, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.recv_from(into).await
    }

    async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.send_to(bytes, to).await
    }
}
