//! nio: a thread for each core, each with its own loop, timers and sockets.
//!
//! Its main thread is its first worker, as its own `main` attribute has it. A task of its `spawn`
//! may change threads at each wake, and may hold none of its sleeps and sockets, which stay where
//! they were made; a task of its `spawn_pinned` stays, and may. So with several workers it stands
//! here twice.
#![allow(clippy::await_holding_refcell_ref, reason = "one task uses a socket, one call at a time")]

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

use nio::net::{TcpConnection, TcpListener, TcpStream, UdpSocket};
use nio::{JoinError, LocalRuntime, RuntimeBuilder};

use super::at_home::AtHome;
use super::{
    Datagrams, Flavor, LOOPBACK, Listener, Need, Promise, Stream, Subject, need, once_only,
};
use crate::gate::SelfWake;

fn runtime<S: Subject>(workers: usize) -> LocalRuntime {
    // Its threads have no end.
    if S::FLAVOR == Flavor::Multi {
        once_only::<S>();
    }
    let workers = workers.try_into().expect("so few workers fit a byte");
    RuntimeBuilder::new().worker_threads(workers).build().expect("the system lets us")
}

/// A subject over it, by the function that spawns and by what it lacks.
macro_rules! subject {
    (
        $(#[doc = $about:literal])*
        $subject:ident, $name:literal, $flavor:ident, $withholds:expr, $lacks:expr,
        $workers:ident => $count:expr, $future:ident => $spawn:expr
    ) => {
        $(#[doc = $about])*
        #[allow(missing_debug_implementations, reason = "nio's runtime has none")]
        pub struct $subject(LocalRuntime);

        impl Subject for $subject {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = "nio";
            const FLAVOR: Flavor = Flavor::$flavor;
            const ABOUT: &'static str = concat!($($about),*).trim_ascii_start();
            const WITHHOLDS: &'static [Promise] = $withholds;

            type JoinError = JoinError;
            type Stream = Connection<Self>;
            type Listener = Acceptor<Self>;
            type Datagrams = Socket<Self>;

            fn lacks(need: Need) -> Option<&'static str> {
                $lacks(need)
            }

            fn new($workers: usize) -> Self {
                Self(runtime::<Self>($count))
            }

            fn block_on<F: Future>(&mut self, future: F) -> F::Output {
                self.0.block_on(future)
            }

            fn spawn<F>($future: F) -> impl Future<Output = Result<F::Output, JoinError>> + Send
            where
                F: Future<Output: Send + 'static> + Send + 'static,
            {
                $spawn
            }

            fn spawn_blocking<F, T>(work: F) -> impl Future<Output = Result<T, JoinError>> + Send
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                nio::spawn_blocking(work)
            }

            fn yield_now() -> impl Future<Output = ()> + Send {
                // It has none of its own.
                SelfWake::by_ref(1)
            }

            fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
                need::<Self>(Need::Sleep);
                AtHome::new(nio::sleep(duration))
            }
        }
    };
}

/// What none of them promises: its sleeps count from the time at which its loop came round last,
/// which is before the call.
const EARLY: &[Promise] = &[Promise::Send, Promise::NeverEarly];

subject! {
    /// nio on the root future's thread alone; tasks are of its `spawn_local`, sleeps count from
    /// the loop's last turn.
    NioCurrent, "nio-current", Current, EARLY, |_| None,
    _workers => 1, future => nio::spawn_local(future)
}

subject! {
    /// nio with tasks of its `spawn`, which change threads and may hold neither sleeps nor
    /// sockets; the root future is on the first worker.
    NioMulti, "nio-multi", Multi, EARLY, stays,
    workers => workers, future => nio::spawn(future)
}

subject! {
    /// nio with tasks of its `spawn_pinned`, which stay on one worker, busy or not; the root
    /// future is on the first worker, sleeps count from the loop's last turn.
    NioPinned, "nio-pinned", Multi, EARLY, |_| None,
    workers => workers, future => nio::spawn_pinned(|| future)
}

