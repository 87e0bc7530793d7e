//! Runtimes of one shape: ours has tokio's names, so that one text serves both.
//!
//! A runtime of another shape implements the traits by hand.

/// A [`Subject`](super::Subject) over the runtime that a builder makes, given so many workers.
macro_rules! subject {
    (
        $(#[doc = $about:literal])*
        $subject:ident, $name:literal, $package:literal, $flavor:ident, $runtime:ident,
        $workers:pat => $builder:expr
    ) => {
        $(#[doc = $about])*
        #[derive(Debug)]
        pub struct $subject($runtime::runtime::Runtime);

        impl $crate::subject::Subject for $subject {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = $package;
            const ABOUT: &'static str = concat!($($about),*).trim_ascii_start();
            const FLAVOR: $crate::subject::Flavor = $crate::subject::Flavor::$flavor;

            type JoinError = $runtime::task::JoinError;
            type Stream = $runtime::net::TcpStream;
            type Listener = $runtime::net::TcpListener;
            type Datagrams = $runtime::net::UdpSocket;

            fn new($workers: usize) -> Self {
                Self($builder.enable_all().build().expect("the system lets us"))
            }

            fn block_on<F: Future>(&mut self, future: F) -> F::Output {
                self.0.block_on(future)
            }

            fn spawn<F>(
                future: F,
            ) -> impl Future<Output = Result<F::Output, Self::JoinError>> + Send
            where
                F: Future<Output: Send + 'static> + Send + 'static,
            {
                $runtime::task::spawn(future)
            }

            fn spawn_blocking<F, T>(
                work: F,
            ) -> impl Future<Output = Result<T, Self::JoinError>> + Send
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                $runtime::task::spawn_blocking(work)
            }

            fn yield_now() -> impl Future<Output = ()> + Send {
                $runtime::task::yield_now()
            }

            fn sleep(
                duration: std::time::Duration,
            ) -> impl Future<Output = ()> + Send + 'static {
                $runtime::time::sleep(duration)
            }
        }
    };
}

/// The sockets of a runtime, once for all of its subjects.
macro_rules! sockets {
    ($runtime:ident, hyper: $hyper:expr) => {
        use std::future::poll_fn;
        use std::io;
        use std::net::SocketAddr;
        use std::pin::Pin;

        use $runtime::io::{AsyncRead, AsyncWrite, ReadBuf};
        use $runtime::net::{TcpListener, TcpStream, UdpSocket};

        use $crate::subject::{Datagrams, LOOPBACK, Listener, Stream};

        impl Stream for TcpStream {
            async fn connect(to: SocketAddr) -> io::Result<Self> {
                let stream = Self::connect(to).await?;
                stream.set_nodelay(true)?;
                Ok(stream)
            }

            async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                let mut into = ReadBuf::new(into);
                poll_fn(|cx| Pin::new(&mut *self).poll_read(cx, &mut into)).await?;
                Ok(into.filled().len())
            }

            async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
                while !bytes.is_empty() {
                    match poll_fn(|cx| Pin::new(&mut *self).poll_write(cx, bytes)).await? {
                        0 => return Err(io::ErrorKind::WriteZero.into()),
                        written => bytes = &bytes[written..],
                    }
                }
                Ok(())
            }

            async fn hyper(
                self,
            ) -> io::Result<impl hyper::rt::Read + hyper::rt::Write + Send + Unpin> {
                Ok($hyper(self))
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
    };
}

pub(super) use {sockets, subject};
