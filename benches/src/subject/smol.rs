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

use super::detach::{Detach, Join};
use super::hyper_io::FuturesIo;
use super::{Datagrams, Flavor, LOOPBACK, Listener, Stream, Subject, once_only};

/// The one of the process: tasks find it without being told.
static EXECUTOR: Executor<'static> = Executor::new();

/// A subject over it, by what `new` does and how a future is driven.
macro_rules! subject {
    (
        $(#[doc = $about:literal])*
        $subject:ident, $name:literal, $flavor:ident,
        $workers:ident => $start:expr, $future:ident => $drive:expr
    ) => {
        $(#[doc = $about])*
        #[derive(Debug)]
        pub struct $subject(());

        impl Subject for $subject {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = "smol";
            const FLAVOR: Flavor = Flavor::$flavor;
            const ABOUT: &'static str = concat!($($about),*).trim_ascii_start();

            type JoinError = Infallible;
            type Stream = TcpStream;
            type Listener = TcpListener;
            type Datagrams = UdpSocket;

            fn new($workers: usize) -> Self {
                once_only::<Self>();
                $start;
                Self(())
            }

            fn block_on<F: Future>(&mut self, $future: F) -> F::Output {
                smol::block_on($drive)
            }

            fn spawn<F>(future: F) -> impl Future<Output = Result<F::Output, Infallible>> + Send
            where
                F: Future<Output: Send + 'static> + Send + 'static,
            {
                let join = Join::new(EXECUTOR.spawn(future));
                async { Ok(join.await) }
            }

            fn spawn_blocking<F, T>(work: F) -> impl Future<Output = Result<T, Infallible>> + Send
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                let join = Join::new(smol::unblock(work));
                async { Ok(join.await) }
            }

            fn yield_now() -> impl Future<Output = ()> + Send {
                smol::future::yield_now()
            }

            fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
                Sleep(Timer::after(duration))
            }
        }
    };
}

subject! {
    /// smol's executor on the root future's thread, which drives its reactor when it can; tasks are
    /// detached when their handles are dropped. One per process.
    SmolCurrent, "smol-current", Current,
    _workers => start(0), future => EXECUTOR.run(future)
}

subject! {
    /// smol's executor on threads that drive its reactor; tasks are detached when their handles are
    /// dropped. One per process.
    Smol, "smol-multi", Multi,
    workers => start(workers), future => future
}

/// Threads that run the executor for as long as the process lives.
fn start(workers: usize) {
    for _ in 0..workers {
        thread::spawn(|| smol::block_on(EXECUTOR.run(pending::<()>())));
    }
}

impl<T> Detach for Task<T> {
    fn detach(self) {
        self.detach();
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
