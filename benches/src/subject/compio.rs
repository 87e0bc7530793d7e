//! compio: one thread, tasks that never leave it, sockets that are given buffers and give them
//! back; on epoll and on io_uring.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

use compio::buf::{BufResult, IntoInner, IoBuf};
use compio::driver::{DriverType, ProactorBuilder};
use compio::io::{AsyncRead, AsyncWriteExt};
use compio::net::{TcpListener, TcpStream, UdpSocket};
use compio::runtime::{JoinError, JoinHandle, Runtime, RuntimeBuilder};

use super::at_home::AtHome;
use super::detach::{Detach, Join};
use super::lent::{copied, filled, with_room};
use super::{Datagrams, Flavor, LOOPBACK, Listener, Promise, Stream, Subject};
use crate::gate::SelfWake;

/// A subject by its driver.
macro_rules! subject {
    (
        $(#[doc = $about:literal])*
        $subject:ident, $name:literal, $driver:ident
    ) => {
        $(#[doc = $about])*
        #[allow(missing_debug_implementations, reason = "compio's runtime has none")]
        pub struct $subject(Runtime);

        impl Subject for $subject {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = "compio";
            const FLAVOR: Flavor = Flavor::Current;
            const ABOUT: &'static str = concat!($($about),*).trim_ascii_start();
            const WITHHOLDS: &'static [Promise] = &[Promise::Send];

            type JoinError = JoinError;
            type Stream = Connection;
            type Listener = Acceptor;
            type Datagrams = Socket;

            fn unavailable() -> Option<String> {
                let built = runtime(DriverType::$driver);
                built.err().map(|error| format!("{:?}: {error}", DriverType::$driver))
            }

            fn new(_workers: usize) -> Self {
                Self(runtime(DriverType::$driver).expect("the system lets us"))
            }

            fn block_on<F: Future>(&mut self, future: F) -> F::Output {
                self.0.block_on(future)
            }

            fn spawn<F>(future: F) -> impl Future<Output = Result<F::Output, JoinError>> + Send
            where
                F: Future<Output: Send + 'static> + Send + 'static,
            {
                Join::new(compio::runtime::spawn(future))
            }

            fn spawn_blocking<F, T>(work: F) -> impl Future<Output = Result<T, JoinError>> + Send
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                Join::new(compio::runtime::spawn_blocking(work))
            }

            fn yield_now() -> impl Future<Output = ()> + Send {
                // It has none of its own.
                SelfWake::by_ref(1)
            }

            fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
                AtHome::new(compio::time::sleep(duration))
            }
        }
    };
}

subject! {
    /// compio on epoll; what is read and written is copied through a buffer that its sockets are
    /// lent.
    Compio, "compio-epoll", Poll
}

subject! {
    /// compio on io_uring; what is read and written is copied through a buffer that its sockets
    /// are lent.
    CompioUring, "compio-uring", IoUring
}

fn runtime(driver: DriverType) -> io::Result<Runtime> {
    let mut proactor = ProactorBuilder::new();
    proactor.driver_type(driver);
    RuntimeBuilder::new().with_proactor(proactor).build()
}

impl<T> Detach for JoinHandle<T> {
    fn detach(self) {
        self.detach();
    }
}

/// A connection with the buffer that it is lent.
#[derive(Debug)]
pub struct Connection {
    stream: AtHome<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream: AtHome::new(stream), buffer: Vec::new() })
    }
}

impl Stream for Connection {
    fn connect(to: SocketAddr) -> impl Future<Output = io::Result<Self>> + Send {
        AtHome::new(async move { Self::new(TcpStream::connect(to).await?) })
    }

    fn read(&mut self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async {
            let buffer = with_room(mem::take(&mut self.buffer), into.len());
            let reading = self.stream.get_mut().read(buffer.slice(..into.len()));
            let BufResult(read, lent) = reading.await;
            self.buffer = lent.into_inner();
            copied(read, &self.buffer, into)
        })
    }

    fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send {
        AtHome::new(async {
            let buffer = filled(mem::take(&mut self.buffer), bytes);
            let BufResult(written, buffer) = self.stream.get_mut().write_all(buffer).await;
            self.buffer = buffer;
            written
        })
    }
}

/// A listener.
#[derive(Debug)]
pub struct Acceptor(AtHome<TcpListener>);

impl Listener for Acceptor {
    type Stream = Connection;

    fn bind() -> impl Future<Output = io::Result<Self>> + Send {
        AtHome::new(async { Ok(Self(AtHome::new(TcpListener::bind(LOOPBACK).await?))) })
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.0.get().local_addr()
    }

    fn accept(&self) -> impl Future<Output = io::Result<Connection>> + Send {
        AtHome::new(async { Connection::new(self.0.get().accept().await?.0) })
    }
}

/// A socket with the buffer that it is lent.
#[derive(Debug)]
pub struct Socket(AtHome<(UdpSocket, RefCell<Vec<u8>>)>);

impl Datagrams for Socket {
    fn bind() -> impl Future<Output = io::Result<Self>> + Send {
        AtHome::new(async {
            let socket = UdpSocket::bind(LOOPBACK).await?;
            Ok(Self(AtHome::new((socket, RefCell::default()))))
        })
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.0.get().0.local_addr()
    }

    fn connect(&self, to: SocketAddr) -> impl Future<Output = io::Result<()>> + Send {
        AtHome::new(async move { self.0.get().0.connect(to).await })
    }

    fn send(&self, bytes: &[u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async {
            let (socket, buffer) = self.0.get();
            let BufResult(sent, lent) = socket.send(filled(buffer.take(), bytes)).await;
            buffer.replace(lent);
            sent
        })
    }

    fn recv(&self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async {
            let (socket, buffer) = self.0.get();
            let room = with_room(buffer.take(), into.len());
            let BufResult(received, lent) = socket.recv(room.slice(..into.len())).await;
            let lent = lent.into_inner();
            let received = copied(received, &lent, into);
            buffer.replace(lent);
            received
        })
    }

    fn recv_from(
        &self,
        into: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send {
        AtHome::new(async {
            let (socket, buffer) = self.0.get();
            let room = with_room(buffer.take(), into.len());
            let BufResult(got, lent) = socket.recv_from(room.slice(..into.len())).await;
            let lent = lent.into_inner();
            let got = got.and_then(|(length, from)| Ok((copied(Ok(length), &lent, into)?, from)));
            buffer.replace(lent);
            got
        })
    }

    fn send_to(
        &self,
        bytes: &[u8],
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async move {
            let (socket, buffer) = self.0.get();
            let BufResult(sent, lent) = socket.send_to(filled(buffer.take(), bytes), to).await;
            buffer.replace(lent);
            sent
        })
    }
}