/// What a task that changes threads may not hold.
fn stays(need: Need) -> Option<&'static str> {
    match need {
        Need::Sleep => Some("a task of nio's `spawn` may hold no sleep; nio-pinned's may"),
        Need::Tcp | Need::Udp => {
            Some("a task of nio's `spawn` may hold no socket; nio-pinned's may")
        }
        Need::Blocking | Need::Yield => None,
    }
}

/// A connection: as it was accepted until its first use, then at home where that was.
#[allow(missing_debug_implementations, reason = "what nio accepts has none")]
pub struct Connection<S> {
    state: State,
    subject: PhantomData<fn() -> S>,
}

enum State {
    Accepted(TcpConnection),
    Home(AtHome<TcpStream>),
    /// It could not be registered.
    Lost,
}

impl<S> Connection<S> {
    fn new(state: State) -> Self {
        Self { state, subject: PhantomData }
    }

    /// At home at last.
    async fn stream(&mut self) -> io::Result<&mut TcpStream> {
        if let State::Accepted(_) = self.state {
            let State::Accepted(accepted) = mem::replace(&mut self.state, State::Lost) else {
                unreachable!("it was just seen")
            };
            self.state = State::Home(AtHome::new(accepted.connect().await?));
        }
        match &mut self.state {
            State::Home(stream) => Ok(stream.get_mut()),
            _ => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl<S: Subject> Stream for Connection<S> {
    fn connect(to: SocketAddr) -> impl Future<Output = io::Result<Self>> + Send {
        need::<S>(Need::Tcp);
        AtHome::new(async move {
            let stream = TcpStream::connect(to).await?;
            stream.set_nodelay(true)?;
            Ok(Self::new(State::Home(AtHome::new(stream))))
        })
    }

    fn read(&mut self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async { self.stream().await?.read(into).await })
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send {
        AtHome::new(async move {
            let stream = self.stream().await?;
            while !bytes.is_empty() {
                match stream.write(bytes).await? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    written => bytes = &bytes[written..],
                }
            }
            Ok(())
        })
    }
}

/// A listener, at home.
#[derive(Debug)]
pub struct Acceptor<S> {
    listener: AtHome<RefCell<TcpListener>>,
    subject: PhantomData<fn() -> S>,
}

impl<S: Subject> Listener for Acceptor<S> {
    type Stream = Connection<S>;

    fn bind() -> impl Future<Output = io::Result<Self>> + Send {
        need::<S>(Need::Tcp);
        AtHome::new(async {
            let listener = AtHome::new(RefCell::new(TcpListener::bind(LOOPBACK).await?));
            Ok(Self { listener, subject: PhantomData })
        })
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.listener.get().borrow().local_addr()
    }

    fn accept(&self) -> impl Future<Output = io::Result<Connection<S>>> + Send {
        AtHome::new(async {
            let mut listener = self.listener.get().borrow_mut();
            let accepted = listener.accept().await?;
            accepted.set_nodelay(true)?;
            Ok(Connection::new(State::Accepted(accepted)))
        })
    }
}

/// A socket, at home.
#[derive(Debug)]
pub struct Socket<S> {
    socket: AtHome<RefCell<UdpSocket>>,
    subject: PhantomData<fn() -> S>,
}

impl<S: Subject> Datagrams for Socket<S> {
    fn bind() -> impl Future<Output = io::Result<Self>> + Send {
        need::<S>(Need::Udp);
        AtHome::new(async {
            let socket = AtHome::new(RefCell::new(UdpSocket::bind(LOOPBACK).await?));
            Ok(Self { socket, subject: PhantomData })
        })
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.socket.get().borrow().local_addr()
    }

    fn connect(&self, to: SocketAddr) -> impl Future<Output = io::Result<()>> + Send {
        AtHome::new(async move { self.socket.get().borrow().connect(to).await })
    }

    fn send(&self, bytes: &[u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async { self.socket.get().borrow_mut().send(bytes).await })
    }

    fn recv(&self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async { self.socket.get().borrow_mut().recv(into).await })
    }

    fn recv_from(
        &self,
        into: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send {
        AtHome::new(async { self.socket.get().borrow_mut().recv_from(into).await })
    }

    fn send_to(
        &self,
        bytes: &[u8],
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<usize>> + Send {
        AtHome::new(async move { self.socket.get().borrow_mut().send_to(bytes, to).await })
    }
}
