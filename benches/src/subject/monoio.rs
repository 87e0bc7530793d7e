//! monoio: one thread, tasks that never leave it, sockets that are given buffers and give them
//! back; on epoll by its legacy driver, and on io_uring.

use std::cell::RefCell;
use std::future::{Future, ready};
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

use monoio::blocking::{DefaultThreadPool, JoinError};
use monoio::buf::IoBufMut;
use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::udp::UdpSocket;
use monoio::net::{TcpListener, TcpStream};
use monoio::time::TimeDriver;
use monoio::{IoUringDriver, LegacyDriver, Runtime, RuntimeBuilder};

use super::at_home::AtHome;
use super::lent::{copied, filled, with_room};
use super::{Datagrams, Flavor, LOOPBACK, Listener, Need, Promise, Stream, Subject, need};

/// As many as one runtime may need at a time.
const BLOCKING_THREADS: usize = 8;

/// A panic in a task goes through `block_on`, and no task can be cancelled.
const WITHHOLDS: &[Promise] = &[Promise::Send, Promise::Abort, Promise::Panics];

/// A subject by its driver.
macro_rules! subject {
    (
        $(#[doc = $about:literal])*
        $subject:ident, $name:literal, $driver:ty, $unavailable:expr
    ) => {
        $(#[doc = $about])*
        #[allow(missing_debug_implementations, reason = "monoio's runtime has none")]
        pub struct $subject(Runtime<TimeDriver<$driver>>);

        impl Subject for $subject {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = "monoio";
            const FLAVOR: Flavor = Flavor::Current;
            const ABOUT: &'static str = concat!($($about),*).trim_ascii_start();
            const WITHHOLDS: &'static [Promise] = WITHHOLDS;

            type JoinError = JoinError;
            type Stream = Connection;
            type Listener = Acceptor;
            type Datagrams = Socket;

            fn lacks(need: Need) -> Option<&'static str> {
                // A task that wakes itself goes to the front of the queue.
                (need == Need::Yield).then_some("a task of monoio that yields is the next to run")
            }

            fn unavailable() -> Option<String> {
                $unavailable
            }

            fn new(_workers: usize) -> Self {
                let pool = Box::new(DefaultThreadPool::new(BLOCKING_THREADS));
                let builder = RuntimeBuilder::<$driver>::new().attach_thread_pool(pool);
                Self(builder.enable_timer().build().expect("the system lets us"))
            }

            fn block_on<F: Future>(&mut self, future: F) -> F::Output {
                self.0.block_on(future)
            }

            fn spawn<F>(future: F) -> impl Future<Output = Result<F::Output, JoinError>> + Send
            where
                F: Future<Output: Send + 'static> + Send + 'static,
            {
                let handle = monoio::spawn(future);
                async { Ok(handle.await) }
            }

            fn spawn_blocking<F, T>(work: F) -> impl Future<Output = Result<T, JoinError>> + Send
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                monoio::spawn_blocking(work)
            }

            fn yield_now() -> impl Future<Output = ()> + Send {
                need::<Self>(Need::Yield);
                ready(())
            }

            fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
                AtHome::new(monoio::time::sleep(duration))
            }
        }
    };
}

subject! {
    /// monoio on epoll, by its legacy driver; wakers of other threads by its feature `sync`; what
    /// is read and written is copied through a buffer that its sockets are lent.
    Monoio, "monoio-epoll", LegacyDriver, None
}

subject! {
    /// monoio on io_uring; wakers of other threads by its feature `sync`; what is read and written
    /// is copied through a buffer that its sockets are lent.
    MonoioUring, "monoio-uring", IoUringDriver, no_ring()
}

/// Why there is no ring, if so.
fn no_ring() -> Option<String> {
    let built = RuntimeBuilder::<IoUringDriver>::new().build();
    built.err().map(|error| format!("io_uring: {error}"))
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
        AtHome::new(async move { Self::new(TcpStream::connect_addr(to).await?) })
    }

    fn read(&mut self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async {
            let buffer = with_room(mem::take(&mut self.buffer), into.len());
            let (read, lent) = self.stream.get_mut().read(buffer.slice_mut(..into.len())).await;
            self.buffer = lent.into_inner();
            copied(read, &self.buffer, into)
        })
    }

    fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send {
        AtHome::new(async {
            let buffer = filled(mem::take(&mut self.buffer), bytes);
            let (written, buffer) = self.stream.get_mut().write_all(buffer).await;
            self.buffer = buffer;
            written.map(drop)
        })
    }
}

/// A listener.
#[allow(missing_debug_implementations, reason = "monoio's has none")]
pub struct Acceptor(AtHome<TcpListener>);

impl Listener for Acceptor {
    type Stream = Connection;

    fn bind() -> impl Future<Output = io::Result<Self>> + Send {
        AtHome::new(async { Ok(Self(AtHome::new(TcpListener::bind(LOOPBACK)?))) })
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
            Ok(Self(AtHome::new((UdpSocket::bind(LOOPBACK)?, RefCell::default()))))
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
            let (sent, lent) = socket.send(filled(buffer.take(), bytes)).await;
            buffer.replace(lent);
            sent
        })
    }

    fn recv(&self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async {
            let (socket, buffer) = self.0.get();
            let room = with_room(buffer.take(), into.len());
            let (received, lent) = socket.recv(room.slice_mut(..into.len())).await;
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
            let (got, lent) = socket.recv_from(room.slice_mut(..into.len())).await;
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
            let (sent, lent) = socket.send_to(filled(buffer.take(), bytes), to).await;
            buffer.replace(lent);
            sent
        })
    }
}
